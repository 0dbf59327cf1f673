// SPDX-License-Identifier: MIT
// The kinds of scalar values in the configuration: how each is read, checked and shown.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/detection/anomaly.h"
#include "core/result.h"
#include "core/types.h"

namespace alogd {

// Every kind has
//   Result<T> Parse(std::string_view) const    whose error quotes the text, and says what to write
//   std::string Format(const T&) const         a YAML scalar that Parse reads back as the same
//   value
// and nothing else, so that a table of keys (config_schema.h) can be read, shown and listed alike.

struct FlagValue {
  Result<bool> Parse(std::string_view text) const;
  std::string Format(bool value) const { return value ? "true" : "false"; }
};

// Any text without control characters that `check` has nothing to say against; a check returns what
// is wrong, or nothing.
struct TextValue {
  using Check = std::string (*)(const std::string& text);
  Check check = nullptr;
  Result<std::string> Parse(std::string_view text) const;
  std::string Format(const std::string& value) const;
};
std::string CheckGroupName(const std::string& text);  // becomes the name of a directory
std::string CheckPattern(const std::string& text);    // RE2, with its reason
std::string CheckGlob(const std::string& text);       // absolute
std::string CheckExclude(const std::string& text);    // absolute, or **/ anywhere
std::string CheckAbsolute(const std::string& text);   // a path
std::string CheckSocket(const std::string& text);     // a path, or nothing
std::string CheckTimeZone(const std::string& text);   // IANA
std::string CheckModel(const std::string& text);   // "current", a bundle's name or an absolute path
std::string CheckFormat(const std::string& text);  // of headers

// A whole number from `low` to `high`.
struct CountValue {
  uint64_t low = 0, high = std::numeric_limits<uint32_t>::max();
  Result<uint64_t> Parse(std::string_view text) const;
  std::string Format(uint64_t value) const;
};

// A finite number from `low` to `high`, each of them allowed or not.
struct NumberValue {
  double low = 0, high = 1;
  bool above_low = false, below_high = false;  // the end itself is not allowed
  Result<double> Parse(std::string_view text) const;
  std::string Format(double value) const;
  std::string Range() const;
};

struct DurationValue {
  Duration low{0};
  Result<Duration> Parse(std::string_view text) const;
  std::string Format(Duration value) const;
};

struct SizeValue {
  uint64_t low = 0, high = std::numeric_limits<int64_t>::max();
  Result<uint64_t> Parse(std::string_view text) const;
  std::string Format(uint64_t value) const;
};

struct LevelValue {
  Result<RiskLevel> Parse(std::string_view text) const;
  std::string Format(RiskLevel value) const { return std::string(Name(value)); }
};

// "auto", which is an unset number.
struct AutoNumberValue {
  NumberValue number;
  Result<std::optional<double>> Parse(std::string_view text) const;
  std::string Format(const std::optional<double>& value) const;
};

// "auto", which is zero.
struct AutoCountValue {
  CountValue count;
  Result<uint64_t> Parse(std::string_view text) const;
  std::string Format(uint64_t value) const;
};

// One of a few words.
template <typename T>
struct ChoiceValue {
  std::vector<std::pair<std::string_view, T>> choices;

  Result<T> Parse(std::string_view text) const {
    std::string known;
    for (const auto& [word, value] : choices) {
      if (word == text) return value;
      known += (known.empty() ? "" : " or ") + std::string(word);
    }
    return Error{"'" + std::string(text.substr(0, 80)) + "' is not known here; write " + known};
  }
  std::string Format(const T& value) const {
    for (const auto& [word, choice] : choices)
      if (choice == value) return std::string(word);
    return {};
  }
};

// A list of `least` to `most` values of one kind.
template <typename Item>
struct ListValue {
  Item item;
  size_t least = 0, most = 10'000;
  bool bare = false;  // one value may stand there without a list around it
};

}  // namespace alogd
