// SPDX-License-Identifier: MIT
// Offsets from UTC as numbers and as abbreviations.
#include "core/headers/scan.h"
#include "core/headers/time_text.h"

namespace alogd {

namespace {

struct ZoneName {
  std::string_view name;
  int hours;
};
// Abbreviations that mean one offset nearly everywhere they are written in logs.
constexpr ZoneName kZones[] = {
    {"UTC", 0},   {"GMT", 0},   {"CET", 1},   {"CEST", 2}, {"EET", 2},  {"EEST", 3}, {"WET", 0},
    {"WEST", 1},  {"BST", 1},   {"MSK", 3},   {"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5},
    {"MST", -7},  {"MDT", -6},  {"PST", -8},  {"PDT", -7}, {"JST", 9},  {"KST", 9},  {"AKST", -9},
    {"AKDT", -8}, {"HST", -10}, {"AEST", 10}, {"AEDT", 11}};

size_t ZoneByName(std::string_view text, size_t at, int* offset_s) {
  size_t end = at;
  while (IsUpper(At(text, end)) && end - at < 5) ++end;
  if (end - at < 3 || IsAlnum(At(text, end)) || At(text, end) == '_') return 0;
  const char last = text[end - 1];
  if (last != 'T' && last != 'C' && last != 'K') return 0;  // as all of kZones end; INFO does not
  for (const ZoneName& zone : kZones) {
    if (zone.name == text.substr(at, end - at)) {
      *offset_s = zone.hours * 3600;
      // "GMT+01:00": counted from there.
      const char sign = At(text, end);
      return zone.hours == 0 && (sign == '+' || sign == '-') ? ScanZone(text, end, offset_s) : end;
    }
  }
  return 0;
}

}  // namespace

size_t ScanZone(std::string_view text, size_t at, int* offset_s) {
  const char c = At(text, at);
  if (c == 'Z' && !IsAlnum(At(text, at + 1))) {
    *offset_s = 0;
    return at + 1;
  }
  const bool blank = c == ' ';
  const size_t begin = blank ? at + 1 : at;
  const char sign = At(text, begin);
  if (sign != '+' && sign != '-') {
    if (!IsUpper(sign)) return at;
    const size_t end = ZoneByName(text, begin, offset_s);
    return end != 0 ? end : at;
  }
  const int hours = TwoDigits(text, begin + 1);
  if (hours < 0 || hours > 18) return at;
  size_t end = begin + 3;
  int minutes = 0;
  const size_t minute_at = At(text, end) == ':' ? end + 1 : end;
  if (TwoDigits(text, minute_at) >= 0) {
    minutes = TwoDigits(text, minute_at);
    end = minute_at + 2;
  } else if (blank) {
    return at;
  }
  if (minutes > 59 || IsAlnum(At(text, end))) return at;
  *offset_s = (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
  return end;
}

}  // namespace alogd
