// SPDX-License-Identifier: MIT
// Detection quality as the table and the JSON lines that alogctl eval prints.
#pragma once

#include <string>
#include <vector>

#include "cli/cli.h"
#include "models/evaluation/session_evaluation.h"

namespace alogd {

// One row a detector: rates at the prevalence, the exact interval of F1, areas, recall at stated
// rates of false alarms. `results` of one protocol; medians over seeds are taken here, and the
// spread of F1 over the seeds stands beside them. JSON: one object a detector and seed.
void PrintQualities(const CliContext& context, const std::vector<DetectorQuality>& results);
// The same of each different session once, as sampled; the JSON above has it already.
void PrintUniqueQualities(const CliContext& context, const std::vector<DetectorQuality>& results);

}  // namespace alogd
