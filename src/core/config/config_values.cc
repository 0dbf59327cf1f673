// SPDX-License-Identifier: MIT
// Reads and shows the scalar values of the configuration.
#include "core/config/config_values.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "core/config/config.h"
#include "core/config/units.h"
#include "core/config/yaml_reader.h"

namespace alogd {
namespace {

// What the operator wrote, short enough for a message.
std::string Quoted(std::string_view text) { return fmt::format("'{}'", text.substr(0, 80)); }

template <typename T>
bool ParseWhole(std::string_view text, T* value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *value);
  return error == std::errc() && stop == end && !text.empty();
}

}  // namespace

Result<bool> FlagValue::Parse(std::string_view text) const {
  for (const std::string_view yes : {"true", "yes", "on"})
    if (text == yes) return true;
  for (const std::string_view no : {"false", "no", "off"})
    if (text == no) return false;
  return Error{Quoted(text) + " is neither true nor false"};
}

Result<std::string> TextValue::Parse(std::string_view text) const {
  constexpr size_t kLongest = 4096;  // PATH_MAX, and more than a pattern that anyone can read
  if (text.size() > kLongest)
    return Error{fmt::format("{}... is longer than {} bytes", Quoted(text), kLongest)};
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return Error{fmt::format("{} holds a control character; remove it", Quoted(text))};
  std::string value(text);
  std::string wrong = check != nullptr ? check(value) : std::string();
  if (!wrong.empty()) return Error{std::move(wrong)};
  return value;
}

std::string TextValue::Format(const std::string& value) const { return QuoteYaml(value); }

Result<uint64_t> CountValue::Parse(std::string_view text) const {
  uint64_t value = 0;
  if (!ParseWhole(text, &value) || value < low || value > high)
    return Error{fmt::format("{} is not a whole number from {} to {}", Quoted(text), low, high)};
  return value;
}

std::string CountValue::Format(uint64_t value) const { return fmt::format("{}", value); }

std::string NumberValue::Range() const {
  if (above_low)
    return fmt::format("above {} and {} {}", low, below_high ? "below" : "up to", high);
  return fmt::format("from {} to {}{}", low, below_high ? "below " : "", high);
}

Result<double> NumberValue::Parse(std::string_view text) const {
  double value = 0;
  const bool number = ParseWhole(text, &value) && std::isfinite(value);
  if (!number || value < low || value > high || (above_low && value == low) ||
      (below_high && value == high))
    return Error{fmt::format("{} is not a number {}", Quoted(text), Range())};
  return value;
}

std::string NumberValue::Format(double value) const { return fmt::format("{}", value); }

Result<Duration> DurationValue::Parse(std::string_view text) const {
  Result<Duration> value = ParseDuration(text);
  if (value && *value < low)
    return Error{
        fmt::format("{} is too short; write {} or more", Quoted(text), FormatDuration(low))};
  return value;
}

std::string DurationValue::Format(Duration value) const { return FormatDuration(value); }

Result<uint64_t> SizeValue::Parse(std::string_view text) const {
  Result<uint64_t> value = ParseSize(text);
  if (value && *value < low)
    return Error{fmt::format("{} is too small; write {} or more", Quoted(text), FormatSize(low))};
  if (value && *value > high)
    return Error{fmt::format("{} is too large; write {} or less", Quoted(text), FormatSize(high))};
  return value;
}

std::string SizeValue::Format(uint64_t value) const { return FormatSize(value); }

Result<RiskLevel> LevelValue::Parse(std::string_view text) const {
  RiskLevel level{};
  if (ParseRiskLevel(text, &level)) return level;
  return Error{Quoted(text) + " is not a level; write INFO, LOW, MEDIUM, HIGH or CRITICAL"};
}

Result<std::optional<double>> AutoNumberValue::Parse(std::string_view text) const {
  if (text == "auto") return std::optional<double>();
  const Result<double> value = number.Parse(text);
  if (value) return std::optional<double>(*value);
  return Error{fmt::format("{} is neither auto nor a number {}", Quoted(text), number.Range())};
}

std::string AutoNumberValue::Format(const std::optional<double>& value) const {
  return value ? number.Format(*value) : "auto";
}

Result<uint64_t> AutoCountValue::Parse(std::string_view text) const {
  if (text == "auto") return uint64_t{0};
  const Result<uint64_t> value = count.Parse(text);
  if (value) return *value;
  return Error{fmt::format("{} is neither auto nor a whole number from {} to {}", Quoted(text),
                           count.low, count.high)};
}

std::string AutoCountValue::Format(uint64_t value) const {
  return value == 0 ? "auto" : count.Format(value);
}

}  // namespace alogd
