// SPDX-License-Identifier: MIT
// Thresholds and tails against shares counted by hand and distributions with known quantiles.
#include "models/calibration/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace alogd {
namespace {

size_t Alarms(const Calibration& calibration, const std::vector<float>& raw) {
  return static_cast<size_t>(std::count_if(raw.begin(), raw.end(), [&](float v) {
    return calibration.Score(static_cast<double>(v)) > 0;
  }));
}

std::vector<float> Exponential(size_t n, unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<float> raw(n);
  for (float& v : raw)
    v = static_cast<float>(-std::log((static_cast<double>(random() >> 11) + 1) * 0x1p-53));
  return raw;
}

TEST(CalibrationTest, ShareOfAlarmsIsKept) {
  const std::vector<float> raw = Exponential(10'000, 1);
  for (const double share : {0.0, 0.00005, 0.0001, 0.001, 0.01, 0.2}) {
    const size_t allowed = static_cast<size_t>(share * 10'000);
    const size_t alarms = Alarms(FitCalibration(raw, share), raw);
    EXPECT_LE(alarms, allowed) << share;
    EXPECT_GE(alarms + 2 + allowed / 50, allowed) << share;  // the tie margin may spare some
  }
}

TEST(CalibrationTest, TiesNeverExceedTheShare) {
  std::vector<float> raw(1000, 1.0f);
  std::fill(raw.begin(), raw.begin() + 100, 3.0f);
  // 5% allowed, but the highest value alone has 10%.
  EXPECT_EQ(Alarms(FitCalibration(raw, 0.05), raw), 0u);
  EXPECT_EQ(Alarms(FitCalibration(raw, 0.11), raw), 100u);
}

TEST(CalibrationTest, AnomalyScale) {
  const Calibration calibration{.median = 1, .threshold = 2, .top = 6, .held_out_windows = 9};
  EXPECT_EQ(calibration.Score(-5), 0.0f);
  EXPECT_EQ(calibration.Score(2), 0.0f);
  EXPECT_EQ(calibration.Score(3), 25.0f);
  EXPECT_EQ(calibration.Score(6), 100.0f);
  EXPECT_EQ(calibration.Score(1e30), 100.0f);
  EXPECT_EQ(calibration.Score(std::nan("")), 0.0f);
}

// The one-in-a-million quantile of a standard exponential is ln(10^6) = 13.8.
TEST(CalibrationTest, TopOfAnExponential) {
  EXPECT_NEAR(FitCalibration(Exponential(100'000, 2), 0.001).top, 13.8, 2.0);
}

// Uniform on [0, 1]: the tail ends at 1, shape -1, clamped to -0.5; top stays near the end of the
// data.
TEST(CalibrationTest, TopOfABoundedTail) {
  std::vector<float> raw(10'000);
  for (size_t i = 0; i < raw.size(); ++i) raw[i] = static_cast<float>(i) / 10'000.0f;
  const Calibration calibration = FitCalibration(raw, 0.5, nullptr, 0.01);
  EXPECT_GT(calibration.top, 0.99);
  EXPECT_LT(calibration.top, 1.1);
}

TEST(CalibrationTest, FewWindows) {
  const std::vector<float> raw = {1, 2, 3};
  const Calibration calibration = FitCalibration(raw, 0.001);
  EXPECT_NEAR(calibration.threshold, 3, 0.01);
  EXPECT_EQ(calibration.median, 2);
  EXPECT_GE(calibration.top, calibration.threshold + 1);
  EXPECT_EQ(calibration.held_out_windows, 3u);
}

TEST(CalibrationTest, NoWindowsNeverAlarm) {
  const std::vector<float> raw = {std::nanf(""), std::nanf("")};
  const Calibration calibration = FitCalibration(raw, 0.5);
  EXPECT_EQ(calibration.held_out_windows, 0u);
  EXPECT_EQ(calibration.Score(1e30), 0.0f);
}

TEST(CalibrationTest, EqualWindows) {
  const std::vector<float> raw(500, 0.0f);
  const Calibration calibration = FitCalibration(raw, 0.01, nullptr, 6);
  EXPECT_EQ(calibration.threshold, 0);
  EXPECT_EQ(calibration.top, 6);
}

TEST(CalibrationTest, FixedThreshold) {
  const double fixed = 3;
  const std::vector<float> raw = Exponential(1000, 3);
  const Calibration calibration = FitCalibration(raw, 0.5, &fixed);
  EXPECT_EQ(calibration.threshold, 3);
  EXPECT_GT(calibration.top, 4);
}

TEST(CalibrationTest, OrderDoesNotMatter) {
  std::vector<float> raw = Exponential(5000, 4);
  const Calibration a = FitCalibration(raw, 0.01);
  std::shuffle(raw.begin(), raw.end(), std::mt19937(5));
  const Calibration b = FitCalibration(raw, 0.01);
  EXPECT_EQ(a.threshold, b.threshold);
  EXPECT_EQ(a.top, b.top);
}

TEST(CalibrationTest, JsonRoundTrip) {
  const Calibration a = FitCalibration(Exponential(777, 6), 0.01);
  Calibration b;
  ASSERT_TRUE(FromJson(nlohmann::json::parse(ToJson(a).dump()), &b));
  EXPECT_EQ(a.median, b.median);
  EXPECT_EQ(a.threshold, b.threshold);
  EXPECT_EQ(a.top, b.top);
  EXPECT_EQ(a.held_out_windows, b.held_out_windows);
}

TEST(CalibrationTest, ForeignJson) {
  Calibration calibration;
  for (const char* text : {"null", "[]", "{}", R"({"median":0,"threshold":1,"top":2})",
                           R"({"median":0,"threshold":2,"top":2,"held_out_windows":1})",
                           R"({"median":"0","threshold":1,"top":2,"held_out_windows":1})",
                           R"({"median":0,"threshold":1,"top":2,"held_out_windows":-1})"})
    EXPECT_FALSE(FromJson(nlohmann::json::parse(text), &calibration)) << text;
}

}  // namespace
}  // namespace alogd
