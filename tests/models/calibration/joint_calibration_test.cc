// SPDX-License-Identifier: MIT
// The joint threshold against counts by hand; the budget of the whole on dependent detectors.
#include "models/calibration/joint_calibration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace alogd {
namespace {

constexpr Duration kMinute = std::chrono::minutes(1);

Voice Voices(std::string_view detector) {
  return detector == "counts"    ? Voice::kContent
         : detector == "deeplog" ? Voice::kOrder
                                 : Voice::kOwn;
}

Time At(int64_t minutes) { return FromMicros(minutes * 60'000'000); }

// 1,000 windows: 900 of 0, 90 of 1, 9 of 2, one of 5.
TEST(JointCalibrationTest, CurveOfShares) {
  std::vector<float> raw(1000, 0);
  for (size_t i = 0; i < 100; ++i) raw[i * 10] = i < 90 ? 1.0f : i < 99 ? 2.0f : 5.0f;
  raw.push_back(std::nanf(""));
  Calibration calibration;
  calibration.top = 9;
  const SurpriseCurve curve = FitCurve("x", Voice::kOwn, raw, calibration);
  EXPECT_EQ(curve.Surprise(0), 0);
  EXPECT_NEAR(curve.Surprise(1), 1, 1e-5);  // a tenth is 1 or more
  EXPECT_NEAR(curve.Surprise(2), 2, 1e-5);
  EXPECT_NEAR(curve.Surprise(5), 3, 1e-5);
  EXPECT_NEAR(curve.Surprise(9), 6, 1e-4);  // one in a million
  EXPECT_NEAR(curve.Surprise(7), 4.5, 0.01);
}

// Where all normal windows are alike, anything over them is as seldom as one in all.
TEST(JointCalibrationTest, CurveOfEqualScores) {
  Calibration calibration;
  calibration.top = 6;
  const SurpriseCurve curve =
      FitCurve("x", Voice::kOwn, std::vector<float>(100, 0.0f), calibration);
  EXPECT_EQ(curve.Surprise(0), 0);
  EXPECT_GE(curve.Surprise(0.01f), 2);
  EXPECT_TRUE(FitCurve("x", Voice::kOwn, {}, calibration).knots.empty());
}

TEST(JointCalibrationTest, IncidentsAsTheTrackerJoinsThem) {
  const std::vector<Time> ends = {At(0), At(1), At(3), At(4), At(90)};
  const std::vector<double> sums = {5, 5, 5, 1, 5};
  EXPECT_EQ(CountIncidents(ends, sums, 2, kMinute), 3u);  // 0 and 1 together
  EXPECT_EQ(CountIncidents(ends, sums, 6, kMinute), 0u);
  std::vector<Time> long_ends;
  for (int64_t m = 0; m <= 130; ++m) long_ends.push_back(At(m));
  // Trouble that never pauses alerts anew each hour: 0 to 60, 61 to 121, 122 to 130.
  EXPECT_EQ(CountIncidents(long_ends, std::vector<double>(131, 5), 2, kMinute), 3u);
}

// Two detectors that mostly agree, each with the whole budget, would alarm up to twice as often;
// the joint threshold keeps the incidents of both within it, also in a part it was not fitted on.
TEST(JointCalibrationTest, BudgetHoldsForTheWhole) {
  std::mt19937 random(1);
  std::exponential_distribution<float> draw(1.0f);
  HeldOutMoments fit, later;
  for (HeldOutMoments* moments : {&fit, &later}) {
    moments->detectors = 2;
    for (int64_t m = 0; m < 20'000; ++m) {
      const float common = draw(random);
      moments->ends.push_back(At(2 * m));
      moments->raw.push_back(common + 0.3f * draw(random));
      moments->raw.push_back(common + 0.3f * draw(random));
    }
  }
  std::vector<SurpriseCurve> curves;
  for (size_t d = 0; d < 2; ++d) {
    std::vector<float> raw;
    for (size_t m = 0; m < fit.ends.size(); ++m) raw.push_back(fit.raw[2 * m + d]);
    curves.push_back(FitCurve(d == 0 ? "a" : "b", Voice::kOwn, raw, FitCalibration(raw, 0.001)));
  }
  const JointBudget budget{1, 40, kMinute};
  nlohmann::json metrics;
  const JointModel joint = FitJoint(curves, fit, budget, &metrics);
  EXPECT_NEAR(metrics["held_out_incidents"].get<double>(), 40, 8);  // the fit smooths
  EXPECT_GT(joint.top, joint.threshold + 1.9);
  ASSERT_TRUE(metrics.contains("tail"));
  EXPECT_EQ(metrics["tail"]["quantiles"].size(), 20u);
  EXPECT_TRUE(metrics["without"].contains("a"));
  std::vector<double> sums;
  for (size_t m = 0; m < later.ends.size(); ++m)
    sums.push_back(static_cast<double>(joint.curves[0].Surprise(later.raw[2 * m]) +
                                       joint.curves[1].Surprise(later.raw[2 * m + 1])));
  const size_t incidents = CountIncidents(later.ends, sums, joint.threshold, kMinute);
  EXPECT_GT(incidents, 20u);  // Poisson of 40: three deviations
  EXPECT_LT(incidents, 60u);
}

// However heavy the tail of one, what another is surest of gets to the top.
TEST(JointCalibrationTest, OneInAMillionIsTheTop) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> draw(0.001f, 1.0f);
  HeldOutMoments moments;
  moments.detectors = 1;
  for (int64_t m = 0; m < 2000; ++m) {
    moments.ends.push_back(At(600 * m));
    moments.raw.push_back(0.01f / draw(random));
  }
  std::vector<SurpriseCurve> curves = {{"a", {{0, 0}, {1, 1}}}};
  nlohmann::json metrics;
  const JointModel joint = FitJoint(curves, moments, {1, 14, kMinute}, &metrics);
  ASSERT_TRUE(metrics.contains("tail"));
  EXPECT_LT(joint.threshold, 4);
  EXPECT_EQ(joint.top, 6);
  EXPECT_EQ(joint.Anomaly(6), 100);
}

// 1,000 moments of which two rare ones are the highest of "deeplog". Alone it is judged without
// them; the joint threshold, which is the whole's, is over all.
TEST(JointCalibrationTest, RareMomentsRaiseOnlyTheJointThreshold) {
  HeldOutMoments moments{.detectors = 2, .ends = {}, .raw = {}, .rare = {}};
  std::vector<float> raw;
  for (int64_t m = 0; m < 1000; ++m) {
    const bool rare = m == 300 || m == 600;
    moments.ends.push_back(At(600 * m));
    moments.raw.push_back(rare ? 9.0f : static_cast<float>(m % 10) / 10);
    moments.raw.push_back(0.0f);
    moments.rare.push_back(rare);
    if (!rare) raw.push_back(moments.raw[2 * static_cast<size_t>(m)]);
  }
  const Calibration calibration = FitCalibration(raw, 0);
  const std::vector<SurpriseCurve> curves = {
      FitCurve("deeplog", Voice::kOrder, raw, calibration),
      FitCurve("counts", Voice::kContent, std::vector<float>(1000, 0.0f), FitCalibration({}, 0))};
  // Half an incident in this time: under it nothing normal may be.
  const JointBudget budget{0.5 / 7, 7, kMinute};
  nlohmann::json with, without;
  const JointModel joint = FitJoint(curves, moments, budget, &with);
  moments.rare.clear();
  FitJoint(curves, moments, budget, &without);
  EXPECT_GT(joint.threshold, static_cast<double>(curves[0].Surprise(9)));
  EXPECT_EQ(with["joint"], without["joint"]);
  EXPECT_LT(with["alone"]["deeplog"].get<double>(), without["alone"]["deeplog"].get<double>() - 1);
  EXPECT_EQ(with["held_out_incidents"], 0);
}

TEST(JointCalibrationTest, ComesBackFromJson) {
  const JointModel joint{{{"a", {{0, 0}, {1, 2}}}, {"b", {{3, 1}}}}, 2.5, 6};
  JointModel back;
  ASSERT_TRUE(FromJson(ToJson(joint), Voices, &back));
  EXPECT_EQ(back.threshold, 2.5);
  EXPECT_EQ(back.top, 6);
  ASSERT_EQ(back.curves.size(), 2u);
  EXPECT_EQ(back.Find("a")->knots, joint.curves[0].knots);
}

// Bundles of before had thresholds of plain sums.
TEST(JointCalibrationTest, ContentIsOneVoiceWhereTheThresholdIsOfThat) {
  nlohmann::json json = ToJson({{{"counts", {{0, 0}, {1, 2}}}, {"deeplog", {{3, 1}}}}, 2.5, 6});
  JointModel joint, older;
  ASSERT_TRUE(FromJson(json, Voices, &joint));
  EXPECT_EQ(joint.Find("counts")->voice, Voice::kContent);
  EXPECT_EQ(joint.Find("deeplog")->voice, Voice::kOrder);
  json.erase("content_is_one");
  ASSERT_TRUE(FromJson(json, Voices, &older));
  EXPECT_EQ(older.Find("counts")->voice, Voice::kOwn);
}

TEST(JointCalibrationTest, RefusesDamage) {
  const nlohmann::json good = ToJson({{{"a", {{0, 0}, {1, 2}}}}, 2.5, 6});
  const auto refused = [&](const char* where, const nlohmann::json& value) {
    nlohmann::json bad = good;
    bad[nlohmann::json::json_pointer(where)] = value;
    JointModel joint;
    return !FromJson(bad, Voices, &joint);
  };
  EXPECT_TRUE(refused("/threshold", "high"));
  EXPECT_TRUE(refused("/top", 2.5));
  EXPECT_TRUE(refused("/curves", nlohmann::json::array()));
  EXPECT_TRUE(refused("/curves/a", nlohmann::json::array()));
  EXPECT_TRUE(refused("/curves/a/1", {0, 2}));   // not ascending
  EXPECT_TRUE(refused("/curves/a/1", {1, -1}));  // falling
  EXPECT_TRUE(refused("/curves/a/0", 7));
  JointModel joint;
  EXPECT_FALSE(FromJson(nullptr, Voices, &joint));
}

}  // namespace
}  // namespace alogd
