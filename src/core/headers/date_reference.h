// SPDX-License-Identifier: MIT
// The year, or the day, that a source's times leave out: nearest to what came before.
#pragma once

#include <cstdint>

#include "core/headers/time_text.h"
#include "core/state.h"

namespace alogd {

// All seconds here are local time as if it were UTC: years and days are wide enough for that.
class DateReference {
 public:
  // Begins at `seconds` (the file's mtime); or, where nobody knows, in 1972.
  DateReference() = default;
  explicit DateReference(int64_t seconds) : seconds_(seconds), known_(true) {}

  // The day, from 1970, of a time without a year or without a date; the reference moves there.
  int64_t DayOf(const CivilTime& t);

  // The day of the reference for dates whose order is open; DateOrder::kNoDay where none is known.
  int64_t day() const;
  int64_t seconds() const { return seconds_; }
  // As DayOf left it, for a time that is known from before; false after a boot without a clock.
  bool may_repeat() const { return boot_s_ == kNoBoot; }
  void Repeat(int64_t seconds) { seconds_ = seconds; }
  // Times came whose date was nowhere to be read, or does not exist.
  bool guessed() const { return guessed_; }

  void Save(StateWriter& out) const;
  // `older`: the state is of a version that had nothing behind the reference.
  [[nodiscard]] bool Load(StateReader& in, bool* older);

 private:
  // Without a reference years are counted from a leap year, so that Feb 29 exists: 1973-01-01, and
  // the first times fall in 1972.
  static constexpr int64_t kUnknown = 1096 * int64_t{86400};
  static constexpr int64_t kNoBoot = -1;

  bool IsBootWithoutClock(const CivilTime& t, int64_t ahead);
  int64_t NearestYear(const CivilTime& t) const;
  int64_t NearestDay(const CivilTime& t) const;

  int64_t seconds_ = kUnknown;
  bool known_ = false;  // it was given
  bool seen_ = false;   // it is a record's time by now, not the given one
  bool guessed_ = false;
  int64_t boot_s_ = kNoBoot;  // the last time that counted from 1970, see IsBootWithoutClock
};

}  // namespace alogd
