// SPDX-License-Identifier: MIT
// One pass over a message: words by their first letter, exception classes by their ending.
#include "core/records/severity.h"

#include <algorithm>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>

#include <bit>
#endif

#include "core/headers/scan.h"

namespace alogd {

namespace {

bool IsNameByte(char c) { return IsAlnum(c) || c == '_' || c == '$'; }

std::string Lowered(std::string_view word) {
  std::string out(word);
  std::transform(out.begin(), out.end(), out.begin(), ToLower);
  return out;
}

bool StartsWithLowered(std::string_view text, std::string_view lowered) {
  if (text.size() < lowered.size()) return false;
  for (size_t i = 0; i < lowered.size(); ++i) {
    if (ToLower(text[i]) != lowered[i]) return false;
  }
  return true;
}

// Calls visit(position) for each beginning of a run of ASCII letters and digits until it returns
// true.
template <typename Visit>
void ForEachWordStart(std::string_view text, Visit visit) {
  size_t i = 0;
  uint32_t inside = 0;
#ifdef __SSE2__
  // low <= v < low + count for bytes, by the signed comparison that SSE2 has: both sides less 128.
  const auto in_range = [](__m128i v, int low, int count) {
    const __m128i shifted = _mm_sub_epi8(v, _mm_set1_epi8(static_cast<char>(low ^ 0x80)));
    return _mm_cmplt_epi8(shifted, _mm_set1_epi8(static_cast<char>(count - 128)));
  };
  for (; i + 16 <= text.size(); i += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));
    const __m128i letters = in_range(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 26);
    const __m128i digits = in_range(v, '0', 10);
    const auto word = static_cast<uint32_t>(_mm_movemask_epi8(_mm_or_si128(letters, digits)));
    for (uint32_t starts = word & ~(word << 1 | inside); starts != 0; starts &= starts - 1) {
      visit(i + static_cast<size_t>(std::countr_zero(starts)));
    }
    inside = word >> 15;
  }
#endif
  for (; i < text.size(); ++i) {
    const uint32_t word = IsAlnum(text[i]) ? 1 : 0;
    if (word > inside) visit(i);
    inside = word;
  }
}

bool EndsLikeException(std::string_view name) {
  return name.ends_with("Exception") || name.ends_with("Error");
}

// "SystemExit", "bad_alloc", but not "Disk": a plain word in a message is no class.
bool LooksLikeClass(std::string_view name) {
  for (size_t i = 1; i < name.size(); ++i) {
    if (name[i] == '_' || (IsUpper(name[i]) && !IsUpper(name[i - 1]))) return true;
  }
  return false;
}

// A name at [begin, end) that does not end like an exception's is one where it is thrown or
// reported: std::bad_alloc, 'bad_alloc', SystemExit: 1, or alone at the end of the line.
bool StandsAsException(std::string_view text, size_t begin, size_t end) {
  if (end < text.size() && IsNameByte(text[end])) return false;
  if (begin > 0 && IsNameByte(text[begin - 1])) return false;
  if (begin >= 2 && text.substr(begin - 2, 2) == "::") return true;
  return end == text.size() || text[end] == ':' || text[end] == '\'';
}

}  // namespace

SeverityTable::SeverityTable(const SeverityOptions& options) : options_(options) { BuildEntries(); }

void SeverityTable::BuildEntries() {
  for (uint32_t row = 0; row < options_.words.size(); ++row) {
    for (const std::string& word : options_.words[row].words) {
      if (!word.empty())
        entries_.push_back({Lowered(word), options_.words[row].severity, row, false});
    }
  }
  for (const SeverityOptions::Words& row : options_.exceptions) {
    for (const std::string& name : row.words) {
      if (EndsLikeException(name) || !LooksLikeClass(name)) continue;
      entries_.push_back({name, row.severity, 0, true});
    }
  }
  for (const Entry& e : entries_) {
    any_.Add(e.text);
    if (e.exception) exceptions_.Add(e.text);
  }
  const auto key = [](const Entry& e) { return static_cast<uint8_t>(ToLower(e.text[0])); };
  std::stable_sort(entries_.begin(), entries_.end(),
                   [&](const Entry& a, const Entry& b) { return key(a) < key(b); });
  for (uint32_t i = 0; i < entries_.size(); ++i) {
    Bucket& bucket = buckets_[key(entries_[i])];
    if (bucket.begin == bucket.end) bucket.begin = i;
    bucket.end = i + 1;
  }
  for (int c = 'A'; c <= 'Z'; ++c) buckets_[c] = buckets_[c + 32];
}

void SeverityTable::Pairs::Add(std::string_view text) {
  uint32_t& row = rows_[static_cast<uint8_t>(text[0]) & 31];
  row |= text.size() > 1 ? uint32_t{1} << (static_cast<uint8_t>(text[1]) & 31) : ~uint32_t{0};
}

uint8_t SeverityTable::OfRecord(Level level, std::string_view message) const {
  const bool by_words = level == Level::kNone;
  auto best_row = static_cast<uint32_t>(options_.words.size());
  uint8_t raised = OfEndings(message);
  const Pairs& pairs = by_words ? any_ : exceptions_;
  ForEachWordStart(message, [&](size_t at) {
    if (!pairs.Has(message[at], at + 1 < message.size() ? message[at + 1] : ' ')) return;
    const Bucket bucket = buckets_[static_cast<uint8_t>(message[at])];
    for (uint32_t i = bucket.begin; i < bucket.end; ++i) {
      const Entry& e = entries_[i];
      if (e.exception) {
        if (e.severity > raised && message.substr(at).starts_with(e.text) &&
            StandsAsException(message, at, at + e.text.size())) {
          raised = e.severity;
        }
      } else if (by_words && e.row < best_row && StartsWithLowered(message.substr(at), e.text)) {
        best_row = e.row;
      }
    }
  });
  const uint8_t base = !by_words ? options_.levels[static_cast<size_t>(level)]
                       : best_row < options_.words.size() ? options_.words[best_row].severity
                                                          : options_.otherwise;
  return std::max(base, raised);
}

uint8_t SeverityTable::OfContinuation(std::string_view line) const {
  const size_t text = line.find_first_not_of(" \t");
  if (text == std::string_view::npos) return 0;
  // A stack frame names classes of the call chain, not what was thrown.
  if (line.substr(text).starts_with("at ") || line.substr(text).starts_with("File \"")) return 0;
  uint8_t raised = OfEndings(line);
  ForEachWordStart(line, [&](size_t at) {
    if (!exceptions_.Has(line[at], at + 1 < line.size() ? line[at + 1] : ' ')) return;
    const Bucket bucket = buckets_[static_cast<uint8_t>(line[at])];
    for (uint32_t i = bucket.begin; i < bucket.end; ++i) {
      const Entry& e = entries_[i];
      if (e.exception && e.severity > raised && line.substr(at).starts_with(e.text) &&
          StandsAsException(line, at, at + e.text.size())) {
        raised = e.severity;
      }
    }
  });
  return raised;
}

uint8_t SeverityTable::ExceptionSeverity(std::string_view class_name) const {
  for (const SeverityOptions::Words& row : options_.exceptions) {
    for (const std::string& name : row.words) {
      if (!name.empty() && class_name.find(name) != std::string_view::npos) return row.severity;
    }
  }
  return options_.other_exception;
}

// The highest severity of the class names in `text` that end in Exception or Error.
uint8_t SeverityTable::OfEndings(std::string_view text) const {
  constexpr size_t kLongestName = 200;  // a hostile run of letters costs no more than this a hit
  uint8_t highest = 0;
  for (size_t at = text.find('E'); at != std::string_view::npos; at = text.find('E', at + 1)) {
    const std::string_view rest = text.substr(at);
    const size_t length = rest.starts_with("Error") ? 5 : rest.starts_with("Exception") ? 9 : 0;
    if (length == 0) continue;
    const size_t end = at + length;
    if (end < text.size() && IsNameByte(text[end])) continue;
    // IOException.java names a file: only the last dotted part is a class.
    if (end + 1 < text.size() && text[end] == '.' && IsNameByte(text[end + 1])) continue;
    size_t begin = at;
    while (begin > 0 && at - begin < kLongestName && IsNameByte(text[begin - 1])) --begin;
    const bool bare = begin == at;
    if (bare && !(length == 9 && end < text.size() && text[end] == ':')) continue;
    if (!IsUpper(text[begin])) continue;
    highest = std::max(highest, ExceptionSeverity(text.substr(begin, end - begin)));
  }
  return highest;
}

}  // namespace alogd
