// SPDX-License-Identifier: MIT
// Which lines take part in a walk over columns, and where the header it found ends.
#include "core/headers/layout_learner.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "core/headers/column_kinds.h"
#include "core/headers/column_roles.h"
#include "core/headers/layout_walk.h"
#include "core/headers/scan.h"

namespace alogd {

LayoutWalk::LayoutWalk(std::span<const std::string_view> lines) {
  for (const std::string_view line : lines) {
    if (!line.empty()) rows_.push_back({line, 0, 0});
  }
}

namespace {

// What the first column of a line is, so that lines of formats that differ there part ways.
std::string KindOfFirst(std::string_view line) {
  size_t end = TimeAt(line, 0);
  if (end != 0) return "time " + FormOfTime(line.substr(0, end));
  if (WordLevelAt(line, 0) != 0) return "level";
  if (BracketAt(line, 0) != 0) {
    end = TimeAt(line, 1);
    return std::string(1, line[0]) + (end != 0 ? FormOfTime(line.substr(1, end - 1)) : "");
  }
  if (NumberAt(line, 0) != 0) return "number";
  return TagAt(line, 0) != 0 ? "tag" : "word";
}

// The form of the time in such a kind, empty where it is none.
std::string_view FormIn(std::string_view kind) {
  if (kind.starts_with("time ")) return kind.substr(5);
  return kind[0] == '[' || kind[0] == '(' || kind[0] == '<' ? kind.substr(1) : std::string_view();
}

}  // namespace

// The lines whose first column is of the commonest kind; the others are another format or none.
void LayoutWalk::ChooseFirst() {
  std::map<std::string, size_t> counts;
  std::vector<std::string> kinds;
  for (const Row& row : rows_) {
    kinds.push_back(KindOfFirst(row.line));
    ++counts[kinds.back()];
  }
  const auto best =
      std::max_element(counts.begin(), counts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  const bool other_form = std::any_of(counts.begin(), counts.end(), [&](const auto& c) {
    return c.second >= 2 && !FormIn(c.first).empty() && c.first != best->first;
  });
  if (other_form) time_form_ = FormIn(best->first);
  size_t i = 0;
  std::erase_if(rows_, [&](const Row&) { return kinds[i++] != best->first; });
}

// Distinct words behind the last sign, numbers counting as one, up to `least`.
size_t LayoutWalk::DistinctNext(size_t least) const {
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
void LayoutWalk::DropWeakTail() {
  while (signs_ > 0 && steps_[signs_ - 1].kind == StepKind::kNumber) {
    const bool timed = signs_ > 1 && steps_[signs_ - 2].kind == StepKind::kTime;
    if (at_sign_.size() >= (timed ? 3 : kFewLines) && (timed || DistinctNext(3) >= 3)) break;
    std::tie(signs_, at_sign_) = std::move(earlier_.back());
    earlier_.pop_back();
  }
}

bool LayoutWalk::IsHeader() const {
  if (signs_ == 0) return false;
  size_t fields = 0, pipes = 0;
  bool named = false;
  for (size_t i = 0; i < signs_; ++i) {
    if (steps_[i].kind == StepKind::kField) ++fields;
    if (steps_[i].kind == StepKind::kLiteral && steps_[i].text == "|") ++pipes;
    named |= steps_[i].kind == StepKind::kTag;
  }
  return anchored_ || fields >= 2 || pipes >= 2 || named;
}

std::optional<Layout> LayoutWalk::Run() {
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
  // Lines whose time has another form are of another format, though all else may fit.
  if (steps_.front().role == Role::kTime) steps_.front().text = time_form_;
  return Layout(std::move(steps_));
}

std::optional<Layout> LearnLayout(std::span<const std::string_view> lines) {
  return LayoutWalk(lines).Run();
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
