// SPDX-License-Identifier: MIT
// What logrotate, savelog and programs that rotate by themselves put behind the name of a log.
#include <algorithm>
#include <string_view>

#include "core/config/path_set.h"

namespace alogd {
namespace {

constexpr std::string_view kCompressed[] = {".gz", ".xz", ".zst", ".bz2", ".lz4", ".lzma", ".Z"};
constexpr std::string_view kPut_aside[] = {".old", ".bak", ".prev"};

bool AllDigits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// The number in text[at, at + n), or -1 if these are not n digits.
int Digits(std::string_view text, size_t at, size_t n) {
  if (text.size() < at + n || !AllDigits(text.substr(at, n))) return -1;
  int value = 0;
  for (const char c : text.substr(at, n)) value = value * 10 + (c - '0');
  return value;
}

// Behind the day: nothing, an hour with or without minutes and seconds, or seconds since 1970.
bool IsTimeOfDay(std::string_view text) {
  if (text.empty()) return true;
  if (text.front() == '-' || text.front() == '_' || text.front() == 'T') text.remove_prefix(1);
  const size_t n = text.size();
  if (n != 2 && n != 4 && n != 6 && n != 10) return false;
  return AllDigits(text) && (n == 10 || Digits(text, 0, 2) < 24);
}

// 20261122 or 2026-11-22, with or without a time of day.
bool IsDate(std::string_view text) {
  const size_t dash = text.size() > 4 && text[4] == '-' ? 1 : 0;
  const int year = Digits(text, 0, 4), month = Digits(text, 4 + dash, 2),
            day = Digits(text, 6 + 2 * dash, 2);
  if (year < 1970 || year > 2199 || month < 1 || month > 12 || day < 1 || day > 31) return false;
  if (dash != 0 && text[7] != '-') return false;
  return IsTimeOfDay(text.substr(8 + 2 * dash));
}

template <typename Suffixes>
size_t SuffixOf(std::string_view name, const Suffixes& suffixes) {
  for (const std::string_view suffix : suffixes)
    if (name.size() > suffix.size() && name.ends_with(suffix)) return suffix.size();
  return 0;
}

// Up to 999: a file a second is not kept longer than that, and years and ports have four digits.
size_t NumberSuffix(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return 0;
  const std::string_view number = name.substr(dot + 1);
  return !number.empty() && number.size() <= 3 && AllDigits(number) ? name.size() - dot : 0;
}

size_t DateSuffix(std::string_view name) {
  for (size_t i = 1; i + 8 < name.size(); ++i)
    if ((name[i] == '-' || name[i] == '.' || name[i] == '_') && IsDate(name.substr(i + 1)))
      return name.size() - i;
  return 0;
}

}  // namespace

bool IsCompressedName(std::string_view name) { return SuffixOf(name, kCompressed) > 0; }

std::string_view WithoutRotationSuffix(std::string_view name) {
  name.remove_suffix(SuffixOf(name, kCompressed));
  name.remove_suffix(SuffixOf(name, kPut_aside));
  name.remove_suffix(NumberSuffix(name));
  name.remove_suffix(DateSuffix(name));
  return name;
}

}  // namespace alogd
