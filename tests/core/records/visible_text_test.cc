// SPDX-License-Identifier: MIT
// Colours in every form that loggers and syslog daemons leave them in.
#include "core/records/visible_text.h"

#include <gtest/gtest.h>

#include <string>

namespace alogd {
namespace {

std::string Visible(std::string_view line) {
  std::string buffer;
  return std::string(VisibleText(line, &buffer));
}

TEST(VisibleTextTest, RawSequences) {
  EXPECT_EQ(Visible("\x1b[2m2026\x1b[0m \x1b[31mERROR\x1b[0;39m x"), "2026 ERROR x");
  EXPECT_EQ(Visible("\x1b[38;5;208mx\x1b[K"), "x");
  EXPECT_EQ(Visible("\x1b[38:2::1:2:3mx\x1b[m"), "x");
  EXPECT_EQ(Visible("a \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ b"), "a link b");
  EXPECT_EQ(Visible("\x1b]0;title\ax"), "x");
}

TEST(VisibleTextTest, WrittenOut) {
  EXPECT_EQ(Visible("#033[31mERROR#033[0m x"), "ERROR x");
  EXPECT_EQ(Visible(R"({"msg":"\u001b[32mok\u001B[0m"})"), R"({"msg":"ok"})");
  EXPECT_EQ(Visible(R"(\x1b[1mx\033[0m y\e[0m)"), "x y");
  EXPECT_EQ(Visible("^[[33mwarn^[[0m"), "warn");
}

TEST(VisibleTextTest, TextStays) {
  for (const std::string_view text :
       {"", "plain", "#033", "#033[x", "issue #12 [a]", "\x1b", "\x1b[", "\x1b[12", "a^[b]",
        "\\u001b[31", R"(a\\u001b[31m)", "\x1b]never ends", "C:\\e[1]", "^[[H"}) {
    EXPECT_EQ(Visible(text), text);
  }
}

TEST(VisibleTextTest, NothingIsCopiedWithoutColours) {
  const std::string line = "#1 \\ ^ no colours";
  std::string buffer;
  EXPECT_EQ(VisibleText(line, &buffer).data(), line.data());
}

}  // namespace
}  // namespace alogd
