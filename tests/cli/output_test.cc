// SPDX-License-Identifier: MIT
// Tables on terminals and in pipes, widths, wrapping, and the progress line.
#include "cli/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace alogd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

CliContext Terminal(bool color = false) {
  CliContext context;
  context.terminal = true;
  context.color = color;
  return context;
}

TEST(OutputTest, WidthOfText) {
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("\u00e9t\u00e9"), 3u);
  EXPECT_EQ(DisplayWidth("\u65e5\u672c"), 4u);  // two wide characters
  EXPECT_EQ(DisplayWidth("e\u0301"), 1u);       // a combining accent
  EXPECT_EQ(DisplayWidth("\U0001F600"), 2u);    // an emoji
}

TEST(OutputTest, CutsAtCharacters) {
  EXPECT_EQ(CutToWidth("abcdef", 6), "abcdef");
  EXPECT_EQ(CutToWidth("abcdef", 5), "abcd\u2026");
  EXPECT_EQ(CutToWidth("\u65e5\u672c\u8a9e", 5), "\u65e5\u672c\u2026");
  EXPECT_EQ(CutToWidth("\u65e5\u672c\u8a9e", 4), "\u65e5\u2026");
  EXPECT_EQ(CutToWidth("abc", 0), "");
}

TEST(OutputTest, WrapsAtBlanks) {
  EXPECT_THAT(Wrap("one two three", 8), ElementsAre("one two", "three"));
  EXPECT_THAT(Wrap("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(Wrap("unbreakable", 4), ElementsAre("unbr", "eaka", "ble"));
  EXPECT_THAT(Wrap("", 10), ElementsAre());
}

TEST(OutputTest, PipedTableIsPlainAndWhole) {
  CliContext context;
  Table table(context, {{"ID", true}, {"MESSAGE", false, 5}});
  table.Add({std::string("7"), Cell("tab\there \x1b[31mred\nnext", Style::kRed)});
  table.Add({std::string("1234"), std::string(300, 'x')});
  EXPECT_EQ(table.Render(20),
            "7\ttab here \\x1B[31mred\\x0Anext\n1234\t" + std::string(300, 'x') + "\n");
}

TEST(OutputTest, TerminalTableFitsItsWidth) {
  const CliContext context = Terminal();
  Table table(context, {{"ID", true}, {"WHERE", false, 6}, {"MESSAGE", false, 8}});
  table.Add(
      {std::string("7"), std::string("auth.log:sshd"), std::string("Failed password for root")});
  table.Add({std::string("12"), std::string("x"), std::string("short")});
  EXPECT_EQ(table.Render(100),
            "ID  WHERE          MESSAGE\n"
            " 7  auth.log:sshd  Failed password for root\n"
            "12  x              short\n");
  // 30 columns leave 12 for each of the two that may be cut.
  EXPECT_EQ(table.Render(30),
            "ID  WHERE         MESSAGE\n"
            " 7  auth.log:ss\u2026  Failed pass\u2026\n"
            "12  x             short\n");
  // Never below their least.
  EXPECT_THAT(table.Render(5), HasSubstr(" 7  auth.\u2026  Failed \u2026\n"));
}

TEST(OutputTest, ColumnThatSaysNothingIsLeftOutOnATerminal) {
  for (const bool terminal : {true, false}) {
    CliContext context;
    context.terminal = terminal;
    Table table(context, {{"GROUP", false, 6, true}, {"ID"}});
    table.Add({std::string("web"), std::string("1")});
    table.Add({std::string("web"), std::string("2")});
    EXPECT_EQ(table.Render(80), terminal ? "ID\n1\n2\n" : "web\t1\nweb\t2\n");
    table.Add({std::string("db"), std::string("3")});
    if (terminal) {
      EXPECT_THAT(table.Render(80), HasSubstr("GROUP  ID\nweb    1\n"));
    }
  }
}

TEST(OutputTest, ColoursOnlyWhereAsked) {
  const CliContext plain = Terminal();
  const CliContext colored = Terminal(true);
  EXPECT_EQ(Styled(plain, Style::kRed, "x"), "x");
  EXPECT_EQ(Styled(colored, Style::kRed, "x"), "\x1b[1;31mx\x1b[0m");
  Table table(colored, {{"L"}, {"M"}});
  table.Add({Cell("HIGH", StyleOf(RiskLevel::kHigh)), std::string("\x1b]0;title\a")});
  const std::string text = table.Render(80);
  EXPECT_THAT(text, HasSubstr("\x1b[1;31mHIGH\x1b[0m"));
  EXPECT_THAT(text, HasSubstr("\\x1B]0;title\\x07"));
}

TEST(OutputTest, ProgressLine) {
  CliContext context;
  const Progress progress(context, "Training", 200, "windows");
  EXPECT_EQ(progress.Line(50, 1.0, 100),
            "Training  [##########------------------------------]   25%  50 windows, 50/s");
  EXPECT_THAT(progress.Line(50, 10.0, 100), HasSubstr("50 windows, 5/s, 30s left"));
  EXPECT_LE(DisplayWidth(progress.Line(50, 10.0, 30)), 30u);
  const Progress unknown(context, "Reading", 0, "records");
  EXPECT_EQ(unknown.Line(1234567, 1.0, 100), "Reading  1,234,567 records, 1,234,567/s");
}

TEST(OutputTest, ProgressIsQuietWithoutATerminal) {
  CliContext context;
  ::testing::internal::CaptureStderr();  // a file
  {
    Progress progress(context, "Training", 2, "windows");
    progress.Update(1);
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace alogd
