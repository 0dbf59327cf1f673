// SPDX-License-Identifier: MIT
// Curves and the joint score by hand.
#include "core/detection/joint.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace alogd {
namespace {

const SurpriseCurve kCurve{"deeplog", {{1, 0}, {3, 1}, {5, 4}}};

TEST(JointTest, CurveIsLinearBetweenKnotsAndBeyond) {
  EXPECT_EQ(kCurve.Surprise(0), 0);
  EXPECT_EQ(kCurve.Surprise(1), 0);
  EXPECT_FLOAT_EQ(kCurve.Surprise(2), 0.5f);
  EXPECT_FLOAT_EQ(kCurve.Surprise(3), 1);
  EXPECT_FLOAT_EQ(kCurve.Surprise(4), 2.5f);
  EXPECT_FLOAT_EQ(kCurve.Surprise(6), 5.5f);
  EXPECT_EQ(kCurve.Surprise(1e30f), 12);  // bounded
  EXPECT_EQ(kCurve.Surprise(std::numeric_limits<float>::quiet_NaN()), 0);
  EXPECT_EQ(SurpriseCurve().Surprise(7), 0);
}

TEST(JointTest, RawOfASurprise) {
  EXPECT_FLOAT_EQ(kCurve.RawOf(0.5f), 2);
  EXPECT_FLOAT_EQ(kCurve.RawOf(2.5f), 4);
  EXPECT_FLOAT_EQ(kCurve.RawOf(0), 1);
  EXPECT_TRUE(std::isinf(kCurve.RawOf(9)));
  EXPECT_FLOAT_EQ(kCurve.Surprise(kCurve.RawOf(1.5f)), 1.5f);
}

TEST(JointTest, ContentIsOneVoice) {
  SurpriseCurve counts = kCurve, length = kCurve;
  counts.voice = length.voice = Voice::kContent;
  JointSum sum;
  EXPECT_EQ(sum.total(), 0);
  sum.Add(counts, 2);
  sum.Add(kCurve, 1);
  sum.Add(length, 3);
  EXPECT_EQ(sum.total(), 4);
  sum.Add(kCurve, 0.5f);
  EXPECT_EQ(sum.total(), 4.5f);
}

TEST(JointTest, OrderIsOneVoiceBesideContent) {
  SurpriseCurve deeplog = kCurve, lstm = kCurve, counts = kCurve;
  deeplog.voice = lstm.voice = Voice::kOrder;
  counts.voice = Voice::kContent;
  JointSum sum;
  sum.Add(deeplog, 2);
  sum.Add(lstm, 3);
  sum.Add(counts, 1);
  EXPECT_EQ(sum.total(), 4);
}

TEST(JointTest, AnomalyFromThresholdToTop) {
  const JointModel joint{{kCurve}, 3, 5};
  EXPECT_EQ(joint.Anomaly(3), 0);
  EXPECT_FLOAT_EQ(joint.Anomaly(4), 50);
  EXPECT_EQ(joint.Anomaly(50), 100);
  EXPECT_EQ(joint.Find("deeplog"), &joint.curves[0]);
  EXPECT_EQ(joint.Find("novelty"), nullptr);
}

}  // namespace
}  // namespace alogd
