// SPDX-License-Identifier: MIT
// Civil times to instants, with the zone database and the year that logs leave out.
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
// A log's clock and its file's mtime agree within these: a date that is later by more belongs to
// the year before, a time of day to the day before.
constexpr int64_t kYearSlack = kDay;
constexpr int64_t kDaySlack = 600;
// Without a reference years are counted from a leap year, so that Feb 29 exists.
constexpr int64_t kUnknownReference = 1096 * kDay;  // 1973-01-01, so the first times fall in 1972

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

int64_t LocalZone::ToUtc(int64_t local_s) {
  if (local_s >= begin_ && local_s < end_) return local_s - offset_s_;
  if (zone_ == nullptr) return local_s;
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
    return local_s - offset;
  } catch (const std::exception&) {
    return local_s;
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

TimeReader::TimeReader(LocalZone zone, Time reference)
    : zone_(zone),
      reference_s_(reference == kNoTime || reference == kEndOfTime
                       ? kUnknownReference
                       : zone.ToLocal(Micros(reference) / 1000000)) {}

size_t TimeReader::Read(std::string_view text, TimeCache* cache, Time* out) {
  size_t length = 0;
  if (ReadCached(text, *cache, &length, out)) return length;
  CivilTime t;
  if (!ScanTime(text, &t)) return 0;
  *out = ToTime(t);
  cache->prefix_length = 0;
  if (t.second_at != 0 && t.fraction_end <= t.length && t.second_at <= TimeCache::kMaxText &&
      t.length - t.fraction_end <= TimeCache::kMaxText && t.second < 60 && *out != kNoTime) {
    std::memcpy(cache->prefix, text.data(), t.second_at);
    std::memcpy(cache->suffix, text.data() + t.fraction_end, t.length - t.fraction_end);
    cache->prefix_length = static_cast<uint8_t>(t.second_at);
    cache->suffix_length = static_cast<uint8_t>(t.length - t.fraction_end);
    cache->minute_us = Micros(*out) - int64_t{t.second} * 1000000 - t.micros;
    cache->moves_reference = t.year == 0;
    cache->reference_s = reference_s_;
  }
  return t.length;
}

bool TimeReader::ReadCached(std::string_view text, const TimeCache& cache, size_t* length,
                            Time* out) {
  const size_t at = cache.prefix_length;
  if (at == 0 || text.size() < at + 2 || std::memcmp(text.data(), cache.prefix, at) != 0)
    return false;
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
  if (next != '\0' && next != ' ' && next != ',' && next != ']' && next != '\t' && next != '|') {
    if (next != ':' || IsDigit(At(text, end + 1))) return false;
  }
  if (next == ' ' && cache.suffix_length == 0) {
    const char behind = At(text, end + 1);
    // The year that ctime writes last.
    if (cache.moves_reference && at > 15 && IsDigit(behind)) return false;
    if (behind == '+' || behind == '-' || IsUpper(behind) || behind == 'a' || behind == 'p' ||
        behind == 'A' || behind == 'P') {
      int offset = 0;
      if (ScanZone(text, end, &offset) != end) return false;
      if (ToLower(At(text, end + 2)) == 'm' && !IsAlnum(At(text, end + 3))) return false;
    }
  }
  if (cache.moves_reference) reference_s_ = cache.reference_s;
  *length = end;
  *out = FromMicros(cache.minute_us + int64_t{tens * 10 + ones} * 1000000 + micros);
  return true;
}

Time TimeReader::ToTime(const CivilTime& t) {
  if (t.is_epoch) return FromMicros(t.epoch_us);
  int64_t day = 0;
  if (t.year != 0) {
    day = DaysFromCivil(t.year, t.month, t.day);
  } else {
    day = t.has_date() ? NearestYear(t) : NearestDay(t);
  }
  const int64_t local = day * kDay + t.hour * 3600 + t.minute * 60 + t.second;
  if (t.year == 0) {
    reference_s_ = FloorToMinute(local);
    reference_seen_ = true;
  }
  const int64_t utc = t.has_offset ? local - t.offset_s : zone_.ToUtc(local);
  return FromMicros(utc * 1000000 + t.micros);
}

// The day of a date without a year: once records came, the year nearest to the last of them, so
// that New Year moves it on and a line out of order does not; before that the latest year not after
// the reference.
int64_t TimeReader::NearestYear(const CivilTime& t) const {
  const int64_t clock = t.hour * 3600 + t.minute * 60 + t.second;
  const int year = 1970 + static_cast<int>(reference_s_ / kDay * 400 / 146097);
  int64_t best = 0, best_distance = INT64_MAX;
  for (int y = year - 5; y <= year + 5; ++y) {  // five years span a leap day even around 2100
    if (t.day > DaysInMonth(y, t.month)) continue;
    const int64_t day = DaysFromCivil(y, t.month, t.day);
    const int64_t ahead = day * kDay + clock - reference_s_;
    if (!reference_seen_ && ahead > kYearSlack) continue;
    const int64_t distance = std::abs(ahead);
    if (distance < best_distance) best_distance = distance, best = day;
  }
  return best;
}

// Likewise the day of a time without a date.
int64_t TimeReader::NearestDay(const CivilTime& t) const {
  const int64_t clock = t.hour * 3600 + t.minute * 60 + t.second;
  const int64_t today = (reference_s_ - ((reference_s_ % kDay) + kDay) % kDay) / kDay;
  int64_t best = today, best_distance = INT64_MAX;
  for (int64_t day = today - 1; day <= today + 1; ++day) {
    const int64_t ahead = day * kDay + clock - reference_s_;
    if (!reference_seen_ && ahead > kDaySlack) continue;
    const int64_t distance = std::abs(ahead);
    if (distance < best_distance) best_distance = distance, best = day;
  }
  return best;
}

void TimeReader::Save(StateWriter& out) const {
  out.I64(reference_s_);
  out.Bool(reference_seen_);
}

bool TimeReader::Load(StateReader& in) {
  reference_s_ = std::clamp<int64_t>(in.I64(), -(int64_t{1} << 36), int64_t{1} << 36);
  reference_seen_ = in.Bool();
  return in.ok();
}

}  // namespace alogd
