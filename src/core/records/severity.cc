// SPDX-License-Identifier: MIT
// One pass over a message: words by their first letter, exception classes by their ending.
#include "core/records/severity.h"

#include <algorithm>

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

// What an exception's name at `at` raises to; 0 where there is none.
uint8_t SeverityTable::OfEntry(const Entry& e, std::string_view text, size_t at) const {
  const bool named =
      text.substr(at).starts_with(e.text) && StandsAsException(text, at, at + e.text.size());
  return named ? e.severity : 0;
}

uint8_t SeverityTable::OfRecord(Level level, std::string_view message) const {
  const bool by_words = level == Level::kNone;
  auto best_row = static_cast<uint32_t>(options_.words.size());
  uint8_t raised = 0;
  const auto word = [&](size_t at) {
    const Bucket bucket = buckets_[static_cast<uint8_t>(message[at])];
    for (uint32_t i = bucket.begin; i < bucket.end; ++i) {
      const Entry& e = entries_[i];
      if (e.exception) {
        raised = std::max(raised, OfEntry(e, message, at));
      } else if (by_words && e.row < best_row && StartsWithLowered(message.substr(at), e.text)) {
        best_row = e.row;
      }
    }
  };
  (by_words ? any_ : exceptions_).ForEach(message, word, [&](size_t at) {
    raised = std::max(raised, OfEnding(message, at));
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
  uint8_t raised = 0;
  const auto word = [&](size_t at) {
    const Bucket bucket = buckets_[static_cast<uint8_t>(line[at])];
    for (uint32_t i = bucket.begin; i < bucket.end; ++i)
      if (entries_[i].exception) raised = std::max(raised, OfEntry(entries_[i], line, at));
  };
  exceptions_.ForEach(line, word,
                      [&](size_t at) { raised = std::max(raised, OfEnding(line, at)); });
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

// The severity of the class name whose "Error" or "Exception" begins at `at`; 0 where none does.
uint8_t SeverityTable::OfEnding(std::string_view text, size_t at) const {
  constexpr size_t kLongestName = 200;  // a hostile run of letters costs no more than this a hit
  const std::string_view rest = text.substr(at);
  const size_t length = rest.starts_with("Error") ? 5 : rest.starts_with("Exception") ? 9 : 0;
  if (length == 0) return 0;
  const size_t end = at + length;
  if (end < text.size() && IsNameByte(text[end])) return 0;
  // IOException.java names a file: only the last dotted part is a class.
  if (end + 1 < text.size() && text[end] == '.' && IsNameByte(text[end + 1])) return 0;
  size_t begin = at;
  while (begin > 0 && at - begin < kLongestName && IsNameByte(text[begin - 1])) --begin;
  const bool bare = begin == at;
  if (bare && !(length == 9 && end < text.size() && text[end] == ':')) return 0;
  return IsUpper(text[begin]) ? ExceptionSeverity(text.substr(begin, end - begin)) : 0;
}

}  // namespace alogd
