// SPDX-License-Identifier: MIT
// A group's event time: the watermark, and which record times may move it.
#pragma once

#include <cstdint>

#include "core/state.h"
#include "core/types.h"

namespace alogd {

// The watermark is the largest record time so far; deadlines fire against it. A record far from it
// moves it only after kAgree records in a row were equally far, so that one broken time (1970, a
// wrong year) does not end every session of the host.
//
// "Far" is over kMaxJump. An hour was the first idea and lost: many logs are silent for hours every
// night, and clamping the first records of each morning to last evening's time is wrong more often
// than a broken clock; it also made a tick differ from the record it stands for. No deadline is
// longer than a day (the configuration sees to that), so beyond eight days a tick has nothing left
// to fire.
class EventClock {
 public:
  static constexpr Duration kMaxJump = std::chrono::hours(24 * 8);  // a weekly job is not a jump
  static constexpr uint32_t kAgree = 16;

  // The event time of a record that prints `printed` (kNoTime if none): its own where it can be
  // believed, else the watermark. Moves the watermark.
  Time Observe(Time printed);
  // kNoTime before the first time.
  Time watermark() const { return watermark_; }
  // True if the last Observe moved the watermark back: deadlines have to be measured anew.
  bool moved_back() const { return moved_back_; }
  uint64_t clamped() const { return clamped_; }

  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in);

 private:
  Time watermark_ = kNoTime;
  Time candidate_ = kNoTime;  // where far records agree to be
  uint32_t agreeing_ = 0;
  bool moved_back_ = false;
  uint64_t clamped_ = 0;
};

}  // namespace alogd
