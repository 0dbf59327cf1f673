// SPDX-License-Identifier: MIT
// strptime without locale, libc state or a struct tm.
#include "core/headers/strptime.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/headers/scan.h"

namespace alogd {

namespace {

constexpr std::string_view kConversions = "YymdebBHIMSpfzZsaAjTFDR%";

class TimePattern {
 public:
  explicit TimePattern(std::string_view text) : text_(text) {}

  bool Run(std::string_view pattern) {
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (pattern[i] == '%' && i + 1 < pattern.size()) {
        if (!Convert(pattern[++i])) return false;
      } else if (IsBlank(pattern[i])) {
        at_ = SkipBlanks(text_, at_);
      } else if (At(text_, at_) == pattern[i] && at_ < text_.size()) {
        ++at_;
      } else {
        return false;
      }
    }
    return true;
  }

  size_t Finish(CivilTime* out) {
    if (t_.is_epoch) {
      t_.epoch_us += t_.micros;
    } else {
      if (pm_ || am_) t_.hour = t_.hour % 12 + (pm_ ? 12 : 0);
      if (day_of_year_ > 0 && t_.year > 0 && t_.month == 0) SetDayOfYear();
      const bool dated = t_.month != 0 || t_.day != 0;
      if (dated && (t_.month < 1 || t_.month > 12 || t_.day < 1 ||
                    t_.day > DaysInMonth(t_.year, t_.month))) {
        return 0;
      }
    }
    t_.has_time = true;
    t_.length = static_cast<uint32_t>(at_);
    *out = t_;
    return at_;
  }

 private:
  // Up to `digits` digits as a number from `low` to `high`.
  bool Number(size_t digits, int low, int high, int* out) {
    at_ = SkipBlanks(text_, at_);
    int value = 0;
    size_t n = 0;
    for (; n < digits && IsDigit(At(text_, at_)); ++n) value = value * 10 + (text_[at_++] - '0');
    if (n == 0 || value < low || value > high) return false;
    *out = value;
    return true;
  }

  void SetDayOfYear() {
    t_.month = 1;
    t_.day = day_of_year_;
    while (t_.month < 12 && t_.day > DaysInMonth(t_.year, t_.month))
      t_.day -= DaysInMonth(t_.year, t_.month++);
  }

  bool SkipWord() {
    const size_t begin = at_;
    while (IsAlpha(At(text_, at_))) ++at_;
    return at_ > begin;
  }

  bool Fraction() {
    // ScanFraction wants the separator too; a digit stands where it would.
    const size_t end = SkipDigits(text_, at_);
    if (end == at_ || end - at_ > 9) return false;
    int micros = 0;
    for (size_t i = 0; i < 6; ++i)
      micros = micros * 10 + (at_ + i < end ? text_[at_ + i] - '0' : 0);
    t_.micros = micros;
    at_ = end;
    return true;
  }

  bool Zone() {
    const size_t end = ScanZone(text_, at_, &t_.offset_s);
    t_.has_offset = end != at_;
    at_ = end;
    return t_.has_offset;
  }

  bool Epoch() {
    const size_t end = SkipDigits(text_, at_);
    int64_t value = 0;
    if (end - at_ > 12 || !ParseDigits(text_.substr(at_, end - at_), &value)) return false;
    t_.is_epoch = true;
    t_.epoch_us = value * 1000000;
    at_ = end;
    return true;
  }

  bool Half() {
    const char c = ToLower(At(text_, at_));
    if ((c != 'a' && c != 'p') || ToLower(At(text_, at_ + 1)) != 'm') return false;
    (c == 'a' ? am_ : pm_) = true;
    at_ += 2;
    return true;
  }

  bool Year2() {
    if (!Number(2, 0, 99, &t_.year)) return false;
    t_.year += t_.year < 70 ? 2000 : 1900;
    return true;
  }

  bool Month() {
    if (at_ < text_.size()) t_.month = MonthOfName(text_.substr(at_));
    return t_.month != 0 && SkipWord();
  }

  bool Convert(char c) {
    switch (c) {
      case 'Y':
        return Number(4, 1, 9999, &t_.year);
      case 'y':
        return Year2();
      case 'm':
        return Number(2, 1, 12, &t_.month);
      case 'd':
      case 'e':
        return Number(2, 1, 31, &t_.day);
      case 'b':
      case 'B':
        return Month();
      case 'H':
        return Number(2, 0, 23, &t_.hour);
      case 'I':
        return Number(2, 1, 12, &t_.hour);
      case 'M':
        return Number(2, 0, 59, &t_.minute);
      case 'S':
        return Number(2, 0, 60, &t_.second);
      case 'j':
        return Number(3, 1, 366, &day_of_year_);
      case 'p':
        return Half();
      case 'f':
        return Fraction();
      case 'z':
        return Zone();
      case 'Z':
        return Zone() || SkipWord();
      case 's':
        return Epoch();
      case 'a':
      case 'A':
        return SkipWord();
      default:
        return Compound(c);
    }
  }

  bool Compound(char c) {
    switch (c) {
      case 'T':
        return Run("%H:%M:%S");
      case 'F':
        return Run("%Y-%m-%d");
      case 'D':
        return Run("%m/%d/%y");
      case 'R':
        return Run("%H:%M");
      case '%':
        return At(text_, at_) == '%' && ++at_ > 0;
      default:
        return false;
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  CivilTime t_;
  int day_of_year_ = 0;
  bool am_ = false, pm_ = false;
};

}  // namespace

std::string CheckTimePattern(std::string_view pattern) {
  bool converts = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') continue;
    if (i + 1 == pattern.size()) return "a time pattern ends in a lone %";
    const char c = pattern[++i];
    if (kConversions.find(c) == std::string_view::npos) {
      return fmt::format(
          "%{} is not known in a time pattern (known are %Y %m %d %H %M %S %f %b %z ...)", c);
    }
    converts |= c != '%';
  }
  return converts ? "" : "a time pattern needs a conversion such as %H";
}

size_t ParseTimePattern(std::string_view text, std::string_view pattern, CivilTime* out) {
  TimePattern parse(text);
  return parse.Run(pattern) ? parse.Finish(out) : 0;
}

}  // namespace alogd
