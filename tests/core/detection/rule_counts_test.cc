// SPDX-License-Identifier: MIT
// Bursts by key and event time; bounded; the same after a restart at any moment.
#include "core/detection/rule_counts.h"

#include <gtest/gtest.h>

#include <random>

#include "core/detection/rules.h"

namespace alogd {
namespace {

RuleConfig Counted(uint32_t count, Duration within, std::string by = "") {
  RuleConfig rule;
  rule.match = "Failed password";
  rule.count = count;
  rule.within = within;
  rule.by = std::move(by);
  return rule;
}

Time At(int64_t seconds) { return FromMicros(1'700'000'000'000'000 + seconds * 1'000'000); }

TEST(RuleCountsTest, TheLastOfSoManyWithinTheTime) {
  RuleCounts counts;
  const RuleConfig rule = Counted(3, 10s);
  EXPECT_FALSE(counts.Hit(rule, "a", At(0)));
  EXPECT_FALSE(counts.Hit(rule, "a", At(5)));
  EXPECT_FALSE(counts.Hit(rule, "b", At(6)));
  EXPECT_FALSE(counts.Hit(rule, "a", At(11)));  // the first is too old by now
  const auto burst = counts.Hit(rule, "a", At(15));
  ASSERT_TRUE(burst);
  EXPECT_EQ(burst->count, 3u);
  EXPECT_EQ(burst->took, 10s);
  EXPECT_EQ(burst->key, "a");
  EXPECT_FALSE(counts.Hit(rule, "a", At(15)));  // begins anew
  EXPECT_EQ(counts.times(), 2u);                // of a and of b, which is 9 s old
  EXPECT_FALSE(counts.Hit(rule, "c", At(100)));
  EXPECT_EQ(counts.times(), 1u);
}

TEST(RuleCountsTest, TimesOutOfOrder) {
  RuleCounts counts;
  const RuleConfig rule = Counted(3, 10s);
  EXPECT_FALSE(counts.Hit(rule, "a", At(10)));
  EXPECT_FALSE(counts.Hit(rule, "a", At(8)));
  EXPECT_TRUE(counts.Hit(rule, "a", At(12)));
}

TEST(RuleCountsTest, BoundedByTheLongestSilent) {
  RuleCounts counts;
  const RuleConfig rule = Counted(1000, 24h);
  const size_t keys = RuleCounts::kMaxTimes / 2;
  for (size_t i = 0; i < keys * 3; ++i)
    ASSERT_FALSE(counts.Hit(rule, std::to_string(i), At(static_cast<int64_t>(i / 100))));
  EXPECT_EQ(counts.times(), RuleCounts::kMaxTimes);
  std::string saved;
  StateWriter out(&saved);
  counts.Save(out);
  EXPECT_EQ(saved.find("\x05"
                       "49999"),
            std::string::npos);  // the first third went
  EXPECT_NE(saved.find("\x05"
                       "50000"),
            std::string::npos);
}

TEST(RuleCountsTest, ReloadForgetsOtherRules) {
  RuleCounts counts;
  const RuleConfig one = Counted(5, 10s), two = Counted(6, 10s);
  counts.Hit(one, "a", At(0));
  counts.Hit(two, "a", At(0));
  counts.Keep({two});
  EXPECT_EQ(counts.times(), 1u);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(counts.Hit(two, "a", At(1)));
  EXPECT_TRUE(counts.Hit(two, "a", At(1)));
}

// Random hits; a second object lives on snapshots and changes alone and must say the same.
TEST(RuleCountsTest, RestartChangesNothing) {
  std::mt19937 random(5);
  const RuleConfig rules[] = {Counted(3, 10s), Counted(4, 30s), Counted(2, 1s)};
  RuleCounts counts, restored;
  int64_t now = 0;
  int bursts = 0;
  for (int i = 0; i < 5000; ++i) {
    now += random() % 3;
    const RuleConfig& rule = rules[random() % 3];
    const std::string key(1, static_cast<char>('a' + random() % 5));
    const auto expected = counts.Hit(rule, key, At(now));
    bursts += expected.has_value();
    RuleCounts next;
    std::string text;
    StateWriter out(&text);
    if (random() % 10 == 0) {
      counts.Save(out);
      std::string ignored;
      StateWriter changes(&ignored);
      counts.SaveChanges(changes);
      StateReader in(text);
      ASSERT_TRUE(restored.Load(in));
    } else {
      counts.SaveChanges(out);
      StateReader in(text);
      ASSERT_TRUE(restored.ApplyChanges(in));
    }
    ASSERT_EQ(restored.times(), counts.times());
    std::string a, b;
    StateWriter wa(&a), wb(&b);
    counts.Save(wa);
    restored.Save(wb);
    ASSERT_EQ(a, b);
  }
  EXPECT_GT(bursts, 100);
}

TEST(RuleCountsTest, DamagedState) {
  RuleCounts counts;
  counts.Hit(Counted(3, 10s), "a", At(0));
  std::string text;
  StateWriter out(&text);
  counts.Save(out);
  for (size_t n = 0; n < text.size(); ++n) {
    StateReader in(std::string_view(text).substr(0, n));
    RuleCounts other;
    EXPECT_FALSE(other.Load(in)) << n;
  }
}

TEST(RuleCountsTest, KeyOfALine) {
  const auto rules = RuleSet::Create({Counted(3, 10s, R"(.* from (\S+) port \d+)"), [] {
                                        RuleConfig rule = Counted(3, 10s, "user \\w+");
                                        rule.match = "Bad";
                                        return rule;
                                      }()});
  ASSERT_TRUE(rules.ok());
  // The user's name is the attacker's to choose.
  const std::string_view line =
      "Failed password for invalid user from 10.0.0.1 port 1 from 192.0.2.7 port 22 ssh2";
  const RuleSet::Matches first = rules->Match(line);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(rules->KeyOf(*first[0], line), "192.0.2.7");
  EXPECT_EQ(rules->KeyOf(*first[0], "Failed password, and nothing else"), "");
  const RuleSet::Matches second = rules->Match("Bad user xy");
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(rules->KeyOf(*second[0], "Bad user xy"), "user xy");
}

}  // namespace
}  // namespace alogd
