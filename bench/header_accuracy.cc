// SPDX-License-Identifier: MIT
// How many raw lines of the labelled 2k sets get the message that their authors marked as content.
//
// Usage: header_accuracy [DATA]   (default: $ALOGD_TEST_DATA, else ../shared/data beside the source
// tree)
//        header_accuracy --dump SYSTEM   prints the lines that differ
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "core/headers/header_parser.h"
#include "core/records/line_splitter.h"
#include "testing/paths.h"

namespace {

std::string Slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The Content column of a CSV with quoted fields.
std::vector<std::string> Contents(const std::string& csv) {
  std::vector<std::vector<std::string>> rows(1);
  std::string field;
  bool quoted = false;
  for (size_t i = 0; i < csv.size(); ++i) {
    const char c = csv[i];
    if (quoted) {
      if (c == '"' && i + 1 < csv.size() && csv[i + 1] == '"')
        field += c, ++i;
      else if (c == '"')
        quoted = false;
      else
        field += c;
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',' || c == '\n') {
      rows.back().push_back(std::exchange(field, ""));
      if (c == '\n') rows.emplace_back();
    } else if (c != '\r') {
      field += c;
    }
  }
  std::vector<std::string> out;
  const auto& names = rows.front();
  const auto column =
      static_cast<size_t>(std::find(names.begin(), names.end(), "Content") - names.begin());
  for (size_t r = 1; r < rows.size(); ++r) {
    if (rows[r].size() > column) out.push_back(rows[r][column]);
  }
  return out;
}

std::string Squeezed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return std::string(text);
}

void Measure(const std::filesystem::path& folder, bool dump) {
  const std::string system = folder.filename();
  const std::string log = Slurp(folder / (system + "_2k.log"));
  const std::vector<std::string> contents =
      Contents(Slurp(folder / (system + "_2k.log_structured.csv")));
  alogd::HeaderParser parser = alogd::HeaderParser::Create({.time_zone = "UTC"}).value();
  alogd::LineSplitter splitter(64 * 1024);
  splitter.Append(log);
  alogd::Line line;
  size_t n = 0, right = 0, timed = 0, leveled = 0;
  const auto add = [&] {
    const alogd::Header header = parser.Parse(line.text);
    if (n < contents.size() && Squeezed(header.message) == Squeezed(contents[n]))
      ++right;
    else if (dump)
      fmt::print("{}\n  got  {}\n  want {}\n", line.text, header.message,
                 n < contents.size() ? contents[n] : "");
    timed += header.time != alogd::kNoTime ? 1 : 0;
    leveled += header.level != alogd::Level::kNone ? 1 : 0;
    ++n;
  };
  while (splitter.Next(&line)) add();
  if (splitter.Flush(&line)) add();
  if (!dump)
    fmt::print("{:<12} {:6} {:8.2f}% {:7} {:7}  {}\n", system, n,
               100.0 * static_cast<double>(right) / static_cast<double>(n), timed, leveled,
               parser.format());
}

}  // namespace

int main(int argc, char** argv) {
  const char* env = std::getenv("ALOGD_TEST_DATA");
  const std::filesystem::path data = env != nullptr ? env : testing::SourcePath("../shared/data");
  const bool dump = argc > 2 && std::string_view(argv[1]) == "--dump";
  const std::filesystem::path root =
      (argc == 2 ? std::filesystem::path(argv[1]) : data) / "loghub_2k";
  if (!std::filesystem::is_directory(root)) {
    std::cerr << "no labelled logs in " << root << "; give their folder as the argument\n";
    return 1;
  }
  if (dump) return Measure(root / argv[2], true), 0;
  fmt::print("{:<12} {:>6} {:>9} {:>7} {:>7}  {}\n", "system", "lines", "message", "time", "level",
             "format");
  std::vector<std::filesystem::path> folders(std::filesystem::directory_iterator(root), {});
  std::sort(folders.begin(), folders.end());
  for (const auto& folder : folders) Measure(folder, false);
  return 0;
}
