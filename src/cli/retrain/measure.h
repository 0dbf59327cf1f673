// SPDX-License-Identifier: MIT
// What a bundle does on the latest part of logs on disk, with and without faults spliced in.
#pragma once

#include <functional>

#include "cli/log_files.h"
#include "cli/retrain/left_out.h"
#include "core/config/config.h"
#include "core/result.h"
#include "models/bundle/bundle.h"
#include "models/training/quality.h"

namespace alogd {

// Records from `from` on are measured on. Alerts on what `left_out` covers are no false ones.
// Fills in the facts of alarms, coverage and recall; the others stay. The same files and bundle
// give the same figures.
//
// A fault is one of two kinds, in turn, spliced behind a record at even distances, with that
// record's own header: a message of words that the log never had, or fifteen of the log's other
// messages at once in an order that it never had. It is found if an anomaly covers one of its
// lines. The first kind asks novelty and the words, the second the order of records.
Status MeasureBundle(const Config& config, const GroupConfig& group, const LogFiles& files,
                     const std::function<Result<ModelSet>()>& models, Time from,
                     const LeftOut& left_out, QualityFacts* facts);

}  // namespace alogd
