// SPDX-License-Identifier: MIT
// Columns that are left out or put in, and lines of which only the time is known.
#include "core/headers/timed_line.h"

#include <algorithm>

#include "core/headers/column_kinds.h"
#include "core/headers/layout_cursor.h"
#include "core/headers/level_word.h"
#include "core/headers/scan.h"
#include "core/headers/time_text.h"

namespace alogd {

namespace {

// Behind what may stand before a line's time: a bracket, and WebLogic's "####<".
size_t TimeBegin(std::string_view line) {
  size_t at = 0;
  while (at < 4 && At(line, at) == '#') ++at;
  const char c = At(line, at);
  return c == '[' || c == '(' || c == '<' ? at + 1 : at;
}

// A level that shows itself at `at`: in capitals, in a bracket, or before a colon. Its end, 0 where
// there is none.
size_t SignLevel(std::string_view line, size_t at, Level* level) {
  size_t end = LevelGroupAt(line, at);
  if (end != 0) {
    const std::string_view inner = Trimmed(line.substr(at + 1, end - at - 2));
    if (inner.size() == 1 && line[at] != '[') return 0;
    *level = LevelOfGroup(inner);
    return AfterAttached(line, end);
  }
  end = LevelAt(line, at, level);
  if (end < at + 3) return 0;
  const bool shouted = std::all_of(line.begin() + static_cast<std::ptrdiff_t>(at),
                                   line.begin() + static_cast<std::ptrdiff_t>(end),
                                   [](char c) { return !IsLower(c); });
  return shouted || AfterLevel(line, end) != end ? AfterLevel(line, end) : 0;
}

// The end of the token or bracket group at `at`.
size_t SkipOne(std::string_view line, size_t at) {
  const size_t group = BracketAt(line, at);
  return group != 0 ? AfterAttached(line, group) : SkipToken(line, at);
}

bool IsTime(const Step& step) {
  return step.kind == StepKind::kTime || step.kind == StepKind::kStrptime ||
         step.role == Role::kTime;
}

// A name of one word with a dot, a digit or a sign in it, as no word of a sentence has.
bool IsMarkedName(std::string_view text) {
  if (text.empty() || text.find(' ') != std::string_view::npos || !IsAlpha(text[0])) return false;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    if (IsDigit(text[i]) || std::string_view("._-/:$").find(text[i]) != std::string_view::npos)
      return true;
  }
  return IsDigit(text.back());
}

// The walk over the columns behind the time.
class ColumnWalk {
 public:
  ColumnWalk(std::string_view line, const std::vector<Step>& steps, size_t from,
             LayoutCursor* cursor, const Header& header)
      : line_(line), steps_(steps), step_(from), cursor_(*cursor), header_(header) {}

  // How many columns were taken.
  size_t Run() {
    while (step_ < steps_.size() && !steps_[step_].exact) {
      if (TakeShown() || TakeNamed()) continue;
      if (!inserted_ && TakeBehindInserted()) break;
      ++step_;
    }
    return taken_;
  }

 private:
  size_t here() const { return SkipBlanks(line_, cursor_.at()); }

  // Whether what stands at `at` can be told to be this column, and no word of the message.
  bool Shows(const Step& step, size_t at) const {
    Level level = Level::kNone;
    switch (step.kind) {
      case StepKind::kTime:
      case StepKind::kTag:
        return true;
      case StepKind::kLiteral:
        return Trimmed(step.text).size() > 0;
      case StepKind::kLevel:
        return SignLevel(line_, at, &level) != 0;
      case StepKind::kBracket:
        // "[ERROR]" is no thread where a level is still to come.
        return At(line_, at) == step.open && (step.open == '[' || step.role != Role::kNone) &&
               (step.role == Role::kLevel || !LevelIsAhead() || LevelGroupAt(line_, at) == 0);
      case StepKind::kUntil: {
        const size_t end = line_.find(step.text, at);
        return end != std::string_view::npos &&
               line_.substr(at, end - at).find(' ') == std::string_view::npos;
      }
      default:
        return false;
    }
  }

  bool LevelIsAhead() const {
    return header_.level == Level::kNone &&
           std::any_of(steps_.begin() + static_cast<std::ptrdiff_t>(step_), steps_.end(),
                       [](const Step& s) { return s.role == Role::kLevel; });
  }

  bool TakeShown() {
    const size_t before = cursor_.at();
    if (Shows(steps_[step_], here()) && cursor_.Take(steps_[step_])) {
      ++step_, ++taken_;
      return true;
    }
    cursor_.set_at(before);
    return false;
  }

  // Columns of words and numbers, with the one behind them that shows itself. Names count alone.
  bool TakeNamed() {
    const size_t before = cursor_.at();
    size_t s = step_;
    for (; s < steps_.size(); ++s) {
      const size_t at = here();
      if (Shows(steps_[s], at)) {
        if (!cursor_.Take(steps_[s])) break;
        taken_ += s + 1 - step_;
        step_ = s + 1;
        return true;
      }
      const bool field = steps_[s].kind == StepKind::kField;
      if (!field && steps_[s].kind != StepKind::kToken && steps_[s].kind != StepKind::kNumber &&
          steps_[s].kind != StepKind::kLetter) {
        break;
      }
      if (!cursor_.Take(steps_[s])) break;
      const std::string_view text = Trimmed(line_.substr(at, cursor_.at() - at));
      const bool bounded = s + 1 < steps_.size() && steps_[s + 1].kind == StepKind::kLiteral;
      if (steps_[s].kind == StepKind::kToken && !bounded && !IsMarkedName(text)) break;
      if (field && steps_[s].role != Role::kLevel && LevelIsAhead() &&
          LevelOfWord(text) != Level::kNone) {
        break;
      }
    }
    cursor_.set_at(before);
    return false;
  }

  // A word or group too many, behind which all other columns stand.
  bool TakeBehindInserted() {
    constexpr size_t kMostInserted = 2;
    inserted_ = true;
    const size_t before = cursor_.at();
    size_t at = here();
    for (size_t n = 0; n < kMostInserted && at < line_.size(); ++n) {
      at = SkipBlanks(line_, SkipOne(line_, at));
      cursor_.set_at(at);
      if (!Shows(steps_[step_], at)) continue;
      size_t s = step_;
      while (s < steps_.size() && (cursor_.Take(steps_[s]) || steps_[s].optional)) ++s;
      if (s < steps_.size()) continue;
      taken_ += s - step_;
      step_ = s;
      return true;
    }
    cursor_.set_at(before);
    return false;
  }

  std::string_view line_;
  const std::vector<Step>& steps_;
  size_t step_;
  LayoutCursor& cursor_;
  const Header& header_;
  size_t taken_ = 0;
  bool inserted_ = false;
};

// The level where the columns end, or where the source has levels, behind one more word there;
// message from there on.
void EndHeader(std::string_view line, size_t at, bool leveled, Header* out) {
  at = SkipBlanks(line, at);
  if (out->level == Level::kNone) {
    Level level = Level::kNone;
    size_t end = SignLevel(line, at, &level);
    if (end != 0) {
      out->level = level;
      at = SkipBlanks(line, end);
    } else if (leveled) {
      const size_t next = SkipBlanks(line, SkipOne(line, at));
      end = SignLevel(line, next, &level);
      if (end != 0) out->level = level;
    }
  }
  out->message = line.substr(at);
  out->recognised = true;
}

}  // namespace

bool TimeForms::Has(std::string_view text, const CivilTime& t) const {
  const std::string form = FormOfTime(text.substr(0, t.length));
  return std::find(forms_.begin(), forms_.end(), form) != forms_.end();
}

void TimeForms::Add(std::string_view line) {
  CivilTime t;
  const std::string_view text = line.substr(TimeBegin(line));
  if (forms_.size() >= kMost || !ScanTime(text, &t) || Has(text, t)) return;
  forms_.push_back(FormOfTime(text.substr(0, t.length)));
}

bool TimeForms::BeginsOwn(std::string_view line) const {
  CivilTime t;
  const std::string_view text = line.substr(TimeBegin(line));
  return !forms_.empty() && ScanTime(text, &t) && Has(text, t);
}

bool TimeForms::BeginsRecord(std::string_view line) const {
  CivilTime t;
  const std::string_view text = line.substr(TimeBegin(line));
  if (!ScanTime(text, &t)) return false;
  // A fraction or a zone may be left out: Python writes none where it is 0.
  return (t.has_date() && t.has_time && t.second_at != 0) || Has(text, t);
}

void TimeForms::Save(StateWriter& out) const {
  out.U64(forms_.size());
  for (const std::string& form : forms_) out.Bytes(form);
}

bool TimeForms::Load(StateReader& in) {
  constexpr size_t kMaxForm = 64;
  forms_.clear();
  const size_t count = in.Count(1);
  if (count > kMost) return in.Fail(), false;
  for (size_t i = 0; i < count; ++i) forms_.emplace_back(in.Bytes().substr(0, kMaxForm));
  return in.ok();
}

size_t MatchColumns(std::string_view line, const Layout& layout, TimeReader* times,
                    TimeCache* cache, Header* out) {
  const std::vector<Step>& steps = layout.steps();
  LayoutCursor cursor(line, times, cache, out);
  size_t s = 0;
  bool timed = false;
  for (; s < steps.size() && !timed; ++s) {
    timed = IsTime(steps[s]);
    Step step = steps[s];
    if (timed) step.role = Role::kTime;
    const size_t before = cursor.at();
    if (cursor.Take(step)) continue;
    if (!step.optional) return 0;
    cursor.set_at(before);
  }
  if (!timed) return 0;
  const size_t taken = s + ColumnWalk(line, steps, s, &cursor, *out).Run();
  const bool leveled = std::any_of(steps.begin(), steps.end(),
                                   [](const Step& step) { return step.role == Role::kLevel; });
  EndHeader(line, cursor.at(), leveled, out);
  return taken;
}

bool MatchTime(std::string_view line, TimeReader* times, TimeCache* cache, Header* out) {
  const size_t begin = TimeBegin(line);
  const size_t length = times->Read(line.substr(begin), cache, &out->time);
  if (length == 0) return false;
  size_t at = begin + length;
  const size_t close = begin > 0 && !IsDigit(line[begin - 1]) ? BracketAt(line, begin - 1) : 0;
  if (close > at) {
    Level level = Level::kNone;
    const size_t inner = SkipBlanks(line, AfterAttached(line, at));
    if (SignLevel(line.substr(0, close - 1), inner, &level) != 0) out->level = level;
    at = close;
  }
  at = SkipBlanks(line, AfterAttached(line, at));
  if (const size_t sign = PunctuationAt(line, at); sign != 0) at = sign;
  EndHeader(line, at, false, out);
  return true;
}

}  // namespace alogd
