// SPDX-License-Identifier: MIT
// Instants: zones, daylight saving, years that are not written, and a cache that changes nothing.
#include "core/headers/time_reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace alogd {
namespace {

constexpr int64_t kSecond = 1000000;

TimeReader Make(const std::string& zone, int64_t reference_s) {
  return TimeReader(LocalZone::Create(zone).value(), FromMicros(reference_s * kSecond));
}

int64_t Seconds(TimeReader* reader, std::string_view text) {
  TimeCache cache;
  Time time = kNoTime;
  EXPECT_GT(reader->Read(text, &cache, &time), 0u) << text;
  return Micros(time) / kSecond;
}

// Values by `TZ=... date -d '...' +%s`.
TEST(TimeReaderTest, ZonesByName) {
  TimeReader berlin = Make("Europe/Berlin", 0);
  EXPECT_EQ(Seconds(&berlin, "2024-02-29 13:45:01"), 1709210701);
  EXPECT_EQ(Seconds(&berlin, "2024-07-01 13:45:01"), 1719834301);
  EXPECT_EQ(Seconds(&berlin, "2024-07-01 13:45:01Z"), 1719841501);
  TimeReader kathmandu = Make("Asia/Kathmandu", 0);
  EXPECT_EQ(Seconds(&kathmandu, "2024-02-29 13:45:01"), 1709193601);
}

TEST(TimeReaderTest, DaylightSaving) {
  TimeReader berlin = Make("Europe/Berlin", 0);
  // 02:30 does not exist on this day: the offset before the gap.
  EXPECT_EQ(Seconds(&berlin, "2024-03-31 01:59:59"), 1711846799);
  EXPECT_EQ(Seconds(&berlin, "2024-03-31 02:30:00"), 1711848600);
  EXPECT_EQ(Seconds(&berlin, "2024-03-31 03:00:00"), 1711846800);
  // 02:30 occurs twice on this day: the earlier, with nothing before it.
  EXPECT_EQ(Seconds(&berlin, "2024-10-27 02:30:00"), 1729989000);
  EXPECT_EQ(Seconds(&berlin, "2024-10-27 03:00:00"), 1729994400);
}

// A log that goes on while the clock is set back: `date -d @...` in the zone.
TEST(TimeReaderTest, AStepBackIsTheSecondReading) {
  TimeReader berlin = Make("Europe/Berlin", 1729900800);
  EXPECT_EQ(Seconds(&berlin, "Oct 27 02:00:00"), 1729987200);
  EXPECT_EQ(Seconds(&berlin, "Oct 27 02:58:00"), 1729990680);
  EXPECT_EQ(Seconds(&berlin, "Oct 27 02:57:30"), 1729990650);  // out of order
  EXPECT_EQ(Seconds(&berlin, "Oct 27 02:00:30"), 1729990830);
  // Right behind the step 02:59 is as likely a line of before it; from 02:05 on it is not.
  EXPECT_EQ(Seconds(&berlin, "Oct 27 02:10:00"), 1729991400);
  EXPECT_EQ(Seconds(&berlin, "Oct 27 02:59:00"), 1729994340);
  EXPECT_EQ(Seconds(&berlin, "Oct 27 02:58:30"), 1729994310);
  EXPECT_EQ(Seconds(&berlin, "Oct 27 03:00:00"), 1729994400);
}

// Every two minutes of a year, in local time, with one cache: no step, no time twice.
TEST(TimeReaderTest, AYearOfLocalTimes) {
  LocalZone zone = LocalZone::Create("Europe/Berlin").value();
  TimeReader berlin = Make("Europe/Berlin", 1704063600);
  TimeCache cache;
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (int64_t utc = 1704063600; utc < 1704063600 + 366 * 86400; utc += 127) {
    const int64_t local = zone.ToLocal(utc);
    int64_t day = local / 86400 - DaysFromCivil(2024, 1, 1);
    const int year = day < 366 ? 2024 : 2025;
    if (year == 2025) day -= 366;
    int month = 1;
    for (; day >= DaysInMonth(year, month); ++month) day -= DaysInMonth(year, month);
    const std::string text = fmt::format("{} {:2} {:02}:{:02}:{:02} host x", kMonths[month - 1],
                                         day + 1, local / 3600 % 24, local / 60 % 60, local % 60);
    Time time = kNoTime;
    ASSERT_GT(berlin.Read(text, &cache, &time), 0u) << text;
    ASSERT_EQ(Micros(time) / kSecond, utc) << text;
  }
}

TEST(TimeReaderTest, LeapDayInAYearWithoutOne) {
  TimeReader reader = Make("UTC", 1796083200);                 // 2026-12-01
  EXPECT_EQ(Seconds(&reader, "Feb 28 23:00:00"), 1772319600);  // 2026
  EXPECT_EQ(Seconds(&reader, "Feb 29 23:00:00"), 1772406000);  // as Mar 1
  EXPECT_EQ(Seconds(&reader, "Mar  1 23:30:00"), 1772407800);
  EXPECT_TRUE(reader.guesses_dates());
}

TEST(TimeReaderTest, BootWithoutAClock) {
  TimeReader reader = Make("UTC", 1796083200);  // 2026-12-01
  EXPECT_EQ(Seconds(&reader, "Nov 26 12:00:00"), 1795694400);
  EXPECT_EQ(Seconds(&reader, "Jan  1 00:00:05"), 5);
  EXPECT_EQ(Seconds(&reader, "Jan  1 00:20:00"), 1200);
  EXPECT_EQ(Seconds(&reader, "Nov 26 12:10:00"), 1795695000);
  TimeReader first = Make("UTC", 1796083200);
  EXPECT_EQ(Seconds(&first, "Jan  1 00:00:05"), 5);
  EXPECT_EQ(Seconds(&first, "Nov 26 12:00:00"), 1795694400);
}

TEST(TimeReaderTest, UnknownZone) {
  const Result<LocalZone> zone = LocalZone::Create("Nowhere/Land");
  ASSERT_FALSE(zone.ok());
  EXPECT_NE(zone.error().message.find("Nowhere/Land"), std::string::npos);
}

TEST(TimeReaderTest, YearMovesOnAtNewYear) {
  TimeReader reader = Make("UTC", 1704110400);                 // 2024-01-01 12:00
  EXPECT_EQ(Seconds(&reader, "Dec 31 23:59:59"), 1704067199);  // 2023
  EXPECT_EQ(Seconds(&reader, "Jan  1 00:00:01"), 1704067201);  // 2024
  EXPECT_EQ(Seconds(&reader, "Dec 31 23:59:58"), 1704067198);  // 2023, out of order
  EXPECT_EQ(Seconds(&reader, "Feb 29 00:00:00"), 1709164800);  // 2024
  for (const char* text : {"May 10 00:00:00", "Sep 10 00:00:00", "Dec 31 00:00:00"})
    Seconds(&reader, text);
  EXPECT_EQ(Seconds(&reader, "Jan  2 00:00:00"), 1735776000);  // 2025
}

TEST(TimeReaderTest, FirstYearIsTheLatestNotAfterTheReference) {
  TimeReader reader = Make("UTC", 1709294400);                 // 2024-03-01 12:00
  EXPECT_EQ(Seconds(&reader, "Mar  2 11:00:00"), 1709377200);  // within a day: clocks differ
  TimeReader other = Make("UTC", 1709294400);
  EXPECT_EQ(Seconds(&other, "Mar  3 12:00:00"), 1677844800);  // 2023
  TimeReader leap = Make("UTC", 1740787200);                  // 2025-03-01
  EXPECT_EQ(Seconds(&leap, "Feb 29 00:00:00"), 1709164800);   // 2024
}

TEST(TimeReaderTest, TimesWithoutADate) {
  TimeReader reader = Make("Europe/Berlin", 1709294400);  // 13:00 there
  EXPECT_EQ(Seconds(&reader, "12:59:00"), 1709294340);
  EXPECT_EQ(Seconds(&reader, "23:59:59"), 1709333999);
  EXPECT_EQ(Seconds(&reader, "00:00:01"), 1709334001);  // the next day
}

TEST(TimeReaderTest, LeapSecondAndMidnight) {
  TimeReader reader = Make("UTC", 0);
  EXPECT_EQ(Seconds(&reader, "2016-12-31 23:59:60"), 1483228800);
}

// One reader with one cache, and for every time a reader restored from the other's state without
// one.
TEST(TimeReaderTest, CacheChangesNothing) {
  std::mt19937 random(11);
  const char* forms[] = {"{0:02}:{1:02}:{2:02}",
                         "Dec 31 {0:02}:{1:02}:{2:02}",
                         "Dec 31 {0:02}:{1:02}:{2:02} 2024 x",
                         "Wed Jan  1 {0:02}:{1:02}:{2:02}",
                         "Wed Jan  1 {0:02}:{1:02}:{2:02} 2025",
                         "2024-12-31 {0:02}:{1:02}:{2:02}.{3}",
                         "2024-12-31 {0:02}:{1:02}:{2:02} +0100 x",
                         "2024-12-31 {0:02}:{1:02}:{2:02} INFO",
                         "2024-12-31 {0:02}:{1:02}:{2:02} UTC",
                         "2024-12-31 {0:02}:{1:02}:{2:02} PM",
                         "2024-12-31 {0:02}:{1:02}:{2:02}Z",
                         "31.12.24 {0:02}:{1:02}:{2:02}",
                         "01/02/24 {0:02}:{1:02}:{2:02}",
                         "Oct 27 02:{1:02}:{2:02}",
                         "Jan  1 00:{1:02}:{2:02}",
                         "2024-12-31|{0:02}:{1:02}:{2:02}|x",
                         "2024-12-31 {0:02}:{1:02}:{2:02}:{3}",
                         "2024-12-31 {0:02}:{1:02}:{2:02}7",
                         "2024-12-31T{0:02}:{1:02}:{2:02},{3}] x"};
  TimeReader cached = Make("Europe/Berlin", 1735689600);
  TimeCache cache;
  for (int i = 0; i < 20000; ++i) {
    const std::string text =
        fmt::format(fmt::runtime(forms[random() % std::size(forms)]), 11 + random() % 2,
                    random() % 2, random() % 60, random() % 1000);
    std::string blob;
    StateWriter out(&blob);
    cached.Save(out);
    TimeReader fresh = Make("Europe/Berlin", 0);
    StateReader in(blob);
    ASSERT_TRUE(fresh.Load(in));
    TimeCache none;
    Time a = kNoTime, b = kNoTime;
    ASSERT_EQ(cached.Read(text, &cache, &a), fresh.Read(text, &none, &b)) << text;
    ASSERT_EQ(a, b) << text;
    std::string after, after_fresh;
    StateWriter x(&after), y(&after_fresh);
    cached.Save(x), fresh.Save(y);
    ASSERT_EQ(after, after_fresh) << text;
  }
}

}  // namespace
}  // namespace alogd
