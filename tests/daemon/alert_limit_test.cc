// SPDX-License-Identifier: MIT
// The limit stays below journald's, in any 30 s, and always has room for CRITICAL ones.
#include "daemon/alert_limit.h"

#include <gtest/gtest.h>

#include <random>

namespace alogd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Verdict = AlertLimit::Verdict;

constexpr AlertLimit::Clock::time_point kBegin{std::chrono::hours(1)};

TEST(AlertLimitTest, FloodLeavesTheShareOfCritical) {
  AlertLimit limit(AlertLimit::kJournald);
  size_t high = 0, critical = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (limit.Ask(RiskLevel::kHigh, kBegin) == Verdict::kSend) ++high;
  }
  EXPECT_EQ(high, AlertLimit::kJournald.others);
  for (int i = 0; i < 20'000; ++i) {
    const Verdict verdict = limit.Ask(RiskLevel::kCritical, kBegin + seconds(1));
    EXPECT_NE(verdict, Verdict::kHold) << "a CRITICAL one is never left out";
    if (verdict == Verdict::kSend) ++critical;
  }
  EXPECT_EQ(critical, AlertLimit::kJournald.most - AlertLimit::kJournald.others);
  EXPECT_EQ(limit.Ask(RiskLevel::kCritical, kBegin + seconds(30)), Verdict::kSend);
}

TEST(AlertLimitTest, CountIsTold) {
  AlertLimit limit(AlertLimit::kJournald);
  for (size_t i = 0; i < AlertLimit::kJournald.others + 7; ++i)
    limit.Ask(RiskLevel::kMedium, kBegin);
  EXPECT_EQ(limit.TakeUntold(kBegin + seconds(29)), 0U) << "not with each of them";
  EXPECT_EQ(limit.TakeUntold(kBegin + seconds(30)), 7U);
  EXPECT_EQ(limit.TakeUntold(kBegin + seconds(90)), 0U);
}

// What journald counts: 30 s that begin at any entry.
TEST(AlertLimitTest, NoThirtySecondsHaveMore) {
  AlertLimit limit(AlertLimit::kJournald);
  std::mt19937 random(1);
  std::vector<AlertLimit::Clock::time_point> sent;
  AlertLimit::Clock::time_point now = kBegin;
  for (int i = 0; i < 200'000; ++i) {
    now += milliseconds(random() % 2);
    const RiskLevel level = random() % 4 == 0 ? RiskLevel::kCritical : RiskLevel::kLow;
    if (limit.Ask(level, now) == Verdict::kSend) sent.push_back(now);
  }
  size_t first = 0, most = 0;
  for (size_t last = 0; last < sent.size(); ++last) {
    while (sent[last] - sent[first] >= seconds(30)) ++first;
    most = std::max(most, last - first + 1);
  }
  EXPECT_EQ(most, AlertLimit::kJournald.most);
}

}  // namespace
}  // namespace alogd
