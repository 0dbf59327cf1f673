// SPDX-License-Identifier: MIT
// The walk of a source's lines, in step, over their header columns.
#pragma once

#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/headers/header_layout.h"

namespace alogd {

// See layout_learner.h. Each Take looks for one kind of column where all rows stand now; if enough
// of them have it, it becomes the next step, the rows move behind it, and those without it leave.
class LayoutWalk {
 public:
  explicit LayoutWalk(std::span<const std::string_view> lines);
  // The layout of the lines that stayed to the end, or none. Once.
  std::optional<Layout> Run();

 private:
  // Fewer lines than this say nothing about how a column varies.
  static constexpr size_t kFewLines = 8;
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
  void SkipAttached(Ends* ends) const;
  static size_t Hits(const Ends& ends);
  // The step is in all rows whose end is not 0; the others leave the walk.
  void Accept(Step step, const Ends& ends, bool sign);

  void ChooseFirst();
  void SkipGaps();
  bool Next();
  bool TakeLiteral(double share);
  bool TakeTime(double share);
  bool TakeLevel(double share);
  bool TakeLetter(double share);
  // Bracket groups where the rows stand.
  struct Groups {
    Ends ends;                  // of those with the commonest bracket
    size_t hits = 0;            // how many they are
    char open = 0;              // that bracket
    std::vector<bool> leveled;  // by row: it holds a level word
    size_t levels = 0, times = 0;
  };
  Groups FindGroups() const;
  bool TakeBracket();
  static std::vector<std::string> ShapesAt(const Row& row, char open);
  bool TakeFirstOfTwo(const Groups& groups);
  bool TakeNumber();
  bool FindFields(char separator, Ends* ends) const;
  bool TakeField();
  bool TakeTag();
  bool TakeUntil();
  bool TakeDotted();
  bool TakePadded();
  bool TakeOptional();
  bool TakeBranch();
  bool TakeGroupBranch();
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
  std::string time_form_;     // of the first column, where other lines have a time of another form
  std::vector<Row> at_sign_;  // the rows behind the last sign
  std::vector<std::pair<size_t, std::vector<Row>>> earlier_;  // the same, of each sign before it
};

}  // namespace alogd
