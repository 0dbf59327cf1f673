// SPDX-License-Identifier: MIT
// The watermark believes records that agree, not single odd ones.
#include "core/detection/event_clock.h"

#include <gtest/gtest.h>

namespace alogd {
namespace {

using std::chrono::hours;

Time Day(int n) { return Time(hours(24 * n)) + hours(24 * 20000); }

TEST(EventClockTest, RecordWithoutTimeTakesTheWatermark) {
  EventClock clock;
  clock.Observe(Day(1));
  EXPECT_EQ(clock.Observe(kNoTime), Day(1));
}

TEST(EventClockTest, LateRecordKeepsItsTime) {
  EventClock clock;
  clock.Observe(Day(2));
  EXPECT_EQ(clock.Observe(Day(1)), Day(1));
  EXPECT_EQ(clock.watermark(), Day(2));
}

TEST(EventClockTest, QuietWeekIsNotAJump) {
  EventClock clock;
  clock.Observe(Day(0));
  EXPECT_EQ(clock.Observe(Day(7)), Day(7));
  EXPECT_EQ(clock.watermark(), Day(7));
}

TEST(EventClockTest, OddTimeDoesNotMoveTheWatermark) {
  EventClock clock;
  clock.Observe(Day(0));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(clock.Observe(Day(5000)), Day(0));
    EXPECT_EQ(clock.Observe(Day(0)), Day(0));
  }
  EXPECT_EQ(clock.watermark(), Day(0));
  EXPECT_EQ(clock.clamped(), 100u);
}

TEST(EventClockTest, SixteenInARowMoveIt) {
  for (const int to : {100, -100}) {
    EventClock clock;
    clock.Observe(Day(200));
    for (int i = 0; i < 15; ++i) EXPECT_EQ(clock.Observe(Day(200 + to)), Day(200));
    EXPECT_EQ(clock.Observe(Day(200 + to)), Day(200 + to));
    EXPECT_EQ(clock.watermark(), Day(200 + to));
    EXPECT_EQ(clock.moved_back(), to < 0);
  }
}

TEST(EventClockTest, AbsurdTimesCountAsNone) {
  EventClock clock;
  clock.Observe(Day(1));
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(clock.Observe(Time::max()), Day(1));
    EXPECT_EQ(clock.Observe(Time(hours(-1))), Day(1));
  }
}

TEST(EventClockTest, RestoredClockGoesOnTheSame) {
  EventClock a, b;
  a.Observe(Day(0));
  for (int i = 0; i < 10; ++i) a.Observe(Day(900));
  std::string blob;
  StateWriter out(&blob);
  a.Save(out);
  StateReader in(blob);
  ASSERT_TRUE(b.Load(in));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(a.Observe(Day(900)), b.Observe(Day(900)));
  EXPECT_EQ(b.watermark(), Day(900));
}

}  // namespace
}  // namespace alogd
