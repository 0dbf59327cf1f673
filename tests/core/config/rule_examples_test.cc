// SPDX-License-Identifier: MIT
// The rules that are shipped, their examples, and the operator's changes to them by name.
#include "core/config/rule_examples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "core/config/rule_strangers.h"
#include "core/detection/online_detectors.h"
#include "core/detection/rules.h"
#include "testing/config_equal.h"
#include "testing/paths.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class RuleExamplesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = ::testing::TempDir() + "alogd_rules_" + std::to_string(getpid());
    fs::create_directories(path_ + "/rules.d");
    fs::create_directories(path_ + "/conf.d");
    Write("rules.d/10.yaml",
          "rules:\n"
          "  - {name: oom, match: 'Killed process', level: CRITICAL}\n"
          "  - {name: burst, match: 'Failed password', count: 10, within: 1min}\n");
  }
  void TearDown() override { fs::remove_all(path_); }
  void Write(const std::string& name, std::string_view text) {
    std::ofstream(path_ + "/" + name) << text;
    fs::permissions(path_ + "/" + name, fs::perms(0644));
  }
  LoadedConfig Load(std::string_view text) {
    Write("alogd.yaml", text);
    return LoadConfig(path_ + "/alogd.yaml", true, OnlineDetectors());
  }
  static std::string Text(const std::vector<ConfigProblem>& problems) {
    std::string text;
    for (const ConfigProblem& p : problems) text += p.where + ": " + p.message + "\n";
    return text;
  }
  std::string path_;
};

TEST_F(RuleExamplesTest, ShippedRules) {
  const LoadedConfig loaded =
      LoadConfig(testing::SourcePath("config/alogd.yaml"), true, OnlineDetectors());
  EXPECT_TRUE(loaded.problems.empty()) << Text(loaded.problems);
  EXPECT_EQ(Text(CheckRuleExamples(loaded)), "");
  EXPECT_EQ(Text(CheckRulesAgainstStrangers(loaded)), "");
  EXPECT_GE(loaded.config.rules.size(), 60u);
  std::set<std::string> names;
  const auto all = RuleSet::Create(loaded.config.rules);
  ASSERT_TRUE(all.ok());
  for (const RuleConfig& rule : loaded.config.rules) {
    EXPECT_TRUE(names.insert(rule.name).second) << rule.name;
    EXPECT_FALSE(rule.examples.empty()) << rule.name;
    EXPECT_FALSE(rule.counterexamples.empty()) << rule.name;
    EXPECT_FALSE(rule.programs.empty()) << rule.name;
    // What is next to one rule's trouble is nobody else's either.
    for (const std::string& line : rule.counterexamples)
      EXPECT_TRUE(all->Match(ExampleLine(line).subject()).empty()) << rule.name << ": " << line;
  }
}

TEST_F(RuleExamplesTest, ShippedRulesComeLast) {
  const LoadedConfig loaded = Load("rules: [{match: mine}]\n");
  ASSERT_TRUE(loaded.ok()) << Text(loaded.problems);
  ASSERT_EQ(loaded.config.rules.size(), 3u);
  EXPECT_EQ(loaded.config.rules[0].match, "mine");
  EXPECT_EQ(loaded.config.rules[1].name, "oom");
  EXPECT_EQ(loaded.origins.at("rules.2.match"), path_ + "/rules.d/10.yaml:3");
}

TEST_F(RuleExamplesTest, ChangesByName) {
  Write("conf.d/a.yaml",
        "rules:\n  - {name: burst, enabled: false, count: 3, within: 5s, by: 'x', ignore: true,\n"
        "     examples: [e], counterexamples: [c], program: sshd}\n  - {match: second}\n");
  const LoadedConfig loaded = Load("rules:\n  - {match: first}\n  - {name: oom, level: HIGH}\n");
  ASSERT_EQ(loaded.config.rules.size(), 4u);
  EXPECT_EQ(loaded.config.rules[1].match, "second");
  EXPECT_EQ(loaded.origins.at("rules.1.match"), path_ + "/conf.d/a.yaml:4");
  const RuleConfig& oom = loaded.config.rules[2];
  EXPECT_EQ(oom.match, "Killed process");
  EXPECT_EQ(oom.level, RiskLevel::kHigh);
  EXPECT_EQ(loaded.origins.at("rules.2.level"), path_ + "/alogd.yaml:3");
  EXPECT_EQ(loaded.origins.at("rules.2.match"), path_ + "/rules.d/10.yaml:2");
  // Structured bindings, so that a field that is added and cannot be changed does not compile.
  const auto& [match, programs, level, ignore, name, enabled, count, within, by, examples,
               counters] = loaded.config.rules[3];
  EXPECT_EQ(match, "Failed password");
  EXPECT_EQ(programs, std::vector<std::string>{"sshd"});
  EXPECT_FALSE(loaded.origins.contains("rules.3.level")) << "of a rule that ignores now";
  static_cast<void>(level);
  EXPECT_TRUE(ignore);
  EXPECT_EQ(name, "burst");
  EXPECT_FALSE(enabled);
  EXPECT_EQ(count, 3u);
  EXPECT_EQ(within, 5s);
  EXPECT_EQ(by, "x");
  EXPECT_EQ(examples, std::vector<std::string>{"e"});
  EXPECT_EQ(counters, std::vector<std::string>{"c"});
  const auto rules = RuleSet::Create(loaded.config.rules);
  ASSERT_TRUE(rules.ok());
  EXPECT_TRUE(rules->Match("Failed password").empty());
  // What is shown loads as the same.
  EXPECT_TRUE(
      Same(ParseConfig(ShowConfig(loaded), "shown").config.rules[3], loaded.config.rules[3]));
}

TEST_F(RuleExamplesTest, UnknownName) {
  EXPECT_EQ(Text(Load("rules: [{name: ooom, level: HIGH}]\n").problems),
            path_ +
                "/alogd.yaml:1:16: rules.0 has no match, and no rule of rules.d is named "
                "'ooom', did you mean 'oom'?; add match: 'PATTERN', or name one of them\n");
}

TEST_F(RuleExamplesTest, OnlyRulesInRulesD) {
  Write("rules.d/20.yaml", "rules: []\njournal: {min_level: LOW}\n");
  EXPECT_THAT(Text(Load("").problems),
              HasSubstr("/rules.d/20.yaml:2:1: unknown key 'journal'; known here: rules\n"));
}

TEST_F(RuleExamplesTest, WrongExamples) {
  const LoadedConfig loaded = Load(
      "rules:\n"
      "  - {name: wide, match: 'disk', ignore: true, examples: ['disk full']}\n"
      "  - {name: narrow, match: 'disk full', examples: ['disk full'], counterexamples: ['disk "
      "fully ok', 'disk empty']}\n"
      "  - {name: other, match: 'panic', examples: ['all is well']}\n"
      "  - {name: keyed, match: 'x+', count: 2, within: 1s, by: 'from (\\S+)', examples: "
      "['xx']}\n");
  ASSERT_TRUE(loaded.ok()) << Text(loaded.problems);
  EXPECT_EQ(
      Text(CheckRuleExamples(loaded)),
      path_ +
          "/alogd.yaml:3: rule 'narrow' never sees its example 'disk full', which the earlier "
          "rule 'wide' ignores\n" +
          path_ +
          "/alogd.yaml:3: rule 'narrow' matches the counterexample 'disk fully ok'; make "
          "the pattern narrower\n" +
          path_ +
          "/alogd.yaml:4: rule 'other' does not match its example 'all is well'; mend the "
          "pattern or the example\n" +
          path_ +
          "/alogd.yaml:5: rule 'keyed' finds nothing to count by in the example 'xx'; mend "
          "`by`\n");
}

TEST_F(RuleExamplesTest, WhatAStrangerCanFire) {
  const std::string example = "'Nov 22 01:30:00 web1 kernel: VFS: file-max limit 808934 reached'";
  const LoadedConfig loaded = Load(
      "rules:\n"
      "  - {name: loose, match: 'file-max limit', examples: [" +
      example +
      "]}\n"
      "  - {name: bound, match: 'file-max limit', program: kernel, examples: [" +
      example +
      "]}\n"
      "  - {name: anchored, match: '^VFS: file-max limit', program: '*', examples: [" +
      example +
      "]}\n"
      "  - {name: scan, match: 'Invalid user .* from', examples: ['Nov 22 01:30:00 web1 sshd[1]: "
      "Invalid user x from 192.0.2.1 port 9']}\n");
  ASSERT_TRUE(loaded.ok()) << Text(loaded.problems);
  EXPECT_EQ(Text(CheckRuleExamples(loaded)), "");
  const std::vector<ConfigProblem> problems = CheckRulesAgainstStrangers(loaded);
  EXPECT_THAT(Text(problems),
              HasSubstr("/alogd.yaml:2: rule 'loose' can be fired by a stranger: an SSH user name "
                        "made it match '2026-11-22T01:30:00.123456+00:00 web1 sshd[4321]: Invalid "
                        "user VFS: file-max limit 808934 reached from 203.0.113.5"));
  for (const char* name : {"'bound'", "'anchored'"})
    EXPECT_THAT(Text(problems), ::testing::Not(HasSubstr(name)));
  // About user names, but their words alone fire it in a URL.
  EXPECT_THAT(Text(problems), HasSubstr("rule 'scan' can be fired by a stranger: "));
}

}  // namespace
}  // namespace alogd
