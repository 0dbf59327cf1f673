// SPDX-License-Identifier: MIT
// Decision: from how unlike normal something is to how bad it is.
#pragma once

#include <cstdint>

#include "core/detection/detector.h"
#include "core/detection/risk.h"
#include "core/records/severity.h"

namespace alogd {

// What else than its anomaly score decides how bad a window is.
struct Circumstances {
  uint8_t severity = 0;  // of the blamed records
  News news = News::kNone;
  bool alone = false;    // a single voice of the joint score says so
  bool lasts = false;    // its trouble goes on, or comes in many streams
  bool unknown = false;  // a statement that training does not know is blamed
};

// Floors and a ceiling of the anomaly score. Risk stays the weighted sum of RiskModel; where a
// level is due whatever the history taught, the score is raised to what gives it, and where one is
// not due the score is lowered to what just does not. Immutable.
//
//   a statement that never came before, by its severity
//     critical: CRITICAL    error: HIGH    warning: MEDIUM
//     any other: MEDIUM where new statements are rare in the group, else LOW, and never HIGH
//     one level less while the group is still learning
//   a window that is odd because of a statement of no severity that training does not know: never
//   HIGH known statements of no severity, by one voice alone: HIGH only if it lasts
class Decision {
 public:
  Decision(const RiskOptions& risk, const SeverityOptions& severity);

  const RiskModel& risk() const { return risk_; }
  // The anomaly score, from 0 to 100, that the circumstances make of `score`.
  float Score(float score, const Circumstances& circumstances) const;

  // Below it is what has no severity of its own, an INFO say.
  uint8_t warning() const { return warning_; }

 private:
  RiskLevel FloorOf(uint8_t severity, News news) const;
  // The least score that makes a record of that severity so bad; 100 where the weights allow none.
  float LeastScore(RiskLevel level, uint8_t severity) const;

  RiskModel risk_;
  double anomaly_weight_, severity_weight_;
  uint8_t warning_, error_, critical_;
};

}  // namespace alogd
