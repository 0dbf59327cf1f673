// SPDX-License-Identifier: MIT
// A header as columns: a sequence of steps that take a line apart, learned from lines or given as a
// pattern.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/headers/time_reader.h"
#include "core/record.h"
#include "core/state.h"

namespace alogd {

enum class StepKind : uint8_t {
  kTime,      // a time of any known form
  kLevel,     // a level word, or facility.level
  kLetter,    // a level letter
  kNumber,    // digits
  kBracket,   // a bracket group, nested ones balanced
  kToken,     // up to the next blank
  kTag,       // a name that ends in a colon, perhaps with [pid]
  kLiteral,   // this text
  kField,     // up to the literal that follows, without it: a column between pipes or tabs
  kUntil,     // up to the literal and with it, at most 128 bytes: "chrome.exe *64 - "
  kStrptime,  // a time by the conversions in `text`; user patterns only
};

enum class Role : uint8_t { kNone, kTime, kLevel, kHost, kProgram, kPid };

struct Step {
  StepKind kind = StepKind::kToken;
  Role role = Role::kNone;
  char open = 0;          // kBracket: its opening bracket
  bool optional = false;  // lines without it fit too
  bool exact = false;     // blanks before it are not skipped: user patterns say where they are
  // Of kLiteral, kField, kUntil, kStrptime; the form of a time where the source has several.
  std::string text = {};

  bool operator==(const Step&) const = default;
};

// Immutable once built but for the cache of its times. A line fits if all steps do; its message is
// what follows them.
class Layout {
 public:
  static constexpr size_t kMaxSteps = 32;
  static constexpr uint32_t kMaxOptional = 3;  // a line is tried with and without each

  Layout() = default;
  explicit Layout(std::vector<Step> steps);

  // Takes `line` apart; false where it does not fit. `out` must be empty; it is of no use after
  // false.
  bool Match(std::string_view line, TimeReader* times, TimeCache* cache, Header* out) const;
  // The same without reading times to instants: whether it fits, and where the message begins.
  bool Fits(std::string_view line, size_t* message) const;

  // As a pattern: "<time> <level> [<program>] <message>".
  const std::string& name() const { return name_; }
  const std::vector<Step>& steps() const { return steps_; }
  bool empty() const { return steps_.empty(); }
  bool BeginsWithTime() const {
    return !steps_.empty() && (steps_[0].kind == StepKind::kTime || steps_[0].role == Role::kTime);
  }

  void Save(StateWriter& out) const;
  [[nodiscard]] static bool Load(StateReader& in, Layout* out);

 private:
  bool Run(std::string_view line, TimeReader* times, TimeCache* cache, Header* out,
           size_t* message) const;

  std::vector<Step> steps_;
  std::string name_;
  uint32_t optional_ = 0;  // number of optional steps
};

}  // namespace alogd
