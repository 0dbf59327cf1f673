// SPDX-License-Identifier: MIT
// The joint score's curves, threshold and tail, from held-out normal moments.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/detection/joint.h"
#include "core/types.h"
#include "models/calibration/calibration.h"

namespace alogd {

// How seldom `raw` is reached, from raw scores of held-out windows (NaN ignored) and the value that
// the calibration puts one in a million windows at.
SurpriseCurve FitCurve(std::string detector, Voice voice, std::span<const float> raw,
                       const Calibration& calibration);

// The raw scores of all detectors by moment, in the order in which the moments came.
struct HeldOutMoments {
  size_t detectors = 0;
  std::vector<Time> ends;
  std::vector<float> raw;  // [moment][detector]; NaN: no window, or no opinion
  // By moment: holds a template that is too rare for sequences to be learned from. Empty: none
  // does.
  std::vector<bool> rare;
};

struct JointBudget {
  double incidents_per_day = 1;
  double days = 1;                          // that the moments span
  Duration gap = std::chrono::seconds(60);  // of alarms that are one incident
};

// How many incidents there are if moments over `threshold` alarm: as AnomalyTracker joins them.
size_t CountIncidents(std::span<const Time> ends, std::span<const double> sums, double threshold,
                      Duration gap);

// curves[d] is detector d's; an empty one takes no part. The tail of the incidents' highest sums is
// fitted by a generalised Pareto; the threshold is where it comes as often as the budget allows,
// and 100 where it comes a thousand times as seldom, two orders of magnitude over the threshold at
// the least. Where there are fewer than 50 incidents to fit, the threshold is the least that keeps
// the held-out incidents within the budget; where that is less than one, up to an
// order of magnitude over the highest sum. `metrics` get incidents, QQ data of the tail, and the
// thresholds of each detector alone and of the others without it. Detectors of order (Voice) alone
// are judged without rare moments: what they were not taught is novelty's to say.
JointModel FitJoint(std::vector<SurpriseCurve> curves, const HeldOutMoments& moments,
                    const JointBudget& budget, nlohmann::json* metrics);

nlohmann::json ToJson(const JointModel& joint);
// Voices are no part of what is stored. False unless everything is there, finite and ascending.
using VoiceLookup = std::function<Voice(std::string_view detector)>;
bool FromJson(const nlohmann::json& json, const VoiceLookup& voice_of, JointModel* joint);

}  // namespace alogd
