// SPDX-License-Identifier: MIT
// Finds numbers by their shape and their neighbours.
#include "core/records/numbers.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/headers/scan.h"
#include "core/headers/time_text.h"

namespace alogd {
namespace {

constexpr size_t kMaxDigits = 18;  // longer ones are names
constexpr size_t kMaxUnit = 4;     // letters

// Also bytes of UTF-8: they are parts of words.
bool IsWord(char c) { return IsAlnum(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80; }

double Scale(std::string_view unit) {
  static constexpr std::pair<std::string_view, double> kUnits[] = {
      {"ns", 1e-6},   {"us", 1e-3},    {"ms", 1},      {"s", 1e3},      {"sec", 1e3},
      {"K", 0x1p10},  {"KB", 0x1p10},  {"kB", 0x1p10}, {"KiB", 0x1p10}, {"M", 0x1p20},
      {"MB", 0x1p20}, {"MiB", 0x1p20}, {"G", 0x1p30},  {"GB", 0x1p30},  {"GiB", 0x1p30},
      {"T", 0x1p40},  {"TB", 0x1p40},  {"TiB", 0x1p40}};
  for (const auto& [name, scale] : kUnits)
    if (name == unit) return scale;
  return 1;
}

// Capitalised, as dates in words have it.
bool IsMonth(std::string_view word) {
  int month = 0;
  return !word.empty() && IsUpper(word[0]) && std::none_of(word.begin() + 1, word.end(), IsUpper) &&
         MonthEnd(word, 0, &month) == word.size();
}

class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text) {}

  Numbers Find() {
    for (size_t at = 0; at < text_.size() && found_.count < kMaxNumbers;) {
      if (!IsDigit(text_[at])) {
        ++at;
        continue;
      }
      const size_t begin = at;
      if (const size_t date_end = DatePart(begin); date_end > begin)
        at = date_end_ = date_end;
      else
        at = Take(begin);
      // Whatever it was, the word is over where its digits and letters are.
      while (at < text_.size() && IsWord(text_[at])) ++at;
    }
    return found_;
  }

 private:
  char At(size_t i) const { return i < text_.size() ? text_[i] : ' '; }
  char Before(size_t i) const { return i > 0 ? text_[i - 1] : ' '; }

  size_t DigitsEnd(size_t at) const {
    while (IsDigit(At(at))) ++at;
    return at;
  }
  // The letters that end where `end` is but for a blank or two.
  std::string_view WordBefore(size_t end) const {
    for (size_t blanks = 0; blanks < 2 && end > 0 && text_[end - 1] == ' '; ++blanks) --end;
    size_t begin = end;
    while (begin > 0 && IsAlpha(text_[begin - 1])) --begin;
    return text_.substr(begin, end - begin);
  }
  std::string_view WordBehind(size_t begin) const {
    if (At(begin) == ' ') ++begin;
    size_t end = std::min(begin, text_.size());
    while (IsAlpha(At(end))) ++end;
    return text_.substr(std::min(begin, end), end - std::min(begin, end));
  }
  // "09:27:24 EDT 2005", "Jul 22, 2005": a year goes on with what was a date or a time.
  bool FollowsDate(size_t begin) const {
    if (date_end_ == 0) return false;
    const std::string_view between = text_.substr(date_end_, begin - date_end_);
    return between.size() <= 6 && std::all_of(between.begin(), between.end(), [](char c) {
             return c == ' ' || c == ',' || IsUpper(c);
           });
  }

  // Behind the time of day, the day or the year that begins at `begin`, or `begin`. All of them go
  // on and on: what measures nothing must not be held for unusually high.
  size_t DatePart(size_t begin) const {
    const size_t end = DigitsEnd(begin);
    if (IsWord(Before(begin)) || IsWord(At(end))) return begin;
    if (end - begin <= 2) {
      if (At(end) == ':' && DigitsEnd(end + 1) == end + 3) {
        const bool seconds = At(end + 3) == ':' && DigitsEnd(end + 4) == end + 6;
        return seconds ? end + 6 : end + 3;
      }
      return IsMonth(WordBefore(begin)) || IsMonth(WordBehind(end)) ? end : begin;
    }
    const bool year =
        end - begin == 4 && (text_.substr(begin, 2) == "19" || text_.substr(begin, 2) == "20");
    return year && (FollowsDate(begin) || IsMonth(WordBefore(begin))) ? end : begin;
  }

  // What stands before a number that is none of a name, an address, a time or a date.
  bool Begins(size_t begin) const {
    const char c = Before(begin);
    if (IsWord(c) || c == '.' || c == '/' || c == '@' || c == '#') return false;
    if (c == '-' || c == ':' || c == ',') {
      const char further = begin >= 2 ? text_[begin - 2] : ' ';
      return c == '-' ? !IsWord(further) : !IsDigit(further);
    }
    return true;
  }

  // Behind the digits, commas and the fraction that begin at `at`.
  size_t Digits(size_t at, double* value) const {
    size_t digits = 0;
    for (;; ++at) {
      if (IsDigit(At(at))) {
        *value = *value * 10 + (text_[at] - '0');
        if (++digits > kMaxDigits) return std::string_view::npos;
        continue;
      }
      const bool group = At(at) == ',' && IsDigit(At(at + 1)) && IsDigit(At(at + 2)) &&
                         IsDigit(At(at + 3)) && !IsDigit(At(at + 4));
      if (!group) break;
    }
    if (At(at) != '.' || !IsDigit(At(at + 1))) return at;
    double place = 0.1;
    for (++at; IsDigit(At(at)); ++at, place /= 10) {
      *value += place * (text_[at] - '0');
      if (++digits > kMaxDigits) return std::string_view::npos;
    }
    return at;
  }

  size_t Take(size_t begin) {
    double value = 0;
    const size_t digits_end = Digits(begin, &value);
    if (digits_end == std::string_view::npos) return begin + 1;
    size_t end = digits_end;
    while (end < text_.size() && IsAlpha(text_[end]) && end - digits_end < kMaxUnit) ++end;
    if (!Begins(begin) || !Ends(end)) return end;
    value *= Scale(text_.substr(digits_end, end - digits_end));
    if (Before(begin) == '-') value = -value;
    found_.values[found_.count++] = static_cast<float>(value);
    return end;
  }

  // What stands behind one.
  bool Ends(size_t end) const {
    const char c = At(end);
    if (IsWord(c)) return false;
    const bool joins = c == '.' || c == ':' || c == '/' || c == '-' || c == '@';
    return !joins || !IsWord(At(end + 1));
  }

  std::string_view text_;
  Numbers found_;
  size_t date_end_ = 0;  // behind the latest part of a date
};

}  // namespace

Numbers FindNumbers(std::string_view message) {
  return Finder(message.substr(0, kNumberBytes)).Find();
}

size_t AppendNumbers(std::span<const float> of_record, std::vector<float>* all) {
  all->push_back(static_cast<float>(of_record.size()));
  all->insert(all->end(), of_record.begin(), of_record.end());
  return all->size() - of_record.size();
}

std::span<const float> NumbersAt(std::span<const float> all, size_t place) {
  if (place == 0 || place > all.size()) return {};
  const auto count = static_cast<size_t>(all[place - 1]);
  return all.size() - place < count ? std::span<const float>() : all.subspan(place, count);
}

}  // namespace alogd
