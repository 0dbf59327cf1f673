// SPDX-License-Identifier: MIT
// Risk: anomaly score and severity as one figure from 0 to 100, and its five levels.
#pragma once

#include "core/config/config.h"
#include "core/detection/anomaly.h"

namespace alogd {

// Immutable; the weights and bounds are the configuration's.
class RiskModel {
 public:
  explicit RiskModel(const RiskOptions& options) : options_(options) {}

  // Both from 0 to 100.
  float Risk(float anomaly_score, uint8_t severity) const {
    return static_cast<float>(options_.anomaly_weight * anomaly_score +
                              options_.severity_weight * severity);
  }
  RiskLevel LevelOf(float risk) const {
    if (risk >= options_.critical) return RiskLevel::kCritical;
    if (risk >= options_.high) return RiskLevel::kHigh;
    if (risk >= options_.medium) return RiskLevel::kMedium;
    return risk >= options_.low ? RiskLevel::kLow : RiskLevel::kInfo;
  }
  // The lowest risk of a level: what a rule's match is given.
  float FloorOf(RiskLevel level) const {
    switch (level) {
      case RiskLevel::kCritical:
        return static_cast<float>(options_.critical);
      case RiskLevel::kHigh:
        return static_cast<float>(options_.high);
      case RiskLevel::kMedium:
        return static_cast<float>(options_.medium);
      case RiskLevel::kLow:
        return static_cast<float>(options_.low);
      case RiskLevel::kInfo:
        return 0;
    }
    return 0;
  }

 private:
  RiskOptions options_;
};

}  // namespace alogd
