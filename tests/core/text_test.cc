// SPDX-License-Identifier: MIT
// Repair of UTF-8 and escaping of what a terminal would obey.
#include "core/text.h"

#include <gtest/gtest.h>

#include <random>

namespace alogd {
namespace {

constexpr char kBad[] = "\xEF\xBF\xBD";

TEST(TextTest, ValidTextStays) {
  EXPECT_EQ(ToValidUtf8("plain\ttext"), "plain\ttext");
  EXPECT_EQ(ToValidUtf8("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80"),
            "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80");
}

// The replacement of maximal subparts, as in the Unicode standard, chapter 3.9, tables 3-8 to 3-11.
TEST(TextTest, BrokenSequencesOfTheStandard) {
  const auto bad = [](int n) {
    std::string out;
    for (int i = 0; i < n; ++i) out += kBad;
    return out;
  };
  EXPECT_EQ(ToValidUtf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"), bad(8) + "A");
  EXPECT_EQ(ToValidUtf8("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"), bad(8) + "A");
  EXPECT_EQ(ToValidUtf8("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"), bad(5) + "A" + bad(2) + "B");
  EXPECT_EQ(ToValidUtf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), bad(4) + "A");
}

TEST(TextTest, NulIsReplaced) {
  EXPECT_EQ(ToValidUtf8(std::string_view("a\0b", 3)), std::string("a") + kBad + "b");
}

TEST(TextTest, CutAtACharacter) {
  EXPECT_EQ(ToValidUtf8("abcdefgh", 8), "abcdefgh");
  EXPECT_EQ(ToValidUtf8("abcdefghi", 8), "abcde\xE2\x80\xA6");
  EXPECT_EQ(ToValidUtf8("abcd\xE2\x82\xAC\xE2\x82\xAC", 8), "abcd\xE2\x80\xA6");
  EXPECT_EQ(ToValidUtf8("abc", 2), "");
}

TEST(TextTest, TerminalControls) {
  EXPECT_EQ(EscapeForTerminal("a\x1b[31mred\x07\r\n\t."), "a\\x1B[31mred\\x07\\x0D\\x0A\t.");
  EXPECT_EQ(EscapeForTerminal("\x7f\xC2\x9B\xE2\x80\xAE\xE2\x81\xA6"),
            "\\x7F\\u{009B}\\u{202E}\\u{2066}");
  EXPECT_EQ(EscapeForTerminal("\x9b"), kBad);
}

// What stands in a text unseen, or turns its direction.
TEST(TextTest, UnseenCharacters) {
  EXPECT_EQ(EscapeForTerminal("ro\xE2\x80\x8Bot \xEF\xBB\xBF"
                              "a\xE2\x80\x8E"),
            "ro\\u{200B}ot \\u{FEFF}a\\u{200E}");
  EXPECT_EQ(EscapeForTerminal("\xC2\xAD\xE2\x81\xA0\xE3\x85\xA4\xF3\xA0\x81\x81"),
            "\\u{00AD}\\u{2060}\\u{3164}\\u{E0041}");
  EXPECT_EQ(EscapeForTerminal("\xE2\x80\xAA\xE2\x80\xAE\xE2\x81\xA6\xE2\x81\xA9\xD8\x9C"),
            "\\u{202A}\\u{202E}\\u{2066}\\u{2069}\\u{061C}");
  // Their neighbours are what people write.
  for (const char* text : {"\xC2\xAC\xC2\xAE", "\xE2\x80\x8A\xE2\x80\x90",
                           "\xE2\x80\xA7\xE2\x80\xAF", "\xE2\x81\x9F\xE2\x81\xB0", "\xEF\xBB\xBE"})
    EXPECT_EQ(EscapeForTerminal(text), text);
}

TEST(TextTest, RandomBytesStayInBounds) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string bytes;
    for (size_t n = random() % 60; n > 0; --n) bytes += static_cast<char>(random());
    const size_t limit = random() % 80;
    const std::string once = EscapeForTerminal(bytes, limit);
    EXPECT_LE(once.size(), limit);
    EXPECT_EQ(ToValidUtf8(once, 1000), once);
    EXPECT_EQ(EscapeForTerminal(once, 1000), once);
  }
}

}  // namespace
}  // namespace alogd
