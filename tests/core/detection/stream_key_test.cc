// SPDX-License-Identifier: MIT
// Session keys against a plain search of the pattern.
#include "core/detection/stream_key.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <random>
#include <string>

namespace alogd {
namespace {

std::string KeyOf(const StreamKeys& keys, std::string_view message, std::string_view before = "") {
  Header header;
  const std::string text = std::string(before) + std::string(message);
  header.message = message;
  std::string key;
  return keys.Find("/var/log/a", header, text, &key) ? key.substr(1) : "(none)";
}

StreamKeys Sessions(const std::string& pattern) {
  return *StreamKeys::Create({.kind = StreamOptions::Kind::kSession, .session = pattern});
}

// Loggers print the ids of requests and traces in their headers; one in the message comes first.
TEST(StreamKeysTest, SessionKeysInHeaders) {
  const StreamKeys requests = Sessions("req-[0-9a-f]+");
  const std::string header = "2024-02-29 13:45:01 INFO nova.api [req-7f2 - - -] ";
  EXPECT_EQ(KeyOf(requests, "GET /v2", header), "req-7f2");
  EXPECT_EQ(KeyOf(requests, "forwarded req-9", header), "req-9");
  EXPECT_EQ(KeyOf(requests, "GET /v2", "2024-02-29 13:45:01 INFO nova.api [-] "), "(none)");
}

TEST(StreamKeysTest, SessionKeys) {
  const StreamKeys blocks = Sessions("blk_-?\\d+");
  EXPECT_EQ(KeyOf(blocks, "Receiving block blk_-42 src: /10.0.0.1"), "blk_-42");
  EXPECT_EQ(KeyOf(blocks, "blk_x and blk_7 and blk_8"), "blk_7");
  EXPECT_EQ(KeyOf(blocks, "nothing"), "(none)");
  EXPECT_EQ(KeyOf(Sessions("id=(\\w+)"), "user id=ab7, id=c"), "ab7");
  EXPECT_FALSE(StreamKeys::Create({.kind = StreamOptions::Kind::kSession, .session = "("}).ok());
}

TEST(StreamKeysTest, TheLeftmostMatchWhateverThePattern) {
  std::mt19937_64 rng(1);
  size_t found = 0;
  for (const char* pattern : {"ab", "ab?", "abc*", "a{2}b", "ab|c", "(ab)?c", "ab.*c", "^ab", "ab$",
                              "\\bab\\b", "[ab]c", "(?i)ab", "ab(c+)", "a.b", "b\\Ba"}) {
    const StreamKeys keys = Sessions(pattern);
    const RE2 plain(pattern);
    for (int i = 0; i < 2000; ++i) {
      std::string text;
      for (size_t n = rng() % 40; n > 0; --n) text += "aabbcAB "[rng() % 8];
      re2::StringPiece match[2];
      const int groups = plain.NumberOfCapturingGroups() > 0 ? 2 : 1;
      const bool there = plain.Match(text, 0, text.size(), RE2::UNANCHORED, match, groups);
      found += there;
      ASSERT_EQ(KeyOf(keys, text), there ? std::string(match[groups - 1]) : "(none)")
          << pattern << " in '" << text << "'";
    }
  }
  EXPECT_GT(found, 5000u);
}

}  // namespace
}  // namespace alogd
