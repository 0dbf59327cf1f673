// SPDX-License-Identifier: MIT
// The interpreter of header columns: where one stands in a line, and what it says.
#pragma once

#include <string_view>
#include <vector>

#include "core/headers/header_layout.h"
#include "core/headers/time_reader.h"
#include "core/record.h"

namespace alogd {

// A place in a line, which each step that is taken moves. The line, `times`, `cache` and `out`
// outlive it. `times` null: only whether a step fits.
class LayoutCursor {
 public:
  LayoutCursor(std::string_view line, TimeReader* times, TimeCache* cache, Header* out)
      : line_(line), times_(times), cache_(cache), out_(out) {}

  // One step with the blanks before it. False where something else stands; the place is of no use
  // then, and `out` may hold a part of it.
  bool Take(const Step& step);
  // All steps but those optional ones whose bit is set in `skipped`.
  bool TakeAll(const std::vector<Step>& steps, uint32_t skipped);

  size_t at() const { return at_; }
  void set_at(size_t at) { at_ = at; }

 private:
  bool TakeKind(const Step& step);
  bool Move(size_t to) {
    at_ = to;
    return true;
  }
  bool TakeText(const Step& step, size_t end, size_t behind);
  size_t ReadTime(std::string_view text, Role role);
  bool TakeTime(const Step& step);
  bool TakeLevel(const Step& step);
  size_t LetterOnly(Level* level) const;
  bool TakeBracket(const Step& step);
  void TakeBehindTime(std::string_view rest);
  bool TakeTag(const Step& step);
  bool TakeUntil(const Step& step);
  bool TakeStrptime(const Step& step);

  std::string_view line_;
  TimeReader* times_;
  TimeCache* cache_;
  Header* out_;
  size_t at_ = 0;
};

}  // namespace alogd
