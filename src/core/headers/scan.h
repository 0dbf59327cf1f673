// SPDX-License-Identifier: MIT
// Bytes by class and digits by hand: what the scanners of headers share.
#pragma once

#include <cstdint>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>

#include <bit>
#endif

namespace alogd {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool IsAlpha(char c) { return IsUpper(c) || IsLower(c); }
constexpr bool IsAlnum(char c) { return IsAlpha(c) || IsDigit(c); }
constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }
constexpr bool IsHexDigit(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr char ToLower(char c) { return IsUpper(c) ? static_cast<char>(c + 32) : c; }

// NUL behind the end, so that scanners need no bounds of their own: NUL is in no class.
constexpr char At(std::string_view text, size_t i) { return i < text.size() ? text[i] : '\0'; }

constexpr size_t SkipBlanks(std::string_view text, size_t at) {
  while (at < text.size() && IsBlank(text[at])) ++at;
  return at;
}
constexpr size_t SkipDigits(std::string_view text, size_t at) {
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at;
}
// The two digits at `at` as a number; -1 where they are none.
constexpr int TwoDigits(std::string_view text, size_t at) {
  if (!IsDigit(At(text, at)) || !IsDigit(At(text, at + 1))) return -1;
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}
// The end of the run of non-blanks that begins at `at`.
constexpr size_t SkipToken(std::string_view text, size_t at) {
  while (at < text.size() && !IsBlank(text[at])) ++at;
  return at;
}
// The first colon, blank or tab from `at` on; the size where there is none.
inline size_t FindColonOrBlank(std::string_view text, size_t at) {
#ifdef __SSE2__
  const __m128i colon = _mm_set1_epi8(':'), space = _mm_set1_epi8(' '), tab = _mm_set1_epi8('\t');
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i hit = _mm_or_si128(
        _mm_cmpeq_epi8(v, colon), _mm_or_si128(_mm_cmpeq_epi8(v, space), _mm_cmpeq_epi8(v, tab)));
    const auto mask = static_cast<uint32_t>(_mm_movemask_epi8(hit));
    if (mask != 0) return at + static_cast<size_t>(std::countr_zero(mask));
  }
#endif
  while (at < text.size() && text[at] != ':' && !IsBlank(text[at])) ++at;
  return at;
}
// Behind the bracket that closes the one at `at` (of the same kind, nested), or 0 if none does
// within `limit` bytes.
constexpr size_t SkipBracket(std::string_view text, size_t at, size_t limit = 512) {
  const char open = text[at];
  const char close = open == '[' ? ']' : open == '(' ? ')' : open == '<' ? '>' : '}';
  int depth = 0;
  const size_t end = text.size() - at > limit ? at + limit : text.size();
  for (size_t i = at; i < end; ++i) {
    if (text[i] == open) ++depth;
    if (text[i] == close && --depth == 0) return i + 1;
  }
  return 0;
}

// All of `text` as a decimal number; false for other bytes, none, or more than 18 digits.
constexpr bool ParseDigits(std::string_view text, int64_t* value) {
  if (text.empty() || text.size() > 18) return false;
  int64_t v = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return false;
    v = v * 10 + (c - '0');
  }
  *value = v;
  return true;
}

constexpr std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace alogd
