// SPDX-License-Identifier: MIT
// Training of a group: a corpus in, a bundle out.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/result.h"
#include "models/bundle/bundle.h"
#include "models/corpus/corpus.h"
#include "models/spec/detector_spec.h"

namespace alogd {

struct TrainOptions {
  std::vector<std::string> detectors;  // empty: all that the group enables
  uint64_t seed = 1;
  double held_out = 0.2;  // the last share of the records, by time, is for thresholds
  // Incidents that all detectors together may raise in held-out normal records: the group's share
  // of alerts.budget_per_day. Most are of low risk, so that alerts of HIGH risk stay well within
  // it.
  double alarms_per_day = 1;
  Duration incident_gap = std::chrono::seconds(60);  // alerts.incident_gap
  // Called with a step ("deeplog: epoch 12 of 300, held-out loss 0.31") and the share done, 0 to 1;
  // returning false stops the training, which then fails with "interrupted".
  std::function<bool(const std::string& step, double done)> progress;
};

// Splits by time, trains each detector, sets thresholds and calibration on the later part, and says
// what it left out. The same corpus, options and instruction set give the same bundle, bit for bit.
Result<Bundle> TrainBundle(const Corpus& corpus, const GroupConfig& group,
                           const TrainOptions& options, std::vector<std::string>* remarks);

// Peak memory, bytes, that training these detectors is expected to need; none named: all that the
// group enables. Fails where TrainBundle would for their names.
Result<uint64_t> EstimateTrainingMemory(const TrainingSize& size, const GroupConfig& group,
                                        std::span<const std::string> detectors = {});

}  // namespace alogd
