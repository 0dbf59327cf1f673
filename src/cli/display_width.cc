// SPDX-License-Identifier: MIT
// How wide text is on a terminal, and cutting and wrapping it by that.
#include <algorithm>
#include <cstdint>

#include "cli/output.h"

namespace alogd {
namespace {

struct Range {
  uint32_t first, last;
};

// Zero columns: the combining marks that logs in the world's scripts hold most, and joiners.
// wcwidth() depends on the locale, which is C for services and cron.
constexpr Range kZero[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A},
                           {0x064B, 0x065F}, {0x200B, 0x200D}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F},
                           {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}};
// Two columns: East Asian Wide and Fullwidth blocks, and emoji.
constexpr Range kWide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},
                           {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
                           {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
                           {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};

template <size_t N>
bool In(const Range (&ranges)[N], uint32_t code) {
  return std::ranges::any_of(ranges,
                             [&](const Range& r) { return code >= r.first && code <= r.last; });
}

struct Character {
  size_t bytes = 1;
  size_t columns = 1;
};

// The character at the start of valid UTF-8.
Character First(std::string_view text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  if (lead < 0x80) return {};
  const size_t bytes = std::min<size_t>(lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2, text.size());
  uint32_t code = lead & (0x7Fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) code = code << 6 | (static_cast<uint8_t>(text[i]) & 0x3Fu);
  return {bytes, In(kZero, code) ? size_t{0} : In(kWide, code) ? size_t{2} : size_t{1}};
}

// Bytes of the longest beginning that takes at most `columns`.
size_t Fitting(std::string_view text, size_t columns) {
  size_t at = 0;
  while (at < text.size()) {
    const Character c = First(text.substr(at));
    if (c.columns > columns) break;
    columns -= c.columns;
    at += c.bytes;
  }
  return at;
}

}  // namespace

size_t DisplayWidth(std::string_view text) {
  size_t columns = 0;
  while (!text.empty()) {
    const Character c = First(text);
    columns += c.columns;
    text.remove_prefix(c.bytes);
  }
  return columns;
}

std::string CutToWidth(std::string_view text, size_t columns) {
  if (Fitting(text, columns) == text.size()) return std::string(text);
  if (columns == 0) return {};
  return std::string(text.substr(0, Fitting(text, columns - 1))) + "\u2026";
}

std::vector<std::string> Wrap(std::string_view text, size_t columns) {
  std::vector<std::string> lines;
  columns = std::max<size_t>(columns, 2);  // a wide character fits
  while (!text.empty()) {
    size_t end = Fitting(text, columns);
    size_t next = end;
    if (end < text.size()) {
      const size_t blank = text.rfind(' ', end);
      if (blank != std::string_view::npos && blank > 0) {
        end = blank;
        next = blank + 1;
      }
    }
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(next);
  }
  return lines;
}

}  // namespace alogd
