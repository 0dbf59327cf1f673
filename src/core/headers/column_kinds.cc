// SPDX-License-Identifier: MIT
// Recognisers of what a header column can hold.
#include "core/headers/column_kinds.h"

#include "core/headers/level_word.h"
#include "core/headers/scan.h"
#include "core/headers/time_text.h"

namespace alogd {

namespace {

bool IsFacilityName(std::string_view word) {
  for (const char c : word) {
    if (!IsLower(c) && !IsDigit(c)) return false;
  }
  return word.size() >= 3 && word.size() <= 8;
}

bool IsPunctuation(char c) {
  return std::string_view("-|:>=*#~+<").find(c) != std::string_view::npos;
}

// A file of program text, whose line number may follow; github.com:443 is something else.
bool IsSourceFile(std::string_view name) {
  const std::string_view extension = name.substr(name.rfind('.') + 1);
  for (const std::string_view known :
       {"c",  "cc",  "cpp", "cxx",   "h",  "hpp", "go",  "py", "rs",  "java",  "kt", "js", "ts",
        "rb", "php", "cs",  "scala", "ex", "exs", "erl", "pl", "lua", "swift", "m",  "mm"}) {
    if (extension == known) return true;
  }
  return false;
}

}  // namespace

size_t TimeAt(std::string_view line, size_t at) {
  CivilTime t;
  return ScanTime(line.substr(at), &t) ? at + t.length : 0;
}

size_t LevelAt(std::string_view line, size_t at, Level* level) {
  // Nearly all lines of nearly all logs.
  if (line.size() >= at + 6 && line[at + 4] == ' ' && line.substr(at, 4) == "INFO") {
    *level = Level::kInfo;
    return at + 4;
  }
  size_t end = at;
  while (IsAlnum(At(line, end))) ++end;
  if (end == at) return 0;
  if (At(line, end) == '.' && IsFacilityName(line.substr(at, end - at))) {
    const size_t word = end + 1;
    end = word;
    while (IsAlnum(At(line, end))) ++end;
    at = word;
  }
  const char next = At(line, end);
  if (next == '_' || next == '-' || next == '.' || next == '=' || next == '/' || next == '\'')
    return 0;
  const Level found = LevelOfWord(line.substr(at, end - at));
  if (found == Level::kNone) return 0;
  *level = found;
  return end;
}

size_t NumberAt(std::string_view line, size_t at) {
  const size_t digits = At(line, at) == '-' ? at + 1 : at;
  const size_t end = SkipDigits(line, digits);
  if (end == digits) return 0;
  const char next = At(line, end);
  if (next == '\0' || IsBlank(next) || next == '|') return end;
  return AfterAttached(line, end) != end && (end + 1 >= line.size() || IsBlank(line[end + 1])) ? end
                                                                                               : 0;
}

size_t BracketAt(std::string_view line, size_t at) {
  const char open = At(line, at);
  if (open != '[' && open != '(' && open != '<') return 0;
  const size_t end = SkipBracket(line, at);
  // "[2026-08-01] [01:57:00]": two groups, one time.
  CivilTime t;
  const bool dated = end != 0 && IsDigit(At(line, at + 1)) && ScanTime(line.substr(at + 1), &t);
  const size_t behind = at + 1 + t.length;
  const bool joined = dated && behind > end && At(line, behind) == line[end - 1];
  return joined ? behind + 1 : end;
}

size_t LevelGroupAt(std::string_view line, size_t at) {
  const size_t end = BracketAt(line, at);
  const bool level =
      end != 0 && LevelOfGroup(Trimmed(line.substr(at + 1, end - at - 2))) != Level::kNone;
  return level ? end : 0;
}

size_t TagAt(std::string_view line, size_t at) {
  constexpr size_t kMaxTag = 160;
  const size_t limit = line.size() - at > kMaxTag ? at + kMaxTag : line.size();
  if (at >= limit || !(IsAlnum(line[at]) || line[at] == '_' || line[at] == '/' || line[at] == '%' ||
                       line[at] == '.' || line[at] == '-' || line[at] == '@' || line[at] == '*' ||
                       line[at] == '$')) {
    return 0;
  }
  for (size_t i = FindColonOrBlank(line, at); i < limit && line[i] == ':';
       i = FindColonOrBlank(line, i + 1)) {
    if (i + 1 == line.size() || IsBlank(line[i + 1])) return i + 1;
  }
  return 0;
}

Level LevelOfGroup(std::string_view inner) {
  const Level whole = LevelOfWord(inner);
  if (whole != Level::kNone || inner.size() == 1) {
    return whole != Level::kNone ? whole : LevelOfLetter(inner[0]);
  }
  const size_t colon = inner.rfind(':');  // module:level
  return colon == std::string_view::npos ? Level::kNone : LevelOfWord(inner.substr(colon + 1));
}

size_t WordLevelAt(std::string_view line, size_t at) {
  Level level = Level::kNone;
  return LevelAt(line, at, &level);
}

size_t LetterAt(std::string_view line, size_t at) {
  if (LevelOfLetter(At(line, at)) == Level::kNone) return 0;
  const char next = At(line, at + 1);
  return IsBlank(next) || next == ':' || next == ',' || next == '|' ? at + 1 : 0;
}

size_t DottedAt(std::string_view line, size_t at) {
  if (!IsAlpha(At(line, at)) && At(line, at) != '_') return 0;
  const size_t end = SkipToken(line, at);
  bool joint = false;
  for (size_t i = at; i < end; ++i) {
    const char c = line[i];
    if (IsAlnum(c) || c == '_' || c == '$' || c == '-') continue;
    const bool inside = i + 1 < end && IsAlnum(line[i - 1]);
    if (c == '.' && inside && (IsAlpha(line[i + 1]) || line[i + 1] == '_'))
      joint = true;
    else if (c == ':' && inside && line[i + 1] == ':')
      joint = true, ++i;
    else if (c == ':' && inside && SkipDigits(line, i + 1) == end &&
             IsSourceFile(line.substr(at, i - at)))
      break;
    else
      return 0;
  }
  return joint ? end : 0;
}

size_t PunctuationAt(std::string_view line, size_t at) {
  size_t end = at;
  while (end < line.size() && IsPunctuation(line[end])) ++end;
  const bool alone = end == line.size() || IsBlank(line[end]);
  if (At(line, at) == '|') return at + 1;
  return end > at && end - at <= 3 && alone ? end : 0;
}

size_t AfterAttached(std::string_view line, size_t end) {
  const char c = At(line, end);
  return c == ':' || c == ',' || c == ';' ? end + 1 : end;
}

std::string FormOfTime(std::string_view text) {
  std::string form;
  for (const char c : text) {
    const char kind = IsDigit(c) ? '0' : IsAlpha(c) ? 'a' : c;
    if (form.empty() || form.back() != kind || !(kind == '0' || kind == 'a' || kind == ' '))
      form += kind;
  }
  return form;
}

size_t AfterLevel(std::string_view line, size_t end) {
  const size_t attached = AfterAttached(line, end);
  if (attached != end) return attached;
  const size_t at = SkipBlanks(line, end);
  return at > end && At(line, at) == ':' && IsBlank(At(line, at + 1)) ? at + 1 : end;
}

}  // namespace alogd
