// SPDX-License-Identifier: MIT
// Thresholds: the detectors themselves, run over the corpus as the daemon would, judge its later
// part.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/detection/detector.h"
#include "models/calibration/calibration.h"
#include "models/calibration/joint_calibration.h"
#include "models/corpus/training_split.h"
#include "models/spec/candidate.h"

namespace alogd {

// Runs all candidates over the corpus at once. Templates that the trained part lacks are unknown to
// them. `moments` get the held-out windows by what ends together. False if `progress` stopped it.
bool Judge(const Corpus& corpus, const TrainingSplit& split, const GroupConfig& group,
           std::vector<Candidate>* candidates, HeldOutMoments* moments,
           const std::function<bool(double)>& progress);

// Threshold and tail for at most `alarms_per_day`, and what the held-out part says of them: its
// windows and alarms, and the rate that the true one is under with 95% confidence. Fewer alarms
// than one in the held-out part cannot be asked for: the threshold is then the highest normal
// score.
struct Calibrated {
  Calibration calibration;
  nlohmann::json metrics;
  std::string remark;
};
Calibrated Calibrate(const Candidate& candidate, double held_out_days, double alarms_per_day);

// The joint score of all candidates, within the budget for the whole. `calibrations` by candidate.
struct CalibratedJoint {
  JointModel joint;
  nlohmann::json metrics;
  std::string remark;
};
CalibratedJoint CalibrateJoint(const std::vector<Candidate>& candidates,
                               const std::vector<Calibration>& calibrations,
                               const HeldOutMoments& moments, const JointBudget& budget);

// "12 days", "1.3 days", "7.2 hours", "14 minutes".
std::string SpanText(double days);

// Upper bound at 95% of a Poisson mean of which `count` events were seen: 3.0 of none
// (Wilson-Hilferty).
double PoissonUpperBound(uint64_t count);

}  // namespace alogd
