// SPDX-License-Identifier: MIT
// Who is held for silent, when, and who is not.
#include "core/detection/silence_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "testing/watch_rig.h"

namespace alogd {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::kMonday;
using testing::Only;
using testing::WatchRig;

// `app` and `cron` say something each minute until `end`.
void TwoTalk(WatchRig* rig, Time begin, Time end, TemplateId id, bool app = true) {
  for (Time t = begin; t < end; t += 1min) {
    if (app) rig->Say(t, "app", id);
    rig->Say(t + 1s, "cron", id);
  }
}

TEST(SilenceWatchTest, AlarmsAfterThreeSlotsOfOneThatTalksInEach) {
  WatchRig rig(Only("silence"));
  const TemplateId id = rig.Make("heartbeat");
  TwoTalk(&rig, kMonday, kMonday + 72h, id);
  TwoTalk(&rig, kMonday + 72h, kMonday + 73h + 1min, id, false);
  const auto found = rig.Findings();
  ASSERT_EQ(found.size(), 3u);  // after 15, 30 and 60 minutes
  // Its presence is 1 in each slot and it never paused, so that the longest pause counts as 1:
  // three times that are the slots from 72:00 to 72:15.
  EXPECT_EQ(found[0].time, kMonday + 72h + 15min);
  EXPECT_EQ(found[1].time, kMonday + 72h + 30min);
  EXPECT_EQ(found[2].time, kMonday + 73h);
  EXPECT_EQ(found[0].stream, "app");
  EXPECT_EQ(found[0].source, "/var/log/syslog");
  EXPECT_EQ(found[0].template_id, id);
  // 864 slots heard over 1 / 30: 40 + 20 log10(28.8).
  EXPECT_NEAR(found[0].score, 69.2, 0.1);
  EXPECT_GT(found[1].score, found[0].score);
  EXPECT_FLOAT_EQ(found[0].evidence.raw, 3);
  EXPECT_THAT(found[0].evidence.summary,
              HasSubstr("app has been silent for 16 min: around this hour it is heard in 100%"));
  rig.Say(kMonday + 74h, "app", id);
  EXPECT_FALSE(rig.steps.back().over);
  EXPECT_EQ(rig.steps.back().key, rig.steps[0].key);
}

TEST(SilenceWatchTest, QuietWhileItLearns) {
  WatchRig rig(Only("silence"));
  const TemplateId id = rig.Make("heartbeat");
  TwoTalk(&rig, kMonday, kMonday + 47h, id);
  TwoTalk(&rig, kMonday + 47h, kMonday + 60h, id, false);
  EXPECT_TRUE(rig.Findings().empty());
}

TEST(SilenceWatchTest, AHostThatIsOffIsSilentOnce) {
  WatchRig rig(Only("silence"));
  const TemplateId id = rig.Make("heartbeat");
  TwoTalk(&rig, kMonday, kMonday + 72h, id);
  TwoTalk(&rig, kMonday + 72h + 20min, kMonday + 80h, id);
  const auto found = rig.Findings();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].stream, "the whole group");
  EXPECT_EQ(found[0].time, kMonday + 72h + 15min);
  // Off for as long again is known by now.
  TwoTalk(&rig, kMonday + 80h + 20min, kMonday + 90h, id);
  EXPECT_EQ(rig.Findings().size(), 1u);
}

TEST(SilenceWatchTest, APauseThatCameBeforeIsNoNewsUntilItIsThreeTimesAsLong) {
  WatchRig rig(Only("silence"));
  const TemplateId id = rig.Make("heartbeat");
  Time t = kMonday;
  TwoTalk(&rig, t, t + 72h, id);
  TwoTalk(&rig, t + 72h, t + 73h, id, false);
  TwoTalk(&rig, t + 73h, t + 73h + 1min, id);
  const size_t first = rig.Findings().size();
  EXPECT_GT(first, 0u);
  // Thirty times the pause has to be heard again before the next is judged: 12 slots, 30 hours.
  TwoTalk(&rig, t + 73h, t + 120h, id);
  TwoTalk(&rig, t + 120h, t + 122h + 50min, id, false);
  EXPECT_EQ(rig.Findings().size(), first);
  TwoTalk(&rig, t + 122h + 50min, t + 124h, id, false);
  EXPECT_EQ(rig.Findings().size(), first + 1);
}

// Talks from 8 to 18 on five days of the week.
TEST(SilenceWatchTest, NightsAndWeekendsAreNoSilence) {
  WatchRig rig(Only("silence"));
  const TemplateId id = rig.Make("request");
  const auto week = [&](int number, int days, Duration last_ends) {
    for (int day = 0; day < 7; ++day) {
      const Time begin = kMonday + number * 168h + day * 24h;
      for (Time t = begin; t < begin + 24h; t += 2min) {
        rig.Say(t, "cron", id);
        const bool talks = day < days && t >= begin + 8h && t < begin + 18h;
        if (talks && (day + 1 < days || t < begin + last_ends)) rig.Say(t, "web", id);
      }
    }
  };
  for (int number = 0; number < 12; ++number) week(number, 5, 18h);
  EXPECT_TRUE(rig.Findings().empty());
  // On a Friday it stops at noon.
  week(12, 5, 12h);
  ASSERT_FALSE(rig.Findings().empty());
  EXPECT_EQ(rig.Findings()[0].stream, "web");
  EXPECT_GT(rig.Findings()[0].time, kMonday + 12 * 168h + 4 * 24h + 12h);
  EXPECT_LT(rig.Findings()[0].time, kMonday + 12 * 168h + 4 * 24h + 18h);
}

// Clusters with pauses between whose lengths have no mean (Pareto, exponent 1): there is no
// longest.
TEST(SilenceWatchTest, WhatComesInClustersHardlyEverAlarms) {
  size_t alarms = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    WatchRig rig(Only("silence"));
    const TemplateId id = rig.Make("attack");
    std::mt19937_64 rng(seed);
    Time next = kMonday;
    for (Time t = kMonday; t < kMonday + 60 * 24h; t += 4min) {
      rig.Say(t, "cron", id);
      if (t < next) continue;
      rig.Say(t + 1s, "sshd", id);
      const double u = (static_cast<double>(rng() % 1'000'000) + 1) / 1'000'001;
      next = t + std::chrono::duration_cast<Duration>(10min * (1 / u));
    }
    alarms += rig.Findings().size();
  }
  EXPECT_LE(alarms, 3u);  // in 600 days
}

TEST(SilenceWatchTest, AnyNumberOfStreamsIsBounded) {
  SilenceWatch watch({}, 60);
  WatchSteps steps;
  for (int i = 0; i < 10'000; ++i) {
    const std::string key = fmt::format("/var/log/syslog\tp{}", i);
    Sighting record;
    record.source = "/var/log/syslog";
    record.stream = key;
    record.watermark = record.time = kMonday + i * 1s;
    watch.Observe(record, SlotOf(record.time), &steps);
    EXPECT_LE(watch.talkers(), SilenceWatch::kMaxTalkers);
  }
  EXPECT_GT(watch.talkers(), SilenceWatch::kMaxTalkers / 2);
}

// Its anomaly must not stay open when nobody looks any more.
TEST(SilenceWatchTest, SwitchedOffOrDroppedTheSilenceIsOver) {
  WatchRig rig(Only("silence"));
  const TemplateId id = rig.Make("heartbeat");
  TwoTalk(&rig, kMonday, kMonday + 72h, id);
  TwoTalk(&rig, kMonday + 72h, kMonday + 73h, id, false);
  rig.Pass(kMonday + 73h);
  ASSERT_TRUE(rig.steps.back().over);
  const std::string key = rig.steps.back().key;
  rig.steps.clear();
  for (size_t i = 0; i < SilenceWatch::kMaxTalkers; ++i)
    rig.Say(kMonday + 73h, fmt::format("p{}", i), id);
  ASSERT_EQ(rig.steps.size(), 1u);
  EXPECT_FALSE(rig.steps[0].over);
  EXPECT_EQ(rig.steps[0].key, key);
  TwoTalk(&rig, kMonday + 74h, kMonday + 75h, id);
  rig.Pass(kMonday + 80h);  // the whole group is silent
  ASSERT_TRUE(rig.steps.back().over);
  rig.steps.clear();
  rig.watches().set_options(Only("rate"), {}, &rig.steps);
  ASSERT_FALSE(rig.steps.empty());
  for (const WatchStep& step : rig.steps) EXPECT_FALSE(step.over);
}

TEST(SilenceWatchTest, RestartsChangeNothing) {
  const auto play = [](uint64_t restarts) {
    WatchRig rig(Only("silence"), restarts);
    const TemplateId id = rig.Make("x");
    std::mt19937_64 rng(5);
    for (Time t = kMonday; t < kMonday + 12 * 24h; t += std::chrono::seconds(rng() % 600)) {
      const uint64_t who = rng() % 6;
      // Each is silent for a part of the last days.
      const int64_t day = (t - kMonday) / 24h;
      if (day > 8 && day % 3 == static_cast<int64_t>(who % 3)) continue;
      rig.Say(t, fmt::format("p{}", who), id);
    }
    return rig.Describe();
  };
  const std::string plain = play(0);
  EXPECT_THAT(plain, HasSubstr("silent for"));
  for (uint64_t seed = 1; seed <= 5; ++seed) EXPECT_EQ(play(seed), plain) << "seed " << seed;
}

TEST(SilenceWatchTest, DamagedStateIsRefusedOrSane) {
  WatchRig rig(Only("silence"));
  const TemplateId id = rig.Make("x");
  TwoTalk(&rig, kMonday, kMonday + 30h, id);
  LoadDamagedAndAdvance(&rig, "silence");
}

}  // namespace
}  // namespace alogd
