// SPDX-License-Identifier: MIT
// Moves the watermark, or refuses to.
#include "core/detection/event_clock.h"

#include <algorithm>

namespace alogd {
namespace {

// Outside of these a time is a mistake of its header; it also keeps sums of times from overflowing.
constexpr Time kEarliest{};                                  // 1970
constexpr Time kLatest{std::chrono::hours(24) * 365 * 230};  // 2199

constexpr Duration kHour = std::chrono::hours(1);

bool IsPossible(Time time) { return time == kNoTime || (time >= kEarliest && time <= kLatest); }

bool Near(Time a, Time b, Duration most) { return (a > b ? a - b : b - a) <= most; }

// A zone's difference where it is one, else the time itself.
Duration ByZone(Duration ahead) {
  const Duration step = EventClock::kZoneStep;
  const Duration zone = (ahead + step / 2) / step * step;
  return Near(Time(zone), Time(ahead), EventClock::kAhead) ? zone : ahead;
}

}  // namespace

Time EventClock::Present() const {
  if (passed_ == kNoTime) return watermark_;
  return watermark_ == kNoTime ? now_ : std::max(watermark_, passed_);
}

Time EventClock::Clamp() {
  ++clamped_;
  if (watermark_ == kNoTime) return Present() == kNoTime ? kEarliest : Present();
  return watermark_ = Present();
}

void EventClock::LearnOffset(SourceClock* clock, Duration ahead) {
  clock->right = 0;
  clock->times =
      clock->times > 0 && Near(Time(ahead), Time(clock->ahead), kAhead) ? clock->times + 1 : 1;
  clock->ahead = ahead;
  if (clock->times < kAgree) return;
  clock->offset = ByZone(ahead);
  clock->times = 0;
}

Time EventClock::Corrected(std::string_view source, Time printed) {
  if (now_ == kNoTime) return printed;
  auto it = sources_.find(source);
  if (it == sources_.end()) {
    if (printed <= now_ + kAhead) return printed;
    if (sources_.size() >= kMaxSources) return kNoTime;
    it = sources_.emplace(source, SourceClock()).first;
  }
  SourceClock& clock = it->second;
  if (clock.offset > Duration(0) && Near(printed, now_, kAhead)) {
    if (++clock.right < kAgree) return printed;
    sources_.erase(it);
    return printed;
  }
  if (printed - clock.offset > now_ + kAhead) {
    LearnOffset(&clock, printed - now_);
    return printed - clock.offset > now_ + kAhead ? kNoTime : printed - clock.offset;
  }
  clock.right = clock.times = 0;
  // Old lines of a file that is read late are not ahead of anything: which clock they are by only
  // what comes now can tell.
  return printed - clock.offset;
}

Time EventClock::Observe(std::string_view source, Time printed) {
  moved_back_ = false;
  if (!IsPossible(printed)) printed = kNoTime;
  if (printed == kNoTime) {
    const Time present = Present();
    return present == kNoTime ? kEarliest : present;
  }
  const Time time = Corrected(source, printed);
  if (time == kNoTime || time < kEarliest) return Clamp();
  if (watermark_ == kNoTime) return watermark_ = time;
  if (!Near(time, watermark_, kMaxJump)) return MoveFar(time);
  agreeing_ = 0;
  return MoveAhead(time);
}

Time EventClock::MoveFar(Time time) {
  held_ = kNoTime;
  agreeing_ = agreeing_ > 0 && Near(time, candidate_, kMaxJump) ? agreeing_ + 1 : 1;
  candidate_ = time;
  if (agreeing_ < kAgree) return Clamp();
  agreeing_ = 0;
  moved_back_ = time < watermark_;
  return watermark_ = time;
}

Time EventClock::MoveAhead(Time time) {
  const bool jumps = time > Present() + kHeldJump && in_hour_ + in_last_hour_ >= kBusy;
  const bool confirmed = held_ != kNoTime && time + kHeldJump >= held_;
  if (jumps && !confirmed) {
    held_ = time;
    return time;
  }
  clamped_ += held_ != kNoTime && !confirmed;
  held_ = kNoTime;
  watermark_ = std::max(watermark_, time);
  Count(time);
  return time;
}

void EventClock::Count(Time time) {
  if (hour_ == kNoTime || time >= hour_ + kHour || time < hour_ - kHour) {
    in_last_hour_ = hour_ != kNoTime && time < hour_ + 2 * kHour ? in_hour_ : 0;
    in_hour_ = 0;
    hour_ = time;
  }
  in_hour_ = std::min(in_hour_ + 1, kBusy);
}

Duration EventClock::Offset(std::string_view source) const {
  const auto it = sources_.find(source);
  return it == sources_.end() ? Duration(0) : it->second.offset;
}

void EventClock::Save(StateWriter& out) const {
  out.At(watermark_);
  out.At(candidate_);
  out.U64(agreeing_);
  out.At(held_);
  out.At(hour_);
  out.U64(in_hour_);
  out.U64(in_last_hour_);
  out.U64(sources_.size());
  for (const auto& [name, clock] : sources_) {
    out.Bytes(name);
    out.I64(clock.offset.count());
    out.I64(clock.ahead.count());
    out.U64(clock.times);
    out.U64(clock.right);
  }
}

bool EventClock::Load(StateReader& in, uint32_t version) {
  watermark_ = in.At();
  candidate_ = in.At();
  agreeing_ = in.U32();
  held_ = hour_ = kNoTime;
  in_hour_ = in_last_hour_ = 0;
  sources_.clear();
  if (version > 1) {
    held_ = in.At();
    hour_ = in.At();
    in_hour_ = in.U32();
    in_last_hour_ = in.U32();
    for (size_t n = in.Count(5); n > 0 && in.ok(); --n) {
      const std::string name(in.Bytes());
      SourceClock clock;
      clock.offset = Duration(in.I64());
      clock.ahead = Duration(in.I64());
      clock.times = in.U32();
      clock.right = in.U32();
      const Duration most = kLatest - kEarliest;
      if (clock.offset < Duration(0) || clock.offset > most || clock.ahead < Duration(0) ||
          clock.ahead > most)
        return false;
      sources_.emplace(name, clock);
    }
  }
  return in.ok() && sources_.size() <= kMaxSources && IsPossible(watermark_) &&
         IsPossible(candidate_) && IsPossible(held_) && IsPossible(hour_) && in_hour_ <= kBusy &&
         in_last_hour_ <= kBusy;
}

}  // namespace alogd
