// SPDX-License-Identifier: MIT
// A plain LSTM in double precision, loop by loop from the formulas, to check the kernels against.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/sequence/lstm.h"

namespace alogd::testing {

// Probabilities of the classes after a history (Hochreiter and Schmidhuber 1997 with forget gates,
// Gers et al. 2000): i f o = sigmoid, g = tanh of wx x + wh h + b; c = f c + i g; h = o tanh c.
std::vector<double> ReferenceDistribution(const LstmLayout& layout,
                                          std::span<const double> parameters,
                                          std::span<const uint32_t> history);

// Parameters in [-limit, limit], the same for the same seed.
std::vector<float> RandomParameters(const LstmLayout& layout, uint64_t seed, double limit);

}  // namespace alogd::testing
