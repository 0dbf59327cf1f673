// SPDX-License-Identifier: MIT
// The watermark believes records that agree, not single odd ones.
#include "core/detection/event_clock.h"

#include <gtest/gtest.h>

namespace alogd {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr char kSource[] = "/var/log/app.log";
constexpr char kOther[] = "/var/log/other.log";

Time Day(int n) { return Time(hours(24 * n)) + hours(24 * 20000); }

TEST(EventClockTest, RecordWithoutTimeTakesTheWatermark) {
  EventClock clock;
  clock.Observe(kSource, Day(1));
  EXPECT_EQ(clock.Observe(kSource, kNoTime), Day(1));
}

TEST(EventClockTest, LateRecordKeepsItsTime) {
  EventClock clock;
  clock.Observe(kSource, Day(2));
  EXPECT_EQ(clock.Observe(kSource, Day(1)), Day(1));
  EXPECT_EQ(clock.watermark(), Day(2));
}

TEST(EventClockTest, SlowGroupHasItsTime) {
  EventClock clock;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(clock.Observe(kSource, Day(i)), Day(i));
    EXPECT_EQ(clock.watermark(), Day(i));
  }
}

// Of a busy group the first record after a silence has to be confirmed: one line may be wrong.
TEST(EventClockTest, QuietWeekIsNotAJump) {
  EventClock clock;
  for (int i = 100; i >= 0; --i) clock.Observe(kSource, Day(0) - seconds(i));
  EXPECT_EQ(clock.Observe(kSource, Day(7)), Day(7));
  EXPECT_TRUE(clock.held());
  EXPECT_EQ(clock.watermark(), Day(0));
  EXPECT_EQ(clock.Observe(kSource, Day(7) + seconds(1)), Day(7) + seconds(1));
  EXPECT_FALSE(clock.held());
  EXPECT_EQ(clock.watermark(), Day(7) + seconds(1));
  EXPECT_EQ(clock.clamped(), 0u);
}

TEST(EventClockTest, OneLineAheadMovesNothing) {
  for (const Duration ahead : {Duration(hours(6)), Duration(hours(24 * 7))}) {
    EventClock clock;
    for (int i = 0; i < 1000; ++i) {
      clock.Observe(kSource, Day(0) + seconds(i));
      if (i % 100 == 50) {
        clock.Observe(kOther, Day(0) + ahead);
        EXPECT_TRUE(clock.held());
      }
      ASSERT_EQ(clock.watermark(), Day(0) + seconds(i));
    }
    EXPECT_EQ(clock.clamped(), 10u);
  }
}

TEST(EventClockTest, NothingIsLaterThanTheHostsClock) {
  EventClock clock;
  for (int i = 0; i < 1000; ++i) {
    const Time now = Day(0) + seconds(i);
    clock.SetHostClock(now, now - seconds(2));
    clock.Observe(kSource, now);
    EXPECT_EQ(clock.Observe(kOther, Day(20'000) + seconds(7000 * i)), now);
    ASSERT_EQ(clock.watermark(), now);
  }
}

// A group of which every line is wrong still has a time that goes on.
TEST(EventClockTest, TimeGoesOnWithoutAnyRightTime) {
  EventClock clock;
  clock.SetHostClock(Day(0), Day(0));
  clock.Observe(kSource, Day(0));
  for (int i = 0; i < 15; ++i) {
    clock.SetHostClock(Day(0) + hours(i), Day(0) + hours(i));
    EXPECT_EQ(clock.Observe(kOther, Day(9000 + 9 * i)), Day(0) + hours(i));
  }
}

TEST(EventClockTest, SourceInAnotherZoneIsCorrected) {
  EventClock clock;
  const auto observe = [&](int i, Duration ahead) {
    const Time now = Day(0) + seconds(i);
    clock.SetHostClock(now, now);
    EXPECT_EQ(clock.Observe(kSource, now), now);
    return clock.Observe(kOther, now - seconds(3) + ahead) - now;
  };
  int i = 0;
  for (; i < 15; ++i) EXPECT_EQ(observe(i, hours(6)), seconds(0));
  for (; i < 100; ++i) EXPECT_EQ(observe(i, hours(6)), seconds(-3));
  EXPECT_EQ(clock.Offset(kOther), hours(6));
  EXPECT_EQ(clock.Offset(kSource), Duration(0));
  // Somebody puts it right.
  for (; i < 200; ++i) EXPECT_EQ(observe(i, hours(0)), seconds(-3));
  EXPECT_EQ(clock.Offset(kOther), Duration(0));
}

TEST(EventClockTest, WithoutATimeYetThereIsTheHostsClock) {
  EventClock clock;
  EXPECT_EQ(clock.Observe(kSource, kNoTime), Time{});
  clock.SetHostClock(Day(3), Day(3));
  EXPECT_EQ(clock.Observe(kSource, kNoTime), Day(3));
}

TEST(EventClockTest, SourcesAreBounded) {
  EventClock clock;
  clock.SetHostClock(Day(0), Day(0));
  for (int i = 0; i < 10'000; ++i) clock.Observe("/log/" + std::to_string(i), Day(1));
  std::string blob;
  StateWriter out(&blob);
  clock.Save(out);
  EXPECT_LT(blob.size(), EventClock::kMaxSources * 40);
}

TEST(EventClockTest, OddTimeDoesNotMoveTheWatermark) {
  EventClock clock;
  clock.Observe(kSource, Day(0));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(clock.Observe(kSource, Day(5000)), Day(0));
    EXPECT_EQ(clock.Observe(kSource, Day(0)), Day(0));
  }
  EXPECT_EQ(clock.watermark(), Day(0));
  EXPECT_EQ(clock.clamped(), 100u);
}

TEST(EventClockTest, SixteenInARowMoveIt) {
  for (const int to : {100, -100}) {
    EventClock clock;
    clock.Observe(kSource, Day(200));
    for (int i = 0; i < 15; ++i) EXPECT_EQ(clock.Observe(kSource, Day(200 + to)), Day(200));
    EXPECT_EQ(clock.Observe(kSource, Day(200 + to)), Day(200 + to));
    EXPECT_EQ(clock.watermark(), Day(200 + to));
    EXPECT_EQ(clock.moved_back(), to < 0);
  }
}

TEST(EventClockTest, AbsurdTimesCountAsNone) {
  EventClock clock;
  clock.Observe(kSource, Day(1));
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(clock.Observe(kSource, Time::max()), Day(1));
    EXPECT_EQ(clock.Observe(kSource, Time(hours(-1))), Day(1));
  }
}

TEST(EventClockTest, RestoredClockGoesOnTheSame) {
  EventClock a, b;
  a.Observe(kSource, Day(0));
  for (int i = 0; i < 10; ++i) a.Observe(kSource, Day(900));
  std::string blob;
  StateWriter out(&blob);
  a.Save(out);
  StateReader in(blob);
  ASSERT_TRUE(b.Load(in, EventClock::kVersion));
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(a.Observe(kSource, Day(900)), b.Observe(kSource, Day(900)));
  EXPECT_EQ(b.watermark(), Day(900));
}

}  // namespace
}  // namespace alogd
