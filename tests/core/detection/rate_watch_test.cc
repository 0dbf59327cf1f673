// SPDX-License-Identifier: MIT
// Bursts and drops, and what is neither.
#include "core/detection/rate_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/watch_rig.h"

namespace alogd {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::kMonday;
using testing::Only;
using testing::WatchRig;

// `count` records of `id`, evenly spread over [begin, end).
void Even(WatchRig* rig, Time begin, Time end, int count, TemplateId id) {
  for (int i = 0; i < count; ++i) rig->Say(begin + (end - begin) * i / count, "app", id);
}

// A template's findings, without those of the source that it is in.
std::vector<Finding> OfTemplates(const WatchRig& rig) {
  std::vector<Finding> out;
  for (Finding& f : rig.Findings())
    if (f.template_id != kNoTemplate) out.push_back(std::move(f));
  return out;
}

TEST(RateWatchTest, BurstIsSaidWhileItLasts) {
  WatchRig rig(Only("rate"));
  const TemplateId id = rig.Make("request <*>");
  Even(&rig, kMonday, kMonday + 72h, 72 * 12 * 5, id);  // five in each slot
  Even(&rig, kMonday + 72h, kMonday + 72h + 2min, 110, id);
  const auto found = OfTemplates(rig);
  // E = 5, so four times 5 + 30 / 4 is 50; and 100, twice as high.
  ASSERT_EQ(found.size(), 2u);
  EXPECT_NEAR(static_cast<double>(Micros(found[0].time) - Micros(kMonday + 72h)) / 1e6,
              49 * 120 / 110.0, 1.5);
  EXPECT_FLOAT_EQ(found[0].score, 40);
  EXPECT_FLOAT_EQ(found[1].score, 75);
  EXPECT_NEAR(found[0].evidence.raw, 4, 0.1);
  EXPECT_EQ(found[0].stream, "app");
  EXPECT_EQ(found[0].template_text, "request <*>");
  EXPECT_THAT(found[0].evidence.summary,
              HasSubstr("records 'request <*>' within five minutes and going on; usual around this "
                        "hour are 5"));
  EXPECT_TRUE(rig.steps.back().over);
  Even(&rig, kMonday + 73h, kMonday + 74h, 60, id);
  EXPECT_FALSE(rig.steps.back().over);
  // As high as before is known now, four times that is not.
  Even(&rig, kMonday + 74h, kMonday + 74h + 2min, 110, id);
  EXPECT_EQ(OfTemplates(rig).size(), 2u);
  Even(&rig, kMonday + 75h, kMonday + 75h + 4min, 700, id);
  EXPECT_EQ(OfTemplates(rig).size(), 3u);
}

TEST(RateWatchTest, QuietWhileItLearns) {
  WatchRig rig(Only("rate"));
  const TemplateId id = rig.Make("request <*>");
  Even(&rig, kMonday, kMonday + 47h, 47 * 12 * 5, id);
  Even(&rig, kMonday + 47h, kMonday + 47h + 2min, 1000, id);
  EXPECT_TRUE(rig.Findings().empty());
}

TEST(RateWatchTest, WhatIsNormalByDayIsABurstAtNight) {
  WatchRig rig(Only("rate"));
  const TemplateId id = rig.Make("request <*>");
  const auto day = [&](int n) {
    for (int hour = 0; hour < 24; ++hour) {
      const Time begin = kMonday + n * 24h + hour * 1h;
      Even(&rig, begin, begin + 1h, hour >= 8 && hour < 20 ? 1200 : 12, id);
    }
  };
  for (int n = 0; n < 15; ++n) day(n);
  EXPECT_TRUE(rig.Findings().empty()) << rig.Describe();
  Even(&rig, kMonday + 15 * 24h + 2h, kMonday + 15 * 24h + 2h + 4min, 100, id);  // as by day
  EXPECT_FALSE(OfTemplates(rig).empty());
}

// A job of each night and a greater one on Sundays, in two months.
TEST(RateWatchTest, JobsOfANightAndAWeekAreSaidOnceAtTheMost) {
  WatchRig rig(Only("rate"));
  const TemplateId request = rig.Make("request <*>"), job = rig.Make("rotated <*>");
  for (int day = 0; day < 60; ++day) {
    const Time begin = kMonday + day * 24h;
    Even(&rig, begin, begin + 4h + 10min, 100, request);
    Even(&rig, begin + 4h + 10min, begin + 4h + 11min, day % 7 == 6 ? 2000 : 300, job);
    Even(&rig, begin + 4h + 12min, begin + 24h, 400, request);
  }
  EXPECT_LE(OfTemplates(rig).size(), 1u) << rig.Describe();
  EXPECT_LE(rig.Findings().size(), 2u) << rig.Describe();
}

// Bursts of random size, heavy-tailed, in random places: it must not alarm for ever.
TEST(RateWatchTest, ABurstyDaemonAlarmsLessAndLess) {
  size_t alarms = 0;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    WatchRig rig(Only("rate"));
    const TemplateId id = rig.Make("connection from <*>");
    std::mt19937_64 rng(seed);
    for (Time t = kMonday; t < kMonday + 60 * 24h; t += std::chrono::minutes(rng() % 600)) {
      const double u = (static_cast<double>(rng() % 1000) + 1) / 1001;
      Even(&rig, t, t + 1min, static_cast<int>(std::min(5000.0, 5 / u)), id);
      t += 1min;
    }
    alarms += OfTemplates(rig).size();
  }
  EXPECT_LE(alarms, 15u);  // in 300 days with some 1,400 bursts
}

TEST(RateWatchTest, DropOfAnHour) {
  WatchRig rig(Only("rate"));
  const TemplateId job = rig.Make("job <*> done"), other = rig.Make("tick");
  const auto hour = [&](Time begin, int jobs) {
    for (int i = 0; i < 60; ++i) {
      if (i < jobs) rig.Say(begin + i * 1min, "app", job);
      rig.Say(begin + i * 1min + 1s, "cron", other);
    }
  };
  for (int h = 0; h < 10 * 24; ++h) hour(kMonday + h * 1h, 60);
  EXPECT_TRUE(rig.Findings().empty());
  const Time then = kMonday + 240h;
  hour(then, 3);
  hour(then + 1h, 3);
  hour(then + 2h, 60);
  rig.Say(then + 3h, "cron", other);
  const auto found = OfTemplates(rig);
  ASSERT_EQ(found.size(), 1u) << rig.Describe();
  EXPECT_EQ(found[0].time, then + 1h);
  // (60 + 1) / (3 + 1) over four times what any hour was, which is 1: 40 + 35 log2(15.25 / 4), 100
  // at the most.
  EXPECT_NEAR(found[0].evidence.raw, 15.25, 0.6);  // steps of the profile are 6%
  EXPECT_FLOAT_EQ(found[0].score, 100);
  EXPECT_THAT(found[0].evidence.summary,
              HasSubstr("a drop: 3 records 'job <*> done' within an hour"));
  EXPECT_FALSE(rig.steps.back().over);
}

TEST(RateWatchTest, AHostThatIsOffIsNoDrop) {
  WatchRig rig(Only("rate"));
  const TemplateId id = rig.Make("job <*> done");
  Even(&rig, kMonday, kMonday + 240h, 240 * 60, id);
  Even(&rig, kMonday + 245h + 20min, kMonday + 250h, 280, id);
  EXPECT_TRUE(rig.Findings().empty()) << rig.Describe();
}

TEST(RateWatchTest, WhatTurnsOutToBeAnotherTemplateIsNeitherBurstNorDrop) {
  WatchRig rig(Only("rate"));
  const TemplateId a = rig.Make("user alice logged in"), b = rig.Make("user bob logged in");
  for (Time t = kMonday; t < kMonday + 240h; t += 1min) {
    rig.Say(t, "app", a);
    for (int i = 0; i < 9; ++i) rig.Say(t + 1s, "app", b);
  }
  rig.catalog.SetAlias(b, a);
  for (Time t = kMonday + 240h; t < kMonday + 250h; t += 1min)
    for (int i = 0; i < 10; ++i) rig.Say(t, "app", a);
  EXPECT_TRUE(rig.Findings().empty()) << rig.Describe();
}

TEST(RateWatchTest, WhatIsReadLateIsNoBurst) {
  WatchRig rig(Only("rate"));
  const TemplateId id = rig.Make("request <*>");
  Even(&rig, kMonday, kMonday + 72h, 72 * 60, id);
  for (int i = 0; i < 5000; ++i) rig.SayAt(kMonday + i * 10s, kMonday + 72h + 1min, "old", id);
  EXPECT_TRUE(rig.Findings().empty());
}

TEST(RateWatchTest, AnyNumberOfTemplatesIsBounded) {
  WatchRig rig(Only("rate"));
  RateWatch watch({}, 40);
  WatchSteps steps;
  for (uint32_t i = 0; i < 10'000; ++i) {
    Sighting record;
    record.source = "/var/log/syslog";
    record.id = TemplateId{i};
    record.watermark = record.time = kMonday + i * 1s;
    watch.Observe(record, SlotOf(record.time), rig.catalog, &steps);
    EXPECT_LE(watch.series(), RateWatch::kMaxSeries);
  }
  EXPECT_GT(watch.series(), RateWatch::kMaxSeries / 2);
}

TEST(RateWatchTest, RestartsChangeNothing) {
  const auto play = [](uint64_t restarts) {
    WatchRig rig(Only("rate"), restarts);
    std::vector<TemplateId> ids;
    for (int i = 0; i < 6; ++i) ids.push_back(rig.Make(fmt::format("template {} <*>", i)));
    std::mt19937_64 rng(7);
    for (Time t = kMonday; t < kMonday + 16 * 24h; t += std::chrono::seconds(rng() % 400)) {
      const size_t which = rng() % (t > kMonday + 12 * 24h ? 3 : 6);
      const bool burst = t > kMonday + 3 * 24h && rng() % 500 == 0;
      const uint64_t count = burst ? rng() % 300 : 1;
      for (uint64_t i = 0; i < count; ++i)
        rig.Say(t + std::chrono::milliseconds(i), "app", ids[which]);
      if (rng() % 900 == 0 && which + 1 < ids.size() &&
          rig.catalog.Resolve(ids[which + 1]) == ids[which + 1])
        rig.catalog.SetAlias(ids[which + 1], rig.catalog.Resolve(ids[which]));
      for (TemplateId& id : ids) id = rig.catalog.Resolve(id);
    }
    return rig.Describe();
  };
  const std::string plain = play(0);
  EXPECT_THAT(plain, HasSubstr("a burst"));
  for (uint64_t seed = 1; seed <= 5; ++seed) EXPECT_EQ(play(seed), plain) << "seed " << seed;
}

TEST(RateWatchTest, DamagedStateIsRefusedOrSane) {
  WatchRig rig(Only("rate"));
  const TemplateId id = rig.Make("x"), other = rig.Make("y");
  Even(&rig, kMonday, kMonday + 60h, 60 * 30, id);
  Even(&rig, kMonday + 60h, kMonday + 61h, 300, other);
  LoadDamagedAndAdvance(&rig, "rate");
}

}  // namespace
}  // namespace alogd
