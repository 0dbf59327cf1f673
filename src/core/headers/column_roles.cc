// SPDX-License-Identifier: MIT
// Roles by what the columns hold in the voting lines.
#include "core/headers/column_roles.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/headers/column_kinds.h"
#include "core/headers/scan.h"
#include "core/headers/time_text.h"

namespace alogd {

namespace {

// What one column holds, over all lines.
struct Column {
  std::vector<std::string_view> texts;  // bracket groups without their brackets

  template <typename Is>
  bool Mostly(Is is) const {
    const auto n = static_cast<size_t>(std::count_if(texts.begin(), texts.end(), is));
    return !texts.empty() && n * 10 >= texts.size() * 9;
  }
};

// The text of each step in each line, by running ever longer beginnings of the layout.
std::vector<Column> Columns(std::span<const std::string_view> lines,
                            const std::vector<Step>& steps) {
  constexpr size_t kSample = 60;  // lines are alike by now
  std::vector<Column> columns(steps.size());
  std::vector<Layout> beginnings;
  for (size_t s = 0; s < steps.size(); ++s) {
    std::vector<Step> beginning(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(s) + 1);
    beginning.back().exact = false;
    beginnings.emplace_back(std::move(beginning));
  }
  for (const std::string_view line : lines.first(std::min(lines.size(), kSample))) {
    size_t before = SkipBlanks(line, 0);
    for (size_t s = 0; s < steps.size(); ++s) {
      size_t behind = 0;
      if (!beginnings[s].Fits(line, &behind)) break;
      std::string_view text = Trimmed(line.substr(before, behind - before));
      if (steps[s].kind == StepKind::kBracket && text.size() >= 2) {
        text = Trimmed(text.substr(1, text.rfind(text[0] == '['   ? ']'
                                                 : text[0] == '(' ? ')'
                                                                  : '>') -
                                          1));
      }
      if (!text.empty()) columns[s].texts.push_back(text);
      before = behind;
    }
  }
  return columns;
}

bool IsName(std::string_view text) {
  return std::any_of(text.begin(), text.end(), IsAlpha) &&
         text.find_first_of(" ,;\"'{}") == std::string_view::npos;
}

bool IsDotted(std::string_view text) {
  const size_t dot = text.find('.');
  return IsName(text) && dot != std::string_view::npos && dot > 0 && IsAlpha(At(text, dot + 1));
}

bool IsNumber(std::string_view text) {
  while (!text.empty() && !IsDigit(text.back())) text.remove_suffix(1);
  const size_t digits = text.rfind(' ') == std::string_view::npos ? 0 : text.rfind(' ') + 1;
  const std::string_view word = text.substr(0, digits == 0 ? 0 : digits - 1);
  return digits < text.size() && SkipDigits(text, digits) == text.size() &&
         (word.empty() || word == "pid" || word == "tid");
}

// How much a column says about the instant: an offset or an epoch is worth more than a finer clock.
int TimeScore(const Column& column) {
  CivilTime t;
  if (column.texts.empty() || !ScanTime(column.texts.front(), &t)) return 0;
  int score = 1;
  if (t.is_epoch) return 8 + (t.epoch_us % 1000000 != 0 ? 1 : 0);
  if (t.has_date()) score += 2;
  if (t.year != 0) ++score;
  if (t.has_time) score += 2;
  if (t.has_offset) score += 2;
  return score + (t.micros != 0 ? 1 : 0);
}

class Roles {
 public:
  Roles(std::vector<Step>* steps, std::vector<Column> columns)
      : steps_(*steps), columns_(std::move(columns)) {}

  void Assign() {
    Time();
    Level();
    Program();
    Pid();
    Host();
  }

 private:
  bool Free(size_t s, StepKind kind) const {
    return steps_[s].kind == kind && steps_[s].role == Role::kNone;
  }

  void Time() {
    size_t best = steps_.size();
    int score = 0;
    for (size_t s = 0; s < steps_.size(); ++s) {
      const StepKind kind = steps_[s].kind;
      if (kind != StepKind::kTime && kind != StepKind::kBracket && kind != StepKind::kField)
        continue;
      const bool timed = columns_[s].Mostly([](std::string_view text) {
        CivilTime t;
        return ScanTime(text, &t);
      });
      if (timed && TimeScore(columns_[s]) > score) best = s, score = TimeScore(columns_[s]);
    }
    if (best < steps_.size()) steps_[best].role = Role::kTime;
  }

  void Level() {
    for (const StepKind kind :
         {StepKind::kLevel, StepKind::kBracket, StepKind::kField, StepKind::kLetter}) {
      for (size_t s = 0; s < steps_.size(); ++s) {
        if (!Free(s, kind)) continue;
        const bool level = kind == StepKind::kLevel || kind == StepKind::kLetter ||
                           columns_[s].Mostly([](std::string_view t) {
                             return LevelOfGroup(t) != alogd::Level::kNone;
                           });
        if (!level) continue;
        steps_[s].role = Role::kLevel;
        return;
      }
    }
  }

  // The last free step of the kind whose column is `is`, which becomes the program.
  template <typename Is>
  bool ProgramAmong(StepKind kind, Is is) {
    for (size_t s = steps_.size(); s-- > 0;) {
      if (Free(s, kind) && columns_[s].Mostly(is)) {
        steps_[s].role = Role::kProgram;
        return true;
      }
    }
    return false;
  }

  void Program() {
    const auto any = [](std::string_view) { return true; };
    (void)(ProgramAmong(StepKind::kTag, any) || ProgramAmong(StepKind::kUntil, any) ||
           ProgramAmong(StepKind::kToken, IsDotted) || ProgramAmong(StepKind::kField, IsName) ||
           ProgramAmong(StepKind::kBracket, IsDotted) || LastWord() ||
           ProgramAmong(StepKind::kBracket,
                        [](std::string_view t) { return IsName(t) && !IsNumber(t); }));
  }

  // The last word column, unless it is the only one and stands behind the time: that is a host.
  bool LastWord() {
    size_t words = 0, last = 0;
    for (size_t s = 0; s < steps_.size(); ++s) {
      if (Free(s, StepKind::kToken) && columns_[s].Mostly(IsName)) ++words, last = s;
    }
    if (words == 0 || (words == 1 && last + 1 < steps_.size() && last > 0 &&
                       steps_[last - 1].role == Role::kTime)) {
      return false;
    }
    steps_[last].role = Role::kProgram;
    return true;
  }

  void Pid() {
    for (const StepKind kind : {StepKind::kNumber, StepKind::kBracket, StepKind::kField}) {
      for (size_t s = 0; s < steps_.size(); ++s) {
        if (!Free(s, kind) || (kind == StepKind::kNumber && s == 0)) continue;
        if (kind != StepKind::kNumber && !columns_[s].Mostly(IsNumber)) continue;
        steps_[s].role = Role::kPid;
        return;
      }
    }
  }

  void Host() {
    bool timed = false;
    for (size_t s = 0; s < steps_.size(); ++s) {
      timed |= steps_[s].role == Role::kTime || steps_[s].kind == StepKind::kTime;
      if (!timed || !Free(s, StepKind::kToken) || !columns_[s].Mostly(IsName)) continue;
      steps_[s].role = Role::kHost;
      return;
    }
  }

  std::vector<Step>& steps_;
  std::vector<Column> columns_;
};

bool IsComponentByte(char c) { return IsAlnum(c) || c == '_' || c == '-' || c == '.' || c == '/'; }

}  // namespace

void AssignRoles(std::span<const std::string_view> lines, std::vector<Step>* steps) {
  Roles(steps, Columns(lines, *steps)).Assign();
}

void AddComponentColumn(std::span<const std::string_view> lines, std::vector<Step>* steps) {
  constexpr size_t kLeastLines = 20;  // below it a few messages repeated look the same
  if (lines.size() < kLeastLines || steps->empty()) return;
  if (steps->back().kind == StepKind::kTag || steps->back().kind == StepKind::kUntil) return;
  const Layout header(*steps);
  std::map<std::string_view, std::multiset<std::string_view>> next;  // by word: what follows it
  size_t total = 0;
  for (const std::string_view line : lines) {
    size_t at = 0;
    if (!header.Fits(line, &at)) continue;
    const size_t end = SkipToken(line, at);
    const std::string_view word = line.substr(at, end - at);
    if (word.empty() || !IsAlpha(word[0]) ||
        !std::all_of(word.begin(), word.end(), IsComponentByte))
      return;
    const size_t follows = SkipBlanks(line, end);
    std::string_view token = line.substr(follows, SkipToken(line, follows) - follows);
    if (token.empty()) return;
    if (std::any_of(token.begin(), token.end(), IsDigit)) token = "0";
    next[word].insert(token);
    ++total;
  }
  if (total < kLeastLines || next.size() < 2 || next.size() * 5 > total) return;
  size_t varied = 0;  // lines whose word is followed by at least four kinds of others
  for (const auto& [word, tokens] : next) {
    const std::set<std::string_view> distinct(tokens.begin(), tokens.end());
    if (distinct.size() >= 4) varied += tokens.size();
  }
  if (varied * 10 < total * 9) return;
  steps->push_back({.kind = StepKind::kToken});
}

}  // namespace alogd
