// SPDX-License-Identifier: MIT
// Adam (Kingma and Ba, ICLR 2015, algorithm 1) over one flat array of parameters.
#include "models/tensors/adam.h"

#include <cassert>
#include <cmath>

namespace alogd {

void Adam::Step(std::span<const float> gradient, float rate, float clip,
                std::span<float> parameters) {
  assert(gradient.size() == mean_.size() && parameters.size() == mean_.size());
  constexpr double kMeanDecay = 0.9, kSquareDecay = 0.999;  // the paper's
  constexpr float kEpsilon = 1e-8f;
  ++steps_;
  double norm = 0;
  for (const float g : gradient) norm += double{g} * double{g};
  norm = std::sqrt(norm);
  const float scale = norm > double{clip} ? static_cast<float>(double{clip} / norm) : 1.0f;
  const auto steps = static_cast<double>(steps_);
  const auto step = static_cast<float>(double{rate} / (1 - std::pow(kMeanDecay, steps)));
  const auto widen = static_cast<float>(1 / std::sqrt(1 - std::pow(kSquareDecay, steps)));
  constexpr auto kMean = static_cast<float>(kMeanDecay);
  constexpr auto kSquare = static_cast<float>(kSquareDecay);
  for (size_t i = 0; i < gradient.size(); ++i) {
    const float g = gradient[i] * scale;
    mean_[i] = kMean * mean_[i] + (1 - kMean) * g;
    square_[i] = kSquare * square_[i] + (1 - kSquare) * g * g;
    parameters[i] -= step * mean_[i] / (std::sqrt(square_[i]) * widen + kEpsilon);
  }
}

}  // namespace alogd
