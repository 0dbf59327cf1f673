// SPDX-License-Identifier: MIT
// Rules: which line is whose, in order, whatever stands around it.
#include "core/detection/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <memory>
#include <random>

#include "core/records/literal_scanner.h"

namespace alogd {
namespace {

using ::testing::HasSubstr;

std::vector<RuleConfig> Rules(std::initializer_list<const char*> patterns) {
  std::vector<RuleConfig> rules;
  for (const char* pattern : patterns) rules.emplace_back().match = pattern;
  return rules;
}

// The patterns that match, one behind the other.
std::string Matched(const RuleSet& rules, std::string_view line) {
  std::string all;
  for (const RuleConfig* rule : rules.Match(line)) all += (all.empty() ? "" : " + ") + rule->match;
  return all.empty() ? "(none)" : all;
}

TEST(RulesTest, NoRules) {
  const Result<RuleSet> rules = RuleSet::Create({});
  ASSERT_TRUE(rules.ok());
  EXPECT_TRUE(rules->empty());
  EXPECT_TRUE(rules->Match("anything").empty());
}

TEST(RulesTest, AllInOrderOfConfiguration) {
  const Result<RuleSet> rules = RuleSet::Create(
      Rules({"session closed", "session (opened|closed) for user", "user", "^kernel: ", "x{3}"}));
  ASSERT_TRUE(rules.ok());
  EXPECT_EQ(Matched(*rules, "pam: session closed for user root"),
            "session closed + session (opened|closed) for user + user");
  EXPECT_EQ(Matched(*rules, "pam: session opened for user root"),
            "session (opened|closed) for user + user");
  EXPECT_EQ(Matched(*rules, "pam: session paused for user root"), "user");
  EXPECT_EQ(Matched(*rules, "kernel: foo"), "^kernel: ");
  EXPECT_EQ(Matched(*rules, " kernel: foo"), "(none)");
  EXPECT_EQ(Matched(*rules, "axxxa"), "x{3}");
  EXPECT_EQ(Matched(*rules, "axxa"), "(none)");
  EXPECT_EQ(Matched(*rules, ""), "(none)");
}

// A stranger's words (a user name, say) that fit an earlier rule hide nothing from a later one.
TEST(RulesTest, OnlyIgnoreEndsALine) {
  std::vector<RuleConfig> list = Rules({"CE memory", "session", "COMMAND=", "user"});
  list[1].ignore = true;
  const Result<RuleSet> rules = RuleSet::Create(list);
  ASSERT_TRUE(rules.ok());
  const auto match = [&](std::string_view line) {
    const RuleSet::Matches matches = rules->Match(line);
    return Matched(*rules, line) + (RuleSet::Ignored(matches) ? ", ignored" : "");
  };
  EXPECT_EQ(match("sudo: user COMMAND=/bin/echo 'CE memory x'"), "CE memory + COMMAND= + user");
  EXPECT_EQ(match("CE memory in session of user"), "CE memory + session, ignored");
  EXPECT_EQ(match("session of user"), "session, ignored");
  EXPECT_EQ(match("nothing"), "(none)");
}

TEST(RulesTest, RulesWithoutLiteralsSeeEveryLine) {
  const Result<RuleSet> rules = RuleSet::Create(Rules({"killed process", "[0-9]+%", "OOM"}));
  ASSERT_TRUE(rules.ok());
  EXPECT_EQ(Matched(*rules, "disk 99%"), "[0-9]+%");
  EXPECT_EQ(Matched(*rules, "OOM"), "OOM");
  EXPECT_EQ(Matched(*rules, "5% killed process"), "killed process + [0-9]+%");
  EXPECT_EQ(Matched(*rules, "nothing"), "(none)");
}

TEST(RulesTest, Case) {
  const Result<RuleSet> rules =
      RuleSet::Create(Rules({"(?i)read-only file system", "Out of memory"}));
  ASSERT_TRUE(rules.ok());
  EXPECT_FALSE(rules->Match("REMOUNTING: Read-Only FILE system").empty());
  EXPECT_FALSE(rules->Match("Out of memory: Killed").empty());
  EXPECT_TRUE(rules->Match("out of memory: killed").empty());
}

TEST(RulesTest, InvalidUtf8HidesNothing) {
  const Result<RuleSet> rules =
      RuleSet::Create(Rules({"Failed password for .* from", "größer als 10", "(?i)ÄRGER im haus"}));
  ASSERT_TRUE(rules.ok());
  EXPECT_FALSE(rules->Match("Failed password for x\xff\xfe y from 1.2.3.4").empty());
  EXPECT_FALSE(rules->Match(std::string_view("Failed password for \0 from", 26)).empty());
  EXPECT_FALSE(rules
                   ->Match("viel gr\xc3\xb6\xc3\x9f"
                           "er als 10 GB")
                   .empty());
  EXPECT_FALSE(rules->Match("\xff \xc3\xa4rger IM Haus").empty());
  EXPECT_TRUE(rules->Match("Failed password for x\xff").empty());
}

TEST(RulesTest, RefusedPatterns) {
  const Result<RuleSet> rules = RuleSet::Create(Rules({"fine", "(open"}));
  ASSERT_FALSE(rules.ok());
  EXPECT_EQ(rules.error().message, "rules.1: RE2 does not take '(open': missing ): (open");
  EXPECT_THAT(CheckRulePattern(R"((a)\1)").error().message,
              HasSubstr("invalid escape sequence: \\1"));
  EXPECT_THAT(CheckRulePattern("((a{100}){100}){100}").error().message,
              HasSubstr("RE2 does not take"));
  EXPECT_THAT(CheckRulePattern(std::string(5000, 'a')).error().message, HasSubstr("5000 bytes"));
  EXPECT_FALSE(CheckRulePattern("a\xff").ok());
  EXPECT_TRUE(CheckRulePattern("").ok());
}

// Random lines over an alphabet that makes near misses common, against RE2 on every pattern in
// turn.
TEST(RulesTest, AgreesWithTryingEveryPattern) {
  const auto patterns = {"abab", "aabb(cc|dd)", "(?i)BACA",     "^caba", "abcabcabcabcabcabcabc",
                         "d+b$", "a.c.a.c",     "(abca|bcab)d", "ccccc?"};
  const Result<RuleSet> rules = RuleSet::Create(Rules(patterns));
  ASSERT_TRUE(rules.ok());
  std::vector<std::pair<std::string, std::unique_ptr<RE2>>> one_by_one;
  for (const char* pattern : patterns)
    one_by_one.emplace_back(pattern, std::make_unique<RE2>(pattern));
  std::mt19937 random(7);
  size_t matches = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string line;
    for (size_t n = random() % 40; n > 0; --n)
      line += "abcdABCD"[random() % (random() % 8 == 0 ? 8 : 4)];
    if (random() % 50 == 0) line += "abcabcabcabcabcabcabc";
    std::string expected;
    for (const auto& [pattern, compiled] : one_by_one)
      if (RE2::PartialMatch(line, *compiled)) expected += (expected.empty() ? "" : " + ") + pattern;
    if (expected.empty()) expected = "(none)";
    ASSERT_EQ(Matched(*rules, line), expected) << line;
    if (expected != "(none)") ++matches;
  }
  EXPECT_GT(matches, 2000u);
  EXPECT_LT(matches, 18'000u);
}

TEST(LiteralScannerTest, EveryPlaceInALine) {
  const std::vector<std::string> literals = {"needle", "a long literal with many bytes", "wxyz-"};
  const LiteralScanner scanner(literals);
  std::vector<int> found;
  for (size_t before = 0; before < 40; ++before) {
    for (size_t i = 0; i < literals.size(); ++i) {
      const std::string text(before, '.');
      scanner.Scan(text + literals[i], &found);
      EXPECT_THAT(found, ::testing::ElementsAre(static_cast<int>(i))) << before;
      scanner.Scan(text + literals[i].substr(0, literals[i].size() - 1), &found);
      EXPECT_THAT(found, ::testing::IsEmpty());
      scanner.Scan(text + literals[i].substr(1) + "...", &found);
      EXPECT_THAT(found, ::testing::IsEmpty());
    }
  }
  scanner.Scan("NEEDLE nEEdle WXYZ-needle", &found);
  EXPECT_THAT(found, ::testing::UnorderedElementsAre(0, 2));
  scanner.Scan("abc", &found);
  EXPECT_THAT(found, ::testing::IsEmpty());
}

// Who speaks is in the header, where no stranger writes.
TEST(RulesTest, BoundToPrograms) {
  std::vector<RuleConfig> list = Rules({"^disk (\\w+) full$", "^disk", "^disk", "^disk"});
  list[0].programs = {"kernel"};
  list[0].by = "disk (\\w+)";
  list[1].programs = {"postfix/*", "dovecot"};
  list[2].programs = {"none"};
  list[3].programs = {"*"};
  const Result<RuleSet> rules = RuleSet::Create(list);
  ASSERT_TRUE(rules.ok());
  const auto matched = [&](std::string_view program, std::string_view line,
                           std::string_view message) {
    Header header;
    header.program = program;
    header.message = message;
    std::string numbers;
    for (const RuleConfig* rule : rules->Match({line, &header}))
      numbers += std::to_string(rule - rules->rules().data());
    return numbers;
  };
  const std::string line = "Nov 22 01:30:00 web1 x: disk sda full";
  const std::string_view message = std::string_view(line).substr(24);
  EXPECT_EQ(matched("kernel", line, message), "03");
  EXPECT_EQ(matched("kernel2", line, message), "3");
  EXPECT_EQ(matched("postfix/smtp", line, message), "13");
  EXPECT_EQ(matched("dovecot", line, message), "13");
  EXPECT_EQ(matched("", line, message), "23");
  EXPECT_EQ(matched("kernel", line, "says disk sda full"), "") << "not its beginning";
  EXPECT_EQ(matched("kernel", "{\"m\":\"d\\u0069sk sda full\"}", "disk sda full"), "03")
      << "decoded";
  EXPECT_EQ(matched("kernel", "disk sda full", "sda"), "03") << "the line's own beginning";
  Header header;
  header.program = "kernel";
  header.message = message;
  EXPECT_EQ(rules->KeyOf(rules->rules()[0], {line, &header}), "sda");
  // A continuation line has no program; made of fields, a message has no one who said it.
  EXPECT_EQ(rules->Match("disk sda full").size(), 2u);
  header.fields = true;
  EXPECT_TRUE(rules->Match({line, &header}).empty());
}

}  // namespace
}  // namespace alogd
