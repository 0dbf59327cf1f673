// SPDX-License-Identifier: MIT
// Adam against steps worked out by hand from the paper's algorithm.
#include "models/tensors/adam.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace alogd {
namespace {

// With bias correction the first step is rate * g / |g|, whatever the gradient's size.
TEST(AdamTest, FirstStepIsTheRate) {
  Adam adam(3);
  std::array<float, 3> parameters = {1, 1, 1};
  adam.Step(std::array{0.5f, -0.001f, 0.0f}, 0.01f, 100, parameters);
  EXPECT_NEAR(parameters[0], 0.99f, 1e-6f);
  EXPECT_NEAR(parameters[1], 1.01f, 1e-6f);
  EXPECT_EQ(parameters[2], 1.0f);
}

// Gradients 1, then 0: m = 0.09, v = 0.000999; corrected m = 0.09 / 0.19, v = 0.000999 / 0.001999.
TEST(AdamTest, SecondStepByHand) {
  Adam adam(1);
  std::array<float, 1> parameters = {0};
  adam.Step(std::array{1.0f}, 0.1f, 100, parameters);
  const float before = parameters[0];
  adam.Step(std::array{0.0f}, 0.1f, 100, parameters);
  const double step = 0.1 * (0.09 / 0.19) / std::sqrt(0.000999 / 0.001999);
  EXPECT_NEAR(static_cast<double>(before - parameters[0]), step, 1e-5);
}

// A gradient (30, 40) of norm 50 clipped to 5 is (3, 4). After that, and a gradient of (3, 4) taken
// whole, both arrays of moments agree, so a common third step moves both alike.
TEST(AdamTest, LongGradientsAreScaledDown) {
  Adam clipped(2), whole(2);
  std::array<float, 2> a = {0, 0}, b = {0, 0};
  clipped.Step(std::array{30.0f, 40.0f}, 0.1f, 5, a);
  whole.Step(std::array{3.0f, 4.0f}, 0.1f, 5, b);
  clipped.Step(std::array{0.5f, -1.0f}, 0.1f, 5, a);
  whole.Step(std::array{0.5f, -1.0f}, 0.1f, 5, b);
  EXPECT_NEAR(a[0], b[0], 1e-6f);
  EXPECT_NEAR(a[1], b[1], 1e-6f);
}

}  // namespace
}  // namespace alogd
