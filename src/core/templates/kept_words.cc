// SPDX-License-Identifier: MIT
// Words that stay in a template although they stand where values do: they say which event it is.
#include "core/templates/kept_words.h"

#include <algorithm>
#include <array>

#include "core/templates/list_text.h"
#include "core/templates/masked_text.h"
#include "core/templates/masks.h"
#include "core/templates/words.h"

namespace alogd {
namespace {

// Capitals that say what a message is about, not of which thing it speaks.
constexpr std::string_view kCapitalWords[] = {
    "GET",    "POST", "PUT",    "HEAD", "OPTIONS", "PATCH", "TRACE", "INFO",  "WARN",  "NOTICE",
    "NOTE",   "CRIT", "DEBUG",  "HINT", "DETAIL",  "ALERT", "EMERG", "PANIC", "LOG",   "TODO",
    "SELECT", "DROP", "UPDATE", "NEW",  "OLD",     "SYN",   "ACK",   "FIN",   "RST",   "BUG",
    "TCP",    "UDP",  "ICMP",   "HTTP", "HTTPS",   "CMD",   "USER",  "STAT",  "ASSERT"};
// What methods do, beside the words of outcome.
constexpr std::string_view kVerbs[] = {
    "get",    "set",    "put",    "update",  "rename",  "list",     "find",     "check",
    "save",   "store",  "fetch",  "query",   "lookup",  "copy",     "move",     "append",
    "flush",  "sync",   "init",   "reset",   "run",     "process",  "handle",   "parse",
    "scan",   "verify", "make",   "call",    "report",  "notify",   "publish",  "submit",
    "cancel", "abort",  "invoke", "execute", "resolve", "validate", "schedule", "allocate"};
constexpr std::string_view kStates[] = {
    "state",   "status", "mode",  "phase",      "stage",   "result", "reason", "cause",
    "outcome", "action", "event", "transition", "verdict", "role",   "health", "intent"};
constexpr std::string_view kOperationKeys[] = {"event", "op", "operation", "action"};
constexpr std::string_view kSourceEndings[] = {
    "c",  "cc", "cpp", "cxx", "h",  "hh", "hpp", "go", "rs", "py",  "java",  "kt", "scala", "js",
    "ts", "rb", "cs",  "php", "mm", "pl", "pm",  "ex", "hs", "erl", "swift", "ml", "lua",   "vala"};

constexpr size_t kMaxName = 64, kMaxDigits = 6;  // bytes of a file's name, of a line's number

template <size_t N>
bool OneOf(std::string_view word, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

template <size_t N>
bool OneOfAnyCase(std::string_view word, const std::string_view (&words)[N]) {
  const auto same = [](char a, char b) { return (a | 0x20) == b; };
  return std::any_of(std::begin(words), std::end(words), [&](std::string_view w) {
    return std::equal(word.begin(), word.end(), w.begin(), w.end(), same);
  });
}

bool IsCapital(char c) { return c >= 'A' && c <= 'Z'; }
bool IsSmall(char c) { return c >= 'a' && c <= 'z'; }

bool HasOutcomePart(std::string_view capitals) {
  for (size_t at = 0; at < capitals.size();) {
    const size_t end = std::min(capitals.find('_', at), capitals.size());
    if (IsOutcomeWord(capitals.substr(at, end - at))) return true;
    at = end + 1;
  }
  return false;
}

std::string_view BehindDot(std::string_view word) {
  return word.substr(word.rfind('.') + 1);  // npos + 1: all of it
}

}  // namespace

bool IsOutcomeName(std::string_view word) {
  word = BehindDot(word);
  if (IsCapitals(word)) return word.find('_') != std::string_view::npos && HasOutcomePart(word);
  size_t first = 0, last = 0;  // where the first part ends and the last begins
  for (size_t i = 1; i < word.size(); ++i) {
    const bool underline = word[i] == '_';
    if (!underline && !(IsCapital(word[i]) && IsSmall(word[i - 1]))) continue;
    if (first == 0) first = i;
    last = underline ? i + 1 : i;
  }
  if (last == 0 || last == word.size()) return false;
  if (IsOutcomeWord(word.substr(last))) return true;
  return IsSmall(word[0]) && IsCapital(word[first]) && IsOutcomeWord(word.substr(0, first));
}

bool IsCapitals(std::string_view word) {
  return word.size() >= 2 && IsCapital(word.front()) && IsCapital(word.back()) &&
         std::all_of(word.begin(), word.end(), [](char c) { return IsCapital(c) || c == '_'; });
}

bool EndsWithCapitals(std::string_view word) { return IsCapitals(BehindDot(word)); }

bool IsCode(std::string_view word) {
  if (IsCapitals(word)) return true;
  bool inside = false;
  for (size_t i = 0; i < word.size(); ++i) {
    if (!Has(word[i], kLetter)) return false;
    inside = inside || (i > 0 && IsCapital(word[i]) && IsSmall(word[i - 1]));
  }
  return inside;
}

bool IsOperation(std::string_view word) {
  size_t end = 1;
  while (end < word.size() && !IsCapital(word[end]) && word[end] != '_') ++end;
  if (end >= word.size()) return false;
  if (IsSmall(word[0]) && IsCapital(word[end])) return true;
  const std::string_view verb = word.substr(0, end);
  return OneOfAnyCase(verb, kVerbs) || IsOutcomeWord(verb);
}

bool IsDoing(std::string_view word) {
  constexpr size_t kShortest = 5;  // "using"
  return word.size() >= kShortest && (word.ends_with("ing") || word.ends_with("ed")) &&
         std::all_of(word.begin(), word.end(), [](char c) { return Has(c, kLetter); });
}

bool IsCapitalName(std::string_view word) {
  return word.size() >= 3 && IsCapitals(word) && !OneOf(word, kCapitalWords) &&
         !HasOutcomePart(word);
}

bool IsStateWord(std::string_view word) { return OneOfAnyCase(word, kStates); }

bool IsOperationKey(std::string_view word) { return OneOf(word, kOperationKeys); }

bool IsOperationText(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return IsKeyText(text);
  return IsKeyText(text.substr(0, colon)) && IsKeyText(text.substr(colon + 1));
}

bool DifferInLastLetter(std::string_view a, std::string_view b) {
  return a.size() == b.size() && a.size() >= 3 && Has(a.back(), kLetter) &&
         Has(b.back(), kLetter) && IsCapital(a.back()) == IsCapital(b.back()) &&
         a.substr(0, a.size() - 1) == b.substr(0, b.size() - 1);
}

size_t SourcePosition(std::string_view text) {
  if (text.empty() || (text[0] != '[' && text[0] != '(')) return 0;
  size_t end = 1;
  while (end < text.size() && end <= kMaxName &&
         !Has(text[end], kBlank | kDelimiter | kControl | kHigh))
    ++end;
  if (end >= text.size() || text[end] != ':') return 0;
  const std::string_view name = text.substr(1, end - 1);
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || !Has(name[0], kLetter | kSlash)) return 0;
  if (!OneOf(name.substr(dot + 1), kSourceEndings)) return 0;
  const size_t first = ++end;
  while (end < text.size() && Has(text[end], kDigit)) ++end;
  if (end == first || end - first > kMaxDigits || end == text.size()) return 0;
  return text[end] == MaskedText::Closing(text[0]) ? end + 1 : 0;
}

bool InSourcePosition(std::string_view text, size_t at) {
  const size_t first = at - std::min(at, kMaxName + 1);
  while (at > first && text[at] != '[' && text[at] != '(' && !Has(text[at], kBlank)) --at;
  return SourcePosition(text.substr(at)) > 0;
}

}  // namespace alogd
