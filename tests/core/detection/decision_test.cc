// SPDX-License-Identifier: MIT
// Floors for what never came before, the ceiling for what has no severity, whatever the weights.
#include "core/detection/decision.h"

#include <gtest/gtest.h>

namespace alogd {
namespace {

RiskLevel LevelOf(const Decision& decision, float score, const Circumstances& circumstances) {
  const float decided = decision.Score(score, circumstances);
  EXPECT_GE(decided, 0);
  EXPECT_LE(decided, 100);
  return decision.risk().LevelOf(decision.risk().Risk(decided, circumstances.severity));
}

TEST(DecisionTest, NewsHasALevelOfItsOwn) {
  const Decision decision({}, {});
  for (const float score : {0.0f, 0.5f, 10.0f}) {
    EXPECT_EQ(LevelOf(decision, score, {100, News::kNew}), RiskLevel::kCritical);
    EXPECT_EQ(LevelOf(decision, score, {80, News::kNew}), RiskLevel::kHigh);
    EXPECT_EQ(LevelOf(decision, score, {80, News::kRare}), RiskLevel::kHigh);
    EXPECT_EQ(LevelOf(decision, score, {60, News::kNew}), RiskLevel::kMedium);
    EXPECT_EQ(LevelOf(decision, score, {20, News::kNew}), RiskLevel::kLow);
    EXPECT_EQ(LevelOf(decision, score, {10, News::kRare}), RiskLevel::kMedium);
    EXPECT_EQ(LevelOf(decision, score, {100, News::kEarly}), RiskLevel::kHigh);
    EXPECT_EQ(LevelOf(decision, score, {80, News::kEarly}), RiskLevel::kMedium);
    EXPECT_EQ(LevelOf(decision, score, {60, News::kEarly}), RiskLevel::kLow);
  }
  EXPECT_EQ(decision.Score(0, {20, News::kEarly}), 0);
}

TEST(DecisionTest, ASureScoreIsNotLowered) {
  const Decision decision({}, {});
  EXPECT_EQ(decision.Score(100, {80, News::kNew}), 100);
  EXPECT_EQ(decision.Score(70, {20}), 70);
  EXPECT_EQ(decision.Score(100, {60, News::kNone, true}), 100);
}

TEST(DecisionTest, WhatHasNoSeverityIsNotHighByItself) {
  const Decision decision({}, {});
  EXPECT_EQ(LevelOf(decision, 100, {20, News::kNew}), RiskLevel::kMedium);
  EXPECT_EQ(LevelOf(decision, 100, {20, News::kNone, true}), RiskLevel::kMedium);
  EXPECT_EQ(LevelOf(decision, 100, {20, News::kNone, true, true}), RiskLevel::kHigh);
  EXPECT_EQ(LevelOf(decision, 100, {20, News::kNone, false}), RiskLevel::kHigh);
  EXPECT_EQ(decision.Score(0, {20, News::kNone, true}), 0);
}

// A level that the weights put out of reach gets all that there is.
TEST(DecisionTest, WeightsAndBoundsOfTheOperator) {
  RiskOptions risk;
  risk.anomaly_weight = 0;
  risk.severity_weight = 1;
  EXPECT_EQ(Decision(risk, {}).Score(0, {80, News::kNew}), 100);
  risk.anomaly_weight = 0.5;
  risk.severity_weight = 0.1;
  EXPECT_EQ(Decision(risk, {}).Score(0, {100, News::kNew}), 100);
  risk.anomaly_weight = 0.3;
  risk.severity_weight = 0.7;
  risk.critical = 83.3;
  for (int severity = 0; severity <= 100; ++severity) {
    const auto s = static_cast<uint8_t>(severity);
    const RiskLevel level = LevelOf(Decision(risk, {}), 0, {s, News::kNew});
    if (severity >= 80) {
      EXPECT_GE(level, severity == 100 ? RiskLevel::kCritical : RiskLevel::kHigh);
    }
  }
}

TEST(DecisionTest, SeveritiesOfTheOperator) {
  SeverityOptions severity;
  severity.levels[static_cast<size_t>(Level::kError)] = 50;
  severity.levels[static_cast<size_t>(Level::kWarning)] = 30;
  EXPECT_EQ(LevelOf(Decision({}, severity), 0, {50, News::kNew}), RiskLevel::kHigh);
  EXPECT_EQ(LevelOf(Decision({}, severity), 0, {30, News::kNew}), RiskLevel::kMedium);
}

}  // namespace
}  // namespace alogd
