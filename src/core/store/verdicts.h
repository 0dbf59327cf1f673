// SPDX-License-Identifier: MIT
// What operators say of anomalies: their states, and what is suppressed from then on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/detection/anomaly.h"
#include "core/result.h"
#include "core/store/sqlite.h"
#include "core/types.h"

namespace alogd {

// The anomalies, and all those of the incidents, get the state; each incident concerned then has
// the state that all of its anomalies share, or kConfirmed where one is confirmed, else kNew.
// Suppressed means that what is like it alerts no more: the same detector and template of the
// group, or source where there is no template. Another state lifts that again. All or nothing,
// within the caller's transaction; an id that is not there is an error. Returns how many anomalies
// were given the state.
struct VerdictTarget {
  std::vector<int64_t> anomalies, incidents;  // database ids
};
Result<uint64_t> WriteVerdict(Database* db, const VerdictTarget& target, AnomalyState state,
                              Time now);

// The suppressions of one group. Kept in a table that is made when it is first needed, as
// maintenance is.
class Suppressions {
 public:
  static Result<Suppressions> Load(Database* db, int64_t group_id);

  bool empty() const { return rows_.empty(); }
  bool Covers(const Anomaly& anomaly) const;

 private:
  struct Row {
    std::string detector;
    int64_t template_id;  // resolved; -1: none, and the source decides
    std::string source;
  };
  std::vector<Row> rows_;
};

}  // namespace alogd
