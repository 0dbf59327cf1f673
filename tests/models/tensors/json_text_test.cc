// SPDX-License-Identifier: MIT
// Byte strings through JSON and back.
#include "models/tensors/json_text.h"

#include <gtest/gtest.h>

#include <random>

namespace alogd {
namespace {

TEST(JsonTextTest, AnyBytesRoundTrip) {
  std::mt19937 random(1);
  for (int i = 0; i < 5000; ++i) {
    std::string text;
    for (size_t n = random() % 12; n > 0; --n)
      text += static_cast<char>(random() % 3 ? random() % 256 : 0xc0 + random() % 64);
    std::string back;
    ASSERT_TRUE(DecodeText(nlohmann::json::parse(EncodeText(text).dump()), &back));
    EXPECT_EQ(back, text);
  }
}

TEST(JsonTextTest, Utf8StaysReadable) {
  for (const char* text :
       {"", "plain", "größe", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "tab\t\"quote\""})
    EXPECT_TRUE(EncodeText(text).is_string()) << text;
}

// Overlong forms, surrogates, beyond U+10FFFF, cut short.
TEST(JsonTextTest, InvalidUtf8IsHex) {
  for (const char* text : {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5",
                           "\xe2\x82", "\x80", "a\xff"})
    EXPECT_TRUE(EncodeText(text).is_object()) << text;
  EXPECT_EQ(EncodeText("a\xff")["hex"], "61ff");
}

TEST(JsonTextTest, ForeignJson) {
  std::string text;
  for (const char* json : {"1", "null", "[]", "{}", R"({"hex":"0"})", R"({"hex":"0g"})",
                           R"({"hex":1})", R"({"hex":"00","more":1})"})
    EXPECT_FALSE(DecodeText(nlohmann::json::parse(json), &text)) << json;
}

}  // namespace
}  // namespace alogd
