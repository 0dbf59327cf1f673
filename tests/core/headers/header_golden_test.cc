// SPDX-License-Identifier: MIT
// Samples of programs' own output, line by line, against fields that were not made by the parser.
//
// tests/golden/headers/NAME.log beside NAME.expected, a row a line: time, level, host, program, pid
// and message separated by tabs, "-" for what a header does not have; "+" for a line that continues
// the record before it, "=" for a piece of a split line that is held.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/headers/header_parser.h"
#include "core/records/line_splitter.h"
#include "core/records/record_assembler.h"
#include "testing/paths.h"

namespace alogd {
namespace {

std::string Slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string Show(const Assembled& line) {
  if (line.kind == Assembled::Kind::kContinuation) return "+";
  if (line.kind == Assembled::Kind::kHeld) return "=";
  constexpr std::string_view kLevels[] = {"-",       "trace", "debug",    "info",  "notice",
                                          "warning", "error", "critical", "alert", "emergency"};
  const Header& h = line.header;
  const auto or_dash = [](std::string_view text) {
    return text.empty() ? std::string_view("-") : text;
  };
  std::string time = "-";
  if (h.time != kNoTime) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(h.time);
    time = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(seconds),
                       (h.time - seconds).count());
  }
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}", time, kLevels[static_cast<size_t>(h.level)],
                     or_dash(h.host), or_dash(h.program), or_dash(h.pid), h.message);
}

class HeaderGoldenTest : public ::testing::TestWithParam<std::string> {};

TEST_P(HeaderGoldenTest, EveryLine) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::SourceDir()) / "tests/golden/headers";
  const std::string log = Slurp(folder / (GetParam() + ".log"));
  const std::string wanted = Slurp(folder / (GetParam() + ".expected"));
  ASSERT_FALSE(log.empty());
  // 2026-12-01 00:00 UTC: what years and days that are not written are counted back from.
  HeaderParser parser =
      HeaderParser::Create({.time_zone = "UTC", .reference = FromMicros(1796083200000000)}).value();
  RecordAssembler assembler(&parser);
  LineSplitter lines(1 << 20), expected(1 << 20);
  lines.Append(log);
  expected.Append(wanted);
  Line line, want;
  int number = 0;
  while (lines.Next(&line)) {
    ++number;
    ASSERT_TRUE(expected.Next(&want)) << "line " << number << " has no expectation";
    EXPECT_EQ(Show(assembler.Add(line)), want.text) << "line " << number << ": " << line.text;
  }
  EXPECT_FALSE(expected.Next(&want));
}

std::vector<std::string> Samples() {
  std::vector<std::string> out;
  for (const auto& entry :
       std::filesystem::directory_iterator(testing::SourcePath("tests/golden/headers"))) {
    if (entry.path().extension() == ".log") out.push_back(entry.path().stem());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string TestName(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Samples, HeaderGoldenTest, ::testing::ValuesIn(Samples()), TestName);

}  // namespace
}  // namespace alogd
