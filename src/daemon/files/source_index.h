// SPDX-License-Identifier: MIT
// Totals and orders over the sources of a set, kept one source at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/types.h"
#include "daemon/files/source_files.h"

namespace alogd {

// So that nothing has to walk over 100,000 sources each second to know which of them want
// something.
class SourceIndex {
 public:
  struct Totals {
    size_t open = 0;    // files
    size_t held = 0;    // of them: rotated or deleted, and read out
    uint64_t lag = 0;   // bytes
    uint64_t lost = 0;  // bytes; of sources that ended, too
  };

  // After every turn of it, and before it ends.
  void Update(SourceFiles* files, const SourceFiles::Info& info);
  void Remove(SourceFiles* files);

  const Totals& totals() const { return totals_; }
  // Those whose deadline has come.
  std::vector<SourceFiles*> Overdue(Time now) const;
  // Those with held files that grew longest ago, at most so many.
  std::vector<SourceFiles*> LongestHeld(size_t most) const;
  // Those with files that are rotated or deleted.
  const std::set<SourceFiles*>& leaving() const { return leaving_; }
  // Those with a problem and those that are behind, the worst first, at most so many.
  std::vector<SourceFiles*> Troubled(size_t most) const;

 private:
  struct Place {
    size_t open = 0, held = 0;
    uint64_t lag = 0, lost = 0;
    Time deadline = kEndOfTime, held_since = kEndOfTime;
    bool problem = false;
  };
  using ByTime = std::set<std::pair<Time, SourceFiles*>>;

  void Enter(SourceFiles* files, const Place& place);
  void Leave(SourceFiles* files, const Place& place);

  std::unordered_map<SourceFiles*, Place> places_;
  Totals totals_;
  ByTime by_deadline_, by_held_;
  std::set<SourceFiles*> leaving_;
  std::set<std::tuple<bool, uint64_t, SourceFiles*>> troubled_;  // problem, lag; the worst last
};

}  // namespace alogd
