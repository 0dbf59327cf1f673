// SPDX-License-Identifier: MIT
// Records per template and per source in five minutes: bursts, and drops of an hour.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/config/config.h"
#include "core/detection/watch.h"

namespace alogd {

class Catalog;

// What is usual (E, records in a slot) is the larger, for bursts, or smaller, for drops, of an EWMA
// over hours and the profile of that hour of the week and its neighbours.
//   burst: n / (E + least / factor), of each slot, as soon as it is so high
//   drop:  (12 E + 1) / (n + 1), of each hour
// alarm at `factor` times the highest value of the last weeks, or `factor` itself: what is bursty
// by nature has had high values and alarms for a higher one only.
//
// A function of the records and ends of slots in order. Memory: kMaxSeries x about 350 bytes and
// their keys; the longest unseen goes.
class RateWatch {
 public:
  static constexpr size_t kMaxSeries = 2048;

  RateWatch(const RateOptions& options, uint8_t severity)
      : options_(options), severity_(severity) {}
  void set_options(const RateOptions& options, uint8_t severity) {
    options_ = options;
    severity_ = severity;
  }

  void Observe(const Sighting& record, int64_t slot, const Catalog& catalog, WatchSteps* out);
  // `active`: the group had a record in the slot.
  void EndSlot(int64_t slot, bool active, const Catalog& catalog, WatchSteps* out);
  // Time moved elsewhere: the hour that was begun says nothing.
  void Jump();
  void Stop(WatchSteps* out);  // it is switched off: what it said is over, and it forgets
  void Clear() { *this = RateWatch(options_, severity_); }
  size_t series() const { return series_.size(); }

  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in);
  void SaveChanges(StateWriter& out);
  [[nodiscard]] bool ApplyChanges(StateReader& in);

 private:
  static constexpr uint8_t kUnseen = 255;
  struct Series {
    Time first = kNoTime, last = kNoTime;
    TemplateId id = kNoTemplate;  // kNoTemplate: a source
    RecordRef ref;                // of its last record
    uint8_t severity = 0;         // of it
    int64_t slot = 0;             // of it
    uint32_t count = 0;           // records in that slot
    uint64_t hour = 0;            // records in the present hour
    uint32_t top = 0;             // most of a slot of the present hour, while that has no profile
    float level = 0;              // EWMA of records a slot
    RecentMost burst, drop;       // highest values
    uint32_t judged = 0;          // hours in which a drop could have been seen
    uint8_t bursts = 0;           // alarms of the present burst, each twice as high
    int64_t alarm_slot = 0;       // of the last of them
    std::string stream;           // key of its last record's; of sessions only the source
    bool dropped = false;         // a drop was said and is not over
    // Records a slot by hour of the week, as 12 log2(1 + n); kUnseen.
    std::array<uint8_t, kHoursAWeek> profile;
    bool listed = false;  // in changed_. Not saved
    float limit = 0;  // count at which a burst is said in this slot; 0: not known yet. Not saved
    float usual = 0;  // E for it. Not saved
    float most = 1;   // highest value before, for it. Not saved
  };
  using All = std::map<std::string, Series>;
  using Entry = All::value_type;

  Entry* Find(const Sighting& record, bool source, int64_t slot, WatchSteps* out);
  void Count(Entry* entry, const Sighting& record, int64_t slot, const Catalog& catalog,
             WatchSteps* out);
  void Burst(Entry* entry, const Sighting& record, const Catalog& catalog, WatchSteps* out);
  float Unit() const { return static_cast<float>(options_.least / options_.factor); }
  void SetLimit(Series* series) const;
  // The slot of its last record is over.
  void LearnSlot(Series* series) const;
  void EndHour(int64_t slot, bool judge, const Catalog& catalog, WatchSteps* out);
  void JudgeDrop(Entry* entry, int64_t slot, const Catalog& catalog, WatchSteps* out);
  // True if that changed anything.
  bool LearnHour(Series* series, int64_t slot) const;
  // The series of templates that turned out to be others go on as those.
  void FoldAliases(const Catalog& catalog, WatchSteps* out);
  void Fold(const Series& from, Series* into) const;
  WatchStep Over(const char* kind, const Entry& entry, const Catalog& catalog) const;
  static void Under(const char* kind, const std::string& key, WatchSteps* out);
  void Erase(All::iterator it, WatchSteps* out);
  void DropOldest(WatchSteps* out);
  void SaveSeries(const std::string& key, const Series& series, bool whole, StateWriter& out) const;
  bool LoadSeries(StateReader& in);
  bool LoadFields(StateReader& in, Series* series) const;
  void MakeIndex();

  RateOptions options_;
  uint8_t severity_;
  All series_;
  std::unordered_map<uint32_t, Entry*> by_id_;
  std::unordered_map<std::string_view, Entry*> by_source_;  // views of keys
  std::set<std::string> bursting_;                          // keys of those with bursts > 0
  uint32_t active_slots_ = 0;                               // of the present hour
  uint32_t hours_ended_ = 0;                                // since the last SaveChanges
  size_t last_hour_ = 0;                                    // of the week, that ended last
  // Since the last SaveChanges; `whole_` are those of `changed_` whose whole profile did.
  std::set<std::string> changed_, dropped_, whole_;
};

}  // namespace alogd
