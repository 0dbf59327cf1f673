// SPDX-License-Identifier: MIT
// Hears talkers, measures their pauses, and says which are too long.
#include "core/detection/silence_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

#include "core/detection/stream_key.h"
#include "core/oldest.h"
#include "core/text.h"

namespace alogd {
namespace {

constexpr std::string_view kGroupKey = "\x01group";
constexpr float kPresenceUnit = 200;  // a presence in a byte
constexpr float kWeekly = 0.3f;       // weight of the newest week in the profile
constexpr double kFullMean = 168;     // hours that the mean presence looks back
constexpr uint8_t kMostAlarms = 6;    // of one pause, each twice as long as the one before
// A pause of less than this many expected slots is none, however even the talker: one slot is empty
// by the way that slots are cut.
constexpr float kLeastPause = 1;

std::string Ago(Duration pause) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(pause).count();
  if (minutes < 120) return fmt::format("{} min", minutes);
  if (minutes < 48 * 60) return fmt::format("{}h {}min", minutes / 60, minutes % 60);
  return fmt::format("{} days {}h", minutes / 1440, minutes / 60 % 24);
}

}  // namespace

void SilenceWatch::Observe(const Sighting& record, int64_t slot, WatchSteps* out) {
  if (!options_.enabled) return;
  Hear(kGroupKey, Kind::kGroup, record, slot, out);
  Hear(record.source, Kind::kSource, record, slot, out);
  // A stream that is all of its source (its key ends with the tab) would say the same twice.
  if (!record.session && !record.stream.empty() && record.stream.back() != '\t')
    Hear(record.stream, Kind::kStream, record, slot, out);
}

void SilenceWatch::Hear(std::string_view key, Kind kind, const Sighting& record, int64_t slot,
                        WatchSteps* out) {
  auto it = talkers_.find(key);
  if (it == talkers_.end()) {
    if (talkers_.size() >= kMaxTalkers) DropOldest(out);
    it = talkers_.emplace(std::string(key), Talker{}).first;
    it->second.kind = kind;
    it->second.first = record.watermark;
    it->second.longest.since = slot / kSlotsAnHour;
    it->second.slot = slot - 1;
    it->second.presence.fill(kUnseen);
  }
  Talker& talker = it->second;
  if (talker.slot != slot) {
    ++talker.hour_slots;
    talker.heard += 1;
    talker.longest.Add(Pause(talker, slot, HourPlace(slot)));
    talker.waited = 0;
    talker.slot = slot;
    if (talker.alarms > 0) {
      talker.alarms = 0;
      Under(it->first, out);
    }
  }
  talker.last = record.watermark;
  talker.ref = record.ref;
  talker.id = record.id;
  if (!talker.listed) changed_.insert(it->first);
  talker.listed = true;
}

float SilenceWatch::Presence(const Talker& talker, size_t hour) const {
  const auto at = [&](size_t h) {
    const uint8_t p = talker.presence[h % kHoursAWeek];
    return p == kUnseen ? talker.mean : static_cast<float>(p) / kPresenceUnit;
  };
  return 0.5f * at(hour) + 0.25f * (at(hour + 1) + at(hour + kHoursAWeek - 1));
}

// `ended` slots are over of the hour of `slot`.
float SilenceWatch::Pause(const Talker& talker, int64_t slot, int64_t ended) const {
  const int64_t hour = slot - HourPlace(slot);  // its first slot
  const int64_t from = std::max(talker.slot + 1, hour) - hour;
  if (from >= ended) return talker.waited;
  const uint32_t active = talker.kind == Kind::kGroup ? (1u << ended) - 1 : active_;
  const int slots = std::popcount(active >> from);
  return talker.waited + static_cast<float>(slots) * Presence(talker, HourOfWeek(slot));
}

void SilenceWatch::EndSlot(int64_t slot, bool active, WatchSteps* out) {
  if (!options_.enabled) return;
  if (active) active_ |= 1u << HourPlace(slot);
  for (auto& [key, talker] : talkers_) {
    if (talker.slot < slot && (active || talker.kind == Kind::kGroup))
      Wait(key, &talker, slot, out);
  }
  if (!EndsHour(slot)) return;
  for (auto& [key, talker] : talkers_) {
    EndHour(&talker, slot);
    changed_.insert(key);
  }
  active_ = 0;
  ++hours_ended_;
  last_hour_ = HourOfWeek(slot);
}

void SilenceWatch::Wait(const std::string& key, Talker* talker, int64_t slot, WatchSteps* out) {
  const float waited = Pause(*talker, slot, HourPlace(slot) + 1);
  const Time now = SlotBegin(slot + 1);
  const float longest = std::max(talker->longest.most(), kLeastPause);
  const double limit = options_.factor * static_cast<double>(longest) *
                       std::exp2(static_cast<double>(talker->alarms));
  if (static_cast<double>(waited) < limit || talker->alarms >= kMostAlarms) return;
  if (now - talker->last < options_.least || talker->last - talker->first < options_.learn) return;
  if (talker->heard < static_cast<double>(kSupport * longest)) return;
  out->push_back(Describe(key, *talker, now, waited / longest));
  ++talker->alarms;
  changed_.insert(key);
}

void SilenceWatch::EndHour(Talker* talker, int64_t slot) const {
  talker->waited = Pause(*talker, slot, kSlotsAnHour);
  talker->longest.Turn((slot + 1) / kSlotsAnHour);
  const uint32_t slots =
      talker->kind == Kind::kGroup ? kSlotsAnHour : static_cast<uint32_t>(std::popcount(active_));
  const uint32_t heard = std::exchange(talker->hour_slots, 0);
  if (slots == 0) return;
  const float now = std::min(1.0f, static_cast<float>(heard) / static_cast<float>(slots));
  const double hours =
      std::chrono::duration<double, std::ratio<3600>>(SlotBegin(slot + 1) - talker->first).count();
  const double weight = 1 / std::clamp(hours, 1.0, kFullMean);
  talker->mean += static_cast<float>(weight) * (now - talker->mean);
  uint8_t& presence = talker->presence[HourOfWeek(slot)];
  const float before = presence == kUnseen ? now : static_cast<float>(presence) / kPresenceUnit;
  presence = static_cast<uint8_t>(std::lround(kPresenceUnit * (before + kWeekly * (now - before))));
}

WatchStep SilenceWatch::Describe(const std::string& key, const Talker& talker, Time now,
                                 float raw) const {
  WatchStep step;
  step.key = "\x01silence\t" + key;
  Finding& f = step.finding;
  f.detector_name = f.evidence.detector = "silence";
  f.time = now;
  f.severity = severity_;
  f.template_id = talker.id;
  f.ref = f.first = f.last = talker.ref;
  const float support =
      static_cast<float>(talker.heard) / std::max(talker.longest.most(), kLeastPause);
  // How sure it is: 40 (MEDIUM) for what is just known well enough, HIGH from ten times that; and
  // for each time that the pause doubles.
  const float score = 40 + 20 * std::log10(support / kSupport) + 10 * talker.alarms;
  f.score = f.evidence.anomaly = std::clamp(score, 40.0f, 90.0f);
  f.evidence.raw = raw;
  f.evidence.threshold = static_cast<float>(options_.factor);
  f.evidence.unit = "times its longest pause so far, in five-minute slots it was expected in";
  std::string who = "the whole group";
  if (talker.kind != Kind::kGroup) {
    std::tie(f.source, f.stream) = StreamKeys::Split(key);
    who = EscapeForTerminal(f.stream, 200);
  } else {
    f.stream = who;
  }
  const float usual = 100 * Presence(talker, HourOfWeek(SlotOf(now) - 1));
  f.evidence.summary = fmt::format(
      "{} has been silent for {}: around this hour it is heard in {:.0f}% of the five-minute "
      "slots, and its pause is {:.1f} times as long as any in the last weeks",
      who, Ago(now - talker.last), usual, f.evidence.raw);
  return step;
}

void SilenceWatch::Jump(int64_t slot) {
  for (auto& [key, talker] : talkers_) {
    talker.waited = 0;
    talker.hour_slots = 0;
    talker.slot = slot - 1;
    changed_.insert(key);
  }
  active_ = 0;
}

void SilenceWatch::Under(const std::string& key, WatchSteps* out) {
  WatchStep& step = out->emplace_back();
  step.over = false;
  step.key = "\x01silence\t" + key;
}

void SilenceWatch::Stop(WatchSteps* out) {
  for (const auto& [key, talker] : talkers_)
    if (talker.alarms > 0) Under(key, out);
  Clear();
}

void SilenceWatch::DropOldest(WatchSteps* out) {
  // The group itself stays.
  const auto age = [](const Talker& t) { return std::pair(t.kind == Kind::kGroup, t.last); };
  for (const std::string& key : OldestEighth(talkers_, kMaxTalkers, age)) {
    const auto it = talkers_.find(key);
    if (it->second.alarms > 0) Under(key, out);
    talkers_.erase(it);
    changed_.erase(key);
    dropped_.insert(key);
  }
}

// The profile, whole or the hours that ended since the last time.
void SilenceWatch::SaveTalker(const std::string& key, const Talker& t, bool whole,
                              StateWriter& out) const {
  out.Bytes(key);
  out.U8(static_cast<uint8_t>(t.kind));
  out.At(t.first);
  out.At(t.last);
  out.I64(Index(t.ref.file));
  out.U64(t.ref.offset);
  out.U64(t.ref.bytes);
  out.U64(Index(t.id));
  out.U64(t.hour_slots);
  out.I64(t.slot);
  out.F32(t.waited);
  out.F64(t.heard);
  out.F32(t.mean);
  t.longest.Save(out);
  out.U8(t.alarms);
  const size_t hours = whole ? kHoursAWeek : std::min<size_t>(hours_ended_, kHoursAWeek);
  out.U64(hours);
  for (size_t i = 0; i < hours; ++i) {
    const size_t hour = (last_hour_ + kHoursAWeek - i) % kHoursAWeek;
    out.U8(static_cast<uint8_t>(hour));
    out.U8(t.presence[hour]);
  }
}

bool SilenceWatch::LoadTalkers(StateReader& in) {
  for (size_t n = in.Count(20); n > 0 && in.ok(); --n) {
    auto it = talkers_.emplace(std::string(in.Bytes()), Talker{});
    Talker& t = it.first->second;
    if (it.second) t.presence.fill(kUnseen);
    const uint8_t kind = in.U8();
    if (kind > static_cast<uint8_t>(Kind::kStream)) return false;
    t.kind = static_cast<Kind>(kind);
    t.first = in.At();
    t.last = in.At();
    t.ref.file = FileId{in.I64()};
    t.ref.offset = in.U64();
    t.ref.bytes = in.U32();
    t.id = TemplateId{in.U32()};
    t.hour_slots = in.U32();
    t.slot = in.I64();
    t.waited = in.F32();
    t.heard = in.F64();
    t.mean = in.F32();
    t.longest.Load(in);
    t.alarms = std::min(in.U8(), kMostAlarms);
    for (size_t hours = in.Count(2); hours > 0 && in.ok(); --hours) {
      const uint8_t hour = in.U8();
      if (hour >= kHoursAWeek) return false;
      t.presence[hour] = in.U8();
    }
    const bool sane = t.waited >= 0 && std::isfinite(t.waited) && t.heard >= 0 && t.mean >= 0 &&
                      t.mean <= 1.001f && t.first >= Time{} && t.first <= t.last;
    if (!in.ok() || !sane) return false;
  }
  return in.ok() && talkers_.size() <= kMaxTalkers;
}

void SilenceWatch::Save(StateWriter& out) const {
  out.U64(active_);
  out.U8(static_cast<uint8_t>(last_hour_));
  out.U64(talkers_.size());
  for (const auto& [key, talker] : talkers_) SaveTalker(key, talker, true, out);
}

bool SilenceWatch::Load(StateReader& in) {
  talkers_.clear();
  changed_.clear();
  dropped_.clear();
  hours_ended_ = 0;
  active_ = in.U32() & 0xfff;
  last_hour_ = in.U8() % kHoursAWeek;
  return LoadTalkers(in);
}

void SilenceWatch::SaveChanges(StateWriter& out) {
  out.U64(active_);
  out.U8(static_cast<uint8_t>(last_hour_));
  out.U64(dropped_.size());
  for (const std::string& key : dropped_) out.Bytes(key);
  out.U64(changed_.size());
  for (const std::string& key : changed_) {
    const auto it = talkers_.find(key);
    SaveTalker(key, it->second, false, out);
    it->second.listed = false;
  }
  changed_.clear();
  dropped_.clear();
  hours_ended_ = 0;
}

bool SilenceWatch::ApplyChanges(StateReader& in) {
  active_ = in.U32() & 0xfff;
  last_hour_ = in.U8() % kHoursAWeek;
  for (size_t n = in.Count(1); n > 0 && in.ok(); --n) talkers_.erase(std::string(in.Bytes()));
  return LoadTalkers(in);
}

}  // namespace alogd
