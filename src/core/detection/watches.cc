// SPDX-License-Identifier: MIT
// Walks through the slots of time, and keeps each watch's state as a section of its own.
#include "core/detection/watches.h"

#include <algorithm>
#include <string>

namespace alogd {
namespace {

template <typename Watch>
void SaveSection(std::string_view name, bool whole, Watch* watch, StateWriter& out) {
  std::string bytes;
  StateWriter section(&bytes);
  whole ? watch->Save(section) : watch->SaveChanges(section);
  out.Bytes(name);
  out.Bytes(bytes);
}

// One whose form is another since begins anew.
template <typename Watch>
void LoadSection(std::string_view bytes, bool whole, Watch* watch) {
  StateReader in(bytes);
  if (!(whole ? watch->Load(in) : watch->ApplyChanges(in))) watch->Clear();
}

}  // namespace

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
    slot_ = SlotOf(record.watermark);
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

void Watches::Save(StateWriter& out, bool whole) {
  out.Bool(begun_);
  out.I64(slot_);
  out.Bool(active_);
  out.U64(4);
  SaveSection("rate", whole, &rate_, out);
  SaveSection("silence", whole, &silence_, out);
  SaveSection("followers", whole, &followers_, out);
  SaveSection("combinations", whole, &combinations_, out);
}

bool Watches::Load(StateReader& in, bool whole) {
  begun_ = in.Bool();
  slot_ = in.I64();
  active_ = in.Bool();
  // Times that the clock lets pass.
  if (slot_ < 0 || slot_ > SlotOf(Time(std::chrono::hours(24) * 365 * 231))) return false;
  for (size_t n = in.Count(2); n > 0 && in.ok(); --n) {
    const std::string_view name = in.Bytes();
    const std::string_view bytes = in.Bytes();
    if (name == "rate") LoadSection(bytes, whole, &rate_);
    if (name == "silence") LoadSection(bytes, whole, &silence_);
    if (name == "followers") LoadSection(bytes, whole, &followers_);
    if (name == "combinations") LoadSection(bytes, whole, &combinations_);
  }
  return in.ok();
}

}  // namespace alogd
