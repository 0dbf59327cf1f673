// SPDX-License-Identifier: MIT
// How well predicted templates agree with labelled ones, and the labelled logs to measure it on.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace alogd::testing {

struct GroupingScore {
  double ga = 0;   // share of lines whose predicted group has exactly the lines of their true group
  double fga = 0;  // F1 of groups: those that are exactly a true group
  double pa = 0;   // share of lines whose predicted template has the text of the true one
  double fta = 0;  // F1 of templates: exact groups whose text is the true one, too
};

// `predicted` are group numbers, `truth` group labels; the texts are templates. All of one length.
GroupingScore ScoreGrouping(std::span<const uint32_t> predicted,
                            std::span<const std::string_view> predicted_text,
                            std::span<const std::string_view> truth,
                            std::span<const std::string_view> truth_text);

// A template's text as both sides are compared: blanks collapsed, quotes around a variable dropped,
// runs of variables with nothing but blanks and , : ; . / # @ | & = + - between them made one.
std::string NormaliseTemplate(std::string_view text);

// 2,000 lines of a system with the labels of two groups of authors.
struct LabelledLog {
  std::string system;
  std::vector<std::string> raw;      // whole lines; empty where the file has another number of them
  std::vector<std::string> content;  // the message alone
  std::vector<std::string> original_event, original_text;
  std::vector<std::string> corrected_text;  // its event is its text: authors left old ids standing
};

inline constexpr std::string_view kLabelledSystems[] = {"Android",   "Apache", "BGL",   "HDFS",
                                                        "HPC",       "Hadoop", "Linux", "OpenSSH",
                                                        "Proxifier", "Windows"};

// $ALOGD_TEST_DATA, else the folder data beside the sources' parent.
std::string TestDataPath();
// Nothing where the data is missing.
std::optional<LabelledLog> ReadLabelledLog(const std::string& data, std::string_view system);

// The lines of a text file without their ends (CR LF, too), or of an .xz through `xz`.
std::vector<std::string> ReadLines(const std::string& path);

}  // namespace alogd::testing
