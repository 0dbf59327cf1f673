// SPDX-License-Identifier: MIT
// The detectors that learn online, one after the other, and the event time that drives them.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/config/config.h"
#include "core/detection/combination_watch.h"
#include "core/detection/follower_watch.h"
#include "core/detection/rate_watch.h"
#include "core/detection/silence_watch.h"
#include "core/detection/watch.h"

namespace alogd {

class Catalog;

// They see records, not windows: what they judge (time without records, records an hour) has no
// window that ends with a record. A function of records and their watermarks in order; time passes
// only by Advance, in whole steps (NextDeadline), so that a tick does what the next record would
// have done first.
class Watches {
 public:
  Watches(const GroupConfig& group, const SeverityOptions& severity);
  // After a reload. What is switched off forgets.
  void set_options(const GroupConfig& group, const SeverityOptions& severity, WatchSteps* out);

  // The next moment at which something may be said without a record; kEndOfTime before the first
  // record.
  Time NextDeadline() const;
  // Fires what is due at `now`, which is NextDeadline() or earlier. The end of time is no deadline:
  // where the input ends nothing has fallen silent.
  void Advance(Time now, const Catalog& catalog, WatchSteps* out);
  // True where Observe wants the parameters of records of this template.
  bool WantsParameters(TemplateId id) const { return combinations_.Wants(id); }
  // After Advance(record.watermark) as often as there are deadlines.
  void Observe(const Sighting& record, const Catalog& catalog, WatchSteps* out);
  // The watermark moved by more than any deadline (IsJump), or back: what was begun says nothing.
  void Jump(Time now);
  // True if `now` is so far ahead that time is not walked through but jumped over.
  bool IsJump(Time now) const;

  // The state convention by part; `whole` or what changed. Clear as if it had never been loaded.
  enum class Part : uint8_t { kTime, kRate, kSilence, kFollowers, kCombinations };
  static constexpr size_t kParts = 5;
  void Save(Part part, bool whole, StateWriter& out);
  [[nodiscard]] bool Load(Part part, bool whole, StateReader& in);
  void Clear(Part part);

 private:
  // Slots of ten days: the clock lets no pause of more than eight pass without a jump.
  static constexpr int64_t kMostSlots = 10 * 24 * kSlotsAnHour;

  // Calls visit(watch) with the part's watch; not for kTime.
  template <typename Visit>
  void WithWatch(Part part, Visit visit);
  bool LoadTime(StateReader& in);

  bool begun_ = false;
  int64_t slot_ = 0;     // the present one
  bool active_ = false;  // it had a record
  RateWatch rate_;
  SilenceWatch silence_;
  FollowerWatch followers_;
  CombinationWatch combinations_;
};

}  // namespace alogd
