// SPDX-License-Identifier: MIT
// Which lines take part in a walk over columns, and where the header it found ends.
#include "core/layout_learner.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/column_kinds.h"
#include "core/column_roles.h"
#include "core/layout_walk.h"
#include "core/scan.h"

namespace alogd {

LayoutWalk::LayoutWalk(std::span<const std::string_view> lines) {
  for (const std::string_view line : lines) {
    if (!line.empty()) rows_.push_back({line, 0, 0});
  }
}

// The lines whose first column is of the commonest kind; the others are another format or none.
void LayoutWalk::ChooseFirst() {
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
    --signs_;
    for (Row& row : at_sign_) {
      while (row.at > 0 && IsBlank(row.line[row.at - 1])) --row.at;
      while (row.at > 0 && !IsBlank(row.line[row.at - 1])) --row.at;
    }
  }
}

bool LayoutWalk::IsHeader() const {
  if (signs_ == 0) return false;
  size_t fields = 0;
  bool named = false;
  for (size_t i = 0; i < signs_; ++i) {
    if (steps_[i].kind == StepKind::kField) ++fields;
    named |= steps_[i].kind == StepKind::kTag;
  }
  return anchored_ || fields >= 2 || named;
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
