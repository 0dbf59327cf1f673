// SPDX-License-Identifier: MIT
// A group's event time: the watermark, and which record times may move it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/state.h"
#include "core/types.h"

namespace alogd {

// The watermark is the largest record time so far; deadlines fire against it. Who writes one line
// must not move it for all others, so a time has to be believed first:
//
// - A record far from the watermark (over kMaxJump) moves it only after kAgree records in a row
//   were equally far: one broken time (1970, a wrong year) does not end every session of the host.
// - In a group with kBusy records an hour, a record over kHeldJump ahead moves it only with the
// next
//   one, if that is as far. A night's silence is over one record later; a single line that is hours
//   ahead blinds nobody.
// - Where the host's clock is known, no record is later than that. A source that is ahead of it
//   kAgree times by the same time has a clock or zone of its own: its times are corrected from then
//   on, until kAgree records in a row are right without. Single ones take the present time.
//
// "Far" is over kMaxJump. An hour was the first idea and lost: many logs are silent for hours every
// night, and clamping the first records of each morning to last evening's time is wrong more often
// than a broken clock; it also made a tick differ from the record it stands for. No deadline is
// longer than a day (the configuration sees to that), so beyond eight days a tick has nothing left
// to fire.
class EventClock {
 public:
  static constexpr Duration kMaxJump = std::chrono::hours(24 * 8);  // a weekly job is not a jump
  static constexpr Duration kHeldJump = std::chrono::hours(1);
  static constexpr uint32_t kBusy = 16;
  static constexpr uint32_t kAgree = 16;
  // Clocks of hosts that log here differ by seconds; zones by quarters of an hour.
  static constexpr Duration kAhead = std::chrono::minutes(5);
  static constexpr Duration kZoneStep = std::chrono::minutes(15);
  static constexpr size_t kMaxSources = 4096;  // with a clock of their own
  static constexpr uint32_t kVersion = 2;      // of its state

  // The host's clock: what it says now, and how far event time has come by it since the last record
  // (see GroupWorker::TickTime). Never called where logs are at rest.
  void SetHostClock(Time now, Time passed) {
    now_ = now;
    passed_ = passed;
  }

  // The event time of a record of `source` that prints `printed` (kNoTime if none): its own where
  // it can be believed, else the present one. Moves the watermark.
  Time Observe(std::string_view source, Time printed);
  // kNoTime before the first time.
  Time watermark() const { return watermark_; }
  // True if the last Observe moved the watermark back: deadlines have to be measured anew.
  bool moved_back() const { return moved_back_; }
  // True if the last Observe was of a record that is too far ahead to be believed yet. It has its
  // own time; nothing is to be learned from that.
  bool held() const { return held_ != kNoTime; }
  uint64_t clamped() const { return clamped_; }
  // How far the source's clock is ahead of the host's; 0 where it is right.
  Duration Offset(std::string_view source) const;

  void Save(StateWriter& out) const;
  // `version` 1 knew neither held jumps nor sources.
  [[nodiscard]] bool Load(StateReader& in, uint32_t version);

 private:
  // Of a source that was ahead of the host's clock.
  struct SourceClock {
    Duration offset{};   // that is taken off its times
    Duration ahead{};    // by which the latest records were, beyond the host's clock
    uint32_t times = 0;  // how many in a row
    uint32_t right = 0;  // records in a row that are right without the offset
  };

  Time Present() const;
  Time Clamp();
  // What `printed` is by the host's clock; kNoTime where it cannot be believed.
  Time Corrected(std::string_view source, Time printed);
  void LearnOffset(SourceClock* clock, Duration ahead);
  Time MoveFar(Time time);
  Time MoveAhead(Time time);
  void Count(Time time);

  Time watermark_ = kNoTime;
  Time candidate_ = kNoTime;  // where far records agree to be
  uint32_t agreeing_ = 0;
  Time held_ = kNoTime;  // of the latest record, if that jumped ahead
  // Records of the present hour of event time, since when, and of the one before.
  Time hour_ = kNoTime;
  uint32_t in_hour_ = 0, in_last_hour_ = 0;
  bool moved_back_ = false;
  uint64_t clamped_ = 0;
  std::map<std::string, SourceClock, std::less<>> sources_;  // few: those that were ahead
  Time now_ = kNoTime, passed_ = kNoTime;                    // the host's; not saved
};

}  // namespace alogd
