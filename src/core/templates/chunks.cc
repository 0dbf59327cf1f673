// SPDX-License-Identifier: MIT
// A masked message or template as what stands between its blanks.
#include "core/templates/chunks.h"

#include <xxhash.h>

#include <algorithm>

#include "core/templates/kept_words.h"
#include "core/templates/list_text.h"
#include "core/templates/masked_text.h"
#include "core/templates/masks.h"
#include "core/templates/words.h"

namespace alogd {
namespace {

uint64_t HashAt(std::string_view part, size_t at) {
  return XXH3_64bits_withSeed(part.data(), part.size(), at + 1);
}

// A constant that could be found within a variable of the other text.
bool LooksLikeVariable(std::string_view glob) {
  size_t signs = 0, variables = 0;
  for (const char c : glob) signs += c == '<' || c == '>' || c == '*' ? 1 : 0;
  for (size_t at = glob.find(kWildcard); at != std::string_view::npos;
       at = glob.find(kWildcard, at + kWildcard.size()))
    ++variables;
  return signs != variables * kWildcard.size();
}

// The constants of `glob` stand in `text` in order, the first and the last at its ends.
bool FitsGlob(std::string_view glob, std::string_view text) {
  size_t at = glob.find(kWildcard);
  if (!text.starts_with(glob.substr(0, at))) return false;
  text.remove_prefix(at);
  while (true) {
    glob.remove_prefix(at + kWildcard.size());
    at = glob.find(kWildcard);
    if (at == std::string_view::npos) return text.ends_with(glob);
    const size_t found = text.find(glob.substr(0, at));
    if (found == std::string_view::npos) return false;
    text.remove_prefix(found + at);
  }
}

// A variable that has a constant around it which goes with its value: quotes or brackets, the sign
// of "#<*>", the name of a printed object as in "at=Point(<*>)". What stands before that, as a key,
// and behind, as a colon, in *before and *behind.
bool IsFramedVariable(std::string_view glob, std::string_view* before, std::string_view* behind) {
  const size_t at = glob.find(kWildcard);
  if (at == std::string_view::npos || at == 0) return false;
  *before = {};
  *behind = glob.substr(at + kWildcard.size());
  const char open = glob[at - 1];
  if (open != '#' && open != '@') {
    if (behind->empty()) return false;
    const char close = behind->front();
    behind->remove_prefix(1);
    const bool quotes = open == close && (open == '"' || open == '\'');
    if (!quotes && (Has(open, kLetter) || close != MaskedText::Closing(open))) return false;
  }
  if (behind->size() > 1 || (!behind->empty() && !Has(behind->front(), kDelimiter))) return false;
  if (at == 1) return true;
  const size_t key = glob.find('=') + 1;  // 0: there is none
  *before = glob.substr(0, key);
  return key > 1 && (open == '(' || open == '{') && key < at &&
         IsKeyText(glob.substr(key, at - 1 - key));
}

bool EqualBut(const Chunks& a, const Chunks& b, size_t at) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (i != at && a[i] != b[i]) return false;
  return true;
}

bool IsPlainWord(std::string_view word) {
  return !word.empty() &&
         std::all_of(word.begin(), word.end(), [](char c) { return Has(c, kLetter | kHigh); });
}

}  // namespace

Chunks::Chunks(std::string_view text) {
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    if (parts_.size() == kMost) {
      parts_.clear();
      return;
    }
    parts_.push_back(text.substr(at, end - at));
    hashes_.push_back(HashAt(parts_.back(), parts_.size()));
    sum_ += hashes_.back();
    at = end + 1;
  }
}

std::string Chunks::With(size_t at, std::string_view chunk) const {
  std::string text;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (i > 0) text += ' ';
    text += i == at ? chunk : parts_[i];
  }
  return text;
}

uint64_t Chunks::HashWithout(size_t at) const {
  return (sum_ - hashes_[at]) * 0x9e3779b97f4a7c15u + (parts_.size() << 8 | at);
}

bool HasVariable(std::string_view chunk) { return chunk.find(kWildcard) != std::string_view::npos; }

bool IsBare(std::string_view chunk) {
  return HasVariable(chunk) && std::none_of(chunk.begin(), chunk.end(), [](char c) {
           return Has(c, kLetter | kDigit | kHigh);
         });
}

bool FitsUnframed(const Chunks& general, const Chunks& text, size_t at) {
  std::string_view before, behind, value = text[at];
  if (!IsFramedVariable(general[at], &before, &behind)) return false;
  if (value.size() < before.size() + behind.size() || !value.starts_with(before) ||
      !value.ends_with(behind))
    return false;
  value = value.substr(before.size(), value.size() - before.size() - behind.size());
  return (IsBare(value) || IsMissingWord(value)) && EqualBut(general, text, at);
}

std::string WithoutFrame(std::string_view framed) {
  std::string_view before, behind;
  IsFramedVariable(framed, &before, &behind);
  return std::string(before).append(kWildcard).append(behind);
}

bool FitsChunk(const Chunks& general, const Chunks& text, size_t at) {
  if (!EqualBut(general, text, at)) return false;
  const std::string_view glob = general[at], chunk = text[at];
  if (!HasVariable(glob) || !FitsGlob(glob, chunk)) return false;
  if (HasVariable(chunk) && LooksLikeVariable(glob)) return false;
  // A key is no part of a value, but in a query string.
  const size_t equals = chunk.find('=');
  if (equals != std::string_view::npos && glob.find('=') == std::string_view::npos &&
      chunk.find('?') > equals)
    return false;
  const size_t before = glob.find(kWildcard);
  const size_t behind = glob.size() - glob.rfind(kWildcard) - kWildcard.size();
  const std::string_view value = chunk.substr(before, chunk.size() - before - behind);
  if (IsMissingWord(value)) return true;
  // Behind a value there may be a colon more; one before it, as in "tty=:0", says what it is.
  if (before > 0 && glob[before - 1] == '=' && value.front() == ':') return false;
  return !IsOutcomeWord(value) && !IsOutcomeName(value) && (at > 0 || !IsPlainWord(value));
}

}  // namespace alogd
