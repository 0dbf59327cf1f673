// SPDX-License-Identifier: MIT
// Sources and streams that stop talking.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "core/config/config.h"
#include "core/detection/watch.h"

namespace alogd {

// Pauses are measured in the slots in which a talker was to be expected: each slot in which the
// group had any record counts as much as the talker's usual presence at that hour of the week
// (0 to 1). So a night counts little for what only talks by day, a burst counts no more than a
// word, and a host that is off makes nobody silent but itself: the group as a whole has every slot
// counted. This is time rescaled by the intensity (Brown et al. 2002, "The time-rescaling theorem",
// Neural Computation 14), with presence for intensity.
//
// A talker is held for silent when its pause is `factor` times the longest that it made in the last
// weeks, if it was heard so often that its longest pause is less than 1/kSupport of all its time:
// what comes in clusters with ever longer pauses between never gets there.
//
// A function of the records and ends of slots in order. Memory: kMaxTalkers x about 400 bytes and
// their keys; the longest unheard goes.
class SilenceWatch {
 public:
  static constexpr size_t kMaxTalkers = 2048;
  static constexpr float kSupport = 30;

  SilenceWatch(const SilenceOptions& options, uint8_t severity)
      : options_(options), severity_(severity) {}
  void set_options(const SilenceOptions& options, uint8_t severity) {
    options_ = options;
    severity_ = severity;
  }

  // A record in `slot`; says who talks again.
  void Observe(const Sighting& record, int64_t slot, WatchSteps* out);
  // The slot is over; `active`: the group had a record in it.
  void EndSlot(int64_t slot, bool active, WatchSteps* out);
  // Time moved elsewhere, to `slot`: what lies between says nothing about anybody.
  void Jump(int64_t slot);
  void Stop(WatchSteps* out);  // it is switched off: what it said is over, and it forgets
  void Clear() { *this = SilenceWatch(options_, severity_); }
  size_t talkers() const { return talkers_.size(); }

  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in);
  void SaveChanges(StateWriter& out);
  [[nodiscard]] bool ApplyChanges(StateReader& in);

 private:
  enum class Kind : uint8_t { kGroup, kSource, kStream };
  static constexpr uint8_t kUnseen = 255;
  struct Talker {
    Kind kind = Kind::kStream;
    Time first = kNoTime, last = kNoTime;
    RecordRef ref;  // of its last record
    TemplateId id = kNoTemplate;
    uint32_t hour_slots = 0;  // of the present hour: those it talked in
    int64_t slot = 0;         // the last one it talked in
    float waited = 0;         // since then until the present hour, in expected slots
    double heard = 0;         // slots it talked in, all in all
    float mean = 0;           // its usual presence at any hour
    RecentMost longest;       // pause, in expected slots
    uint8_t alarms = 0;       // of the present pause
    bool listed = false;      // in changed_; not saved
    // Presence by hour of the week, in 1/200; kUnseen.
    std::array<uint8_t, kHoursAWeek> presence;
  };
  using Talkers = std::map<std::string, Talker, std::less<>>;

  void Hear(std::string_view key, Kind kind, const Sighting& record, int64_t slot, WatchSteps* out);
  void Wait(const std::string& key, Talker* talker, int64_t slot, WatchSteps* out);
  void EndHour(Talker* talker, int64_t slot) const;
  float Pause(const Talker& talker, int64_t slot, int64_t ended) const;
  float Presence(const Talker& talker, size_t hour) const;
  WatchStep Describe(const std::string& key, const Talker& talker, Time now, float raw) const;
  static void Under(const std::string& key, WatchSteps* out);
  void DropOldest(WatchSteps* out);
  void SaveTalker(const std::string& key, const Talker& talker, bool whole, StateWriter& out) const;
  bool LoadTalkers(StateReader& in);

  SilenceOptions options_;
  uint8_t severity_;
  Talkers talkers_;
  uint32_t active_ = 0;       // bit by slot of the present hour
  uint32_t hours_ended_ = 0;  // since the last SaveChanges
  size_t last_hour_ = 0;      // of the week, that ended last
  std::set<std::string> changed_, dropped_;
};

}  // namespace alogd
