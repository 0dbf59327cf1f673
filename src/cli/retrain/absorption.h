// SPDX-License-Identifier: MIT
// What alerted may be a fault: which records a retraining must not learn as normal.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/corpus_builder.h"
#include "core/result.h"
#include "core/store/history.h"
#include "core/types.h"

namespace alogd {

// The records on which anomalies of HIGH risk or worse ended are left out, unless the operator
// acked them as normal, or the same detector found the same template on three distinct days (UTC)
// and nobody confirmed one of them: what comes again and again unheeded is how this host is.
class Absorption {
 public:
  // Absorbs everything.
  Absorption() = default;
  // `anomalies`: the group's, of any level and state.
  explicit Absorption(const std::vector<StoredAnomaly>& anomalies);
  // From the group's history; absorbs everything where there is no database yet.
  static Result<Absorption> Load(const std::string& database, const std::string& group);

  // Whether a record of this stream and time is to be left out.
  bool LeavesOut(std::string_view stream, Time time) const;
  size_t left_out() const { return left_out_; }  // anomalies
  // A sentence each: what alerted and is learned all the same, and why.
  const std::vector<std::string>& absorbed() const { return absorbed_; }

 private:
  struct Span {
    Time first, last;
  };
  std::map<std::string, std::vector<Span>, std::less<>> spans_;  // by stream; sorted by first
  size_t left_out_ = 0;
  std::vector<std::string> absorbed_;
};

// How a retraining reads records; `absorption` outlives it.
CorpusBuilder::Options RetrainingOptions(const Config& config, const Absorption& absorption);

}  // namespace alogd
