// SPDX-License-Identifier: MIT
// Lines that begin with a time but lack columns of their source's header, or have others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/headers/header_layout.h"
#include "core/headers/time_reader.h"
#include "core/record.h"
#include "core/state.h"

namespace alogd {

// The forms of the times that a source's records begin with, few and in the order they came.
class TimeForms {
 public:
  // Notes the form of the time that `line`, which has a header, begins with, if it does.
  void Add(std::string_view line);
  // Whether a record of this source may begin so: with a time of one of these forms, or with a date
  // and a time of day of any form.
  bool BeginsRecord(std::string_view line) const;
  // The same with one of these forms alone.
  bool BeginsOwn(std::string_view line) const;
  bool empty() const { return forms_.empty(); }

  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in);

 private:
  static constexpr size_t kMost = 6;  // a source with more is a mixture, and dates are all it has
  bool Has(std::string_view text, const CivilTime& t) const;

  std::vector<std::string> forms_;
};

// Takes `line` apart by those columns of `layout` that it has: all up to the first time, and behind
// it each that shows itself, in order. Returns how many it has, 0 where the beginning does not fit.
// `out` must be empty; it is of no use after 0.
size_t MatchColumns(std::string_view line, const Layout& layout, TimeReader* times,
                    TimeCache* cache, Header* out);

// Takes the time that `line` begins with, perhaps in a bracket, and the level behind it. False
// where no time stands there.
bool MatchTime(std::string_view line, TimeReader* times, TimeCache* cache, Header* out);

}  // namespace alogd
