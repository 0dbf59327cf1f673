// SPDX-License-Identifier: MIT
// Walks through the slots of time, and keeps each watch's state by itself.
#include "core/detection/watches.h"

#include <algorithm>
#include <chrono>

namespace alogd {
Watches::Watches(const GroupConfig& group, const SeverityOptions& severity)
    : rate_(group.rate, severity.rate),
      silence_(group.silence, severity.silence),
      followers_(group.followers, severity.silence),
      combinations_(group.combinations) {}

void Watches::set_options(const GroupConfig& group, const SeverityOptions& severity,
                          WatchSteps* out) {
  rate_.set_options(group.rate, severity.rate);
  silence_.set_options(group.silence, severity.silence);
  followers_.set_options(group.followers, severity.silence);
  combinations_.set_options(group.combinations);
  if (!group.rate.enabled) rate_.Stop(out);
  if (!group.silence.enabled) silence_.Stop(out);
  if (!group.followers.enabled) followers_.Clear();
  if (!group.combinations.enabled) combinations_.Clear();
}

Time Watches::NextDeadline() const {
  return begun_ ? std::min(SlotBegin(slot_ + 1), followers_.NextDeadline()) : kEndOfTime;
}

bool Watches::IsJump(Time now) const {
  return begun_ && now != kEndOfTime && SlotOf(now) - slot_ > kMostSlots;
}

void Watches::Advance(Time now, const Catalog& catalog, WatchSteps* out) {
  followers_.Advance(now, catalog, out);
  if (!begun_ || now < SlotBegin(slot_ + 1)) return;
  silence_.EndSlot(slot_, active_, out);
  rate_.EndSlot(slot_, active_, catalog, out);
  ++slot_;
  active_ = false;
}

void Watches::Observe(const Sighting& record, const Catalog& catalog, WatchSteps* out) {
  if (!begun_) {
    begun_ = true;
    Jump(record.watermark);
  }
  active_ = true;
  silence_.Observe(record, slot_, out);
  rate_.Observe(record, slot_, catalog, out);
  followers_.Observe(record, catalog, out);
  if (record.fits) combinations_.Observe(record, catalog.Text(record.id), record.parameters, out);
}

void Watches::Jump(Time now) {
  slot_ = SlotOf(now);
  active_ = false;
  rate_.Jump();
  silence_.Jump(slot_);
  followers_.Jump();
}

template <typename Visit>
void Watches::WithWatch(Part part, Visit visit) {
  switch (part) {
    case Part::kTime:
      break;
    case Part::kRate:
      return visit(&rate_);
    case Part::kSilence:
      return visit(&silence_);
    case Part::kFollowers:
      return visit(&followers_);
    case Part::kCombinations:
      return visit(&combinations_);
  }
}

void Watches::Save(Part part, bool whole, StateWriter& out) {
  if (part == Part::kTime) {
    out.Bool(begun_);
    out.I64(slot_);
    out.Bool(active_);
  }
  WithWatch(part, [&](auto* watch) { whole ? watch->Save(out) : watch->SaveChanges(out); });
}

bool Watches::LoadTime(StateReader& in) {
  begun_ = in.Bool();
  slot_ = in.I64();
  active_ = in.Bool();
  // Times that the clock lets pass.
  return in.ok() && slot_ >= 0 && slot_ <= SlotOf(Time(std::chrono::hours(24) * 365 * 231));
}

bool Watches::Load(Part part, bool whole, StateReader& in) {
  if (part == Part::kTime) return LoadTime(in);
  bool loaded = false;
  WithWatch(part, [&](auto* watch) { loaded = whole ? watch->Load(in) : watch->ApplyChanges(in); });
  return loaded;
}

// Where the time begins anew, the watches take its first slot for a jump.
void Watches::Clear(Part part) {
  if (part == Part::kTime) {
    begun_ = active_ = false;
    slot_ = 0;
  }
  WithWatch(part, [](auto* watch) { watch->Clear(); });
}

}  // namespace alogd
