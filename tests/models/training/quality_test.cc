// SPDX-License-Identifier: MIT
// The quality score, part by part, against values worked out by hand.
#include "models/training/quality.h"

#include <gtest/gtest.h>

namespace alogd {
namespace {

QualityFacts Perfect() {
  QualityFacts facts;
  facts.records = 100'000;
  facts.days = 7;
  facts.held_out = 20'000;
  facts.alerts_allowed = 1.4;
  facts.coverage = 1;
  facts.golden = true;
  facts.faults = facts.faults_found = 20;
  return facts;
}

TEST(QualityTest, PerfectIsAHundred) {
  EXPECT_DOUBLE_EQ(MeasureQuality(Perfect()).total(), 100);
  QualityFacts more = Perfect();
  more.records *= 100, more.days *= 10;
  EXPECT_DOUBLE_EQ(MeasureQuality(more).total(), 100);
}

TEST(QualityTest, NothingIsZero) { EXPECT_DOUBLE_EQ(MeasureQuality({}).total(), 0); }

TEST(QualityTest, EachPart) {
  QualityFacts facts = Perfect();
  facts.records = 10'000;  // log10(10) / 2 = half of 7.5
  facts.days = 3.5;        // half of 7.5
  EXPECT_DOUBLE_EQ(MeasureQuality(facts).data, 7.5);
  facts = Perfect();
  facts.alerts = 7;  // 1.4 / 7 = a fifth of 30
  EXPECT_DOUBLE_EQ(MeasureQuality(facts).alarms, 6);
  facts.alerts = 1;
  facts.alerts_allowed = 0.1;  // one alert is never too many for a short part
  EXPECT_DOUBLE_EQ(MeasureQuality(facts).alarms, 30);
  facts.coverage = 0.95;
  EXPECT_NEAR(MeasureQuality(facts).coverage, 15, 1e-9);
  facts.coverage = 0.5;
  EXPECT_DOUBLE_EQ(MeasureQuality(facts).coverage, 0);
  facts.golden = false;
  EXPECT_DOUBLE_EQ(MeasureQuality(facts).golden, 0);
  facts.faults_found = 8;
  EXPECT_DOUBLE_EQ(MeasureQuality(facts).recall, 10);
  EXPECT_EQ(QualityJson(facts)["score"], 15 + 30 + 0 + 0 + 10.0);
}

}  // namespace
}  // namespace alogd
