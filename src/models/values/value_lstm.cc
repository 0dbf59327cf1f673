// SPDX-License-Identifier: MIT
// Steps of the small LSTM, forth and back.
#include "models/values/value_lstm.h"

#include <algorithm>
#include <cmath>

namespace alogd {
namespace {

float Sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

ValueLstm::ValueLstm(const ValueLstmShape& shape)
    : shape_(shape),
      out_(shape.inputs),
      d_h_(shape.units),
      d_c_(shape.units),
      d_gates_(size_t{4} * shape.units) {}

void ValueLstm::Forward(std::span<const float> parameters, std::span<const float> history) {
  const size_t inputs = shape_.inputs, units = shape_.units;
  const size_t length = history.size() / inputs;
  while (steps_.size() < length) {
    const std::vector<float> of_units(units);
    steps_.push_back({std::vector<float>(4 * units), of_units, of_units, of_units});
  }
  for (size_t t = 0; t < length; ++t) {
    Step& step = steps_[t];
    const float* x = history.data() + t * inputs;
    for (size_t row = 0; row < 4 * units; ++row) {
      float z = parameters[shape_.b() + row];
      for (size_t k = 0; k < inputs; ++k) z += parameters[row * inputs + k] * x[k];
      if (t > 0)
        for (size_t k = 0; k < units; ++k)
          z += parameters[shape_.wh() + row * units + k] * steps_[t - 1].h[k];
      step.gates[row] = row / units == 2 ? std::tanh(z) : Sigmoid(z);
    }
    for (size_t u = 0; u < units; ++u) {
      const float* gate = step.gates.data() + u;
      step.cell[u] = gate[0] * gate[2 * units];
      if (t > 0) step.cell[u] += gate[units] * steps_[t - 1].cell[u];
      step.tanh[u] = std::tanh(step.cell[u]);
      step.h[u] = gate[3 * units] * step.tanh[u];
    }
  }
}

std::span<const float> ValueLstm::Predict(std::span<const float> parameters,
                                          std::span<const float> history) {
  Forward(parameters, history);
  const size_t length = history.size() / shape_.inputs;
  for (size_t i = 0; i < shape_.inputs; ++i) {
    out_[i] = parameters[shape_.bo() + i];
    if (length == 0) continue;
    for (size_t u = 0; u < shape_.units; ++u)
      out_[i] += parameters[shape_.wo() + i * shape_.units + u] * steps_[length - 1].h[u];
  }
  return out_;
}

double ValueLstm::Learn(std::span<const float> parameters, std::span<const float> history,
                        std::span<const float> target, std::span<float> gradient) {
  const size_t inputs = shape_.inputs, units = shape_.units;
  const size_t length = history.size() / inputs;
  Predict(parameters, history);
  std::fill(d_h_.begin(), d_h_.end(), 0.0f);
  std::fill(d_c_.begin(), d_c_.end(), 0.0f);
  double error = 0;
  for (size_t i = 0; i < inputs; ++i) {
    const float off = out_[i] - target[i];
    error += 0.5 * static_cast<double>(off) * static_cast<double>(off);
    gradient[shape_.bo() + i] += off;
    for (size_t u = 0; u < units && length > 0; ++u) {
      gradient[shape_.wo() + i * units + u] += off * steps_[length - 1].h[u];
      d_h_[u] += off * parameters[shape_.wo() + i * units + u];
    }
  }
  for (size_t t = length; t-- > 0;)
    BackwardStep(parameters, history.subspan(t * inputs, inputs), t, gradient);
  return error;
}

// From the gradient of step t's h and c to those of the step before.
void ValueLstm::BackwardStep(std::span<const float> parameters, std::span<const float> x, size_t t,
                             std::span<float> gradient) {
  const size_t inputs = shape_.inputs, units = shape_.units;
  const Step& step = steps_[t];
  for (size_t u = 0; u < units; ++u) {
    const float i = step.gates[u], f = step.gates[units + u];
    const float g = step.gates[2 * units + u], o = step.gates[3 * units + u];
    const float d_c = d_c_[u] + d_h_[u] * o * (1 - step.tanh[u] * step.tanh[u]);
    d_gates_[u] = d_c * g * i * (1 - i);
    d_gates_[units + u] = t > 0 ? d_c * steps_[t - 1].cell[u] * f * (1 - f) : 0;
    d_gates_[2 * units + u] = d_c * i * (1 - g * g);
    d_gates_[3 * units + u] = d_h_[u] * step.tanh[u] * o * (1 - o);
    d_c_[u] = d_c * f;
  }
  std::fill(d_h_.begin(), d_h_.end(), 0.0f);
  for (size_t row = 0; row < 4 * units; ++row) {
    const float d = d_gates_[row];
    gradient[shape_.b() + row] += d;
    for (size_t k = 0; k < inputs; ++k) gradient[row * inputs + k] += d * x[k];
    for (size_t k = 0; k < units && t > 0; ++k) {
      gradient[shape_.wh() + row * units + k] += d * steps_[t - 1].h[k];
      d_h_[k] += d * parameters[shape_.wh() + row * units + k];
    }
  }
}

}  // namespace alogd
