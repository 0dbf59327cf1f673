// SPDX-License-Identifier: MIT
// YAML as a tree: places, quoting, and text that means harm. Limits are tested in config_test.cc.
#include "core/config/yaml_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace alogd {
namespace {

TEST(YamlReaderTest, PlacesOfKeysAndValues) {
  YamlNode root;
  ASSERT_EQ(ParseYaml("a: 1\nlist:\n  - x\n  - {k: \"v\"}\nempty:\n", &root).message, "");
  ASSERT_EQ(root.kind, YamlNode::Kind::kMap);
  ASSERT_EQ(root.keys.size(), 3u);
  EXPECT_EQ(root.keys[1].scalar, "list");
  EXPECT_EQ(root.keys[1].line, 2u);
  const YamlNode* list = root.Find("list");
  ASSERT_NE(list, nullptr);
  ASSERT_EQ(list->items.size(), 2u);
  EXPECT_EQ(list->items[0].line, 3u);
  EXPECT_EQ(list->items[0].column, 5u);
  EXPECT_FALSE(list->items[0].quoted);
  const YamlNode* value = list->items[1].Find("k");
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(value->line, 4u);
  EXPECT_EQ(value->column, 9u);
  EXPECT_TRUE(value->quoted);
  EXPECT_EQ(root.Find("empty")->kind, YamlNode::Kind::kNull);
  EXPECT_EQ(root.Find("none"), nullptr);
}

TEST(YamlReaderTest, ErrorsHaveTheirPlace) {
  YamlNode root;
  const YamlError error = ParseYaml("a: 1\nb: [1, 2\nc: 3\n", &root);
  EXPECT_THAT(error.message, ::testing::HasSubstr("not YAML: "));
  EXPECT_GE(error.line, 2u);
}

TEST(YamlReaderTest, QuotedTextReadsBack) {
  const std::string texts[] = {"",
                               "plain",
                               "true",
                               "No",
                               "null",
                               "12",
                               "1e5",
                               "0x1f",
                               "-",
                               "-x",
                               ".5",
                               "~",
                               "it's",
                               "a: b",
                               "a #b",
                               "# x",
                               "*",
                               "/var/log/**/*.log",
                               "/var/log",
                               "[a]",
                               "{",
                               "!x",
                               "&a",
                               "%",
                               "@",
                               "`",
                               "|",
                               ">",
                               "a\nb",
                               "a\tb",
                               "\x1b[31m",
                               "\\",
                               "\"",
                               "\x7f",
                               "a\\\x01\"",
                               "\xc3\xa9",
                               "\xc2\x9b"
                               "31m",
                               "\xe2\x80\xae"
                               "evil",
                               " lead",
                               "trail ",
                               "a\r\n",
                               "y",
                               "<<"};
  for (const std::string& text : texts) {
    const std::string quoted = QuoteYaml(text);
    YamlNode root;
    ASSERT_EQ(
        ParseYaml("k: [" + quoted + ", " + quoted + "]\n" + (text.empty() ? "x" : quoted) + ": 1\n",
                  &root)
            .message,
        "")
        << quoted;
    ASSERT_EQ(root.Find("k")->items.size(), 2u) << quoted;
    EXPECT_EQ(root.Find("k")->items[0].scalar, text) << quoted;
    EXPECT_EQ(root.Find("k")->items[0].kind, YamlNode::Kind::kScalar) << quoted;
    for (const char c : quoted) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << quoted;
    EXPECT_EQ(quoted.find("\xc2\x9b"), std::string::npos);
    EXPECT_EQ(quoted.find("\xe2\x80\xae"), std::string::npos);
  }
  EXPECT_EQ(QuoteYaml("deeplog"), "deeplog");
  EXPECT_EQ(QuoteYaml("true"), "'true'");
}

// Bytes at random, and good YAML with damage: no crash, and an answer either way.
TEST(YamlReaderTest, DamagedText) {
  const std::string good =
      "a: &x {b: [1, 'two', \"three\\n\"], c: |\n    text\n  d: >-\n    more\n}\ne: *x\n# "
      "comment\nf:\n- g\n- h: i\n";
  uint64_t random = 88172645463325252u;
  size_t parsed = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text = good;
    for (int k = 0; k < 1 + i % 4; ++k) {
      random ^= random << 13, random ^= random >> 7, random ^= random << 17;
      text[random % text.size()] = static_cast<char>(random >> 32);
    }
    YamlNode root;
    if (ParseYaml(text, &root).message.empty()) ++parsed;
  }
  EXPECT_GT(parsed, 0u);
  EXPECT_LT(parsed, 3000u);
}

}  // namespace
}  // namespace alogd
