// SPDX-License-Identifier: MIT
// Times and sizes as people write them, in exact integer arithmetic.
#include "core/config/units.h"

#include <fmt/format.h>

#include <limits>
#include <span>
#include <string_view>

#include "core/config/config.h"
#include "core/headers/scan.h"

namespace alogd {
namespace {

struct Unit {
  std::string_view name;
  uint64_t value;
};

constexpr Unit kTimeUnits[] = {  // microseconds, largest first
    {"d", 86'400'000'000},
    {"h", 3'600'000'000},
    {"min", 60'000'000},
    {"s", 1'000'000},
    {"ms", 1000}};
constexpr Unit kSizeUnits[] = {
    {"T", 1ull << 40}, {"G", 1ull << 30}, {"M", 1ull << 20}, {"K", 1024}};

constexpr std::string_view kTimeHelp = "write a number with ms, s, min, h or d, such as 10min";
constexpr std::string_view kSizeHelp = "write bytes, or a number with K, M, G or T, such as 64K";

void SkipBlanks(std::string_view* text) {
  while (!text->empty() && text->front() == ' ') text->remove_prefix(1);
}

// A decimal number in front of `text`. Kept as digits / 10^scale, so that 0.1 s is exactly 100 ms.
struct Decimal {
  uint64_t digits = 0;
  uint64_t scale = 1;
};

bool TakeDecimal(std::string_view* text, Decimal* number) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max() / 10 - 1;
  bool any = false, fraction = false;
  for (; !text->empty(); text->remove_prefix(1)) {
    const char c = text->front();
    if (c == '.' && any && !fraction) {
      fraction = true;
      continue;
    }
    if (!IsDigit(c)) break;
    if (number->digits > kMost || number->scale > kMost) return false;
    number->digits = number->digits * 10 + static_cast<uint64_t>(c - '0');
    if (fraction) number->scale *= 10;
    any = true;
  }
  return any;
}

std::string_view TakeWord(std::string_view* text) {
  size_t n = 0;
  while (n < text->size() && !IsDigit((*text)[n]) && (*text)[n] != ' ' && (*text)[n] != '-') ++n;
  const std::string_view word = text->substr(0, n);
  text->remove_prefix(n);
  return word;
}

// digits / scale * unit, rounded down; false if it does not fit.
bool Scale(const Decimal& number, uint64_t unit, uint64_t* out) {
  uint64_t whole = 0;
  if (__builtin_mul_overflow(number.digits / number.scale, unit, &whole)) return false;
  __extension__ using Wide = unsigned __int128;
  const Wide part = Wide{number.digits % number.scale} * unit / number.scale;
  return !__builtin_add_overflow(whole, static_cast<uint64_t>(part), out);
}

Error NotATime(std::string_view text, std::string_view why) {
  return Error{fmt::format("'{}' is not a time{}; {}", text.substr(0, 80), why, kTimeHelp)};
}

const Unit* FindUnit(std::span<const Unit> units, std::string_view name) {
  for (const Unit& unit : units)
    if (unit.name == name) return &unit;
  return nullptr;
}

std::string FormatIn(std::span<const Unit> units, uint64_t value) {
  for (const Unit& unit : units)
    if (value != 0 && value % unit.value == 0)
      return fmt::format("{}{}", value / unit.value, unit.name);
  return {};
}

}  // namespace

Result<Duration> ParseDuration(std::string_view text) {
  const std::string_view whole = text;
  if (whole == "0") return Duration{0};
  uint64_t sum = 0;
  do {  // "1h 30min" is two parts
    SkipBlanks(&text);
    if (!text.empty() && text.front() == '-') return NotATime(whole, ": it is negative");
    Decimal number;
    if (!TakeDecimal(&text, &number)) return NotATime(whole, "");
    SkipBlanks(&text);
    const std::string_view name = TakeWord(&text);
    if (name.empty()) return NotATime(whole, ": its unit is missing");
    if (name == "m") return NotATime(whole, ": 'm' could be a minute or a month (write min)");
    const Unit* unit = FindUnit(kTimeUnits, name);
    if (unit == nullptr)
      return NotATime(whole, fmt::format(": unknown unit '{}'", name.substr(0, 20)));
    uint64_t part = 0;
    if (!Scale(number, unit->value, &part) || __builtin_add_overflow(sum, part, &sum) ||
        sum > static_cast<uint64_t>(kLongestDuration.count()))
      return NotATime(whole, " of at most 100 years");
    SkipBlanks(&text);
  } while (!text.empty());
  return Duration{static_cast<int64_t>(sum)};
}

Result<uint64_t> ParseSize(std::string_view text) {
  const Error wrong{fmt::format("'{}' is not a size; {}", text.substr(0, 80), kSizeHelp)};
  Decimal number;
  SkipBlanks(&text);
  if (!TakeDecimal(&text, &number)) return wrong;
  SkipBlanks(&text);
  std::string_view name = text;
  // KiB and KB are other people's ways of writing the same K.
  if (name.ends_with("iB"))
    name.remove_suffix(2);
  else if (name.ends_with("B"))
    name.remove_suffix(1);
  const Unit* unit = FindUnit(kSizeUnits, name);
  if (unit == nullptr && !name.empty()) return wrong;
  if (unit == nullptr && number.scale != 1) return wrong;
  uint64_t bytes = 0;
  if (!Scale(number, unit != nullptr ? unit->value : 1, &bytes)) return wrong;
  return bytes;
}

std::string FormatDuration(Duration duration) {
  const auto us = static_cast<uint64_t>(duration.count());
  if (us == 0) return "0s";
  std::string text = FormatIn(kTimeUnits, us);
  return text.empty() ? fmt::format("{}.{:03}ms", us / 1000, us % 1000) : text;
}

std::string FormatSize(uint64_t bytes) {
  std::string text = FormatIn(kSizeUnits, bytes);
  return text.empty() ? fmt::format("{}", bytes) : text;
}

std::string RoughDuration(Duration duration) {
  using namespace std::chrono;
  const int64_t s = std::max<int64_t>(1, duration_cast<seconds>(duration).count());
  if (s < 120) return fmt::format("{} s", s);
  if (s < 2 * 3600) return fmt::format("{} min", s / 60);
  if (s < 48 * 3600) return fmt::format("{} h", s / 3600);
  return fmt::format("{} days", s / (24 * 3600));
}

}  // namespace alogd
