// SPDX-License-Identifier: MIT
// Detection quality on files of sessions: trained as a group is, then judged session by session.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/result.h"
#include "models/evaluation/quality.h"
#include "models/evaluation/session_files.h"

namespace alogd {

struct SessionTask {
  std::vector<NumberedSession> train, normal, abnormal;
  std::optional<Prevalence> natural;
};

struct SessionEvaluationOptions {
  std::vector<std::string> detectors;  // empty: all that the group enables
  uint32_t seeds = 3;                  // 1, 2, ...: medians over them are what is compared
  double held_out = 0.2;               // the last share of the training file: thresholds
  // Share of normal sessions that may be over a threshold; a service has alarms a day instead.
  double alarm_share = 0.002;
  bool ablate = false;  // also the ensemble without each of its detectors, at the same budget
  // > 0: this first share of both test files chooses thresholds (the best F1), the rest is judged.
  double optimize_share = 0;
  std::function<bool(const std::string& step, double done)> progress;  // as in TrainOptions
};

struct DetectorQuality {
  std::string detector;
  bool trivial = false;
  uint64_t seed = 0;            // 0: nothing is random in it
  double threshold = 0;         // in the detector's own unit
  double training_seconds = 0;  // of CPU
  Quality all;
  Quality unique;  // each different session once, without a prevalence
};

struct SessionEvaluation {
  std::vector<DetectorQuality> results;  // trivial ones first, then by seed
  size_t normal = 0, abnormal = 0;       // sessions judged
  size_t tuned_on = 0;                   // sessions that thresholds were chosen on
  std::vector<std::string> remarks;      // of the training with the first seed
};

// Trains a bundle for each seed with TrainBundle and scores every test session alone: the memory of
// detectors that have one is that of the moment after training. Sessions that hold a template which
// training never saw, or took for rare, count as found by deeplog (the paper's rule: it is beyond
// every g). The baseline detector judges a stream by its past and is not trained.
Result<SessionEvaluation> EvaluateSessions(const SessionTask& task, const GroupConfig& group,
                                           const SessionEvaluationOptions& options);

// For each detector the result of the seed with the median F1 (of an even number the lower one), in
// order of first appearance.
std::vector<DetectorQuality> MedianSeeds(const std::vector<DetectorQuality>& results);

}  // namespace alogd
