// SPDX-License-Identifier: MIT
// Adam (Kingma and Ba, ICLR 2015, algorithm 1) over one flat array of parameters.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace alogd {

class Adam {
 public:
  explicit Adam(size_t parameters) : mean_(parameters), square_(parameters) {}

  // parameters -= rate * corrected mean / (sqrt(corrected mean square) + epsilon). A gradient whose
  // norm is over `clip` is scaled down to it: one odd batch must not undo an epoch.
  void Step(std::span<const float> gradient, float rate, float clip, std::span<float> parameters);

 private:
  std::vector<float> mean_;
  std::vector<float> square_;
  uint64_t steps_ = 0;
};

}  // namespace alogd
