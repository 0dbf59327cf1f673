// SPDX-License-Identifier: MIT
// Moves the watermark, or refuses to.
#include "core/detection/event_clock.h"

#include <algorithm>

namespace alogd {
namespace {

// Outside of these a time is a mistake of its header; it also keeps sums of times from overflowing.
constexpr Time kEarliest{};                                  // 1970
constexpr Time kLatest{std::chrono::hours(24) * 365 * 230};  // 2199

bool IsPossible(Time time) { return time == kNoTime || (time >= kEarliest && time <= kLatest); }

bool Near(Time a, Time b) {
  const Duration d = a > b ? a - b : b - a;
  return d <= EventClock::kMaxJump;
}

}  // namespace

Time EventClock::Observe(Time printed) {
  moved_back_ = false;
  if (!IsPossible(printed)) printed = kNoTime;
  // Before the first time there is nothing to fall back to; the epoch is as good as any.
  if (printed == kNoTime) return watermark_ == kNoTime ? Time{} : watermark_;
  if (watermark_ == kNoTime) return watermark_ = printed;
  if (Near(printed, watermark_)) {
    agreeing_ = 0;
    watermark_ = std::max(watermark_, printed);
    return printed;
  }
  agreeing_ = agreeing_ > 0 && Near(printed, candidate_) ? agreeing_ + 1 : 1;
  candidate_ = printed;
  if (agreeing_ < kAgree) {
    ++clamped_;
    return watermark_;
  }
  agreeing_ = 0;
  moved_back_ = printed < watermark_;
  return watermark_ = printed;
}

void EventClock::Save(StateWriter& out) const {
  out.At(watermark_);
  out.At(candidate_);
  out.U64(agreeing_);
}

bool EventClock::Load(StateReader& in) {
  watermark_ = in.At();
  candidate_ = in.At();
  agreeing_ = in.U32();
  return in.ok() && IsPossible(watermark_) && IsPossible(candidate_);
}

}  // namespace alogd
