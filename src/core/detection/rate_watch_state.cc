// SPDX-License-Identifier: MIT
// The series of rates as state: whole, or what changed.
#include <cmath>
#include <utility>

#include "core/detection/rate_watch.h"

namespace alogd {

// The profile, whole or the hours that ended since the last time.
void RateWatch::SaveSeries(const std::string& key, const Series& s, bool whole,
                           StateWriter& out) const {
  out.Bytes(key);
  out.At(s.first);
  out.At(s.last);
  out.U64(Index(s.id));
  out.I64(Index(s.ref.file));
  out.U64(s.ref.offset);
  out.U64(s.ref.bytes);
  out.U8(s.severity);
  out.I64(s.slot);
  out.U64(s.count);
  out.U64(s.hour);
  out.U64(s.top);
  out.F32(s.level);
  s.burst.Save(out);
  s.drop.Save(out);
  out.U64(s.judged);
  out.U8(s.bursts);
  out.I64(s.alarm_slot);
  out.Bytes(s.stream);
  out.Bool(s.dropped);
  const size_t hours = whole ? kHoursAWeek : std::min<size_t>(hours_ended_, kHoursAWeek);
  out.U64(hours);
  for (size_t i = 0; i < hours; ++i) {
    const size_t hour = (last_hour_ + kHoursAWeek - i) % kHoursAWeek;
    out.U8(static_cast<uint8_t>(hour));
    out.U8(s.profile[hour]);
  }
}

bool RateWatch::LoadFields(StateReader& in, Series* s) const {
  s->first = in.At();
  s->last = in.At();
  s->id = TemplateId{in.U32()};
  s->ref.file = FileId{in.I64()};
  s->ref.offset = in.U64();
  s->ref.bytes = in.U32();
  s->severity = in.U8();
  s->slot = in.I64();
  s->count = in.U32();
  s->hour = in.U64();
  s->top = in.U32();
  s->level = in.F32();
  s->burst.Load(in);
  s->drop.Load(in);
  s->judged = in.U32();
  s->bursts = in.U8();
  s->alarm_slot = in.I64();
  s->stream = in.Bytes();
  s->dropped = in.Bool();
  s->limit = 0;
  return in.ok() && s->level >= 0 && std::isfinite(s->level) && s->first >= Time{} &&
         s->first <= s->last && s->severity <= 100;
}

bool RateWatch::LoadSeries(StateReader& in) {
  for (size_t n = in.Count(20); n > 0 && in.ok(); --n) {
    const std::string key(in.Bytes());
    const auto [it, created] = series_.try_emplace(key);
    Series& series = it->second;
    if (created) series.profile.fill(kUnseen);
    if (key.empty() || !LoadFields(in, &series)) return false;
    if ((key[0] == 's') != (series.id == kNoTemplate)) return false;
    for (size_t hours = in.Count(2); hours > 0 && in.ok(); --hours) {
      const uint8_t hour = in.U8();
      if (hour >= kHoursAWeek) return false;
      series.profile[hour] = in.U8();
    }
  }
  MakeIndex();
  return in.ok() && series_.size() <= kMaxSeries;
}

void RateWatch::MakeIndex() {
  by_id_.clear();
  by_source_.clear();
  bursting_.clear();
  for (Entry& entry : series_) {
    if (entry.second.id == kNoTemplate)
      by_source_[std::string_view(entry.first).substr(1)] = &entry;
    else
      by_id_[Index(entry.second.id)] = &entry;
    if (entry.second.bursts > 0) bursting_.insert(entry.first);
  }
}

void RateWatch::Save(StateWriter& out) const {
  out.U64(active_slots_);
  out.U8(static_cast<uint8_t>(last_hour_));
  out.U64(series_.size());
  for (const auto& [key, series] : series_) SaveSeries(key, series, true, out);
}

bool RateWatch::Load(StateReader& in) {
  series_.clear();
  changed_.clear();
  dropped_.clear();
  whole_.clear();
  hours_ended_ = 0;
  active_slots_ = in.U32();
  last_hour_ = in.U8() % kHoursAWeek;
  return LoadSeries(in);
}

void RateWatch::SaveChanges(StateWriter& out) {
  out.U64(active_slots_);
  out.U8(static_cast<uint8_t>(last_hour_));
  out.U64(dropped_.size());
  for (const std::string& key : dropped_) out.Bytes(key);
  out.U64(changed_.size());
  for (const std::string& key : changed_) {
    Series& series = series_.at(key);
    SaveSeries(key, series, whole_.contains(key), out);
    series.listed = false;
  }
  changed_.clear();
  whole_.clear();
  dropped_.clear();
  hours_ended_ = 0;
}

bool RateWatch::ApplyChanges(StateReader& in) {
  active_slots_ = in.U32();
  last_hour_ = in.U8() % kHoursAWeek;
  for (size_t n = in.Count(1); n > 0 && in.ok(); --n) series_.erase(std::string(in.Bytes()));
  return LoadSeries(in);
}

}  // namespace alogd
