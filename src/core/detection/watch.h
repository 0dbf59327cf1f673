// SPDX-License-Identifier: MIT
// What the detectors that learn online see of a record and say, and the slots of time they count
// in.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/detection/anomaly_tracker.h"
#include "core/types.h"

namespace alogd {

// Event time is counted in slots of five minutes: short enough that a burst is news while it lasts,
// long enough that a week's profile of a host is not all zeros.
inline constexpr Duration kSlot = std::chrono::minutes(5);
inline constexpr int64_t kSlotsAnHour = 12;
inline constexpr int64_t kHoursAWeek = 168;

inline int64_t SlotOf(Time time) {
  const int64_t us = Micros(time), slot = kSlot.count();
  return us >= 0 ? us / slot : -((-us + slot - 1) / slot);
}
inline Time SlotBegin(int64_t slot) { return FromMicros(slot * kSlot.count()); }
// In UTC: where the clock of the host changes, a rhythm moves by an hour, which the neighbours of
// an hour make up for.
inline size_t HourOfWeek(int64_t slot) {
  const int64_t hour =
      slot >= 0 ? slot / kSlotsAnHour : -((-slot + kSlotsAnHour - 1) / kSlotsAnHour);
  return static_cast<size_t>(((hour % kHoursAWeek) + kHoursAWeek) % kHoursAWeek);
}
// Of the slot in its hour, from 0.
inline int64_t HourPlace(int64_t slot) {
  return ((slot % kSlotsAnHour) + kSlotsAnHour) % kSlotsAnHour;
}
inline bool EndsHour(int64_t slot) { return HourPlace(slot) == kSlotsAnHour - 1; }

// A record as the watches see it. Views are valid during the call.
struct Sighting {
  std::string_view source;
  std::string_view stream;  // its key; empty where it has none
  bool session = false;     // the stream is a session, which ends
  TemplateId id = kNoTemplate;
  Time time;       // its own
  Time watermark;  // when it came: activity is counted by this
  RecordRef ref;
  uint8_t severity = 0;
  bool after_boot = false;  // it came shortly after the host was started
  std::string_view program, host, message;
  // What stands at the <*> of the template's text; none where nobody wants them.
  std::span<const std::string_view> parameters;
  bool fits = false;  // the message fits that text
};

// What a watch says: a key's run of being abnormal begins or grows (`over`), or it is over.
struct WatchStep {
  bool over = true;
  std::string key;  // of the run; unlike any stream's
  Finding finding;  // its key is unset; where it has no message, the record is read again
};
using WatchSteps = std::vector<WatchStep>;

// The longest, or highest, of the last four to eight weeks: what is normal is what came before, and
// what came long ago is news again. Two values and no decay: an operator can look them up.
struct RecentMost {
  static constexpr int64_t kTurn = 4 * kHoursAWeek;  // hours
  float now = 0, before = 0;
  int64_t since = 0;  // hour in which `now` began

  float most() const { return now > before ? now : before; }
  void Add(float value) { now = value > now ? value : now; }
  // At the end of an hour; true if that changed anything.
  bool Turn(int64_t hour) {
    if (hour - since < kTurn) return false;
    before = hour - since < 2 * kTurn ? now : 0;
    now = 0;
    since = hour;
    return true;
  }
  void Save(StateWriter& out) const {
    out.F32(now);
    out.F32(before);
    out.I64(since);
  }
  void Load(StateReader& in) {
    now = in.F32();
    before = in.F32();
    since = in.I64();
    // Also refuses NaN. Hours of any time that the clock lets pass are far smaller.
    if (!(now >= 0 && before >= 0) || since < -kMaxHour || since > kMaxHour) in.Fail();
  }
  static constexpr int64_t kMaxHour = 1'000'000'000;
};

}  // namespace alogd
