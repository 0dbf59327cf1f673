// SPDX-License-Identifier: MIT
// Times as logs write them, read as civil fields: dates in the usual orders, times of day, offsets.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/types.h"

namespace alogd {

// What a time in a text says, and where in it.
struct CivilTime {
  int year = 0;            // 0: the text has none
  int month = 0, day = 0;  // 0: no date
  int hour = 0, minute = 0, second = 0;
  int micros = 0;
  int offset_s = 0;  // east of UTC, where has_offset
  bool has_offset = false;
  bool has_time = false;  // false: a date alone
  bool is_epoch = false;  // then epoch_us is all there is
  int64_t epoch_us = 0;
  // A date of numbers alone whose order is open: as they stand, of three the last may be the year
  // written out (`long_year`; then it is `year`). The date above is one reading of several.
  std::array<uint8_t, 3> numbers{};
  uint8_t number_count = 0;  // 0: the order is clear
  char separator = 0;
  bool long_year = false;
  uint32_t length = 0;        // bytes of text
  uint32_t second_at = 0;     // where the two digits of the second stand; 0: it is not two digits
  uint32_t fraction_end = 0;  // behind the second and its fraction

  bool has_date() const { return month != 0; }
};

// Reads the longest time that stands at the beginning of `text` and ends at the end of a word.
// Known:
//   dates   2024-02-29 2024/02/29 2024.02.29 20240229 240229 24/02/29 02/29/2024 29.02.2024
//   29/Feb/2024
//           29-Feb-2024 29 Feb 2024, Feb 29 [2024], [Thu] Feb 29 ... 2024, 02-29, 02.29, 02/29
//   between blank T _ - : , or, as two columns, | ; and ] [ with or without blanks
//   times   13:45:01 13:45 13.45.01 134501, 1:45:01 PM, 1:45:01 p.m., with .fff ,fff or :fff (1 to
//   9
//           digits); before a date with a year too
//   zones   Z +01:00 +0100 +01, and after a blank +0100 UTC GMT CET EST and the like
//   epochs  10 digits with or without a fraction, 13, 16 or 19 digits (seconds to nanoseconds),
//   1990 to 2100
// Dates without a year and those of two digits count only with a time. False if there is no time.
bool ScanTime(std::string_view text, CivilTime* out);

// What follows a time of day, from `at`: a fraction first, then AM or PM, then a zone. Each returns
// the end, `at` where there is none.
size_t ScanFraction(std::string_view text, size_t at, int* micros);
size_t ScanZone(std::string_view text, size_t at, int* offset_s);

// 2024 for 24, 1970 for 70: what a year of two digits means.
constexpr int FullYear(int two) { return two < 70 ? 2000 + two : 1900 + two; }

// Days from 1970-01-01 in the proleptic Gregorian calendar.
int64_t DaysFromCivil(int year, int month, int day);
// A month's days; February by `year`, of 29 where it is 0.
int DaysInMonth(int year, int month);
// 1 to 12 from three letters in any case, else 0.
int MonthOfName(std::string_view three);
// Behind a month's name at `at` ("Feb", "February", not "Febrile"), 0 if there is none.
size_t MonthEnd(std::string_view text, size_t at, int* month);

}  // namespace alogd
