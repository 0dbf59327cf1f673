// SPDX-License-Identifier: MIT
// What always follows, what only comes anyway, and what is missed.
#include "core/detection/follower_watch.h"

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

class FollowerWatchTest : public ::testing::Test {
 protected:
  // A job each ten minutes; every other one also says something in between.
  void Jobs(Time begin, int count) {
    for (int i = 0; i < count; ++i) {
      const Time t = begin + i * 10min;
      rig.Say(t, "cron", started);
      if (i % 2 == 0) rig.Say(t + 1s, "cron", sometimes);
      rig.Say(t + 2s, "cron", finished);
    }
  }

  WatchRig rig{Only("followers")};
  TemplateId started = rig.Make("job <*> started"), finished = rig.Make("job <*> finished"),
             sometimes = rig.Make("job <*> was slow"), beat = rig.Make("heartbeat"),
             other = rig.Make("other");
};

TEST_F(FollowerWatchTest, WhatAlwaysFollowedIsMissed) {
  Jobs(kMonday, 120);
  const Time then = kMonday + 120 * 10min;
  rig.Say(then, "cron", started);
  rig.Say(then + 90s, "app", other);  // the host goes on
  rig.Pass(then + 119s);
  EXPECT_TRUE(rig.Findings().empty());
  rig.Pass(then + 2min);
  const auto found = rig.Findings();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].time, then + 2min);
  EXPECT_EQ(found[0].stream, "cron");
  EXPECT_EQ(found[0].template_id, started);
  EXPECT_EQ(found[0].evidence.summary,
            "'job <*> started' was not followed within 120 s by 'job <*> finished', which followed "
            "120 of 120 times before");
  EXPECT_NEAR(found[0].score, 41.6, 0.1);  // 40 + 20 log10(120 / 100)
  EXPECT_FALSE(rig.steps.back().over);
}

// 100 x (1 + 4) times are needed after one miss.
TEST_F(FollowerWatchTest, EachMissMakesTheNextNeedMore) {
  Jobs(kMonday, 120);
  rig.Say(kMonday + 120 * 10min, "cron", started);
  Jobs(kMonday + 121 * 10min, 370);
  rig.Say(kMonday + 491 * 10min, "cron", started);
  Jobs(kMonday + 492 * 10min, 20);
  EXPECT_EQ(rig.Findings().size(), 1u);
  Jobs(kMonday + 512 * 10min, 400);
  rig.Say(kMonday + 912 * 10min, "cron", started);
  rig.Say(kMonday + 913 * 10min, "cron", started);
  EXPECT_EQ(rig.Findings().size(), 2u);
}

TEST_F(FollowerWatchTest, NotBeforeItWasSeenOftenEnough) {
  Jobs(kMonday, 99);
  rig.Say(kMonday + 99 * 10min, "cron", started);
  Jobs(kMonday + 100 * 10min, 1);
  EXPECT_TRUE(rig.Findings().empty());
}

// The same host, but a heartbeat comes each ten seconds: it is in every wait and follows nothing.
TEST_F(FollowerWatchTest, WhatComesAnywayIsNoFollower) {
  for (int i = 0; i < 200 * 60; ++i) {
    const Time t = kMonday + i * 10s;
    if (i % 60 == 0) rig.Say(t, "app", started);
    rig.Say(t + 1s, "app", beat);
  }
  const Time then = kMonday + 200 * 600s;
  rig.Say(then, "app", started);
  rig.Say(then + 100s, "cron", other);
  rig.Pass(then + 5min);
  EXPECT_TRUE(rig.Findings().empty()) << rig.Describe();
}

TEST_F(FollowerWatchTest, AHostThatWasOffMissesNothing) {
  Jobs(kMonday, 120);
  const Time then = kMonday + 120 * 10min;
  rig.Say(then, "cron", started);
  rig.Pass(then + 5min);
  rig.Say(then + 6min, "kernel", other, true);  // it boots
  EXPECT_TRUE(rig.Findings().empty());
  // Without a boot what was undecided is decided by the next record.
  Jobs(kMonday + 122 * 10min, 10);
  rig.Say(kMonday + 132 * 10min, "cron", started);
  rig.Pass(kMonday + 132 * 10min + 8min);
  EXPECT_TRUE(rig.Findings().empty());
  rig.Say(kMonday + 133 * 10min, "cron", other);
  ASSERT_EQ(rig.Findings().size(), 1u);
  EXPECT_EQ(rig.Findings()[0].time, kMonday + 133 * 10min);
}

TEST_F(FollowerWatchTest, OtherStreamsDoNotAnswer) {
  Jobs(kMonday, 120);
  const Time then = kMonday + 120 * 10min;
  rig.Say(then, "cron", started);
  rig.Say(then + 90s, "app", finished);
  rig.Pass(then + 3min);
  EXPECT_EQ(rig.Findings().size(), 1u);
}

TEST_F(FollowerWatchTest, AFollowerThatTurnsOutToBeAnotherIsNotMissed) {
  const TemplateId older = other;
  Jobs(kMonday, 120);
  const TemplateId young = rig.Make("job <*> ended");
  for (int i = 120; i < 300; ++i) {
    rig.Say(kMonday + i * 10min, "cron", sometimes);
    rig.Say(kMonday + i * 10min + 1s, "cron", young);
  }
  EXPECT_TRUE(rig.Findings().empty());
  rig.catalog.SetAlias(young, older);
  for (int i = 300; i < 310; ++i) {
    rig.Say(kMonday + i * 10min, "cron", sometimes);
    rig.Say(kMonday + i * 10min + 1s, "cron", older);
  }
  EXPECT_TRUE(rig.Findings().empty()) << rig.Describe();
}

TEST_F(FollowerWatchTest, AnyNumberOfTemplatesAndStreamsIsBounded) {
  FollowerWatch watch({}, 60);
  WatchSteps steps;
  std::mt19937_64 rng(1);
  for (uint32_t i = 0; i < 20'000; ++i) {
    const std::string stream = fmt::format("/x\tp{}", rng() % 3000);
    Sighting record;
    record.stream = stream;
    record.id = TemplateId{static_cast<uint32_t>(rng() % 9000)};
    record.watermark = record.time = kMonday + i * 20ms;
    watch.Advance(record.watermark, rig.catalog, &steps);
    watch.Observe(record, rig.catalog, &steps);
    EXPECT_LE(watch.leaders(), FollowerWatch::kMaxLeaders);
  }
  std::string state;
  StateWriter out(&state);
  watch.Save(out);
  EXPECT_LT(state.size(), 600'000u);
  FollowerWatch restored({}, 60);
  StateReader in(state);
  EXPECT_TRUE(restored.Load(in));
}

TEST_F(FollowerWatchTest, DamagedStateIsRefusedOrSane) {
  Jobs(kMonday, 110);
  rig.Say(kMonday + 110 * 10min, "cron", started);
  LoadDamagedAndAdvance(&rig, "followers");
}

TEST(FollowerWatchStateTest, RestartsChangeNothing) {
  const auto play = [](uint64_t restarts) {
    GroupConfig group = Only("followers");
    group.followers.least = 20;
    WatchRig rig(group, restarts);
    std::vector<TemplateId> ids;
    for (int i = 0; i < 12; ++i) ids.push_back(rig.Make(fmt::format("template {} <*>", i)));
    std::mt19937_64 rng(7);
    Time t = kMonday;
    for (int n = 0; n < 4000; ++n, t += std::chrono::seconds(rng() % 200)) {
      const size_t which = rng() % 6;
      const std::string stream = fmt::format("p{}", rng() % 3);
      rig.Say(t, stream, ids[which]);
      // Which of them follow, and how surely, depends on the first.
      for (size_t i = 6; i < 6 + which % 3; ++i)
        if (rng() % (20 * which + 1) != 1) rig.Say(t + i * 1s, stream, ids[i]);
      if (n == 2000) rig.catalog.SetAlias(ids[7], ids[11]);
      ids[7] = rig.catalog.Resolve(ids[7]);
      t += 10s;
    }
    return rig.Describe();
  };
  const std::string plain = play(0);
  EXPECT_THAT(plain, HasSubstr("was not followed"));
  for (uint64_t seed = 1; seed <= 5; ++seed) EXPECT_EQ(play(seed), plain) << "seed " << seed;
}

}  // namespace
}  // namespace alogd
