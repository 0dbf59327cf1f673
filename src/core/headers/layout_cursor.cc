// SPDX-License-Identifier: MIT
// The kinds of columns, taken one by one.
#include "core/headers/layout_cursor.h"

#include "core/headers/column_kinds.h"
#include "core/headers/header_formats.h"
#include "core/headers/level_word.h"
#include "core/headers/scan.h"
#include "core/headers/strptime.h"

namespace alogd {

namespace {

constexpr size_t kMaxUntil = 128;  // of a name with blanks in it

std::string_view Inner(std::string_view group) {
  return Trimmed(group.substr(1, group.size() - 2));
}

// The number of "[123]", "[pid 123]", "[123:tid 4]".
std::string_view NumberOfGroup(std::string_view inner) {
  size_t at = 0;
  while (at < inner.size() && !IsDigit(inner[at])) ++at;
  return inner.substr(at, SkipDigits(inner, at) - at);
}

// Steps that hold a text, behind them what role it has.
void Assign(Role role, std::string_view text, Header* out) {
  switch (role) {
    case Role::kHost:
      out->host = text;
      break;
    case Role::kProgram:
      out->program = text;
      break;
    case Role::kPid:
      out->pid = text;
      break;
    case Role::kLevel: {
      const Level level = text.size() == 1 ? LevelOfLetter(text[0]) : LevelOfWord(text);
      if (level != Level::kNone) out->level = level;
      break;
    }
    default:
      break;
  }
}

bool HasForm(const Step& step, std::string_view time) {
  return step.text.empty() || step.exact || FormOfTime(time) == step.text;
}

}  // namespace

bool LayoutCursor::TakeAll(const std::vector<Step>& steps, uint32_t skipped) {
  uint32_t bit = 1;
  for (const Step& step : steps) {
    if (step.optional) {
      const bool skip = (skipped & bit) != 0;
      bit <<= 1;
      if (skip) continue;
    }
    if (!Take(step)) return false;
  }
  return true;
}

bool LayoutCursor::Take(const Step& step) {
  if (!step.exact) at_ = SkipBlanks(line_, at_);
  return TakeKind(step);
}

bool LayoutCursor::TakeKind(const Step& step) {
  switch (step.kind) {
    case StepKind::kTime:
      return TakeTime(step);
    case StepKind::kLevel:
    case StepKind::kLetter:
      return TakeLevel(step);
    case StepKind::kNumber: {
      const size_t end = step.exact ? SkipDigits(line_, at_) : NumberAt(line_, at_);
      return end > at_ && TakeText(step, end, step.exact ? end : AfterAttached(line_, end));
    }
    case StepKind::kBracket:
      return TakeBracket(step);
    case StepKind::kToken: {
      const size_t end = SkipToken(line_, at_);
      return end > at_ && TakeText(step, end, end);
    }
    case StepKind::kTag:
      return TakeTag(step);
    case StepKind::kLiteral:
      if (step.text == " ") return IsBlank(At(line_, at_)) && Move(at_ + 1);
      return line_.substr(at_).starts_with(step.text) && Move(at_ + step.text.size());
    case StepKind::kField:
    case StepKind::kUntil:
      return TakeUntil(step);
    case StepKind::kStrptime:
      return TakeStrptime(step);
  }
  return false;
}

bool LayoutCursor::TakeText(const Step& step, size_t end, size_t behind) {
  if (step.role != Role::kNone) Assign(step.role, line_.substr(at_, end - at_), out_);
  return Move(behind);
}

size_t LayoutCursor::ReadTime(std::string_view text, Role role) {
  if (times_ == nullptr || role != Role::kTime) {
    CivilTime t;
    return ScanTime(text, &t) ? t.length : 0;
  }
  return times_->Read(text, cache_, &out_->time);
}

bool LayoutCursor::TakeTime(const Step& step) {
  // A column of a time that is not the record's is skipped by its blanks where it has none
  // inside.
  const size_t length = ReadTime(line_.substr(at_), step.role);
  if (length == 0 || !HasForm(step, line_.substr(at_, length))) return false;
  return Move(step.exact ? at_ + length : AfterAttached(line_, at_ + length));
}

bool LayoutCursor::TakeLevel(const Step& step) {
  Level level = Level::kNone;
  size_t end = 0;
  if (step.kind == StepKind::kLetter) {
    level = LevelOfLetter(At(line_, at_));
    end = level != Level::kNone && !IsAlnum(At(line_, at_ + 1)) ? at_ + 1 : 0;
  } else {
    end = LevelAt(line_, at_, &level);
    if (end == 0 && step.exact) end = LetterOnly(&level);
  }
  if (end == 0) return false;
  if (step.role == Role::kLevel) out_->level = level;
  return Move(step.exact ? end : AfterLevel(line_, end));
}

size_t LayoutCursor::LetterOnly(Level* level) const {
  *level = LevelOfLetter(At(line_, at_));
  return *level != Level::kNone && !IsAlnum(At(line_, at_ + 1)) ? at_ + 1 : 0;
}

bool LayoutCursor::TakeBracket(const Step& step) {
  if (At(line_, at_) != step.open) return false;
  const size_t end = BracketAt(line_, at_);
  if (end == 0) return false;
  const std::string_view inner = Inner(line_.substr(at_, end - at_));
  switch (step.role) {
    case Role::kTime: {
      const size_t length = ReadTime(inner, step.role);
      if (length == 0 || !HasForm(step, inner.substr(0, length))) return false;
      if (length < inner.size()) TakeBehindTime(inner.substr(length));
      break;
    }
    case Role::kLevel: {
      const Level level = LevelOfGroup(inner);
      if (level == Level::kNone) return false;
      out_->level = level;
      break;
    }
    case Role::kPid:
      out_->pid = NumberOfGroup(inner);
      break;
    case Role::kProgram:
      out_->program = inner;
      break;
    default:
      break;
  }
  return Move(AfterAttached(line_, end));
}

// "[TIME: INFO/name] ", "[TIME INFO name] ": level and name in the time's brackets.
void LayoutCursor::TakeBehindTime(std::string_view rest) {
  size_t at = SkipBlanks(rest, AfterAttached(rest, 0));
  size_t end = at;
  while (IsAlpha(At(rest, end))) ++end;
  const Level level = LevelOfWord(rest.substr(at, end - at));
  if (level == Level::kNone) return;
  out_->level = level;
  at = At(rest, end) == '/' ? end + 1 : SkipBlanks(rest, end);
  const std::string_view name = rest.substr(at);
  if (!name.empty() && name.find(' ') == std::string_view::npos) out_->program = name;
}

bool LayoutCursor::TakeTag(const Step& step) {
  const size_t end = TagAt(line_, at_);
  if (end == 0) return false;
  if (step.role == Role::kProgram) {
    SplitPid(line_.substr(at_, end - 1 - at_), &out_->program, &out_->pid);
  }
  return Move(end);
}

bool LayoutCursor::TakeUntil(const Step& step) {
  const size_t limit = step.exact ? line_.size() : kMaxUntil + step.text.size();
  const std::string_view scope = line_.substr(at_, limit);
  const size_t found = step.text == " " ? scope.find_first_of(" \t") : scope.find(step.text);
  if (found == std::string_view::npos) return false;
  const std::string_view text =
      step.exact ? line_.substr(at_, found) : Trimmed(line_.substr(at_, found));
  const bool field = step.kind == StepKind::kField;
  if (step.role == Role::kProgram) {
    SplitPid(text, &out_->program, &out_->pid);
  } else if (step.role == Role::kTime) {
    if (ReadTime(text, step.role) == 0) return false;
  } else {
    Assign(step.role, text, out_);
  }
  return Move(at_ + found + (field ? 0 : step.text.size()));
}

bool LayoutCursor::TakeStrptime(const Step& step) {
  CivilTime t;
  const size_t length = ParseTimePattern(line_.substr(at_), step.text, &t);
  if (length == 0) return false;
  if (times_ != nullptr) out_->time = times_->ToTime(t);
  return Move(at_ + length);
}

}  // namespace alogd
