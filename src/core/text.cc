// SPDX-License-Identifier: MIT
// UTF-8 repair and escaping by one decoder.
#include "core/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace alogd {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";     // U+2026

struct Decoded {
  uint32_t code = 0;
  size_t bytes = 1;  // of input: a character, or the longest broken beginning of one
  bool valid = false;
};

// The shape of a sequence by its first byte: its length, and the range of its second byte, which is
// where overlong forms, surrogates and codes beyond U+10FFFF show (Unicode 15, table 3-7).
struct Lead {
  size_t length = 0;
  uint8_t low = 0x80, high = 0xBF;
};

Lead LeadOf(uint8_t b) {
  if (b < 0xC2) return {};
  if (b < 0xE0) return {2};
  if (b == 0xE0) return {3, 0xA0, 0xBF};
  if (b == 0xED) return {3, 0x80, 0x9F};
  if (b < 0xF0) return {3};
  if (b == 0xF0) return {4, 0x90, 0xBF};
  if (b < 0xF4) return {4};
  if (b == 0xF4) return {4, 0x80, 0x8F};
  return {};
}

Decoded Decode(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  if (at(0) < 0x80) return {at(0), 1, at(0) != 0};
  const Lead lead = LeadOf(at(0));
  if (lead.length == 0) return {};
  uint32_t code = at(0) & (0xFFu >> (lead.length + 1));
  for (size_t i = 1; i < lead.length; ++i) {
    const uint8_t low = i == 1 ? lead.low : uint8_t{0x80};
    const uint8_t high = i == 1 ? lead.high : uint8_t{0xBF};
    if (i >= text.size() || at(i) < low || at(i) > high) return {0, i, false};
    code = code << 6 | (at(i) & 0x3Fu);
  }
  return {code, lead.length, true};
}

// First and last of what must not reach the eye as it is.
struct Range {
  uint32_t first, last;
};

// What can move the cursor, change colours, end a line, turn the direction of text, or stand in it
// unseen, so that two texts look the same and are not. Sorted (Unicode 15: Cc, Cf, the line and
// paragraph separators, and letters without a shape).
constexpr Range kUnfit[] = {
    {0x00, 0x08},     {0x0A, 0x1F},       {0x7F, 0x9F},       {0xAD, 0xAD},     {0x034F, 0x034F},
    {0x061C, 0x061C}, {0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x180B, 0x180F}, {0x200B, 0x200F},
    {0x2028, 0x202E}, {0x2060, 0x206F},   {0x3164, 0x3164},   {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0},
    {0xFFF9, 0xFFFB}, {0x1D173, 0x1D17A}, {0xE0000, 0xE007F},
};

bool IsControl(uint32_t code) {
  if (code >= 0x20 && code < 0x7F) return false;
  const Range* const after = std::ranges::upper_bound(kUnfit, code, {}, &Range::first);
  return after != std::begin(kUnfit) && std::prev(after)->last >= code;
}

void AppendEscaped(uint32_t code, std::string* out) {
  if (code < 0x80) {
    fmt::format_to(std::back_inserter(*out), "\\x{:02X}", code);
  } else {
    fmt::format_to(std::back_inserter(*out), "\\u{{{:04X}}}", code);
  }
}

std::string Convert(std::string_view text, size_t max_bytes, bool escape) {
  std::string out;
  out.reserve(std::min(text.size(), max_bytes));
  size_t cut = 0;  // the longest output that leaves room for the ellipsis
  while (!text.empty()) {
    if (out.size() + kEllipsis.size() <= max_bytes) cut = out.size();
    const Decoded c = Decode(text);
    if (!c.valid) {
      out.append(kReplacement);
    } else if (escape && IsControl(c.code)) {
      AppendEscaped(c.code, &out);
    } else {
      out.append(text.substr(0, c.bytes));
    }
    if (out.size() > max_bytes) {
      out.resize(cut);
      if (cut + kEllipsis.size() <= max_bytes) out.append(kEllipsis);
      return out;
    }
    text.remove_prefix(c.bytes);
  }
  return out;
}

}  // namespace

std::string ToValidUtf8(std::string_view text, size_t max_bytes) {
  return Convert(text, max_bytes, false);
}

std::string EscapeForTerminal(std::string_view text, size_t max_bytes) {
  return Convert(text, max_bytes, true);
}

}  // namespace alogd
