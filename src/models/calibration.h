// SPDX-License-Identifier: MIT
// From raw scores to anomaly scores: threshold and tail of a detector on held-out normal data.
#pragma once

#include <span>
#include <string>

#include <nlohmann/json.hpp>

namespace alogd {

// anomaly = 0 for raw <= threshold, rising to 100 at `top` and clipped there. `top` is where the fitted
// tail of normal data puts a chance of one in a million windows, at least as far above the threshold
// as the threshold stands above the median.
struct Calibration {
  double median = 0;
  double threshold = 0;
  double top = 1;
  uint64_t held_out_windows = 0;

  float Score(double raw) const;
};

// Fits to raw scores of held-out normal windows (any order, ties allowed, NaN ignored), for a false-alarm
// share of at most `alarm_share` of the windows. `fixed_threshold` overrides the threshold.
Calibration FitCalibration(std::span<const float> raw, double alarm_share,
                           const double* fixed_threshold = nullptr);

nlohmann::json ToJson(const Calibration& calibration);
bool FromJson(const nlohmann::json& json, Calibration* calibration);

}  // namespace alogd
