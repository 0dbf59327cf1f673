// SPDX-License-Identifier: MIT
// Headers that nobody described: random grammars, and the labelled logs where they are at hand.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/headers/header_parser.h"
#include "core/records/line_splitter.h"
#include "testing/grouping.h"
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

// These seeds were not looked at before they were measured. First lines count too, when nothing is
// known yet. The bounds leave room below what was reached.
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
  EXPECT_LE(poor, kSystems / 40);
}

// Lines by turns of the forms given, in each of which # is a number that changes.
std::string FormatOf(const std::vector<std::string>& forms, size_t lines) {
  HeaderParser parser = Make();
  for (size_t i = 0; i < lines; ++i) {
    std::string line = forms[i % forms.size()];
    for (size_t at = line.find('#'); at != std::string::npos; at = line.find('#'))
      line.replace(at, 1, std::to_string(10 + i * 7 % 50));
    (void)parser.Parse(line);
  }
  return std::string(parser.format());
}

TEST(HeaderLearningTest, ColumnsThatSomeLinesLack) {
  EXPECT_EQ(FormatOf({"[20240229 13:45:#.7] [WARN] web1 68# [pool #] cart.go:8#: lost $#",
                      "[20240229 13:45:#.7] [INFO] web1 68# [pool #] stock.go:3#: read shelf #",
                      "[20240229 13:45:#.7] [INFO] web2 68# [main] cart.go:8#: sold # for $#",
                      "[20240229 13:45:#.7] [INFO] web1 68# cart.go:8#: sold # for $#"},
                     200),
            "[<time>] [<level>] <host> <pid> [<skip>] <program>: <message>");
  // One group and two: it is the first that is missing, because the one looks like the second.
  EXPECT_EQ(FormatOf({"2024-02-29 13:45:# [pool-#] [88#] sold # for $#",
                      "2024-02-29 13:45:# [main] [88#] read shelf #",
                      "2024-02-29 13:45:# [pool-#] [88#] lost $#", "2024-02-29 13:45:# [88#] idle"},
                     200),
            "<time> [<skip>] [<pid>] <message>");
  // Two groups and three, the last of them the name.
  EXPECT_EQ(
      FormatOf({"[info ] [main] [req-#] [Cart]: sold # for $#",
                "[warning] [pool #] [req-#] [Stock]: read shelf #", "[info ] [req-#] [Cart]: idle"},
               200),
      "[<level>] [<skip>] [<skip>] [<program>] <message>");
  // A word between the group and the level.
  EXPECT_EQ(FormatOf({"2024-02-29T13:45:# [pool #] web1 [INFO] sold # for $#",
                      "2024-02-29T13:45:# [main] web2 [SEVERE] lost $#",
                      "2024-02-29T13:45:# web1 [INFO] read shelf #"},
                     200),
            "<time> [<skip>] <program> [<level>] <message>");
}

// Programs that write the time as httpd does, and another level than it has.
TEST(HeaderLearningTest, TimesLikeThoseOfApache) {
  EXPECT_EQ(FormatOf({"[Thu Feb 29 13:45:# 2024] [INF] Cart: sold # for $#",
                      "[Thu Feb 29 13:45:# 2024] [ERR] Stock: shelf # lost"},
                     200),
            "[<time>] [<level>] <program>: <message>");
  EXPECT_EQ(FormatOf({"[Thu Feb 29 13:45:# 2024] [error] [client 10.0.0.#] not found: /a/#"}, 20),
            "apache-error");
}

TEST(HeaderLearningTest, ColumnsWithoutATime) {
  EXPECT_EQ(FormatOf({"<I> |  20# | [w-#] | cart: | sold # for $#",
                      "<W> |  20# | [w-#] | stock: | read shelf #"},
                     200),
            "<<level>>| <pid>| [<skip>]|<program>| <message>");
  EXPECT_EQ(FormatOf({"[65#] web1 [NOTICE] - sold # for $#", "[65#] web2 [ERR  ] - read shelf #",
                      "[65#] web2 [NOTICE] - idle"},
                     200),
            "[<pid>] <program> [<level>] - <message>");
}

// The second format has a column more: the form of its time tells them apart.
TEST(HeaderLearningTest, FormatsThatDifferInTheirTimes) {
  HeaderParser parser = Make();
  const std::string more = "2024-02-29 13:45:07 Info: [req-7f2] [cart] - sold 5";
  for (size_t i = 0; i < 200; ++i) {
    const std::string other = (i % 2 == 0 ? "[shelf] read in " : "closed after ");
    (void)parser.Parse(
        i % 3 == 0 ? more : "Feb 29, 2024 13:45:07 Info: " + other + std::to_string(i) + " ms");
  }
  EXPECT_EQ(parser.Parse(more).message, "sold 5");
  EXPECT_EQ(parser.Parse("Feb 29, 2024 13:45:08 Info: stopped").message, "stopped");
}

// They part ways behind the time: a level or a group and a name in one, dashes in the other.
TEST(HeaderLearningTest, FormatsThatPartBehindTheTime) {
  for (const std::string head : {"[info ] cart[20#]: ", "[pool 5] cart.go:7#: "}) {
    HeaderParser parser = Make();
    for (size_t i = 0; i < 200; ++i)
      (void)parser.Parse(fmt::format("20240229 13:45:{:02} {}sold {} for $1", i % 60,
                                     i % 4 == 0 ? "- stock[9]: - " : head, i));
    EXPECT_EQ(parser.Parse("20240229 13:46:01 " + head + "idle").message, "idle") << head;
  }
}

std::string Slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Raw lines of the labelled logs: the message must be the end of the line that the authors marked
// as content. (bench/header_accuracy prints the whole table.)
TEST(HeaderLearningTest, LabelledLogs) {
  const std::filesystem::path root = std::filesystem::path(testing::TestDataPath()) / "loghub_2k";
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
