// SPDX-License-Identifier: MIT
// Counts records by slot and hour, and says what is far from the usual.
#include "core/detection/rate_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

#include "core/detection/stream_key.h"
#include "core/oldest.h"
#include "core/templates/catalog.h"
#include "core/text.h"

namespace alogd {
namespace {

constexpr float kProfileUnit = 12;  // of log2: steps of 6%, up to two million records a slot
constexpr float kWeekly = 0.3f;     // weight of the newest week in the profile
constexpr float kHourly = 0.3f;     // weight of the newest hour in the level: half in 2 hours
// What twice the threshold adds to the score: HIGH for a burst of ordinary records, and not yet
// CRITICAL for one of errors.
constexpr float kDoubled = 35;
constexpr uint8_t kMostBursts = 6;     // of one burst, each twice as high as the one before
constexpr uint32_t kJudgedHours = 48;  // before a drop is said: the first ones show what is usual
// Hours in which the group was hardly heard are not those of a drop.
constexpr uint32_t kActiveSlots = 11;

float FromProfile(uint8_t value) { return std::exp2(static_cast<float>(value) / kProfileUnit) - 1; }
uint8_t ToProfile(float value) {
  return static_cast<uint8_t>(
      std::clamp(std::lround(kProfileUnit * std::log2(1 + value)), 0L, 254L));
}

// The highest (or lowest) of an hour's profile and its neighbours'; `otherwise` where none was
// seen.
template <typename Profile, typename Better>
float Around(const Profile& profile, size_t hour, uint8_t unseen, float otherwise, Better better) {
  float found = otherwise;
  for (const size_t h : {hour + kHoursAWeek - 1, hour, hour + 1}) {
    const uint8_t value = profile[h % kHoursAWeek];
    if (value != unseen) found = better(found, FromProfile(value));
  }
  return found;
}

float Larger(float a, float b) { return std::max(a, b); }
float Smaller(float a, float b) { return std::min(a, b); }

}  // namespace

void RateWatch::Observe(const Sighting& record, int64_t slot, const Catalog& catalog,
                        WatchSteps* out) {
  if (!options_.enabled) return;
  // What was written long before it came (a file that is read late) is no burst of now.
  if (record.time + kSlot < SlotBegin(slot)) return;
  Count(Find(record, false, slot, out), record, slot, catalog, out);
  Count(Find(record, true, slot, out), record, slot, catalog, out);
}

RateWatch::Entry* RateWatch::Find(const Sighting& record, bool source, int64_t slot,
                                  WatchSteps* out) {
  if (source) {
    const auto it = by_source_.find(record.source);
    if (it != by_source_.end()) return it->second;
  } else {
    const auto it = by_id_.find(Index(record.id));
    if (it != by_id_.end()) return it->second;
  }
  if (series_.size() >= kMaxSeries) DropOldest(out);
  const std::string key =
      source ? "s" + std::string(record.source) : fmt::format("t{}", Index(record.id));
  Entry& entry = *series_.emplace(key, Series{}).first;
  Series& series = entry.second;
  series.first = record.watermark;
  series.id = source ? kNoTemplate : record.id;
  series.slot = slot;
  series.burst.since = series.drop.since = slot / kSlotsAnHour;
  series.profile.fill(kUnseen);
  if (source)
    by_source_[std::string_view(entry.first).substr(1)] = &entry;
  else
    by_id_[Index(record.id)] = &entry;
  return &entry;
}

void RateWatch::Count(Entry* entry, const Sighting& record, int64_t slot, const Catalog& catalog,
                      WatchSteps* out) {
  Series& series = entry->second;
  if (series.slot != slot) {
    LearnSlot(&series);
    series.slot = slot;
    series.count = 0;
    series.limit = 0;
  }
  ++series.count;
  ++series.hour;
  series.last = record.watermark;
  series.ref = record.ref;
  series.severity = record.severity;
  std::string_view stream = record.stream;
  if (record.session || stream.empty()) stream = record.source;
  if (series.stream != stream) series.stream = stream;
  if (!series.listed) changed_.insert(entry->first);
  series.listed = true;
  if (series.count < options_.least) return;
  if (series.limit == 0) SetLimit(&series);
  if (static_cast<float>(series.count) >= series.limit) Burst(entry, record, catalog, out);
}

void RateWatch::SetLimit(Series* series) const {
  const size_t hour = HourOfWeek(series->slot);
  if (series->profile[hour] == kUnseen) {
    // As much as in the busiest hour so far: a morning must not be a burst in the first week.
    series->usual = series->level;
    for (const uint8_t value : series->profile)
      if (value != kUnseen) series->usual = std::max(series->usual, FromProfile(value));
  } else {
    series->usual = Around(series->profile, hour, kUnseen, series->level, Larger);
  }
  series->most = std::max(
      {1.0f, series->burst.most(), static_cast<float>(series->top) / (series->usual + Unit())});
  series->limit = (series->usual + Unit()) * static_cast<float>(options_.factor) * series->most *
                  std::exp2(static_cast<float>(series->bursts));
}

void RateWatch::LearnSlot(Series* series) const {
  // Lower values than 1 say nothing.
  if (static_cast<float>(series->count) < Unit()) return;
  if (series->profile[HourOfWeek(series->slot)] == kUnseen) {
    series->top = std::max(series->top, series->count);
    return;
  }
  if (series->limit == 0) SetLimit(series);
  series->burst.Add(static_cast<float>(series->count) / (series->usual + Unit()));
}

void RateWatch::Burst(Entry* entry, const Sighting& record, const Catalog& catalog,
                      WatchSteps* out) {
  if (record.watermark - entry->second.first < options_.learn) return;
  // What two templates had between them is not a burst of the one that they turned out to be.
  if (entry->second.id != kNoTemplate) {
    FoldAliases(catalog, out);
    if (entry->second.limit == 0) SetLimit(&entry->second);
  }
  Series& series = entry->second;
  if (static_cast<float>(series.count) < series.limit || series.bursts >= kMostBursts) return;
  WatchStep& step = out->emplace_back(Over("burst", *entry, catalog));
  Finding& f = step.finding;
  f.time = record.watermark;
  f.message = record.message;
  f.score = f.evidence.anomaly =
      std::min(100.0f, 40 + kDoubled * static_cast<float>(series.bursts));
  f.evidence.raw = static_cast<float>(series.count) / (series.usual + Unit());
  f.evidence.threshold = static_cast<float>(options_.factor) * series.most;
  f.evidence.unit = "times the usual number of records";
  f.evidence.summary = fmt::format(
      "a burst: {} {} within five minutes and going on; usual around this hour are {:.3g}, and "
      "this "
      "is {:.3g} times as far over it as any five minutes of the last weeks",
      series.count, f.evidence.summary, series.usual, f.evidence.raw / series.most);
  ++series.bursts;
  series.alarm_slot = series.slot;
  series.limit *= 2;
  bursting_.insert(entry->first);
}

WatchStep RateWatch::Over(const char* kind, const Entry& entry, const Catalog& catalog) const {
  const Series& series = entry.second;
  WatchStep step;
  step.key = fmt::format("\x01{}\t{}", kind, entry.first);
  Finding& f = step.finding;
  f.detector_name = f.evidence.detector = "rate";
  f.severity = std::max(severity_, series.severity);
  std::tie(f.source, f.stream) = StreamKeys::Split(series.stream);
  f.template_id = series.id;
  f.ref = f.first = f.last = series.ref;
  if (series.id == kNoTemplate) {
    f.source = f.stream = entry.first.substr(1);
    f.evidence.summary = "records of " + EscapeForTerminal(f.source, 200);
    return step;
  }
  f.template_text = catalog.Text(series.id);
  f.evidence.summary = fmt::format("records '{}'", EscapeForTerminal(f.template_text, 200));
  return step;
}

void RateWatch::Under(const char* kind, const std::string& key, WatchSteps* out) {
  WatchStep& step = out->emplace_back();
  step.over = false;
  step.key = fmt::format("\x01{}\t{}", kind, key);
}

void RateWatch::EndSlot(int64_t slot, bool active, const Catalog& catalog, WatchSteps* out) {
  if (!options_.enabled) return;
  active_slots_ += active;
  for (auto it = bursting_.begin(); it != bursting_.end();) {
    Series& series = series_.find(*it)->second;
    if (series.alarm_slot == slot) {
      ++it;
      continue;
    }
    series.bursts = 0;
    series.limit = 0;
    changed_.insert(*it);
    Under("burst", *it, out);
    it = bursting_.erase(it);
  }
  if (!EndsHour(slot)) return;
  EndHour(slot, active_slots_ >= kActiveSlots, catalog, out);
  active_slots_ = 0;
  ++hours_ended_;
  last_hour_ = HourOfWeek(slot);
}

void RateWatch::EndHour(int64_t slot, bool judge, const Catalog& catalog, WatchSteps* out) {
  FoldAliases(catalog, out);
  for (Entry& entry : series_) {
    Series& series = entry.second;
    if (series.slot > slot - kSlotsAnHour) LearnSlot(&series);
    if (judge) JudgeDrop(&entry, slot, catalog, out);
    if (LearnHour(&series, slot)) changed_.insert(entry.first);
  }
}

void RateWatch::JudgeDrop(Entry* entry, int64_t slot, const Catalog& catalog, WatchSteps* out) {
  Series& series = entry->second;
  // Only the profile tells an evening from a fault.
  if (series.profile[HourOfWeek(slot)] == kUnseen) return;
  const float usual =
      kSlotsAnHour * Around(series.profile, HourOfWeek(slot), kUnseen, series.level, Smaller);
  const float raw = (usual + 1) / (static_cast<float>(series.hour) + 1);
  const auto factor = static_cast<float>(options_.factor);
  const bool tells = usual >= static_cast<float>(options_.least);
  if (series.dropped && (!tells || raw < factor)) {
    series.dropped = false;
    changed_.insert(entry->first);
    Under("drop", entry->first, out);
  }
  if (!tells) return;
  const float most = std::max(1.0f, series.drop.most());
  // A source that says nothing at all is silent, which is said elsewhere.
  const bool silent = series.id == kNoTemplate && series.hour == 0;
  if (++series.judged > kJudgedHours && !series.dropped && raw >= factor * most && !silent) {
    series.dropped = true;
    WatchStep& step = out->emplace_back(Over("drop", *entry, catalog));
    Finding& f = step.finding;
    f.time = SlotBegin(slot + 1);
    f.score = f.evidence.anomaly =
        std::min(100.0f, 40 + kDoubled * std::log2(raw / (factor * most)));
    f.evidence.raw = raw;
    f.evidence.threshold = factor * most;
    f.evidence.unit = "times fewer records than usual";
    f.evidence.summary = fmt::format(
        "a drop: {} {} within an hour; usual around this hour are {:.3g}, and no hour of the last "
        "weeks had more than {:.3g} times fewer than that",
        series.hour, f.evidence.summary, usual, most);
  }
  series.drop.Add(raw);
}

bool RateWatch::LearnHour(Series* series, int64_t slot) const {
  const float records = static_cast<float>(std::exchange(series->hour, 0)) / kSlotsAnHour;
  series->count = 0;  // learned
  // The first time the hour itself is what is usual then: how uneven it was is all there is to
  // learn.
  if (series->top > 0)
    series->burst.Add(static_cast<float>(std::exchange(series->top, 0)) / (records + Unit()));
  const float level = series->level;
  series->level += kHourly * (records - level);
  if (series->level < 1e-3f) series->level = 0;  // so that what is gone stops changing
  uint8_t& profile = series->profile[HourOfWeek(slot)];
  const uint8_t before = profile;
  const float usual = profile == kUnseen ? records : FromProfile(profile);
  profile = ToProfile(usual + kWeekly * (records - usual));
  // Steps are coarse: what is never heard again must get to nothing.
  if (records == 0 && before == profile && profile > 0) --profile;
  const int64_t hour = (slot + 1) / kSlotsAnHour;
  const bool turned = series->burst.Turn(hour) | series->drop.Turn(hour);
  series->limit = 0;
  return records > 0 || series->level != level || profile != before || turned;
}

void RateWatch::FoldAliases(const Catalog& catalog, WatchSteps* out) {
  for (auto it = series_.begin(); it != series_.end();) {
    const auto here = it++;
    const TemplateId id = here->second.id;
    if (id == kNoTemplate || catalog.Resolve(id) == id) continue;
    Series from = here->second;
    from.id = catalog.Resolve(id);
    Erase(here, out);
    const std::string key = fmt::format("t{}", Index(from.id));
    const auto [into, created] = series_.try_emplace(key, from);
    if (created) {
      into->second.bursts = 0;
      into->second.dropped = false;
      by_id_[Index(from.id)] = &*into;
    } else {
      Fold(from, &into->second);
    }
    into->second.limit = 0;
    changed_.insert(key);
    whole_.insert(key);
  }
}

void RateWatch::Fold(const Series& from, Series* into) const {
  into->first = std::min(into->first, from.first);
  into->last = std::max(into->last, from.last);
  if (from.slot == into->slot) into->count += from.count;
  into->hour += from.hour;
  into->top += from.top;
  into->level += from.level;
  into->burst.Add(from.burst.most());
  into->drop.Add(from.drop.most());
  for (size_t h = 0; h < into->profile.size(); ++h) {
    uint8_t& hour = into->profile[h];
    if (from.profile[h] == kUnseen) continue;
    hour = hour == kUnseen ? from.profile[h]
                           : ToProfile(FromProfile(hour) + FromProfile(from.profile[h]));
  }
}

void RateWatch::Erase(All::iterator it, WatchSteps* out) {
  if (bursting_.erase(it->first) > 0) Under("burst", it->first, out);
  if (it->second.dropped) Under("drop", it->first, out);
  if (it->second.id == kNoTemplate)
    by_source_.erase(std::string_view(it->first).substr(1));
  else
    by_id_.erase(Index(it->second.id));
  changed_.erase(it->first);
  whole_.erase(it->first);
  dropped_.insert(it->first);
  series_.erase(it);
}

void RateWatch::Stop(WatchSteps* out) {
  while (!series_.empty()) Erase(series_.begin(), out);
  Clear();
}

void RateWatch::DropOldest(WatchSteps* out) {
  for (const std::string& key :
       OldestEighth(series_, kMaxSeries, [](const Series& s) { return s.last; }))
    Erase(series_.find(key), out);
}

void RateWatch::Jump() {
  for (auto& [key, series] : series_) {
    series.hour = series.count = 0;
    series.limit = 0;
    changed_.insert(key);
  }
  active_slots_ = 0;
}

}  // namespace alogd
