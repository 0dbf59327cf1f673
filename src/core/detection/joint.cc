// SPDX-License-Identifier: MIT
// Raw scores to surprises, their sum to an anomaly score.
#include "core/detection/joint.h"

#include <algorithm>
#include <limits>

namespace alogd {
namespace {

// Surprises beyond it say no more about how odd something is than about how the tail was fitted.
constexpr float kMostSurprise = 12;

}  // namespace

float SurpriseCurve::Surprise(float raw) const {
  if (knots.empty() || !(raw >= knots.front().first)) return 0;
  const auto after =
      std::upper_bound(knots.begin(), knots.end(), raw,
                       [](float value, const auto& knot) { return value < knot.first; });
  if (knots.size() == 1) return knots.front().second;
  const size_t right = std::min(static_cast<size_t>(after - knots.begin()), knots.size() - 1);
  const auto& [x0, y0] = knots[right - 1];
  const auto& [x1, y1] = knots[right];
  const float surprise = y0 + (y1 - y0) * ((raw - x0) / (x1 - x0));
  return std::clamp(surprise, 0.0f, kMostSurprise);
}

float SurpriseCurve::RawOf(float surprise) const {
  for (size_t i = 0; i < knots.size(); ++i) {
    if (knots[i].second < surprise) continue;
    if (i == 0 || !(knots[i].second > knots[i - 1].second)) return knots[i].first;
    const auto& [x0, y0] = knots[i - 1];
    const auto& [x1, y1] = knots[i];
    return x0 + (x1 - x0) * ((surprise - y0) / (y1 - y0));
  }
  return std::numeric_limits<float>::infinity();
}

const SurpriseCurve* JointModel::Find(std::string_view detector) const {
  for (const SurpriseCurve& curve : curves)
    if (curve.detector == detector) return &curve;
  return nullptr;
}

float JointModel::Anomaly(double sum) const {
  if (!(sum > threshold)) return 0;
  return static_cast<float>(std::min(100.0, 100.0 * (sum - threshold) / (top - threshold)));
}

}  // namespace alogd
