// SPDX-License-Identifier: MIT
// Times of a source to UTC microseconds: zone by name, dates that are not written out, a cache for
// speed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/headers/date_order.h"
#include "core/headers/date_reference.h"
#include "core/headers/time_text.h"
#include "core/result.h"
#include "core/state.h"
#include "core/types.h"

namespace alogd {

// A time zone's local times to UTC, quick for times near each other. A local time that never occurs
// is taken with the offset before the gap.
class LocalZone {
 public:
  // An IANA name; empty: the host's zone (UTC if it cannot be found out). Fails for unknown names.
  static Result<LocalZone> Create(const std::string& name);

  // The instants that a local time can be, in order: two while a clock is set back, else the same.
  struct Instants {
    int64_t earlier = 0, later = 0;
  };
  Instants ToUtc(int64_t local_s);
  int64_t ToLocal(int64_t utc_s) const;

 private:
  const void* zone_ = nullptr;  // date::time_zone of the library's immortal database; null: UTC
  // Local seconds for which offset_s_ holds for certain.
  int64_t begin_ = 0, end_ = 0;
  int64_t offset_s_ = 0;
};

// What the last time of a column looked like: lines of the same minute differ in their seconds
// alone.
struct TimeCache {
  static constexpr size_t kMaxText = 40;
  char prefix[kMaxText] = {};  // up to the second
  char suffix[kMaxText] = {};  // behind its fraction
  uint8_t prefix_length = 0;   // 0: empty
  uint8_t suffix_length = 0;
  bool moves_reference = false;
  int64_t reference_s = 0;  // what it moves it to
  int64_t minute_us = 0;
  int64_t last_utc_s = 0;      // what it moves TimeReader::last_utc_s_ to
  uint32_t order_changes = 0;  // DateOrder::changes it was read at
};

// The times of one source.
class TimeReader {
 public:
  TimeReader(LocalZone zone, Time reference);

  // Reads the time at the beginning of `text`; returns its length, 0 where none stands there.
  // `cache` belongs to the column; what comes out does not depend on it.
  size_t Read(std::string_view text, TimeCache* cache, Time* out);
  // The instant that `t` means; kNoTime for one outside of what Time can hold.
  Time ToTime(CivilTime t);
  // Times came whose date was nowhere to be read: it was taken from what came before.
  bool guesses_dates() const { return reference_.guessed(); }

  // What times that leave something open are read by, and move on: see DateReference, DateOrder and
  // ChooseInstant.
  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in);

 private:
  bool ReadCached(std::string_view text, const TimeCache& cache, size_t* length, Time* out);
  int64_t ChooseInstant(LocalZone::Instants instants) const;

  LocalZone zone_;
  DateReference reference_;
  DateOrder order_;
  int64_t last_utc_s_ = INT64_MIN;  // the minute of the last time
  bool repeats_ = true;             // the same text means that instant again
};

}  // namespace alogd
