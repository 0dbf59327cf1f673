// SPDX-License-Identifier: MIT
// Finds control sequences and leaves them out.
#include "core/records/visible_text.h"

#include "core/headers/scan.h"

namespace alogd {
namespace {

constexpr char kEscape = '\x1b';
// No colour is longer; a title or a link in an OSC may be.
constexpr size_t kMostParameters = 64, kMostTitle = 1024;

// The first byte from `at` on that can begin a sequence; the size where there is none.
size_t FindStart(std::string_view line, size_t at) {
#ifdef __SSE2__
  const __m128i escape = _mm_set1_epi8(kEscape), hash = _mm_set1_epi8('#'),
                slash = _mm_set1_epi8('\\'), caret = _mm_set1_epi8('^');
  for (; at + 16 <= line.size(); at += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(line.data() + at));
    const __m128i hit =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, escape), _mm_cmpeq_epi8(v, hash)),
                     _mm_or_si128(_mm_cmpeq_epi8(v, slash), _mm_cmpeq_epi8(v, caret)));
    const auto mask = static_cast<uint32_t>(_mm_movemask_epi8(hit));
    if (mask != 0) return at + static_cast<size_t>(std::countr_zero(mask));
  }
#endif
  while (at < line.size() && line[at] != kEscape && line[at] != '#' && line[at] != '\\' &&
         line[at] != '^') {
    ++at;
  }
  return at;
}

// Behind the parameters of a CSI sequence, on its last byte; 0 where it is none.
size_t CsiEnd(std::string_view line, size_t at) {
  const size_t begin = at;
  while (at - begin <= kMostParameters && At(line, at) >= 0x20 && At(line, at) <= 0x3f) ++at;
  return At(line, at) >= 0x40 && At(line, at) <= 0x7e ? at : 0;
}

// Behind an OSC sequence, whose text ends with BEL or ESC \; 0 where it is none.
size_t OscEnd(std::string_view line, size_t at) {
  for (size_t end = at; end < line.size() && end - at < kMostTitle; ++end) {
    if (line[end] == '\a') return end + 1;
    if (line[end] == kEscape) return At(line, end + 1) == '\\' ? end + 2 : 0;
  }
  return 0;
}

// Behind the sequence that begins at `at`, 0 if none does.
size_t SequenceEnd(std::string_view line, size_t at) {
  if (line[at] == kEscape) {
    if (At(line, at + 1) == ']') return OscEnd(line, at + 2);
    const size_t last = At(line, at + 1) == '[' ? CsiEnd(line, at + 2) : 0;
    return last != 0 ? last + 1 : 0;
  }
  for (const std::string_view written :
       {"#033[", "\\u001b[", "\\u001B[", "\\x1b[", "\\x1B[", "\\033[", "\\e[", "^[["}) {
    if (line.substr(at, written.size()) != written) continue;
    // Of what was written out only colours and "erase the line": other letters may be text.
    const size_t last = CsiEnd(line, at + written.size());
    return last != 0 && (line[last] == 'm' || line[last] == 'K') ? last + 1 : 0;
  }
  return 0;
}

}  // namespace

std::string_view VisibleText(std::string_view line, std::string* buffer) {
  bool found = false;
  size_t kept = 0;  // what stands before it is in *buffer, once something was found
  for (size_t at = FindStart(line, 0); at < line.size();) {
    const size_t end = SequenceEnd(line, at);
    if (end == 0) {
      // An escaped backslash is text, and what follows it belongs to no sequence.
      at = FindStart(line, line[at] == '\\' ? at + 2 : at + 1);
      continue;
    }
    if (!found) buffer->clear();
    found = true;
    buffer->append(line.substr(kept, at - kept));
    kept = end;
    at = FindStart(line, end);
  }
  if (!found) return line;
  buffer->append(line.substr(kept));
  return *buffer;
}

}  // namespace alogd
