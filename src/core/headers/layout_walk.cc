// SPDX-License-Identifier: MIT
// The kinds of columns in the order in which they are looked for, and what makes each a sign of a
// header.
#include "core/headers/layout_walk.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "core/headers/column_kinds.h"
#include "core/headers/level_word.h"
#include "core/headers/scan.h"

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
  tagged_ = sign && step.kind == StepKind::kTag;
  // Where nothing follows it is the message that ends in a time or a number.
  const auto last = std::count_if(rows_.begin(), rows_.end(), [](const Row& row) {
    return SkipBlanks(row.line, row.at) == row.line.size();
  });
  sign = sign && static_cast<size_t>(last) * 2 <= rows_.size();
  if (step.kind != StepKind::kLiteral) ++words_;
  steps_.push_back(std::move(step));
  if (sign) {
    earlier_.push_back({signs_, at_sign_});
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

bool LayoutWalk::TakeLiteral(double share) {
  if (steps_.empty()) return false;
  Ends ends = Find(PunctuationAt);
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (ends[i] == rows_[i].line.size()) ends[i] = 0;  // nothing follows: it is the message's end
  }
  // The commonest one; a column of dashes may hold something else in other lines.
  std::map<std::string_view, size_t> counts;
  const auto text_of = [&](size_t i) {
    return rows_[i].line.substr(rows_[i].at, ends[i] - rows_[i].at);
  };
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (ends[i] != 0) ++counts[text_of(i)];
  }
  const auto best =
      std::max_element(counts.begin(), counts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (best == counts.end() || best->second < Enough(share)) return false;
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (ends[i] != 0 && text_of(i) != best->first) ends[i] = 0;
  }
  const std::string text(best->first);
  // Part of the lines alone show no sign that messages show, too, as "* started".
  if (share < kMost && !(text == "|" || (text == "-" && words_ == 0))) return false;
  const bool sign = text == "|" || (signs_ > 0 && words_ <= 2);
  Accept({.kind = StepKind::kLiteral, .text = text}, ends, sign);
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
    ends[i] = AfterLevel(rows_[i].line, ends[i]);
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
  if (Hits(ends) < Enough(share) || words_ > 1) return false;
  if (!anchored_) {
    // Without a time before it, a letter is a level only as a whole first column of different ones.
    std::set<char> distinct;
    for (const Row& row : rows_) distinct.insert(row.line[row.at]);
    if (!steps_.empty() || distinct.size() < 2 || rows_.size() < kFewLines) return false;
    anchored_ = true;
  }
  SkipAttached(&ends);
  Accept({.kind = StepKind::kLetter}, ends, true);
  return true;
}

// The bracket that most rows have here, those rows' ends, and how many of them hold a level or a
// time.
LayoutWalk::Groups LayoutWalk::FindGroups() const {
  Groups out;
  out.ends = Find(BracketAt);
  std::map<char, size_t> counts;
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (out.ends[i] != 0) ++counts[rows_[i].line[rows_[i].at]];
  }
  for (const auto& [open, count] : counts) {
    if (count > out.hits) out.hits = count, out.open = open;
  }
  out.leveled.assign(rows_.size(), false);
  std::set<char> letters;
  size_t single = 0;
  for (size_t i = 0; i < rows_.size(); ++i) {
    const auto& [line, at, gap] = rows_[i];
    if (out.ends[i] == 0 || line[at] != out.open) {
      out.ends[i] = 0;
      continue;
    }
    const std::string_view inner = Trimmed(line.substr(at + 1, out.ends[i] - at - 2));
    out.leveled[i] = inner.size() > 1 && LevelOfGroup(inner) != Level::kNone;
    out.levels += out.leveled[i] ? 1 : 0;
    if (inner.size() == 1 && LevelOfLetter(inner[0]) != Level::kNone)
      letters.insert(inner[0]), ++single;
    out.times += TimeAt(inner, 0) != 0 ? 1 : 0;
    out.ends[i] = AfterAttached(line, out.ends[i]);
  }
  // "[I]", "[W]": letters are levels where nothing else stands and they differ.
  if (single == out.hits && letters.size() >= 2) {
    out.levels = single;
    for (size_t i = 0; i < rows_.size(); ++i) out.leveled[i] = out.ends[i] != 0;
  }
  return out;
}

bool LayoutWalk::TakeBracket() {
  const Groups groups = FindGroups();
  if (groups.hits < Enough(kMost) || words_ > 2 || tagged_) return false;
  if (TakeFirstOfTwo(groups)) return true;
  const bool known = groups.times >= Enough(kMost) || groups.levels >= Enough(kMost);
  // "(cache) read": few lines do not show that this is a column.
  if (groups.open != '[' && !known && rows_.size() < kFewLines) return false;
  // A level in some lines and something else in others: those have a column that these lack.
  if (!known && groups.levels >= Enough(0.05) && rows_.size() >= kFewLines) return TakeOptional();
  Accept({.kind = StepKind::kBracket, .open = groups.open}, groups.ends,
         groups.open == '[' || signs_ > 0 || known);
  anchored_ |= known;
  return true;
}

bool LayoutWalk::TakeNumber() {
  Ends ends = Find(NumberAt);
  if (Hits(ends) < Enough(kMost) || tagged_) return false;
  SkipAttached(&ends);
  Accept({.kind = StepKind::kNumber}, ends,
         signs_ > 0 && (words_ == 0 || (words_ == 1 && rows_.size() >= kFewLines)));
  return true;
}

// Whether the rows stand in a column that `separator` ends: short texts of few words, in nearly all
// rows.
bool LayoutWalk::FindFields(char separator, Ends* ends) const {
  const bool comma = separator == ',' || separator == ';';
  size_t bytes = 0, words = 0;
  ends->assign(rows_.size(), 0);
  for (size_t i = 0; i < rows_.size(); ++i) {
    const auto& [line, at, gap] = rows_[i];
    // Commas are separators only right behind the column before.
    if (comma && (at == 0 || line[at - 1] != separator)) continue;
    const size_t end = line.substr(at, kFieldBytes).find(separator);
    if (end == std::string_view::npos || end == 0) continue;
    (*ends)[i] = at + end;
    const std::string_view text = line.substr(at, end);
    bytes += end;
    words += 1 + static_cast<size_t>(std::count(text.begin(), text.end(), ' '));
  }
  const size_t hits = Hits(*ends);
  if (hits == 0 || hits < Enough(kAll) || bytes > 40 * hits) return false;
  const bool few = rows_.size() < kFewLines;
  if (separator == '|') {
    const bool between = !steps_.empty() && steps_.back().text == "|";
    return words <= 4 * hits && (rows_.size() > 1 || between) && !(few && signs_ == 0);
  }
  return words * 2 <= (few ? 2 : 3) * hits && (rows_.size() > 1 || separator == '\t');
}

// Columns between pipes, tabs, or commas and semicolons that follow the last column at once.
bool LayoutWalk::TakeField() {
  if (tagged_ || words_ > 0) return false;
  for (const char separator : {'|', '\t', ',', ';'}) {
    Ends ends;
    if (!FindFields(separator, &ends)) continue;
    const std::string text(1, separator);
    Accept({.kind = StepKind::kField, .text = text}, ends, true);
    if (separator == ',' || separator == ';') {
      ends.clear();
      for (const Row& row : rows_) ends.push_back(row.at + 1);
      Accept({.kind = StepKind::kLiteral, .text = text}, ends, true);
    }
    return true;
  }
  return false;
}

bool LayoutWalk::TagIsName() const {
  size_t names = 0;
  for (const Row& row : rows_) {
    const size_t end = TagAt(row.line, row.at);
    if (end == 0) continue;
    const std::string_view name = row.line.substr(row.at, end - 1 - row.at);
    const bool inner_capital = std::any_of(name.begin() + 1, name.end(), IsUpper) &&
                               std::any_of(name.begin(), name.end(), IsLower);
    const bool small = !IsUpper(name[0]);
    if (inner_capital || small || name.back() == ']' || name.find('.') != std::string_view::npos)
      ++names;
  }
  return names >= Enough(0.5);
}

bool LayoutWalk::TakeTag() {
  const Ends ends = Find(TagAt);
  if (Hits(ends) < Enough(kMost) || tagged_ || words_ > 1) return false;
  // With few lines a name must look like one: "Connection: closed" is a message.
  if (rows_.size() < kFewLines && !TagIsName()) return false;
  size_t numbered = 0, digits = 0;
  for (size_t i = 0; i < ends.size(); ++i) {
    if (ends[i] != 0 && IsDigit(rows_[i].line[rows_[i].at])) ++digits;
    if (ends[i] > 1 && rows_[i].line[ends[i] - 2] == ']') ++numbered;
  }
  if (digits >= Enough(0.1)) return false;  // "1001024: recovered": ids, and no names
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
    if (text.find_first_of("[(<") != std::string::npos) return false;  // columns of their own
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
  if (signs_ == 0 || tagged_ || words_ > (rows_.size() < kFewLines ? 0 : 1)) return false;
  const Ends ends = Find(DottedAt);
  if (Hits(ends) < Enough(kMost)) return false;
  // Behind " - " the message may begin: with a host name, say.
  const StepKind before = steps_[signs_ - 1].kind;
  Accept({.kind = StepKind::kToken}, ends,
         before != StepKind::kLiteral && before != StepKind::kUntil);
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

// What a group's text looks like, so that values of one column look alike: its words without their
// numbers.
std::string ShapeOfGroup(std::string_view group) {
  std::string shape;
  for (size_t i = 0; i < group.size();) {
    size_t end = i;
    bool digit = false;
    for (; end < group.size() && IsAlnum(group[end]); ++end) digit |= IsDigit(group[end]);
    if (end == i) ++end;
    shape += digit ? std::string_view("0") : group.substr(i, end - i);
    i = end;
  }
  return shape;
}

// The groups that follow each other where a row stands, by their shapes; none behind a colon.
std::vector<std::string> LayoutWalk::ShapesAt(const Row& row, char open) {
  constexpr size_t kMostGroups = 5;
  std::vector<std::string> shapes;
  for (size_t at = row.at; shapes.size() < kMostGroups && At(row.line, at) == open;) {
    const size_t end = BracketAt(row.line, at);
    if (end == 0) break;
    shapes.push_back(ShapeOfGroup(row.line.substr(at, end - at)));
    if (AfterAttached(row.line, end) != end) break;
    at = SkipBlanks(row.line, end);
  }
  return shapes;
}

// So many groups in most rows and one fewer in the others, whose first looks like the second of
// those: they lack the first.
bool LayoutWalk::TakeFirstOfTwo(const Groups& groups) {
  if (optional_ >= Layout::kMaxOptional || rows_.size() < kFewLines) return false;
  std::vector<std::vector<std::string>> runs;
  std::map<size_t, size_t> counts;
  for (size_t i = 0; i < rows_.size(); ++i) {
    runs.push_back(groups.ends[i] == 0 ? std::vector<std::string>()
                                       : ShapesAt(rows_[i], groups.open));
    ++counts[runs.back().size()];
  }
  // The most groups that a fair share of the rows has; a message may begin with one more.
  size_t many = 0;
  for (const auto& [n, rows] : counts)
    if (rows >= Enough(0.3)) many = n;
  const size_t few_rows = many >= 2 ? counts[many - 1] : 0;
  if (few_rows == 0 || few_rows < Enough(1 - kAll) || counts[many] + few_rows < Enough(kMost))
    return false;
  std::set<std::string> firsts, seconds;
  for (const auto& shapes : runs)
    if (shapes.size() == many) firsts.insert(shapes[0]), seconds.insert(shapes[1]);
  size_t like_first = 0, like_second = 0;
  Ends ends = groups.ends;
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (runs[i].size() != many - 1) continue;
    like_first += firsts.contains(runs[i][0]);
    like_second += seconds.contains(runs[i][0]);
    ends[i] = rows_[i].at;
  }
  if (like_second * 10 < few_rows * 9 || like_first * 2 > few_rows) return false;
  ++optional_;
  Accept({.kind = StepKind::kBracket, .open = groups.open, .optional = true}, ends, false);
  --words_;  // the column that stands in all lines counts
  return true;
}

// A sign of a header stands in most of `rows`, or a name or level behind one word.
bool LayoutWalk::StrongFollows(const std::vector<Row>& rows) const {
  constexpr Finder kNear[] = {TimeAt, WordLevelAt, BracketAt,     NumberAt,
                              TagAt,  DottedAt,    PunctuationAt, LetterAt};
  constexpr Finder kFar[] = {WordLevelAt, LevelGroupAt, TagAt, DottedAt};
  const auto most = [&](Finder find, bool far) {
    size_t hits = 0;
    for (const auto& [line, at, gap] : rows) {
      const size_t from = far ? SkipBlanks(line, SkipToken(line, at)) : at;
      if (from < line.size() && find(line, from) != 0) ++hits;
    }
    return hits >= Enough(kMost);
  };
  return std::any_of(std::begin(kNear), std::end(kNear),
                     [&](Finder f) { return most(f, false); }) ||
         std::any_of(std::begin(kFar), std::end(kFar), [&](Finder f) { return most(f, true); });
}

// A bracket group that only some lines have, with a sign of a header behind it in all.
bool LayoutWalk::TakeOptional() {
  if (steps_.empty() || optional_ >= Layout::kMaxOptional || tagged_ || rows_.size() < kFewLines)
    return false;
  Groups groups = FindGroups();
  std::vector<Row> behind = rows_;
  size_t hits = 0;
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (groups.ends[i] != 0 && !groups.leveled[i]) {
      behind[i].at = SkipBlanks(rows_[i].line, groups.ends[i]);
      ++hits;
    } else {
      groups.ends[i] = rows_[i].at;
    }
  }
  if (hits < Enough(0.05) || !StrongFollows(behind)) return false;
  ++optional_;
  Accept({.kind = StepKind::kBracket, .open = groups.open, .optional = true}, groups.ends, false);
  --words_;  // the column that stands in all lines counts
  return true;
}

bool LayoutWalk::TakeBranch() {
  if (rows_.size() < kFewLines || words_ > 1 || tagged_) return false;
  return TakeTime(kBranch) || TakeLevel(kBranch) || TakeLetter(kBranch) || TakeLiteral(kBranch) ||
         TakeGroupBranch();
}

// "[main] INFO" in some of the lines: a group with a level or a name behind it.
bool LayoutWalk::TakeGroupBranch() {
  Groups groups = FindGroups();
  size_t strong = 0;
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (groups.ends[i] == 0) continue;
    const std::string_view line = rows_[i].line;
    const size_t next = SkipBlanks(line, groups.ends[i]);
    if (next == line.size()) continue;
    const bool level = groups.leveled[i] || WordLevelAt(line, next) != 0 ||
                       LevelGroupAt(line, next) > next + 3;  // "[I]" says little
    strong += level || DottedAt(line, next) != 0 || TagAt(line, next) != 0;
  }
  if (groups.hits < Enough(kBranch) || strong * 10 < groups.hits * 9) return false;
  Accept({.kind = StepKind::kBracket, .open = groups.open}, groups.ends, true);
  return true;
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
  return TakeLiteral(kAll) || TakeTime(kMost) || TakeLevel(kMost) || TakeLetter(kAll) ||
         TakeBracket() || TakeNumber() || TakeField() || TakeTag() || TakeOptional() ||
         TakeUntil() || TakeDotted() || TakePadded() || TakeBranch() || TakeWord();
}

}  // namespace alogd
