// SPDX-License-Identifier: MIT
// A recursive-descent reader of times: date, what stands between, time of day, what follows.
#include "core/headers/time_text.h"

#include "core/headers/scan.h"

namespace alogd {

namespace {

constexpr int64_t kFirstEpoch =
    631152000;  // 1990: below it ten digits are a number of something else
constexpr int64_t kLastEpoch = 4102444800;  // 2100

int Four(std::string_view text, size_t at) {
  const int high = TwoDigits(text, at), low = TwoDigits(text, at + 2);
  return high < 0 || low < 0 ? -1 : high * 100 + low;
}

// One or two digits at *at, which moves behind them; -1 if none, or more of them.
int OneOrTwo(std::string_view text, size_t* at) {
  const size_t end = SkipDigits(text, *at);
  const size_t n = end - *at;
  if (n != 1 && n != 2) return -1;
  const int value = n == 2 ? TwoDigits(text, *at) : text[*at] - '0';
  *at = end;
  return value;
}

constexpr uint32_t Key3(char a, char b, char c) {
  return static_cast<uint32_t>(static_cast<uint8_t>(a | 0x20)) << 16 |
         static_cast<uint32_t>(static_cast<uint8_t>(b | 0x20)) << 8 |
         static_cast<uint8_t>(c | 0x20);
}

bool IsWeekday(std::string_view text) {
  if (text.size() < 3 || !IsUpper(text[0])) return false;
  switch (Key3(text[0], text[1], text[2])) {
    case Key3('m', 'o', 'n'):
    case Key3('t', 'u', 'e'):
    case Key3('w', 'e', 'd'):
    case Key3('t', 'h', 'u'):
    case Key3('f', 'r', 'i'):
    case Key3('s', 'a', 't'):
    case Key3('s', 'u', 'n'):
      return true;
    default:
      return false;
  }
}

bool IsYear(int year) { return year >= 1970 && year < 2100; }

bool SetDate(int year, int month, int day, CivilTime* t) {
  if (month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month)) return false;
  t->year = year;
  t->month = month;
  t->day = day;
  return true;
}

// "Feb 29", "Feb  9", "February 29, 2024", "Feb 29 2024" (a year only before a time).
size_t DateFromMonthName(std::string_view text, size_t at, CivilTime* t) {
  int month = 0;
  at = MonthEnd(text, at, &month);
  if (at == 0 || !IsBlank(At(text, at))) return 0;
  at = SkipBlanks(text, at);
  const int day = OneOrTwo(text, &at);
  if (day < 0) return 0;
  const size_t year_at = SkipBlanks(text, At(text, at) == ',' ? at + 1 : at);
  const int year = year_at > at ? Four(text, year_at) : -1;
  if (IsYear(year) && !IsDigit(At(text, year_at + 4)) && At(text, year_at + 4) != ':') {
    return SetDate(year, month, day, t) ? year_at + 4 : 0;
  }
  return SetDate(0, month, day, t) ? at : 0;
}

// "29/Feb/2024", "29-Feb-2024", "29 Feb 2024", "29-Feb-24" from behind the day.
size_t DateFromDayMonthName(std::string_view text, size_t at, int day, CivilTime* t) {
  const char sep = At(text, at);
  int month = 0;
  const size_t behind = MonthEnd(text, at + 1, &month);
  if (behind == 0) return 0;
  if (At(text, behind) != sep) return sep == ' ' && SetDate(0, month, day, t) ? behind : 0;
  const int year = Four(text, behind + 1);
  if (IsYear(year)) return SetDate(year, month, day, t) ? behind + 5 : 0;
  const int two = TwoDigits(text, behind + 1);
  if (two >= 0 && sep != ' ' && !IsDigit(At(text, behind + 3))) {
    return SetDate(FullYear(two), month, day, t) ? behind + 3 : 0;
  }
  return sep == ' ' && SetDate(0, month, day, t) ? behind : 0;
}

void SetNumbers(char separator, int first, int second, int third, CivilTime* t) {
  t->numbers = {static_cast<uint8_t>(first), static_cast<uint8_t>(second),
                static_cast<uint8_t>(third < 0 ? 0 : third)};
  t->number_count = third < 0 ? 2 : 3;
  t->separator = separator;
}

// Two numbers and perhaps a third: year first where it can be, then month first, then day first;
// with dots day first where the year is written out, as it is where dots are used.
size_t DateFromShortNumbers(std::string_view text, size_t at, int first, CivilTime* t) {
  const char sep = At(text, at);
  ++at;
  const int second = OneOrTwo(text, &at);
  if (second < 0) return 0;
  if (At(text, at) != sep || !IsDigit(At(text, at + 1))) {
    if (sep == '.' && At(text, at) == '.') ++at;  // 29.02. 13:45:01
    SetNumbers(sep, first, second, -1, t);
    return SetDate(0, first, second, t) || SetDate(0, second, first, t) ? at : 0;
  }
  const size_t third_at = at + 1;
  at = SkipDigits(text, third_at);
  if (at - third_at == 4) {
    const int year = Four(text, third_at);
    if (!IsYear(year)) return 0;
    SetNumbers(sep, first, second, 0, t);
    t->long_year = true;
    const bool day_first = sep == '.';
    const bool ok = day_first ? SetDate(year, second, first, t) || SetDate(year, first, second, t)
                              : SetDate(year, first, second, t) || SetDate(year, second, first, t);
    return ok ? at : 0;
  }
  const int third = at - third_at == 2 ? TwoDigits(text, third_at) : -1;
  if (third < 0) return 0;
  SetNumbers(sep, first, second, third, t);
  return SetDate(FullYear(first), second, third, t) || SetDate(FullYear(third), first, second, t) ||
                 SetDate(FullYear(third), second, first, t)
             ? at
             : 0;
}

// The date at `at` by its first digits, 0 if there is none. Compact ones count only with a time.
size_t DateFromDigits(std::string_view text, size_t at, CivilTime* t) {
  const size_t end = SkipDigits(text, at);
  const char sep = At(text, end);
  switch (end - at) {
    case 4: {
      const int year = Four(text, at);
      if (!IsYear(year) || (sep != '-' && sep != '/' && sep != '.')) return 0;
      size_t i = end + 1;
      const int month = OneOrTwo(text, &i);
      if (month < 0 || At(text, i) != sep) return 0;
      ++i;
      const int day = OneOrTwo(text, &i);
      return day >= 0 && SetDate(year, month, day, t) ? i : 0;
    }
    case 8:
      return IsYear(Four(text, at)) &&
                     SetDate(Four(text, at), TwoDigits(text, at + 4), TwoDigits(text, at + 6), t)
                 ? end
                 : 0;
    case 6:
      return SetDate(FullYear(TwoDigits(text, at)), TwoDigits(text, at + 2),
                     TwoDigits(text, at + 4), t)
                 ? end
                 : 0;
    case 1:
    case 2: {
      size_t i = at;
      const int first = OneOrTwo(text, &i);
      if ((sep == '/' || sep == '-' || sep == ' ') && IsAlpha(At(text, i + 1))) {
        return DateFromDayMonthName(text, i, first, t);
      }
      if (sep != '/' && sep != '-' && sep != '.') return 0;
      return DateFromShortNumbers(text, i, first, t);
    }
    default:
      return 0;
  }
}

bool SetClock(int hour, int minute, int second, CivilTime* t) {
  if (hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false;
  t->hour = hour;
  t->minute = minute;
  t->second = second;
  t->has_time = true;
  return true;
}

// 134501 and what may follow it.
size_t CompactClock(std::string_view text, size_t at, CivilTime* t) {
  const int hour = TwoDigits(text, at), minute = TwoDigits(text, at + 2),
            second = TwoDigits(text, at + 4);
  if (hour < 0 || IsDigit(At(text, at + 6)) || !SetClock(hour, minute, second, t)) return 0;
  t->second_at = static_cast<uint32_t>(at + 4);
  return at + 6;
}

// AM and PM, which make 12 hours 24.
size_t ScanHalfOfDay(std::string_view text, size_t at, CivilTime* t) {
  constexpr std::string_view kNarrowBlank = "\xE2\x80\xAF", kHardBlank = "\xC2\xA0";
  size_t word = At(text, at) == ' ' ? at + 1 : at;
  if (text.substr(at).starts_with(kNarrowBlank)) word = at + kNarrowBlank.size();
  if (text.substr(at).starts_with(kHardBlank)) word = at + kHardBlank.size();
  const char half = ToLower(At(text, word));
  if (half != 'a' && half != 'p') return at;
  const bool dotted = At(text, word + 1) == '.';  // 1:45:01 p.m.
  const size_t m = dotted ? word + 2 : word + 1;
  if (ToLower(At(text, m)) != 'm' || (dotted && At(text, m + 1) != '.')) return at;
  const size_t end = dotted ? m + 2 : m + 1;
  if (IsAlnum(At(text, end)) || t->hour < 1 || t->hour > 12) return at;
  t->hour = t->hour % 12 + (half == 'p' ? 12 : 0);
  return end;
}

// A time of day at `at`; 0 if there is none. Without a date only the full form with colons counts.
size_t Clock(std::string_view text, size_t at, bool dated, CivilTime* t) {
  size_t i = at;
  const int hour = OneOrTwo(text, &i);
  if (hour < 0) return dated && SkipDigits(text, at) - at == 6 ? CompactClock(text, at, t) : 0;
  const char sep = At(text, i);
  if (sep != ':' && !(dated && sep == '.')) return 0;
  ++i;
  const size_t minute_at = i;
  const int minute = OneOrTwo(text, &i);
  if (minute < 0 || (!dated && i - minute_at != 2)) return 0;
  if (At(text, i) != sep || !IsDigit(At(text, i + 1))) {
    if (!dated || sep == '.' || i - minute_at != 2 || !SetClock(hour, minute, 0, t)) return 0;
    return ScanHalfOfDay(text, i, t);
  }
  ++i;
  const size_t second_at = i;
  const int second = OneOrTwo(text, &i);
  if (second < 0 || (!dated && i - second_at != 2) || !SetClock(hour, minute, second, t)) return 0;
  if (i - second_at == 2) t->second_at = static_cast<uint32_t>(second_at);
  return i;
}

// Fraction, half of day, zone, and the year of ctime ("Thu Feb 29 13:45:01 2024"), from behind the
// second.
size_t AfterClock(std::string_view text, size_t at, bool weekday, CivilTime* t) {
  at = ScanFraction(text, at, &t->micros);
  t->fraction_end = static_cast<uint32_t>(at);
  const size_t half = ScanHalfOfDay(text, at, t);
  const size_t zone = ScanZone(text, half, &t->offset_s);
  t->has_offset = zone != half;
  at = zone;
  if (weekday && t->year == 0 && At(text, at) == ' ') {
    const int year = Four(text, at + 1);
    if (IsYear(year) && !IsDigit(At(text, at + 5)) && t->day <= DaysInMonth(year, t->month)) {
      t->year = year;
      at += 5;
    }
  }
  return at;
}

// Behind what separates two columns: | ; or ] [, with or without blanks; 0 if it is none.
size_t AfterColumn(std::string_view text, size_t at) {
  constexpr size_t kMostBlanks = 8;  // of a padded column
  size_t i = SkipBlanks(text, at);
  const char mark = At(text, i);
  const char open = mark == ']' ? '[' : mark == ')' ? '(' : mark == '>' ? '<' : '\0';
  if (open == '\0' && mark != '|' && mark != ';') return 0;
  i = SkipBlanks(text, i + 1);
  if (open != '\0' && At(text, i++) != open) return 0;
  return i - at <= kMostBlanks && IsDigit(At(text, i)) ? i : 0;
}

// The time of day behind a date that ends at `at`; 0 if there is none.
size_t ClockAfterDate(std::string_view text, size_t at, bool compact, CivilTime* t) {
  size_t i = at;
  switch (At(text, i)) {
    case 'T':
    case 't':
    case '_':
    case '-':
    case ':':
      ++i;
      break;
    case ',':
      ++i;
      [[fallthrough]];
    case ' ':
    case '\t':
      while (At(text, i) == ' ' || At(text, i) == '\t') ++i;
      if (i - at > 3) i = at;
      break;
    default:
      break;
  }
  if (i == at || !IsDigit(At(text, i))) {
    i = AfterColumn(text, at);
    // Other columns may hold 12:30 too; a time of day has its seconds there.
    return i != 0 ? Clock(text, i, false, t) : 0;
  }
  if (!compact && SkipDigits(text, i) - i == 6 && At(text, at) != 'T') return 0;
  const bool blank = IsBlank(text[i - 1]);
  const size_t end = Clock(text, i, true, t);
  // 13.45.01 behind a blank is as likely the beginning of an address.
  return blank && end != 0 && At(text, i + 2) == '.' ? 0 : end;
}

// Nothing that would go on with the last word or number.
bool EndsWell(std::string_view text, size_t at, const CivilTime& t) {
  const char c = At(text, at);
  if (IsAlnum(c) || c == '_' || c == '@') return false;
  if (t.has_time) return !((c == '.' || c == ':' || c == '-') && IsDigit(At(text, at + 1)));
  return c != '-' && c != '.' && c != '/' && c != '+';
}

// A date with its year behind the time of day that ends at `at`; `at` if there is none.
size_t DateAfterClock(std::string_view text, size_t at, CivilTime* t) {
  const size_t column = AfterColumn(text, at);
  const size_t begin = column != 0 ? column : SkipBlanks(text, at);
  if (begin == at || !IsDigit(At(text, begin))) return at;
  CivilTime date;
  const bool year_first = SkipDigits(text, begin) - begin == 4;
  const size_t end = DateFromDigits(text, begin, &date);
  if (end == 0 || !(year_first || date.long_year) || !EndsWell(text, end, date)) return at;
  t->year = date.year;
  t->month = date.month;
  t->day = date.day;
  t->numbers = date.numbers;
  t->number_count = date.number_count;
  t->separator = date.separator;
  t->long_year = date.long_year;
  return end;
}

bool ScanEpoch(std::string_view text, size_t digits, CivilTime* out) {
  int64_t value = 0;
  if (!ParseDigits(text.substr(0, digits > 18 ? 16 : digits), &value)) return false;
  CivilTime t;
  switch (digits) {
    case 10:
      value *= 1000000;
      break;
    case 13:
      value *= 1000;
      break;
    case 16:
    case 19:  // nanoseconds: the last three digits were left out
      break;
    default:
      return false;
  }
  if (value < kFirstEpoch * 1000000 || value > kLastEpoch * 1000000) return false;
  size_t end = digits;
  if (digits == 10 && At(text, end) == '.') {
    int micros = 0;
    end = ScanFraction(text, end, &micros);
    value += micros;
  }
  if (IsAlnum(At(text, end)) || At(text, end) == '_') return false;
  t.is_epoch = t.has_time = true;
  t.epoch_us = value;
  t.length = static_cast<uint32_t>(end);
  *out = t;
  return true;
}

}  // namespace

int64_t DaysFromCivil(int year, int month, int day) {
  // Howard Hinnant's days_from_civil: years begin in March, so that the leap day is the last.
  const int64_t y = year - (month <= 2 ? 1 : 0);
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
}

int DaysInMonth(int year, int month) {
  if (month == 2) {
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return leap ? 29 : 28;
  }
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

int MonthOfName(std::string_view three) {
  if (three.size() < 3 || !IsAlpha(three[0])) return 0;
  constexpr uint32_t kMonths[] = {Key3('j', 'a', 'n'), Key3('f', 'e', 'b'), Key3('m', 'a', 'r'),
                                  Key3('a', 'p', 'r'), Key3('m', 'a', 'y'), Key3('j', 'u', 'n'),
                                  Key3('j', 'u', 'l'), Key3('a', 'u', 'g'), Key3('s', 'e', 'p'),
                                  Key3('o', 'c', 't'), Key3('n', 'o', 'v'), Key3('d', 'e', 'c')};
  const uint32_t key = Key3(three[0], three[1], three[2]);
  for (int m = 0; m < 12; ++m) {
    if (kMonths[m] == key) return m + 1;
  }
  return 0;
}

size_t MonthEnd(std::string_view text, size_t at, int* month) {
  if (text.size() < at + 3) return 0;
  *month = MonthOfName(text.substr(at, 3));
  if (*month == 0) return 0;
  constexpr std::string_view kRest[] = {"",  "uary", "ruary",  "ch",   "il",    "",     "e",
                                        "y", "ust",  "tember", "ober", "ember", "ember"};
  at += 3;
  if (!IsAlpha(At(text, at))) return at;
  const std::string_view rest = kRest[*month];
  return text.substr(at).starts_with(rest) && !IsAlpha(At(text, at + rest.size()))
             ? at + rest.size()
             : 0;
}

size_t ScanFraction(std::string_view text, size_t at, int* micros) {
  const char sep = At(text, at);
  if (sep != '.' && sep != ',' && sep != ':') return at;
  const size_t begin = at + 1;
  const size_t end = SkipDigits(text, begin);
  const size_t n = end - begin;
  // After a colon only milliseconds: 13:45:01:123.
  if (n == 0 || n > 9 || (sep == ':' && n > 3)) return at;
  int value = 0;
  for (size_t i = 0; i < 6; ++i) value = value * 10 + (i < n ? text[begin + i] - '0' : 0);
  *micros = value;
  return end;
}

bool ScanTime(std::string_view text, CivilTime* out) {
  const char first = At(text, 0);
  if (!IsDigit(first) && !IsUpper(first)) return false;
  CivilTime t;
  size_t at = 0;
  const bool weekday = IsWeekday(text);
  if (weekday) {
    while (IsAlpha(At(text, at))) ++at;
    if (At(text, at) == ',') ++at;
    if (At(text, at) != ' ') return false;
    at = SkipBlanks(text, at);
  }
  size_t digits = 0;
  size_t date = 0;
  if (IsDigit(At(text, at))) {
    digits = SkipDigits(text, at) - at;
    if (digits >= 10 && !weekday && digits != 14) return ScanEpoch(text, digits, out);
    if (digits == 14) {
      date = DateFromDigits(text.substr(0, at + 8), at, &t);
      if (date == 0) return false;
      const size_t end = CompactClock(text, date, &t);
      if (end == 0) return false;
      at = AfterClock(text, end, weekday, &t);
      if (!EndsWell(text, at, t)) return false;
      t.length = static_cast<uint32_t>(at);
      *out = t;
      return true;
    }
    date = DateFromDigits(text, at, &t);
  } else {
    date = DateFromMonthName(text, at, &t);
    if (date == 0) return false;
  }
  const bool compact = digits == 6 || digits == 8;
  size_t end = date == 0 ? Clock(text, at, false, &t) : ClockAfterDate(text, date, compact, &t);
  if (end != 0) {
    end = AfterClock(text, end, weekday, &t);
    if (date == 0) end = DateAfterClock(text, end, &t);
  } else {
    if (date == 0 || t.year == 0 || digits != 4) return false;
    end = date;
  }
  if (!EndsWell(text, end, t)) return false;
  t.length = static_cast<uint32_t>(end);
  *out = t;
  return true;
}

}  // namespace alogd
