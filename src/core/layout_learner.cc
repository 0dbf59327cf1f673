// SPDX-License-Identifier: MIT
// The walk over columns: what stands there in most lines, and whether it belongs to a header.
#include "core/layout_learner.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>

#include "core/column_roles.h"
#include "core/level_word.h"
#include "core/scan.h"
#include "core/time_text.h"

namespace alogd {

namespace {

constexpr double kMost = 0.9;    // of the lines agree on a column
constexpr double kAll = 0.95;    // for kinds that messages show too
constexpr double kBranch = 0.3;  // so many lines are a format of their own within the source
constexpr size_t kFieldBytes = 120;
// Words between two signs of a header: before the first sign a label, a file and a node may stand;
// behind it more than a few are a message.
constexpr size_t kWordsBefore = 6, kWordsBetween = 4;
// Fewer lines than this say nothing about how a column varies.
constexpr size_t kFewLines = 8;

bool IsPunctuation(char c) {
  return std::string_view("-|:>=*#~+<").find(c) != std::string_view::npos;
}

// A token of punctuation only, of at most three characters: its end, else 0.
size_t PunctuationAt(std::string_view line, size_t at) {
  size_t end = at;
  while (end < line.size() && IsPunctuation(line[end])) ++end;
  const bool alone = end == line.size() || IsBlank(line[end]);
  if (At(line, at) == '|') return at + 1;
  return end > at && end - at <= 3 && alone ? end : 0;
}

size_t TimeAt(std::string_view line, size_t at) {
  CivilTime t;
  return ScanTime(line.substr(at), &t) ? at + t.length : 0;
}

size_t LetterAt(std::string_view line, size_t at) {
  if (LevelOfLetter(At(line, at)) == Level::kNone) return 0;
  const char next = At(line, at + 1);
  return IsBlank(next) || next == ':' || next == ',' || next == '|' ? at + 1 : 0;
}

size_t WordLevelAt(std::string_view line, size_t at) {
  Level level = Level::kNone;
  return LevelAt(line, at, &level);
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

// com.example.Name, a::b, server.go:42.
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

size_t AfterAttached(std::string_view line, size_t end) {
  const char c = At(line, end);
  return c == ':' || c == ',' || c == ';' ? end + 1 : end;
}

class Walk {
 public:
  explicit Walk(std::span<const std::string_view> lines);
  // The number of lines that took part, 0 if there is nothing to learn.
  std::optional<Layout> Run();

 private:
  struct Row {
    std::string_view line;
    size_t at = 0;
    size_t gap = 0;  // blanks before `at`
  };
  using Ends = std::vector<size_t>;  // by row; 0 where the column is something else
  using Finder = size_t (*)(std::string_view, size_t);

  size_t Enough(double share) const {
    return std::max<size_t>(
        1, static_cast<size_t>(std::ceil(share * static_cast<double>(rows_.size()))));
  }
  Ends Find(Finder find) const;
  static size_t Hits(const Ends& ends);
  // The step is in all rows whose end is not 0; the others leave the walk.
  void Accept(Step step, const Ends& ends, bool sign);

  void ChooseFirst();
  void SkipGaps();
  bool Next();
  bool TakeLiteral();
  bool TakeTime(double share);
  bool TakeLevel(double share);
  bool TakeLetter(double share);
  bool TakeBracket();
  bool TakeNumber();
  bool TakeField();
  bool TakeTag();
  bool TakeUntil();
  bool TakeDotted();
  bool TakePadded();
  bool TakeOptional();
  bool TakeBranch();
  bool TakeWord();
  bool StrongFollows(const std::vector<Row>& rows) const;
  bool TagIsName() const;
  void DropWeakTail();
  bool IsHeader() const;
  size_t DistinctNext(size_t least) const;

  std::vector<Row> rows_;
  std::vector<Step> steps_;
  size_t signs_ = 0;  // steps up to the last sign of a header
  size_t words_ = 0;  // steps behind it
  size_t optional_ = 0;
  bool anchored_ = false;     // a time or level was seen
  bool tagged_ = false;       // the last sign was a name with a colon
  std::vector<Row> at_sign_;  // the rows behind the last sign
};

Walk::Walk(std::span<const std::string_view> lines) {
  for (const std::string_view line : lines) {
    if (!line.empty()) rows_.push_back({line, 0, 0});
  }
}

Walk::Ends Walk::Find(Finder find) const {
  Ends ends(rows_.size());
  for (size_t i = 0; i < rows_.size(); ++i) {
    ends[i] = rows_[i].at < rows_[i].line.size() ? find(rows_[i].line, rows_[i].at) : 0;
  }
  return ends;
}

size_t Walk::Hits(const Ends& ends) {
  return static_cast<size_t>(
      std::count_if(ends.begin(), ends.end(), [](size_t e) { return e != 0; }));
}

void Walk::Accept(Step step, const Ends& ends, bool sign) {
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

// The lines whose first column is of the commonest kind; the others are another format or none.
void Walk::ChooseFirst() {
  const auto kind_of = [](const Row& row) -> size_t {
    if (TimeAt(row.line, 0) != 0) return 0;
    if (WordLevelAt(row.line, 0) != 0) return 1;
    const size_t bracket = BracketAt(row.line, 0);
    if (bracket != 0) return TimeAt(row.line, 1) != 0 ? 2 : 3;
    if (NumberAt(row.line, 0) != 0) return 4;
    return TagAt(row.line, 0) != 0 ? 5 : 6;
  };
  std::array<size_t, 7> counts{};
  for (const Row& row : rows_) ++counts[kind_of(row)];
  const auto chosen =
      static_cast<size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
  std::erase_if(rows_, [&](const Row& row) { return kind_of(row) != chosen; });
}

void Walk::SkipGaps() {
  for (Row& row : rows_) {
    const size_t at = SkipBlanks(row.line, row.at);
    row.gap = at - row.at;
    row.at = at;
  }
}

bool Walk::TakeLiteral() {
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

bool Walk::TakeTime(double share) {
  if (anchored_ && words_ > kWordsBetween) return false;
  Ends ends = Find(TimeAt);
  if (Hits(ends) < Enough(share)) return false;
  for (size_t i = 0; i < ends.size(); ++i) {
    if (ends[i] != 0) ends[i] = AfterAttached(rows_[i].line, ends[i]);
  }
  Accept({.kind = StepKind::kTime}, ends, true);
  return true;
}

bool Walk::TakeLevel(double share) {
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

bool Walk::TakeLetter(double share) {
  Ends ends = Find(LetterAt);
  if (Hits(ends) < Enough(share) || words_ > 1 || !anchored_) return false;
  for (size_t i = 0; i < ends.size(); ++i) {
    if (ends[i] != 0) ends[i] = AfterAttached(rows_[i].line, ends[i]);
  }
  Accept({.kind = StepKind::kLetter}, ends, true);
  return true;
}

bool Walk::TakeBracket() {
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

bool Walk::TakeNumber() {
  Ends ends = Find(NumberAt);
  if (Hits(ends) < Enough(kMost) || tagged_) return false;
  for (size_t i = 0; i < ends.size(); ++i) {
    if (ends[i] != 0) ends[i] = AfterAttached(rows_[i].line, ends[i]);
  }
  Accept({.kind = StepKind::kNumber}, ends, words_ == 0 && signs_ > 0);
  return true;
}

// Columns between pipes, tabs, or commas and semicolons that follow the last column at once.
bool Walk::TakeField() {
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
bool Walk::TagIsName() const {
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

bool Walk::TakeTag() {
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
bool Walk::TakeUntil() {
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

bool Walk::TakeDotted() {
  if (words_ > 0 || signs_ == 0 || tagged_) return false;
  const Ends ends = Find(DottedAt);
  if (Hits(ends) < Enough(kMost)) return false;
  // Behind " - " the message may begin: with a host name, say.
  Accept({.kind = StepKind::kToken}, ends, steps_[signs_ - 1].kind != StepKind::kLiteral);
  return true;
}

// A token that is filled up with blanks to a width, on either side.
bool Walk::TakePadded() {
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

bool Walk::StrongFollows(const std::vector<Row>& rows) const {
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
bool Walk::TakeOptional() {
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

bool Walk::TakeBranch() {
  if (rows_.size() < kFewLines || words_ > 1 || tagged_) return false;
  return TakeTime(kBranch) || TakeLevel(kBranch) || TakeLetter(kBranch);
}

bool Walk::TakeWord() {
  if (words_ >= (anchored_ ? kWordsBetween : kWordsBefore) || tagged_) return false;
  const Ends ends = Find([](std::string_view line, size_t at) {
    const size_t end = SkipToken(line, at);
    return end < line.size() ? end : size_t{0};  // nothing can follow the last word
  });
  if (Hits(ends) < Enough(kMost)) return false;
  Accept({.kind = StepKind::kToken}, ends, false);
  return true;
}

bool Walk::Next() {
  SkipGaps();
  return TakeLiteral() || TakeTime(kMost) || TakeLevel(kMost) || TakeLetter(kAll) ||
         TakeBracket() || TakeNumber() || TakeField() || TakeTag() || TakeUntil() || TakeDotted() ||
         TakePadded() || TakeOptional() || TakeBranch() || TakeWord();
}

// Distinct words behind the last sign, numbers counting as one, up to `least`.
size_t Walk::DistinctNext(size_t least) const {
  std::set<std::string_view> distinct;
  for (const Row& row : at_sign_) {
    const size_t at = SkipBlanks(row.line, row.at);
    const std::string_view token = row.line.substr(at, SkipToken(row.line, at) - at);
    distinct.insert(!token.empty() && IsDigit(token[0]) ? std::string_view("0") : token);
    if (distinct.size() >= least) break;
  }
  return distinct.size();
}

// A number that nothing but text follows is the message's, unless a time stands before it or many
// different texts follow it.
void Walk::DropWeakTail() {
  while (signs_ > 0 && steps_[signs_ - 1].kind == StepKind::kNumber) {
    const bool timed = signs_ > 1 && steps_[signs_ - 2].kind == StepKind::kTime;
    if (at_sign_.size() >= (timed ? 3 : kFewLines) && (timed || DistinctNext(3) >= 3)) break;
    --signs_;
    for (Row& row : at_sign_) {
      while (row.at > 0 && IsBlank(row.line[row.at - 1])) --row.at;
      while (row.at > 0 && !IsBlank(row.line[row.at - 1])) --row.at;
    }
  }
}

bool Walk::IsHeader() const {
  if (signs_ == 0) return false;
  size_t fields = 0;
  bool named = false;
  for (size_t i = 0; i < signs_; ++i) {
    if (steps_[i].kind == StepKind::kField) ++fields;
    named |= steps_[i].kind == StepKind::kTag;
  }
  return anchored_ || fields >= 2 || named;
}

std::optional<Layout> Walk::Run() {
  if (rows_.empty()) return std::nullopt;
  ChooseFirst();
  while (!rows_.empty() && steps_.size() + 2 < Layout::kMaxSteps && Next()) {
  }
  DropWeakTail();
  if (!IsHeader()) return std::nullopt;
  steps_.resize(signs_);
  std::vector<std::string_view> lines;
  for (const Row& row : at_sign_) lines.push_back(row.line);
  AddComponentColumn(lines, &steps_);
  AssignRoles(lines, &steps_);
  return Layout(std::move(steps_));
}

}  // namespace

std::optional<Layout> LearnLayout(std::span<const std::string_view> lines) {
  return Walk(lines).Run();
}

std::vector<Layout> LearnLayouts(std::span<const std::string_view> lines, size_t limit) {
  std::vector<Layout> out;
  std::vector<std::string_view> rest(lines.begin(), lines.end());
  while (out.size() < limit && !rest.empty()) {
    std::optional<Layout> layout = LearnLayout(rest);
    if (!layout) break;
    const size_t before = rest.size();
    std::erase_if(rest, [&](std::string_view line) {
      size_t message = 0;
      return layout->Fits(line, &message);
    });
    const size_t fitted = before - rest.size();
    if (fitted == 0 || (fitted < 2 && before > 2) || fitted * 10 < before) break;
    out.push_back(std::move(*layout));
  }
  return out;
}

}  // namespace alogd
