// SPDX-License-Identifier: MIT
// Fits thresholds and tails.
#include "models/calibration/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace alogd {
namespace {

constexpr double kTopChance = 1e-6;  // of a normal window: once in weeks on a busy host
constexpr double kTailShare = 0.1;   // of the windows belong to the tail that is fitted
// Moments of fewer excesses swing by half their value.
constexpr size_t kMinExcesses = 50;
// Beyond it the variance does not exist; the estimate is then an accident of one large excess.
constexpr double kMaxShape = 0.5;
constexpr double kMinShape = -0.5;
// Other instruction sets round differently; a window that ties with the threshold must stay under
// it on all of them. The same tolerance as golden windows have.
constexpr double kTieMargin = 1e-4;
constexpr double kOutOfReach = std::numeric_limits<float>::max();

constexpr double kNoFit = std::numeric_limits<double>::lowest();

// Value that the fitted tail exceeds with kTopChance; kNoFit where there is too little to fit.
// `sorted` ascending.
double TailQuantile(std::span<const float> sorted) {
  const size_t n = sorted.size();
  const float start = sorted[n - 1 - static_cast<size_t>(kTailShare * static_cast<double>(n))];
  std::vector<double> excesses;
  for (size_t i = n; i-- > 0 && sorted[i] > start;)
    excesses.push_back(static_cast<double>(sorted[i]) - static_cast<double>(start));
  if (excesses.size() < kMinExcesses) return kNoFit;
  const ParetoTail tail = FitPareto(excesses);
  const double share = kTopChance * static_cast<double>(n) / static_cast<double>(excesses.size());
  if (share >= 1 || !(tail.scale > 0)) return kNoFit;
  return static_cast<double>(start) + tail.Quantile(share);
}

}  // namespace

ParetoTail FitPareto(std::span<const double> excesses) {
  double sum = 0, squares = 0;
  for (const double excess : excesses) {
    sum += excess;
    squares += excess * excess;
  }
  const double k = static_cast<double>(excesses.size());
  const double mean = sum / k;
  const double variance = squares / k - mean * mean;
  if (!(variance > 0)) return {};
  ParetoTail tail;
  tail.shape = std::clamp((1 - mean * mean / variance) / 2, kMinShape, kMaxShape);
  // The mean of a generalised Pareto is scale / (1 - shape): keep it where the shape was clamped.
  tail.scale = mean * (1 - tail.shape);
  return tail;
}

double ParetoTail::Quantile(double share) const {
  if (std::abs(shape) < 1e-6) return -scale * std::log(share);
  return scale / shape * (std::pow(share, -shape) - 1);
}

float Calibration::Score(double raw) const {
  if (!(raw > threshold)) return 0;  // NaN too
  return static_cast<float>(std::min(100.0, 100.0 * (raw - threshold) / (top - threshold)));
}

void SetThreshold(double threshold, double min_span, Calibration* calibration) {
  const double span = std::max(min_span, threshold - calibration->median);
  calibration->threshold = threshold;
  calibration->top = std::max(calibration->top, threshold + span);
}

Calibration FitCalibration(std::span<const float> raw, double alarm_share,
                           const double* fixed_threshold, double min_span) {
  std::vector<float> sorted;
  sorted.reserve(raw.size());
  std::copy_if(raw.begin(), raw.end(), std::back_inserter(sorted),
               [](float v) { return !std::isnan(v); });
  std::sort(sorted.begin(), sorted.end());
  Calibration calibration;
  calibration.held_out_windows = sorted.size();
  calibration.top = kNoFit;
  if (sorted.empty()) {
    SetThreshold(fixed_threshold ? *fixed_threshold : kOutOfReach, min_span, &calibration);
    if (!fixed_threshold) calibration.top = 2 * kOutOfReach;
    return calibration;
  }
  const size_t n = sorted.size();
  calibration.median = static_cast<double>(sorted[n / 2]);
  calibration.top = TailQuantile(sorted);
  const double allowed = std::clamp(alarm_share, 0.0, 1.0) * static_cast<double>(n);
  const double at =
      static_cast<double>(sorted[n - 1 - std::min(n - 1, static_cast<size_t>(allowed))]);
  SetThreshold(fixed_threshold ? *fixed_threshold : at + kTieMargin * std::abs(at), min_span,
               &calibration);
  return calibration;
}

nlohmann::json ToJson(const Calibration& calibration) {
  return {{"median", calibration.median},
          {"threshold", calibration.threshold},
          {"top", calibration.top},
          {"held_out_windows", calibration.held_out_windows}};
}

bool FromJson(const nlohmann::json& json, Calibration* calibration) {
  if (!json.is_object()) return false;
  const auto number = [&](const char* key, double* out) {
    const auto it = json.find(key);
    if (it == json.end() || !it->is_number()) return false;
    *out = it->get<double>();
    return std::isfinite(*out);
  };
  const auto windows = json.find("held_out_windows");
  if (windows == json.end() || !windows->is_number_unsigned()) return false;
  calibration->held_out_windows = windows->get<uint64_t>();
  return number("median", &calibration->median) && number("threshold", &calibration->threshold) &&
         number("top", &calibration->top) && calibration->top > calibration->threshold;
}

}  // namespace alogd
