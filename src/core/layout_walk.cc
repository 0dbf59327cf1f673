// SPDX-License-Identifier: MIT
// The kinds of columns in the order in which they are looked for, and what makes each a sign of a
// header.
#include "core/layout_walk.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "core/column_kinds.h"
#include "core/scan.h"

namespace alogd {

namespace {

constexpr double kMost = 0.9;    // of the lines agree on a column
constexpr double kAll = 0.95;    // for kinds that messages show too
constexpr double kBranch = 0.3;  // so many lines are a format of their own within the source
constexpr size_t kFieldBytes = 120;
// Words between two signs of a header: before the first sign a label, a file and a node may stand;
// behind it more than a few are a message.
constexpr size_t kWordsBefore = 6, kWordsBetween = 4;

}  // namespace

LayoutWalk::Ends LayoutWalk::Find(Finder find) const {
  Ends ends(rows_.size());
  for (size_t i = 0; i < rows_.size(); ++i) {
    ends[i] = rows_[i].at < rows_[i].line.size() ? find(rows_[i].line, rows_[i].at) : 0;
  }
  return ends;
}

void LayoutWalk::SkipAttached(Ends* ends) const {
  for (size_t i = 0; i < ends->size(); ++i) {
    if ((*ends)[i] != 0) (*ends)[i] = AfterAttached(rows_[i].line, (*ends)[i]);
  }
}

size_t LayoutWalk::Hits(const Ends& ends) {
  return static_cast<size_t>(
      std::count_if(ends.begin(), ends.end(), [](size_t e) { return e != 0; }));
}

void LayoutWalk::Accept(Step step, const Ends& ends, bool sign) {
  std::vector<Row> kept;
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (ends[i] != 0) kept.push_back({rows_[i].line, ends[i], 0});
  }
  rows_ = std::move(kept);
  anchored_ |= step.kind == StepKind::kTime || step.kind == StepKind::kLevel;
  tagged_ = sign && (step.kind == StepKind::kTag || step.kind == StepKind::kUntil);
  steps_.push_back(std::move(step));
  ++words_;
  if (sign) {
    signs_ = steps_.size();
    words_ = 0;
    at_sign_ = rows_;
  }
}

void LayoutWalk::SkipGaps() {
  for (Row& row : rows_) {
    const size_t at = SkipBlanks(row.line, row.at);
    row.gap = at - row.at;
    row.at = at;
  }
}

bool LayoutWalk::TakeLiteral() {
  if (steps_.empty()) return false;
  const Ends ends = Find(PunctuationAt);
  // The commonest one; a column of dashes may hold something else in other lines.
  std::string text;
  size_t hits = 0;
  for (size_t i = 0; i < rows_.size() && text.empty(); ++i) {
    if (ends[i] != 0) text = rows_[i].line.substr(rows_[i].at, ends[i] - rows_[i].at);
  }
  Ends same = ends;
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (ends[i] == 0 || rows_[i].line.substr(rows_[i].at, ends[i] - rows_[i].at) != text)
      same[i] = 0;
    if (same[i] != 0) ++hits;
  }
  if (text.empty() || hits < Enough(kAll)) return false;
  const bool sign = text == "|" || (signs_ > 0 && words_ <= 2);
  Accept({.kind = StepKind::kLiteral, .text = text}, same, sign);
  return true;
}

bool LayoutWalk::TakeTime(double share) {
  if (anchored_ && words_ > kWordsBetween) return false;
  Ends ends = Find(TimeAt);
  if (Hits(ends) < Enough(share)) return false;
  SkipAttached(&ends);
  Accept({.kind = StepKind::kTime}, ends, true);
  return true;
}

bool LayoutWalk::TakeLevel(double share) {
  Ends ends = Find(WordLevelAt);
  if (Hits(ends) < Enough(share)) return false;
  size_t upper = 0;
  std::set<std::string_view> distinct;
  for (size_t i = 0; i < ends.size(); ++i) {
    if (ends[i] == 0) continue;
    const std::string_view word = rows_[i].line.substr(rows_[i].at, ends[i] - rows_[i].at);
    distinct.insert(word);
    if (IsUpper(word.back()) || word.find('.') != std::string_view::npos) ++upper;
    ends[i] = AfterAttached(rows_[i].line, ends[i]);
  }
  // "error" in small letters begins many messages; a column of levels has other values too, or
  // stands where nothing but the time came before.
  const bool shouted = upper >= Enough(kMost * share);
  if (!shouted && distinct.size() < 2 && words_ > 0) return false;
  if (!shouted && (words_ > 1 || tagged_)) return false;
  Accept({.kind = StepKind::kLevel}, ends, true);
  return true;
}

bool LayoutWalk::TakeLetter(double share) {
  Ends ends = Find(LetterAt);
  if (Hits(ends) < Enough(share) || words_ > 1 || !anchored_) return false;
  SkipAttached(&ends);
  Accept({.kind = StepKind::kLetter}, ends, true);
  return true;
}

bool LayoutWalk::TakeBracket() {
  Ends ends = Find(BracketAt);
  if (Hits(ends) < Enough(kMost) || words_ > 2 || tagged_) return false;
  std::array<size_t, 3> counts{};
  constexpr std::string_view kOpen = "[(<";
  for (size_t i = 0; i < ends.size(); ++i) {
    if (ends[i] != 0) ++counts[kOpen.find(rows_[i].line[rows_[i].at])];
  }
  const auto best =
      static_cast<size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
  if (counts[best] < Enough(kMost)) return false;
  bool timed = false;
  for (size_t i = 0; i < ends.size(); ++i) {
    if (ends[i] == 0) continue;
    if (rows_[i].line[rows_[i].at] != kOpen[best]) {
      ends[i] = 0;
      continue;
    }
    const std::string_view inner =
        Trimmed(rows_[i].line.substr(rows_[i].at + 1, ends[i] - rows_[i].at - 2));
    timed |= TimeAt(inner, 0) != 0 || LevelOfGroup(inner) != Level::kNone;
    ends[i] = AfterAttached(rows_[i].line, ends[i]);
  }
  Accept({.kind = StepKind::kBracket, .open = kOpen[best]}, ends,
         kOpen[best] == '[' || signs_ > 0 || timed);
  anchored_ |= timed;
  return true;
}

bool LayoutWalk::TakeNumber() {
  Ends ends = Find(NumberAt);
  if (Hits(ends) < Enough(kMost) || tagged_) return false;
  SkipAttached(&ends);
  Accept({.kind = StepKind::kNumber}, ends, words_ == 0 && signs_ > 0);
  return true;
}

// Columns between pipes, tabs, or commas and semicolons that follow the last column at once.
bool LayoutWalk::TakeField() {
  if (tagged_) return false;
  for (const char separator : {'|', '\t', ',', ';'}) {
    Ends ends(rows_.size());
    size_t bytes = 0, words = 0, hits = 0;
    for (size_t i = 0; i < rows_.size(); ++i) {
      const auto& [line, at, gap] = rows_[i];
      const bool comma = separator == ',' || separator == ';';
      if (comma && (at == 0 || line[at - 1] != separator)) continue;
      const size_t end = line.substr(at, kFieldBytes).find(separator);
      if (end == std::string_view::npos) continue;
      ends[i] = at + end;
      if (end == 0) ends[i] = 0;
      const std::string_view text = line.substr(at, end);
      bytes += end;
      words += 1 + static_cast<size_t>(std::count(text.begin(), text.end(), ' '));
      hits += end > 0 ? 1 : 0;
    }
    if (hits < Enough(kAll) || (rows_.size() < 2 && separator != '\t') || hits == 0) continue;
    if (separator == '|' && signs_ == 0 && rows_.size() < kFewLines) continue;
    if (bytes > 40 * hits || words > (separator == '|' ? 4 : 2) * hits) continue;
    Accept({.kind = StepKind::kField, .text = std::string(1, separator)}, ends, true);
    if (separator == ',' || separator == ';') {
      for (size_t& end : ends) end = 0;
      ends.assign(rows_.size(), 0);
      for (size_t i = 0; i < rows_.size(); ++i) ends[i] = rows_[i].at + 1;
      Accept({.kind = StepKind::kLiteral, .text = std::string(1, separator)}, ends, true);
    }
    return true;
  }
  return false;
}

// With few lines a name must look like one: "Connection: closed" is a message.
bool LayoutWalk::TagIsName() const {
  size_t names = 0;
  for (const Row& row : rows_) {
    const size_t end = TagAt(row.line, row.at);
    if (end == 0) continue;
    const std::string_view name = row.line.substr(row.at, end - 1 - row.at);
    const bool inner_capital = std::any_of(name.begin() + 1, name.end(), IsUpper) &&
                               std::any_of(name.begin(), name.end(), IsLower);
    const bool small =
        !IsUpper(name[0]) && name.find_first_of("0123456789./-_") != std::string_view::npos;
    if (inner_capital || small || name.back() == ']' || name.find('.') != std::string_view::npos)
      ++names;
  }
  return names >= Enough(kMost);
}

bool LayoutWalk::TakeTag() {
  const Ends ends = Find(TagAt);
  if (Hits(ends) < Enough(kMost) || tagged_ || words_ > 1) return false;
  if (rows_.size() < kFewLines && !TagIsName()) return false;
  size_t numbered = 0;
  for (size_t i = 0; i < ends.size(); ++i) {
    if (ends[i] > 1 && rows_[i].line[ends[i] - 2] == ']') ++numbered;
  }
  Accept({.kind = StepKind::kTag}, ends, signs_ > 0 || numbered >= Enough(0.5));
  return true;
}

// A name of one or two words before " - ", where its words are not always the same number.
bool LayoutWalk::TakeUntil() {
  if (words_ > 0 || signs_ == 0 || rows_.size() < kFewLines || tagged_) return false;
  Ends ends(rows_.size());
  size_t words = 0;
  std::set<std::string> distinct;
  for (size_t i = 0; i < rows_.size(); ++i) {
    const auto& [line, at, gap] = rows_[i];
    const size_t end = line.substr(at, 64).find(" - ");
    if (end == std::string_view::npos || end == 0) continue;
    ends[i] = at + end + 3;
    std::string text(line.substr(at, end));
    words += 1 + static_cast<size_t>(std::count(text.begin(), text.end(), ' '));
    std::erase_if(text, IsDigit);
    distinct.insert(std::move(text));
  }
  const size_t hits = Hits(ends);
  if (hits < Enough(kMost) || words * 2 > hits * 5 ||
      distinct.size() > std::max<size_t>(4, hits / 3))
    return false;
  Accept({.kind = StepKind::kUntil, .text = " - "}, ends, true);
  return true;
}

bool LayoutWalk::TakeDotted() {
  if (words_ > 0 || signs_ == 0 || tagged_) return false;
  const Ends ends = Find(DottedAt);
  if (Hits(ends) < Enough(kMost)) return false;
  // Behind " - " the message may begin: with a host name, say.
  Accept({.kind = StepKind::kToken}, ends, steps_[signs_ - 1].kind != StepKind::kLiteral);
  return true;
}

// A token that is filled up with blanks to a width, on either side.
bool LayoutWalk::TakePadded() {
  if (words_ > 0 || signs_ == 0 || tagged_) return false;
  Ends ends(rows_.size());
  size_t wide = 0;
  std::set<size_t> lengths, lefts, rights;
  for (size_t i = 0; i < rows_.size(); ++i) {
    const auto& [line, at, gap] = rows_[i];
    const size_t end = SkipToken(line, at);
    const size_t next = SkipBlanks(line, end);
    if (end == at || next == line.size()) continue;
    ends[i] = end;
    if (next - end >= 2) ++wide;
    lengths.insert(end - at);
    lefts.insert(next - at);
    rights.insert(gap + end - at);
  }
  if (Hits(ends) < Enough(kMost)) return false;
  const bool aligned =
      lengths.size() >= 2 && (lefts.size() == 1 || rights.size() == 1) && rows_.size() >= kFewLines;
  if (wide < Enough(kMost) && !aligned) return false;
  Accept({.kind = StepKind::kToken}, ends, true);
  return true;
}

bool LayoutWalk::StrongFollows(const std::vector<Row>& rows) const {
  for (const Finder find : {Finder(TimeAt), Finder(WordLevelAt), Finder(TagAt), Finder(DottedAt),
                            Finder(PunctuationAt), Finder(LetterAt)}) {
    size_t hits = 0;
    for (const Row& row : rows) {
      if (row.at < row.line.size() && find(row.line, row.at) != 0) ++hits;
    }
    if (hits >= Enough(kMost)) return true;
  }
  return false;
}

// A bracket group that only some lines have, with a sign of a header behind it in all.
bool LayoutWalk::TakeOptional() {
  if (optional_ >= 3 || tagged_ || rows_.size() < kFewLines) return false;
  Ends ends = Find(BracketAt);
  const size_t hits = Hits(ends);
  if (hits < Enough(0.05)) return false;
  std::vector<Row> behind = rows_;
  char open = 0;
  for (size_t i = 0; i < ends.size(); ++i) {
    if (ends[i] == 0) {
      ends[i] = rows_[i].at;
      continue;
    }
    if (open == 0) open = rows_[i].line[rows_[i].at];
    if (rows_[i].line[rows_[i].at] != open) return false;
    ends[i] = AfterAttached(rows_[i].line, ends[i]);
    behind[i].at = SkipBlanks(rows_[i].line, ends[i]);
  }
  if (!StrongFollows(behind)) return false;
  ++optional_;
  Accept({.kind = StepKind::kBracket, .open = open, .optional = true}, ends, false);
  return true;
}

bool LayoutWalk::TakeBranch() {
  if (rows_.size() < kFewLines || words_ > 1 || tagged_) return false;
  return TakeTime(kBranch) || TakeLevel(kBranch) || TakeLetter(kBranch);
}

bool LayoutWalk::TakeWord() {
  if (words_ >= (anchored_ ? kWordsBetween : kWordsBefore) || tagged_) return false;
  const Ends ends = Find([](std::string_view line, size_t at) {
    const size_t end = SkipToken(line, at);
    return end < line.size() ? end : size_t{0};  // nothing can follow the last word
  });
  if (Hits(ends) < Enough(kMost)) return false;
  Accept({.kind = StepKind::kToken}, ends, false);
  return true;
}

bool LayoutWalk::Next() {
  SkipGaps();
  return TakeLiteral() || TakeTime(kMost) || TakeLevel(kMost) || TakeLetter(kAll) ||
         TakeBracket() || TakeNumber() || TakeField() || TakeTag() || TakeUntil() || TakeDotted() ||
         TakePadded() || TakeOptional() || TakeBranch() || TakeWord();
}

}  // namespace alogd
