// SPDX-License-Identifier: MIT
// Dates whose order the numbers leave open: by the clock first, then by how the log goes on.
#include "core/headers/date_order.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "core/headers/time_reader.h"

namespace alogd {
namespace {

constexpr int64_t kDay = 86400;

// Reads 30 days from `first` on, written by `form` (year, month, day, year of two digits); returns
// the number of the day, from 0, from which on all were read right.
int RightFrom(fmt::string_view form, int month, int day, int64_t reference_s) {
  TimeReader reader(LocalZone::Create("UTC").value(), FromMicros(reference_s * 1000000));
  TimeCache cache;
  const int64_t first = DaysFromCivil(2026, month, day);
  int right_from = 0;
  int m = month, d = day;
  for (int i = 0; i < 30; ++i) {
    const std::string text =
        fmt::format(fmt::runtime(form), 2026, m, d, 26) + fmt::format(" 10:{:02}:00", i);
    Time time = kNoTime;
    EXPECT_GT(reader.Read(text, &cache, &time), 0u) << text;
    if (Micros(time) / 1000000 / kDay != first + i) right_from = i + 1;
    if (++d > DaysInMonth(2026, m)) d = 1, m = m % 12 + 1;
  }
  return right_from;
}

TEST(DateOrderTest, TheClockTellsTheFirstDate) {
  const int64_t december = DaysFromCivil(2026, 12, 1) * kDay;
  for (const char* form : {"{2:02}.{1:02}.{3:02}", "{1:02}/{2:02}/{3:02}", "{2:02}/{1:02}/{3:02}",
                           "{3:02}/{1:02}/{2:02}", "{2:02}-{1:02}-{3:02}", "{1:02}/{2:02}/{0}",
                           "{2:02}/{1:02}/{0}", "{2:02}-{1:02}-{0}", "{2:02}.{1:02}.{0}",
                           "{1:02}/{2:02}", "{1:02}-{2:02}", "{2:02}.{1:02}."}) {
    EXPECT_EQ(RightFrom(form, 11, 1, december), 0) << form;
  }
}

// A file that was copied years later: the first dates may be wrong, what follows is not.
TEST(DateOrderTest, TheNextDaysTellTheOrder) {
  const int64_t later = DaysFromCivil(2028, 6, 1) * kDay;
  for (const char* form : {"{2:02}.{1:02}.{3:02}", "{1:02}/{2:02}/{3:02}", "{2:02}/{1:02}/{3:02}",
                           "{1:02}/{2:02}/{0}", "{2:02}/{1:02}/{0}"}) {
    EXPECT_LE(RightFrom(form, 3, 2, later), 1) << form;
  }
}

TEST(DateOrderTest, StateKeepsTheOrder) {
  DateOrder order;
  CivilTime t;
  ASSERT_TRUE(ScanTime("13.11.26 10:00:00", &t));
  order.Resolve(DateOrder::kNoDay, &t);
  std::string blob;
  StateWriter out(&blob);
  order.Save(out);
  DateOrder loaded;
  StateReader in(blob);
  ASSERT_TRUE(loaded.Load(in));
  ASSERT_TRUE(ScanTime("12.11.26 10:00:00", &t));
  loaded.Resolve(DateOrder::kNoDay, &t);
  EXPECT_EQ(t.day, 12);
  EXPECT_EQ(t.month, 11);
  EXPECT_EQ(t.year, 2026);
}

}  // namespace
}  // namespace alogd
