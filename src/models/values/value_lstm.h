// SPDX-License-Identifier: MIT
// A small LSTM that says the next vector of numbers from those before it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace alogd {

// `inputs` numbers in and out, `units` of memory. Parameters in one array, row-major:
//   wx [4 units, inputs], wh [4 units, units], b [4 units] (gate order i f g o),
//   wo [inputs, units], bo [inputs]
struct ValueLstmShape {
  uint32_t inputs = 1;
  uint32_t units = 8;

  size_t wh() const { return size_t{4} * units * inputs; }
  size_t b() const { return wh() + size_t{4} * units * units; }
  size_t wo() const { return b() + size_t{4} * units; }
  size_t bo() const { return wo() + size_t{inputs} * units; }
  size_t size() const { return bo() + inputs; }
};

// Plain loops in one order: models of so few units gain little by vectors, and the same bits come
// out on every machine that adds alike. Rejected: deeplog's kernels, which end in a softmax.
class ValueLstm {
 public:
  explicit ValueLstm(const ValueLstmShape& shape);

  // The vector after `history`, rows of `inputs`, oldest first. Valid until the next call.
  std::span<const float> Predict(std::span<const float> parameters, std::span<const float> history);
  // Adds the gradient of |prediction - target|^2 / 2 to `gradient`; returns that error.
  double Learn(std::span<const float> parameters, std::span<const float> history,
               std::span<const float> target, std::span<float> gradient);

 private:
  struct Step {
    std::vector<float> gates, cell, tanh, h;
  };
  void Forward(std::span<const float> parameters, std::span<const float> history);
  void BackwardStep(std::span<const float> parameters, std::span<const float> x, size_t t,
                    std::span<float> gradient);

  ValueLstmShape shape_;
  std::vector<Step> steps_;
  std::vector<float> out_, d_h_, d_c_, d_gates_;
};

}  // namespace alogd
