// SPDX-License-Identifier: MIT
// Civil times to instants, with the zone database and what else the source's times say.
#include "core/headers/time_reader.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "core/headers/scan.h"

namespace alogd {

namespace {

constexpr int64_t kDay = 86400;
constexpr size_t kClockPrefix = 6;  // "13:45:", with no date before it
// Lines of one log are out of order by less.
constexpr int64_t kDisorder = 300;

int64_t FloorToMinute(int64_t seconds) { return seconds - ((seconds % 60) + 60) % 60; }

}  // namespace

Result<LocalZone> LocalZone::Create(const std::string& name) {
  LocalZone out;
  try {
    out.zone_ = name.empty() ? date::current_zone() : date::locate_zone(name);
  } catch (const std::exception& e) {
    if (!name.empty()) {
      return Error{
          fmt::format("unknown time zone '{}': {} (names are as in /usr/share/zoneinfo, such as "
                      "Europe/Berlin)",
                      name, e.what())};
    }
  }
  return out;
}

LocalZone::Instants LocalZone::ToUtc(int64_t local_s) {
  if (local_s >= begin_ && local_s < end_) return {local_s - offset_s_, local_s - offset_s_};
  if (zone_ == nullptr) return {local_s, local_s};
  const auto* zone = static_cast<const date::time_zone*>(zone_);
  try {
    const date::local_info info =
        zone->get_info(date::local_seconds(std::chrono::seconds(local_s)));
    const int64_t offset = info.first.offset.count();
    // Times a day away from both ends are in no gap or overlap.
    begin_ =
        std::max<int64_t>(info.first.begin.time_since_epoch().count(), -(int64_t{1} << 40)) + kDay;
    end_ = std::min<int64_t>(info.first.end.time_since_epoch().count(), int64_t{1} << 40) - kDay;
    offset_s_ = offset;
    const bool twice = info.result == date::local_info::ambiguous;
    return {local_s - offset, local_s - (twice ? info.second.offset.count() : offset)};
  } catch (const std::exception&) {
    return {local_s, local_s};
  }
}

int64_t LocalZone::ToLocal(int64_t utc_s) const {
  if (zone_ == nullptr) return utc_s;
  try {
    const date::sys_seconds time{std::chrono::seconds(utc_s)};
    return utc_s + static_cast<const date::time_zone*>(zone_)->get_info(time).offset.count();
  } catch (const std::exception&) {
    return utc_s;
  }
}

TimeReader::TimeReader(LocalZone zone, Time reference) : zone_(zone) {
  if (reference != kNoTime && reference != kEndOfTime) {
    reference_ = DateReference(zone.ToLocal(Micros(reference) / 1000000));
  }
}

size_t TimeReader::Read(std::string_view text, TimeCache* cache, Time* out) {
  size_t length = 0;
  if (ReadCached(text, *cache, &length, out)) return length;
  CivilTime t;
  if (!ScanTime(text, &t)) return 0;
  *out = ToTime(t);
  cache->prefix_length = 0;
  if (t.second_at != 0 && t.fraction_end <= t.length && t.second_at <= TimeCache::kMaxText &&
      t.length - t.fraction_end <= TimeCache::kMaxText && t.second < 60 && *out != kNoTime &&
      repeats_) {
    std::memcpy(cache->prefix, text.data(), t.second_at);
    std::memcpy(cache->suffix, text.data() + t.fraction_end, t.length - t.fraction_end);
    cache->prefix_length = static_cast<uint8_t>(t.second_at);
    cache->suffix_length = static_cast<uint8_t>(t.length - t.fraction_end);
    cache->minute_us = Micros(*out) - int64_t{t.second} * 1000000 - t.micros;
    cache->moves_reference = t.year == 0;
    cache->reference_s = reference_.seconds();
    cache->last_utc_s = last_utc_s_;
    cache->order_changes = order_.changes();
  }
  return t.length;
}

bool TimeReader::ReadCached(std::string_view text, const TimeCache& cache, size_t* length,
                            Time* out) {
  const size_t at = cache.prefix_length;
  if (at == 0 || text.size() < at + 2 || std::memcmp(text.data(), cache.prefix, at) != 0)
    return false;
  if (cache.order_changes != order_.changes()) return false;
  const auto tens = static_cast<unsigned>(text[at] - '0');
  const auto ones = static_cast<unsigned>(text[at + 1] - '0');
  if (tens > 5 || ones > 9 || IsDigit(At(text, at + 2))) return false;
  int micros = 0;
  size_t end = ScanFraction(text, at + 2, &micros);
  if (cache.suffix_length > 0) {
    if (text.substr(end, cache.suffix_length) !=
        std::string_view(cache.suffix, cache.suffix_length)) {
      return false;
    }
    end += cache.suffix_length;
  }
  // What a full scan would not have stopped before is left to one.
  const char next = At(text, end);
  if (next != '\0' && next != ' ' && next != ',' && next != ']' && next != '\t' && next != '|' &&
      next != ';') {
    if (next != ':' || IsDigit(At(text, end + 1))) return false;
  }
  if (next == ' ' && cache.suffix_length == 0) {
    const char behind = At(text, end + 1);
    // The year that ctime writes last, or the date behind a time of day.
    if (cache.moves_reference && (at > 15 || at <= kClockPrefix) && IsDigit(behind)) return false;
    if (behind == '+' || behind == '-' || IsUpper(behind) || behind == 'a' || behind == 'p' ||
        behind == 'A' || behind == 'P') {
      int offset = 0;
      if (ScanZone(text, end, &offset) != end) return false;
      if (ToLower(At(text, end + 2)) == 'm' && !IsAlnum(At(text, end + 3))) return false;
    }
  }
  if (cache.moves_reference) reference_.Repeat(cache.reference_s);
  last_utc_s_ = cache.last_utc_s;
  *length = end;
  *out = FromMicros(cache.minute_us + int64_t{tens * 10 + ones} * 1000000 + micros);
  return true;
}

Time TimeReader::ToTime(CivilTime t) {
  repeats_ = true;
  if (t.is_epoch) return FromMicros(t.epoch_us);
  if (t.number_count > 0) order_.Resolve(reference_.day(), &t);
  const int64_t day = t.year != 0 ? DaysFromCivil(t.year, t.month, t.day) : reference_.DayOf(t);
  const int64_t local = day * kDay + t.hour * 3600 + t.minute * 60 + t.second;
  LocalZone::Instants instants{local - t.offset_s, local - t.offset_s};
  if (!t.has_offset) instants = zone_.ToUtc(local);
  const int64_t utc = ChooseInstant(instants);
  repeats_ = instants.earlier == instants.later && reference_.may_repeat();
  last_utc_s_ = FloorToMinute(utc);
  return FromMicros(utc * 1000000 + t.micros);
}

// A local time that occurs twice is the later one where the earlier would be a step back that the
// change of the clock explains.
int64_t TimeReader::ChooseInstant(LocalZone::Instants instants) const {
  if (last_utc_s_ == INT64_MIN) return instants.earlier;
  const int64_t least = last_utc_s_ - kDisorder;
  return instants.earlier < least && instants.later >= least ? instants.later : instants.earlier;
}

void TimeReader::Save(StateWriter& out) const {
  reference_.Save(out);
  order_.Save(out);
  out.Bool(last_utc_s_ != INT64_MIN);
  if (last_utc_s_ != INT64_MIN) out.I64(last_utc_s_);
}

bool TimeReader::Load(StateReader& in) {
  bool older = false;
  if (!reference_.Load(in, &older)) return false;
  order_ = DateOrder();
  last_utc_s_ = INT64_MIN;
  if (older) return true;
  if (!order_.Load(in)) return false;
  if (in.Bool()) last_utc_s_ = std::clamp<int64_t>(in.I64(), -(int64_t{1} << 40), int64_t{1} << 40);
  return in.ok();
}

}  // namespace alogd
