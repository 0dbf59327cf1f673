// SPDX-License-Identifier: MIT
// Levels that are due, and the scores that give them.
#include "core/detection/decision.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/record.h"

namespace alogd {
namespace {

uint8_t SeverityOf(const SeverityOptions& options, Level level) {
  return options.levels[static_cast<size_t>(level)];
}

}  // namespace

Decision::Decision(const RiskOptions& risk, const SeverityOptions& severity)
    : risk_(risk),
      anomaly_weight_(risk.anomaly_weight),
      severity_weight_(risk.severity_weight),
      warning_(SeverityOf(severity, Level::kWarning)),
      error_(SeverityOf(severity, Level::kError)),
      critical_(SeverityOf(severity, Level::kCritical)) {}

RiskLevel Decision::FloorOf(uint8_t severity, News news) const {
  int level = static_cast<int>(news == News::kRare ? RiskLevel::kMedium : RiskLevel::kLow);
  if (severity >= critical_)
    level = static_cast<int>(RiskLevel::kCritical);
  else if (severity >= error_)
    level = static_cast<int>(RiskLevel::kHigh);
  else if (severity >= warning_)
    level = static_cast<int>(RiskLevel::kMedium);
  if (news == News::kEarly) --level;
  return static_cast<RiskLevel>(level);
}

float Decision::LeastScore(RiskLevel level, uint8_t severity) const {
  constexpr float kTop = 100;
  const double rest =
      static_cast<double>(risk_.FloorOf(level)) - severity_weight_ * static_cast<double>(severity);
  if (!(anomaly_weight_ > 0)) return kTop;
  // Over 0: under it nothing is an anomaly.
  float score = static_cast<float>(std::clamp(rest / anomaly_weight_, 1.0, 100.0));
  while (score < kTop && risk_.LevelOf(risk_.Risk(score, severity)) < level)
    score = std::nextafter(score, std::numeric_limits<float>::infinity());
  return score;
}

float Decision::Score(float score, const Circumstances& c) const {
  const bool mild = c.severity < warning_;
  const bool held_back = mild && (c.news != News::kNone || c.unknown || (c.alone && !c.lasts));
  if (held_back && score > 0) {
    const float most = std::nextafter(LeastScore(RiskLevel::kHigh, c.severity), 0.0f);
    score = std::min(score, most);
  }
  if (c.news == News::kNone) return score;
  const RiskLevel floor = FloorOf(c.severity, c.news);
  return floor == RiskLevel::kInfo ? score : std::max(score, LeastScore(floor, c.severity));
}

}  // namespace alogd
