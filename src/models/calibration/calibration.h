// SPDX-License-Identifier: MIT
// From raw scores to anomaly scores: threshold and tail of a detector on held-out normal data.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

namespace alogd {

// anomaly = 0 for raw <= threshold, rising to 100 at `top` and clipped there. `top` is where the
// fitted tail of normal data puts a chance of one in a million windows, at least as far above the
// threshold as the threshold stands above the median.
struct Calibration {
  double median = 0;
  double threshold = 0;
  double top = 1;
  uint64_t held_out_windows = 0;

  float Score(double raw) const;
};

// Fits to raw scores of held-out normal windows (any order, ties allowed, NaN ignored), for a
// false-alarm share of at most `alarm_share` of the windows. `fixed_threshold` overrides the
// threshold. `top` is at least `min_span` above it, in the detector's unit, which matters where all
// normal windows score alike. Without a single score nothing is known: the threshold is then out of
// reach.
//
// The tail above the 90% quantile is a generalised Pareto (Pickands 1975), fitted by the moments of
// the excesses y (Hosking & Wallis 1987, section 3): shape = (1 - mean(y)^2 / var(y)) / 2, scale =
// mean(y) * (1 + mean(y)^2 / var(y)) / 2.
Calibration FitCalibration(std::span<const float> raw, double alarm_share,
                           const double* fixed_threshold = nullptr, double min_span = 1);

// The operator's threshold in place of the fitted one.
void SetThreshold(double threshold, double min_span, Calibration* calibration);

// A generalised Pareto tail of excesses.
struct ParetoTail {
  double shape = 0;
  double scale = 0;  // 0: the excesses are all alike, nothing was fitted
  // The excess that a share of them is over.
  double Quantile(double share) const;
};
ParetoTail FitPareto(std::span<const double> excesses);

nlohmann::json ToJson(const Calibration& calibration);
// False unless all four numbers are there, finite, and top is above threshold.
bool FromJson(const nlohmann::json& json, Calibration* calibration);

}  // namespace alogd
