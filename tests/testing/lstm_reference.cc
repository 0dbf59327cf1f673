// SPDX-License-Identifier: MIT
// A plain LSTM in double precision, loop by loop from the formulas, to check the kernels against.
#include "testing/lstm_reference.h"

#include <cmath>
#include <random>

namespace alogd::testing {
namespace {

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// One step of one layer; h and c are updated.
void ReferenceStep(const double* wx, const double* wh, const double* b,
                   const std::vector<double>& x, std::vector<double>* h, std::vector<double>* c) {
  const size_t units = h->size();
  std::vector<double> z(4 * units);
  for (size_t row = 0; row < 4 * units; ++row) {
    z[row] = b[row];
    for (size_t k = 0; k < x.size(); ++k) z[row] += wx[row * x.size() + k] * x[k];
    for (size_t k = 0; k < units; ++k) z[row] += wh[row * units + k] * (*h)[k];
  }
  for (size_t u = 0; u < units; ++u) {
    (*c)[u] = Sigmoid(z[units + u]) * (*c)[u] + Sigmoid(z[u]) * std::tanh(z[2 * units + u]);
    (*h)[u] = Sigmoid(z[3 * units + u]) * std::tanh((*c)[u]);
  }
}

}  // namespace

std::vector<double> ReferenceDistribution(const LstmLayout& layout,
                                          std::span<const double> parameters,
                                          std::span<const uint32_t> history) {
  const double* at = parameters.data();
  std::vector<std::vector<double>> h, c;
  for (uint32_t l = 0; l < layout.layers; ++l) {
    h.emplace_back(layout.units[l], 0.0);
    c.emplace_back(layout.units[l], 0.0);
  }
  const uint32_t counts = layout.layers;
  std::vector<double> h_counts(layout.counts > 0 ? layout.units[counts] : 0, 0.0);
  std::vector<double> c_counts = h_counts, so_far(size_t{layout.words} + 1, 0.0);
  // The reference wants a matrix [4 units, words + 1]; a row of the table is a column of it.
  std::vector<double> transposed;
  for (size_t row = 0; row < 4 * h_counts.size(); ++row)
    for (size_t word = 0; word < so_far.size(); ++word)
      transposed.push_back(at[layout.wx[counts] + word * 4 * h_counts.size() + row]);
  for (const uint32_t word : history) {
    so_far[word] += 1.0 / static_cast<double>(history.size());
    if (layout.counts > 0)
      ReferenceStep(transposed.data(), at + layout.wh[counts], at + layout.b[counts], so_far,
                    &h_counts, &c_counts);
    const double* row = at + size_t{word} * layout.embedding;
    std::vector<double> x(row, row + layout.embedding);
    for (uint32_t l = 0; l < layout.layers; ++l) {
      ReferenceStep(at + layout.wx[l], at + layout.wh[l], at + layout.b[l], x, &h[l], &c[l]);
      x = h[l];
    }
  }
  std::vector<double> last = h.back();
  last.insert(last.end(), h_counts.begin(), h_counts.end());
  std::vector<double> p(size_t{layout.words} + 1);
  double sum = 0;
  for (size_t k = 0; k < p.size(); ++k) {
    double logit = at[layout.bo + k];
    for (size_t u = 0; u < last.size(); ++u) logit += at[layout.wo + k * last.size() + u] * last[u];
    sum += p[k] = std::exp(logit);
  }
  for (double& value : p) value /= sum;
  return p;
}

std::vector<float> RandomParameters(const LstmLayout& layout, uint64_t seed, double limit) {
  std::mt19937_64 random(seed);
  std::vector<float> parameters(layout.size);
  for (float& value : parameters)
    value = static_cast<float>((static_cast<double>(random() >> 11) * 0x1.0p-52 - 1) * limit);
  return parameters;
}

}  // namespace alogd::testing
