// SPDX-License-Identifier: MIT
// Times as typed and as shown, in a time zone with daylight saving.
#include "cli/time_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <time.h>

#include <cstdlib>

#include "cli/output.h"

namespace alogd {
namespace {

using namespace std::chrono_literals;

// 2026-11-22 10:30:15 UTC, 11:30:15 in Berlin (`date -d @1795343415`).
constexpr Time kNow = FromMicros(1'795'343'415'000'000);

class TimeTextTest : public ::testing::Test {
 protected:
  void SetUp() override {
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
  }
  void TearDown() override {
    unsetenv("TZ");
    tzset();
  }
  static Time Parsed(std::string_view text) {
    const Result<Time> time = ParseTimeText(text, kNow);
    EXPECT_TRUE(time.ok()) << text;
    return time.ok() ? *time : kNoTime;
  }
};

TEST_F(TimeTextTest, Relative) {
  EXPECT_EQ(Parsed("-1h"), kNow - 1h);
  EXPECT_EQ(Parsed("-7d"), kNow - 24h * 7);
  EXPECT_EQ(Parsed("-1h 30min"), kNow - 90min);
  EXPECT_EQ(Parsed("2h ago"), kNow - 2h);
  EXPECT_EQ(Parsed("now"), kNow);
}

TEST_F(TimeTextTest, DaysBeginAtLocalMidnight) {
  EXPECT_EQ(Parsed("today"), kNow - (11h + 30min + 15s));
  EXPECT_EQ(Parsed("yesterday"), kNow - (35h + 30min + 15s));
  EXPECT_EQ(Parsed("10:00"), kNow - (1h + 30min + 15s));
}

TEST_F(TimeTextTest, InFull) {
  EXPECT_EQ(Parsed("2026-11-22"), Parsed("today"));
  EXPECT_EQ(Parsed("2026-11-22 10:00"), Parsed("10:00"));
  EXPECT_EQ(Parsed("2026-11-22T11:30:15"), kNow);
  EXPECT_EQ(Parsed("2026-11-22T11:30:15.25"), kNow + 250ms);
  EXPECT_EQ(Parsed("2026-11-22T10:30:15Z"), kNow);
  EXPECT_EQ(Parsed("2026-11-22 05:30:15 -0500"), kNow);
  EXPECT_EQ(Parsed("2026-11-22T16:00:15+05:30"), kNow);
  EXPECT_EQ(Parsed("@1795343415"), kNow);
  // Summer time: 12:00 in July is 10:00 UTC.
  EXPECT_EQ(Parsed("2026-07-01 12:00"), Parsed("2026-07-01T10:00Z"));
}

TEST_F(TimeTextTest, WhatIsNone) {
  for (const char* text :
       {"", "-", "1h", "-1x", "h", "25:00", "10:60", "2026-13-01", "2026-02-30", "2026-1-1",
        "2026-11-22T", "2026-11-22T10:00X", "2026-11-22 10:00:00.", "@", "@12x",
        "@99999999999999999999", "tomorrowish", "10:00:00 +", "-0-1:00"}) {
    const Result<Time> time = ParseTimeText(text, kNow);
    EXPECT_FALSE(time.ok()) << text;
    if (!time.ok()) {
      EXPECT_THAT(time.error().message, ::testing::HasSubstr("is not a time: use -1h"));
    }
  }
}

TEST_F(TimeTextTest, Shown) {
  EXPECT_EQ(LongTime(kNow), "2026-11-22 11:30:15");
  EXPECT_EQ(ShortTime(kNow, kNow), "Nov 22 11:30:15");
  EXPECT_EQ(ShortTime(kNow - 24h * 365, kNow), "2025-11-22 11:30");
  EXPECT_EQ(IsoTime(kNow + 1us), "2026-11-22T11:30:15.000001+01:00");
  EXPECT_EQ(LongTime(kNoTime), "-");
  EXPECT_EQ(HumanDuration(450ms), "0.45s");
  EXPECT_EQ(HumanDuration(75s), "1m 15s");
  EXPECT_EQ(HumanDuration(3h + 5min), "3h 5m");
  EXPECT_EQ(HumanDuration(49h), "2d 1h");
}

}  // namespace
}  // namespace alogd
