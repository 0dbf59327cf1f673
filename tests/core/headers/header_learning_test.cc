// SPDX-License-Identifier: MIT
// Headers that nobody described: random grammars, and the labelled logs where they are at hand.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/headers/header_parser.h"
#include "core/records/line_splitter.h"
#include "testing/header_generator.h"

namespace alogd {
namespace {

HeaderParser Make() {
  return HeaderParser::Create({.time_zone = "UTC", .reference = FromMicros(1709300000000000)})
      .value();
}

struct Share {
  double messages = 0;  // of the header lines that got the right message
  double levels = 0;    // of those with a level column that got a level
};

Share Measure(uint64_t seed) {
  const testing::GeneratedLog log = testing::GenerateHeaders(seed, 300);
  HeaderParser parser = Make();
  size_t headers = 0, right = 0, leveled = 0, levels = 0;
  for (const testing::GeneratedLine& line : log.lines) {
    const Header header = parser.Parse(line.text);
    if (!line.header) continue;
    ++headers;
    right += header.message == line.message ? 1 : 0;
    leveled += line.leveled ? 1 : 0;
    levels += line.leveled && header.level != Level::kNone ? 1 : 0;
  }
  return {static_cast<double>(right) / static_cast<double>(headers),
          leveled == 0 ? 1.0 : static_cast<double>(levels) / static_cast<double>(leveled)};
}

// These seeds were not looked at before they were measured: over 20,001 to 20,400 messages were
// right in 0.977 of the lines on average, and 13 systems of 400 were under 0.9 (first lines count
// too, when nothing is known yet). The bounds leave room below that.
TEST(HeaderLearningTest, RandomGrammars) {
  constexpr uint64_t kFirst = 20001, kSystems = 200;
  double messages = 0, levels = 0;
  size_t poor = 0;
  for (uint64_t seed = kFirst; seed < kFirst + kSystems; ++seed) {
    const Share share = Measure(seed);
    messages += share.messages;
    levels += share.levels;
    if (share.messages < 0.9) {
      ++poor;
      GTEST_LOG_(INFO) << "seed " << seed << ": " << share.messages << " "
                       << testing::GenerateHeaders(seed, 1).grammar;
    }
  }
  EXPECT_GE(messages / kSystems, 0.96);
  EXPECT_GE(levels / kSystems, 0.9);
  EXPECT_LE(poor, kSystems / 20);
}

std::string Slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Raw lines of the labelled logs: the message must be the end of the line that the authors marked
// as content. (bench/header_accuracy prints the whole table.)
TEST(HeaderLearningTest, LabelledLogs) {
  const char* env = std::getenv("ALOGD_TEST_DATA");
  const std::filesystem::path root =
      std::filesystem::path(env != nullptr ? env : ALOGD_SOURCE_DIR "/../shared/data") /
      "loghub_2k";
  if (!std::filesystem::is_directory(root)) GTEST_SKIP() << "no " << root;
  for (const auto& folder : std::filesystem::directory_iterator(root)) {
    const std::string system = folder.path().filename();
    const std::string log = Slurp(folder.path() / (system + "_2k.log"));
    const std::string csv = Slurp(folder.path() / (system + "_2k.log_structured.csv"));
    HeaderParser parser = Make();
    LineSplitter splitter(1 << 16);
    splitter.Append(log);
    size_t lines = 0, found = 0, from = csv.find('\n');
    for (Line line; splitter.Next(&line); ++lines) {
      std::string message(parser.Parse(line.text).message);
      while (message.ends_with(' ')) message.pop_back();
      // A content field is quoted where it holds a quote or a comma, and begins a field in any
      // case.
      std::string quoted;
      for (const char c : message) quoted += c == '"' ? "\"\"" : std::string(1, c);
      const size_t end = std::min(csv.find('\n', from + 1), csv.size());
      const std::string row = csv.substr(from, end - from);
      from = end;
      found += row.find("," + message + ",E") != std::string::npos ||
                       row.find(",\"" + quoted + "\",E") != std::string::npos
                   ? 1
                   : 0;
    }
    ASSERT_GT(lines, 1900u) << system;
    EXPECT_GE(static_cast<double>(found) / static_cast<double>(lines), 0.99) << system;
  }
}

}  // namespace
}  // namespace alogd
