// SPDX-License-Identifier: MIT
// What alerted may be a fault: which records a retraining must not learn as normal.
#pragma once

#include <string>
#include <vector>

#include "cli/corpus_builder.h"
#include "cli/left_out_runs.h"
#include "core/result.h"
#include "core/store/history.h"

namespace alogd {

// The runs that a retraining leaves out: of what the operator confirmed, at any level, and of what
// was HIGH or worse, until it is acked as normal.
//
// Rejected: learning what alerts on several days and is not confirmed. A backup that fails every
// night is just that.
struct LeftOut {
  LeftOutRuns runs;
  size_t anomalies = 0;  // that are left out
  size_t acked = 0;      // that were HIGH or worse and are learned
};

// `anomalies`: the group's, of any level and state.
LeftOut FindLeftOut(const std::vector<StoredAnomaly>& anomalies, const GroupConfig& group);
// From the group's history; nothing is left out where there is no database yet.
Result<LeftOut> LoadLeftOut(const std::string& database, const GroupConfig& group);

// How a retraining reads records.
CorpusBuilder::Options RetrainingOptions(const Config& config, const LeftOut& left_out);

}  // namespace alogd
