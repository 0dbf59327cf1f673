// SPDX-License-Identifier: MIT
// Times in all the forms that logs write, and what is none.
#include "core/headers/time_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "core/headers/strptime.h"

namespace alogd {
namespace {

std::string Show(const CivilTime& t) {
  if (t.is_epoch) return fmt::format("epoch {}", t.epoch_us);
  std::string out = t.has_date() ? fmt::format("{}-{:02}-{:02}", t.year, t.month, t.day) : "today";
  if (t.has_time) out += fmt::format(" {:02}:{:02}:{:02}", t.hour, t.minute, t.second);
  if (t.micros != 0) out += fmt::format(".{:06}", t.micros);
  if (t.has_offset) out += fmt::format(" {:+}", t.offset_s);
  return out;
}

// What is read, and behind | what is left.
std::string Read(std::string_view text) {
  CivilTime t;
  if (!ScanTime(text, &t)) return "none";
  return Show(t) + "|" + std::string(text.substr(t.length));
}

TEST(TimeTextTest, YearFirst) {
  EXPECT_EQ(Read("2024-02-29 13:45:01 x"), "2024-02-29 13:45:01| x");
  EXPECT_EQ(Read("2024-02-29T13:45:01Z"), "2024-02-29 13:45:01 +0|");
  EXPECT_EQ(Read("2024-02-29T13:45:01.5+01:00 x"), "2024-02-29 13:45:01.500000 +3600| x");
  EXPECT_EQ(Read("2024-02-29 13:45:01,123 [x]"), "2024-02-29 13:45:01.123000| [x]");
  EXPECT_EQ(Read("2024-02-29 13:45:01.123456789 -0830 x"), "2024-02-29 13:45:01.123456 -30600| x");
  EXPECT_EQ(Read("2024/2/9 3:04:05"), "2024-02-09 03:04:05|");
  EXPECT_EQ(Read("2024.02.29 x"), "2024-02-29| x");
  EXPECT_EQ(Read("2024-02-29-13.45.01.675872 x"), "2024-02-29 13:45:01.675872| x");
  EXPECT_EQ(Read("2024-02-29_13:45:01 x"), "2024-02-29 13:45:01| x");
  EXPECT_EQ(Read("2024-02-29 13:45 x"), "2024-02-29 13:45:00| x");
  EXPECT_EQ(Read("2024-02-29, 13:45:01] x"), "2024-02-29 13:45:01|] x");
}

TEST(TimeTextTest, Compact) {
  EXPECT_EQ(Read("20240229-13:45:01:606|x"), "2024-02-29 13:45:01.606000||x");
  EXPECT_EQ(Read("20240229T134501Z"), "2024-02-29 13:45:01 +0|");
  EXPECT_EQ(Read("240229 134501 x"), "2024-02-29 13:45:01| x");
  EXPECT_EQ(Read("240229  3:45:01 x"), "2024-02-29 03:45:01| x");
  EXPECT_EQ(Read("20240229134501 x"), "2024-02-29 13:45:01| x");
}

TEST(TimeTextTest, NamesOfMonths) {
  EXPECT_EQ(Read("Feb 29 13:45:01 host"), "0-02-29 13:45:01| host");
  EXPECT_EQ(Read("Feb  9 13:45:01 host"), "0-02-09 13:45:01| host");
  EXPECT_EQ(Read("Feb 29 2024 13:45:01: x"), "2024-02-29 13:45:01|: x");
  EXPECT_EQ(Read("Feb 29, 2024 1:45:01 PM x"), "2024-02-29 13:45:01| x");
  EXPECT_EQ(Read("Thu Feb 29 13:45:01 2024] x"), "2024-02-29 13:45:01|] x");
  EXPECT_EQ(Read("Thu Feb 29 13:45:01.123456 2024"), "2024-02-29 13:45:01.123456|");
  EXPECT_EQ(Read("Thu, 29 Feb 2024 13:45:01 +0000"), "2024-02-29 13:45:01 +0|");
  EXPECT_EQ(Read("29/Feb/2024:13:45:01 +0100] x"), "2024-02-29 13:45:01 +3600|] x");
  EXPECT_EQ(Read("29-Feb-2024 13:45:01.123 INFO"), "2024-02-29 13:45:01.123000| INFO");
  EXPECT_EQ(Read("29 Feb 2024 13:45:01.123 * x"), "2024-02-29 13:45:01.123000| * x");
}

TEST(TimeTextTest, Numbers) {
  EXPECT_EQ(Read("24/02/29 13:45:01 INFO"), "2024-02-29 13:45:01| INFO");
  EXPECT_EQ(Read("02/29/2024 13:45:01"), "2024-02-29 13:45:01|");
  EXPECT_EQ(Read("29/02/2024 13:45:01"), "2024-02-29 13:45:01|");
  EXPECT_EQ(Read("29.02.2024 13:45:01"), "2024-02-29 13:45:01|");
  EXPECT_EQ(Read("03-17 16:13:38.811  1702"), "0-03-17 16:13:38.811000|  1702");
  EXPECT_EQ(Read("10.30 16:49:06] x"), "0-10-30 16:49:06|] x");
  EXPECT_EQ(Read("13:45:01.250 [main]"), "today 13:45:01.250000| [main]");
}

TEST(TimeTextTest, TwoColumns) {
  EXPECT_EQ(Read("2024-02-29|13:45:01|x"), "2024-02-29 13:45:01||x");
  EXPECT_EQ(Read("2024-02-29 | 13:45:01 | x"), "2024-02-29 13:45:01| | x");
  EXPECT_EQ(Read("2024-02-29;13:45:01;x"), "2024-02-29 13:45:01|;x");
  EXPECT_EQ(Read("2024-02-29] [13:45:01.5] x"), "2024-02-29 13:45:01.500000|] x");
  EXPECT_EQ(Read("29.02.2024][13:45:01] x"), "2024-02-29 13:45:01|] x");
  EXPECT_EQ(Read("29.02.2024\t13:45:01"), "2024-02-29 13:45:01|");
  EXPECT_EQ(Read("13:45:01 29.02.2024 x"), "2024-02-29 13:45:01| x");
  EXPECT_EQ(Read("13:45:01|2024-02-29|x"), "2024-02-29 13:45:01||x");
  EXPECT_EQ(Read("2024-02-29|12:30|x"), "2024-02-29||12:30|x");
}

TEST(TimeTextTest, TwelveHours) {
  EXPECT_EQ(Read("5/18/2026 12:00:00 AM x"), "2026-05-18 00:00:00| x");
  EXPECT_EQ(Read("5/18/2026 12:00:00 PM x"), "2026-05-18 12:00:00| x");
  EXPECT_EQ(Read("May 18, 2026, 1:45:01.250 p.m. x"), "2026-05-18 13:45:01.250000| x");
  EXPECT_EQ(Read("May 18, 2026, 1:45:01\u202fPM x"), "2026-05-18 13:45:01| x");
  EXPECT_EQ(Read("May 18, 2026 12:00:00 AM CST> x"), "2026-05-18 00:00:00 -21600|> x");
}

TEST(TimeTextTest, Epochs) {
  EXPECT_EQ(Read("1709214301 x"), "epoch 1709214301000000| x");
  EXPECT_EQ(Read("1709214301.25 x"), "epoch 1709214301250000| x");
  EXPECT_EQ(Read("1709214301250 x"), "epoch 1709214301250000| x");
  EXPECT_EQ(Read("1709214301250123"), "epoch 1709214301250123|");
  EXPECT_EQ(Read("1709214301250123456"), "epoch 1709214301250123|");
}

TEST(TimeTextTest, Zones) {
  EXPECT_EQ(Read("2024-02-29 13:45:01 CET x"), "2024-02-29 13:45:01 +3600| x");
  EXPECT_EQ(Read("2024-02-29 13:45:01 INFO x"), "2024-02-29 13:45:01| INFO x");
  EXPECT_EQ(Read("2024-02-29 13:45:01 GMT+01:00 x"), "2024-02-29 13:45:01 +3600| x");
  EXPECT_EQ(Read("2024-02-29 13:45:01+02 x"), "2024-02-29 13:45:01 +7200| x");
}

TEST(TimeTextTest, NoTimes) {
  for (const char* text : {"",
                           "x",
                           "12 items",
                           "2024",
                           "0229",
                           "20240229 items",
                           "1.2.3",
                           "10.20.30.40 x",
                           "99:99:99",
                           "2024-02-30 13:45:01",
                           "2023-02-29 13:45:01",
                           "13:45",
                           "12:34:56:78:9a:bc",
                           "May be",
                           "Sunday",
                           "1234567890123456789012",
                           "0123456789",
                           "9999999999",
                           "Feb 30 13:45:01",
                           "10/20",
                           "2024-02-29x",
                           "March",
                           "Sat on",
                           "1709214301x"}) {
    EXPECT_EQ(Read(text), "none") << text;
  }
}

TEST(TimeTextTest, DaysAgreeWithTheCalendar) {
  int64_t day = DaysFromCivil(1969, 12, 31);
  EXPECT_EQ(day, -1);
  for (int y = 1970; y < 2101; ++y) {
    for (int m = 1; m <= 12; ++m) {
      for (int d = 1; d <= DaysInMonth(y, m); ++d) ASSERT_EQ(DaysFromCivil(y, m, d), ++day);
    }
  }
  EXPECT_EQ(DaysFromCivil(2024, 2, 29), 19782);  // date -ud 2024-02-29 +%s, by 86400
}

std::string ByPattern(std::string_view text, std::string_view pattern) {
  CivilTime t;
  const size_t length = ParseTimePattern(text, pattern, &t);
  return length == 0 ? "none" : Show(t) + "|" + std::string(text.substr(length));
}

TEST(TimeTextTest, Patterns) {
  EXPECT_EQ(ByPattern("29.02.24 01-45-01pm x", "%d.%m.%y %I-%M-%S%p"), "2024-02-29 13:45:01| x");
  EXPECT_EQ(ByPattern("2024 060 13:45:01.25Z", "%Y %j %T.%f%z"), "2024-02-29 13:45:01.250000 +0|");
  EXPECT_EQ(ByPattern("at 1709214301.5", "at %s.%f"), "epoch 1709214301500000|");
  EXPECT_EQ(ByPattern("Thu February 29 13:45 2024", "%a %B %e %R %Y"), "2024-02-29 13:45:00|");
  EXPECT_EQ(ByPattern("2024-02-30", "%F"), "none");
  EXPECT_EQ(ByPattern("2024-13-01", "%F"), "none");
  EXPECT_EQ(ByPattern("100%", "%H%%"), "none");
}

TEST(TimeTextTest, EveryCutOfATimeIsHarmless) {
  for (const std::string_view text :
       {"Thu, 29 Feb 2024 13:45:01.123456 +0000 2024", "2024-02-29T13:45:01.123456+01:00",
        "Feb 29, 2024 1:45:01 PM CET", "29/Feb/2024:13:45:01 +0100", "1709214301.25",
        "20240229-13:45:01:606"}) {
    for (size_t cut = 0; cut <= text.size(); ++cut) {
      const std::string copy(text.substr(0, cut));
      CivilTime t;
      if (ScanTime(copy, &t)) {
        EXPECT_LE(t.length, copy.size());
      }
    }
  }
}

}  // namespace
}  // namespace alogd
