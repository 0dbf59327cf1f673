// SPDX-License-Identifier: MIT
// Metrics against values worked out by hand and published ones.
#include "models/evaluation/quality.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace alogd {
namespace {

// The table of Clopper and Pearson's intervals that every textbook has.
TEST(QualityTest, ExactIntervals) {
  EXPECT_NEAR(ExactBinomial(0, 10).high, 0.3085, 5e-5);
  EXPECT_EQ(ExactBinomial(0, 10).low, 0);
  EXPECT_NEAR(ExactBinomial(5, 10).low, 0.1871, 5e-5);
  EXPECT_NEAR(ExactBinomial(5, 10).high, 0.8129, 5e-5);
  EXPECT_EQ(ExactBinomial(10, 10).high, 1);
  // None of n: 1 - 0.025^(1/n), whatever n.
  EXPECT_NEAR(ExactBinomial(0, 5619).high, 1 - std::pow(0.025, 1.0 / 5619), 1e-9);
  EXPECT_EQ(ExactBinomial(0, 0).high, 1);
}

// 10 normal, 5 abnormal; over 2.5 are 1 normal and 4 abnormal.
TEST(QualityTest, CountsAndRates) {
  const std::vector<double> normal = {0, 0, 0, 0, 1, 1, 1, 2, 2, 3};
  const std::vector<double> abnormal = {2, 3, 4, 5, 6};
  const Quality q = Assess(normal, abnormal, 2.5, {});
  EXPECT_EQ(q.true_positives, 4u);
  EXPECT_EQ(q.false_negatives, 1u);
  EXPECT_EQ(q.false_positives, 1u);
  EXPECT_EQ(q.true_negatives, 9u);
  EXPECT_DOUBLE_EQ(q.precision, 0.8);
  EXPECT_DOUBLE_EQ(q.recall, 0.8);
  EXPECT_DOUBLE_EQ(q.f1, 0.8);
  EXPECT_DOUBLE_EQ(q.specificity, 0.9);
  EXPECT_DOUBLE_EQ(q.accuracy, 13.0 / 15);
  EXPECT_DOUBLE_EQ(q.composite, 0.4 * 0.8 + 0.3 * 13 / 15 + 0.2 * 0.8 + 0.1 * 0.8);
  // Pairs won: 2 beats 7 and ties with 2; 3 beats 9 and ties with 1; the others beat 10.
  EXPECT_NEAR(q.roc_auc, (8 + 9.5 + 30) / 50, 1e-12);
  // Precision at each abnormal one found: 1, 1, 1, then 4 of 5, then 5 of 8.
  EXPECT_NEAR(q.pr_auc, (3 + 0.8 + 0.625) / 5, 1e-12);
  EXPECT_LT(q.f1_interval.low, q.f1);
  EXPECT_GT(q.f1_interval.high, q.f1);
}

// One false alarm of 10 stands for 100 of 1,000, four found of 5 for 16 of 20.
TEST(QualityTest, NaturalPrevalence) {
  const std::vector<double> normal = {0, 0, 0, 0, 0, 0, 0, 0, 0, 9};
  const std::vector<double> abnormal = {0, 9, 9, 9, 9};
  const Quality q = Assess(normal, abnormal, 1, Prevalence{1000, 20});
  EXPECT_NEAR(q.precision, 16.0 / 116, 1e-12);
  EXPECT_NEAR(q.recall, 0.8, 1e-12);
  EXPECT_NEAR(q.f1, 2 * 16.0 / (116 + 20), 1e-12);
  EXPECT_NEAR(q.accuracy, (900 + 16) / 1020.0, 1e-12);
}

TEST(QualityTest, RecallAtStatedRates) {
  std::vector<double> normal(1000, 0);
  normal[0] = 5;
  normal[1] = 3;
  const std::vector<double> abnormal = {6, 4, 2, 0};
  const Quality q = Assess(normal, abnormal, 0, {});
  EXPECT_DOUBLE_EQ(q.recall_at[0], 0.25);  // none of 1,000 may be over: 5
  EXPECT_DOUBLE_EQ(q.recall_at[1], 0.5);   // one may: 3
  EXPECT_DOUBLE_EQ(q.recall_at[2], 0.75);  // five may: 0
}

TEST(QualityTest, NoOpinionIsNoAlarmAndInfinityIsOne) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> normal = {nan, 1};
  const std::vector<double> abnormal = {nan, infinity};
  const Quality q = Assess(normal, abnormal, 2, {});
  EXPECT_EQ(q.true_positives, 1u);
  EXPECT_EQ(q.false_positives, 0u);
  EXPECT_NEAR(q.roc_auc, (2 + 0.5) / 4, 1e-12);
  const Quality none = Assess({}, {}, 0, {});
  EXPECT_EQ(none.f1, 0);
}

TEST(QualityTest, BestThreshold) {
  const std::vector<double> normal = {0, 0, 0, 1, 4};
  const std::vector<double> abnormal = {1, 2, 3, 5};
  // Over 1: 3 found, 1 false, F1 6/8. Over 4: 1 found, F1 2/5. Over 0: 4 found, 2 false, 8/10.
  EXPECT_EQ(BestThreshold(normal, abnormal, {}, 7), 0);
  // False alarms count a hundredfold: none of them.
  EXPECT_EQ(BestThreshold(normal, abnormal, Prevalence{500, 4}, 7), 4);
  EXPECT_EQ(BestThreshold(normal, {}, {}, 7), 7);
}

}  // namespace
}  // namespace alogd
