// SPDX-License-Identifier: MIT
// Scores what followed histories of words with a trained LSTM, in batches.
#include "models/sequence/next_word.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>

namespace alogd {
namespace {

// Scales of the gates i f g o, so that the kernels' powers of two are e^-x and, for the tanh,
// e^-2x.
constexpr std::array<float, 4> kGateScale = {-1.442695041f, -1.442695041f, -2.885390082f,
                                             -1.442695041f};
constexpr float kNoClass = -1e30f;  // logit of a class that is not there
// Beyond so many words the table of first steps (1 KiB a word at 2 x 64) leaves the caches and the
// step is computed as fast.
constexpr uint32_t kMaxFirstWords = 8192;

constexpr uint32_t RoundUp(uint32_t n, uint32_t unit) { return (n + unit - 1) / unit * unit; }

}  // namespace

AlignedFloats::AlignedFloats(size_t size) : size_(size) {
  constexpr size_t kLine = 64;
  const size_t bytes = std::max<size_t>((size * sizeof(float) + kLine - 1) / kLine * kLine, kLine);
  void* memory = std::aligned_alloc(kLine, bytes);
  if (memory == nullptr) std::abort();  // as operator new ends a program that catches nothing
  std::memset(memory, 0, bytes);
  data_.reset(static_cast<float*>(memory));
}

void AlignedFloats::Free::operator()(float* at) const { std::free(at); }

NextWordScorer::NextWordScorer(const LstmLayout& layout, std::span<const float> parameters,
                               uint32_t window, const LstmKernels& kernels)
    : layout_(layout),
      window_(window),
      kernels_(kernels),
      table_(0),
      count_table_(0),
      count_sums_(0),
      joined_(0),
      out_weights_(0),
      out_bias_(0),
      logits_(0) {
  assert(parameters.size() == layout.size && window > 0);
  for (uint32_t l = 0; l < layout.layers + layout.counts; ++l) PackLayer(parameters, l);
  PackTable(parameters);
  if (layout.counts > 0) PackCounts(parameters);
  PackOutput(parameters);
  if (layout_.words < kMaxFirstWords) TabulateFirstStep();
}

void NextWordScorer::PackLayer(std::span<const float> parameters, uint32_t l) {
  const uint32_t lanes = kernels_.lanes;
  const uint32_t units = layout_.units[l];
  const uint32_t inputs = l == 0 || l == layout_.layers ? 0 : layout_.units[l - 1];
  const uint32_t stride = RoundUp(units, lanes);
  const bool tabulate = layout_.words < kMaxFirstWords;
  Layer layer{inputs,
              units,
              stride / lanes,
              stride,
              AlignedFloats(size_t{4} * stride * (inputs + units)),
              AlignedFloats(l == 0 ? 0 : size_t{4} * stride),
              AlignedFloats(size_t{3} * kLstmColumns * stride),
              AlignedFloats(tabulate ? size_t{2} * stride * classes() : 0)};
  float* to = layer.weights.data();
  for (uint32_t block = 0; block < layer.blocks; ++block) {
    for (uint32_t k = 0; k < inputs + units; ++k) {
      for (uint32_t g = 0; g < 4; ++g) {
        for (uint32_t i = 0; i < lanes; ++i, ++to) {
          const uint32_t unit = block * lanes + i;
          if (unit >= units) continue;
          const size_t row = size_t{g} * units + unit;
          const size_t at = k < inputs ? layout_.wx[l] + row * inputs + k
                                       : layout_.wh[l] + row * units + (k - inputs);
          *to = kGateScale[g] * parameters[at];
        }
      }
    }
  }
  if (l > 0)
    for (uint32_t unit = 0; unit < units; ++unit)
      for (uint32_t g = 0; g < 4; ++g)
        layer.bias.data()[Packed(size_t{g} * units + unit, units)] =
            kGateScale[g] * parameters[layout_.b[l] + size_t{g} * units + unit];
  layers_.push_back(std::move(layer));
}

size_t NextWordScorer::Packed(size_t row, uint32_t units) const {
  const size_t g = row / units, unit = row % units, lanes = kernels_.lanes;
  return (unit / lanes * 4 + g) * lanes + unit % lanes;
}

void NextWordScorer::PackTable(std::span<const float> parameters) {
  const uint32_t units = layout_.units[0];
  const size_t width = 4 * layers_[0].stride;
  table_ = AlignedFloats(width * classes());
  for (uint32_t word = 0; word < classes(); ++word) {
    const float* embedding = parameters.data() + size_t{word} * layout_.embedding;
    for (uint32_t row = 0; row < 4 * units; ++row) {
      const float* w = parameters.data() + layout_.wx[0] + size_t{row} * layout_.embedding;
      float sum = parameters[layout_.b[0] + row];
      for (uint32_t k = 0; k < layout_.embedding; ++k) sum += w[k] * embedding[k];
      table_.data()[word * width + Packed(row, units)] = kGateScale[row / units] * sum;
    }
  }
}

void NextWordScorer::PackCounts(std::span<const float> parameters) {
  const uint32_t l = layout_.layers, units = layout_.units[l];
  const size_t width = 4 * layers_[l].stride;
  count_table_ = AlignedFloats(width * classes());
  count_sums_ = AlignedFloats(width * kLstmColumns);
  joined_ = AlignedFloats(size_t{LstmOutputs(layout_)} * kLstmColumns);
  const float share = 1.0f / static_cast<float>(window_);
  for (uint32_t word = 0; word < classes(); ++word)
    for (uint32_t row = 0; row < 4 * units; ++row)
      count_table_.data()[word * width + Packed(row, units)] =
          kGateScale[row / units] * share *
          parameters[layout_.wx[l] + size_t{word} * 4 * units + row];
}

void NextWordScorer::PackOutput(std::span<const float> parameters) {
  const uint32_t lanes = kernels_.lanes;
  const uint32_t units = LstmOutputs(layout_);
  const uint32_t width = RoundUp(classes(), 4 * lanes);
  out_blocks_ = width / (4 * lanes);
  out_weights_ = AlignedFloats(size_t{width} * units);
  out_bias_ = AlignedFloats(width);
  logits_ = AlignedFloats(size_t{width} * kLstmColumns);
  for (uint32_t k = 0; k < width; ++k) {
    const bool there = k < classes();
    out_bias_.data()[k] = there ? parameters[layout_.bo + k] : kNoClass;
    if (!there) continue;
    const uint32_t block = k / (4 * lanes), within = k % (4 * lanes);
    for (uint32_t u = 0; u < units; ++u)
      out_weights_.data()[(size_t{block} * units + u) * 4 * lanes + within] =
          parameters[layout_.wo + size_t{k} * units + u];
  }
}

void NextWordScorer::Reset(uint32_t columns) {
  for (Layer& layer : layers_) {
    float* h = swapped_ ? layer.other_h() : layer.h();
    std::fill_n(h, columns * layer.stride, 0.0f);
    std::fill_n(layer.c(), columns * layer.stride, 0.0f);
  }
  if (layout_.counts == 0) return;
  const Layer& counts = layers_.back();
  for (uint32_t c = 0; c < columns; ++c)
    std::copy_n(counts.bias.data(), 4 * counts.stride, count_sums_.data() + c * 4 * counts.stride);
}

void NextWordScorer::Step(uint32_t columns, const uint32_t* words, size_t word_stride) {
  std::array<const float*, kLstmColumns> start;
  const float* x = nullptr;
  size_t x_stride = 0;
  for (uint32_t l = 0; l < layout_.layers; ++l) {
    Layer& layer = layers_[l];
    for (uint32_t c = 0; c < columns; ++c)
      start[c] =
          l > 0 ? layer.bias.data() : table_.data() + words[c * word_stride] * 4 * layer.stride;
    float* h = swapped_ ? layer.other_h() : layer.h();
    float* out = swapped_ ? layer.h() : layer.other_h();
    kernels_.step({columns, layer.blocks, layer.weights.data(), start.data(), x, x_stride,
                   layer.inputs, h, layer.units, layer.stride, layer.c(), out});
    x = out;
    x_stride = layer.stride;
  }
  if (layout_.counts > 0) StepCounts(columns, words, word_stride);
  swapped_ = !swapped_;
}

void NextWordScorer::StepCounts(uint32_t columns, const uint32_t* words, size_t word_stride) {
  Layer& layer = layers_.back();
  const size_t width = 4 * layer.stride;
  std::array<const float*, kLstmColumns> start;
  for (uint32_t c = 0; c < columns; ++c) {
    float* sums = count_sums_.data() + c * width;
    const float* row = count_table_.data() + words[c * word_stride] * width;
    for (size_t i = 0; i < width; ++i) sums[i] += row[i];
    start[c] = sums;
  }
  kernels_.step({columns, layer.blocks, layer.weights.data(), start.data(), nullptr, 0, 0,
                 swapped_ ? layer.other_h() : layer.h(), layer.units, layer.stride, layer.c(),
                 swapped_ ? layer.h() : layer.other_h()});
}

// The state after one step depends on one word: it is computed once for each, as any other step
// would.
void NextWordScorer::TabulateFirstStep() {
  std::array<uint32_t, kLstmColumns> words;
  for (uint32_t begin = 0; begin < classes(); begin += kLstmColumns) {
    const uint32_t columns = std::min(kLstmColumns, classes() - begin);
    for (uint32_t c = 0; c < columns; ++c) words[c] = begin + c;
    Reset(columns);
    Step(columns, words.data(), 1);
    for (Layer& layer : layers_) {
      const float* h = swapped_ ? layer.other_h() : layer.h();
      for (uint32_t c = 0; c < columns; ++c) {
        float* to = layer.first.data() + size_t{begin + c} * 2 * layer.stride;
        std::copy_n(h + c * layer.stride, layer.stride, to);
        std::copy_n(layer.c() + c * layer.stride, layer.stride, to + layer.stride);
      }
    }
  }
  tabulated_ = true;
}

void NextWordScorer::BeginWith(uint32_t columns, const uint32_t* words, size_t word_stride) {
  if (!tabulated_) {
    Reset(columns);
    Step(columns, words, word_stride);
    return;
  }
  for (Layer& layer : layers_) {
    float* h = swapped_ ? layer.other_h() : layer.h();
    for (uint32_t c = 0; c < columns; ++c) {
      const float* from = layer.first.data() + size_t{words[c * word_stride]} * 2 * layer.stride;
      std::copy_n(from, layer.stride, h + c * layer.stride);
      std::copy_n(from + layer.stride, layer.stride, layer.c() + c * layer.stride);
    }
  }
  if (layout_.counts == 0) return;
  const Layer& counts = layers_.back();
  const size_t width = 4 * counts.stride;
  for (uint32_t c = 0; c < columns; ++c) {
    const float* row = count_table_.data() + words[c * word_stride] * width;
    for (size_t i = 0; i < width; ++i)
      count_sums_.data()[c * width + i] = counts.bias.data()[i] + row[i];
  }
}

const float* NextWordScorer::Outputs(uint32_t columns, size_t* stride) {
  const auto latest = [&](Layer& layer) { return swapped_ ? layer.other_h() : layer.h(); };
  Layer& top = layers_[layout_.layers - 1];
  *stride = top.stride;
  if (layout_.counts == 0) return latest(top);
  Layer& counts = layers_.back();
  *stride = top.units + counts.units;
  for (uint32_t c = 0; c < columns; ++c) {
    float* to = joined_.data() + c * *stride;
    std::copy_n(latest(top) + c * top.stride, top.units, to);
    std::copy_n(latest(counts) + c * counts.stride, counts.units, to + top.units);
  }
  return joined_.data();
}

void NextWordScorer::Run(const uint32_t* histories, uint32_t columns) {
  BeginWith(columns, histories, window_);
  for (uint32_t t = 1; t < window_; ++t) Step(columns, histories + t, window_);
  std::array<const float*, kLstmColumns> start;
  start.fill(out_bias_.data());
  size_t stride = 0;
  const float* outputs = Outputs(columns, &stride);
  kernels_.product({columns, out_blocks_, out_weights_.data(), start.data(), outputs, stride,
                    LstmOutputs(layout_), logits_.data()});
}

void NextWordScorer::Score(std::span<const uint32_t> histories, std::span<const uint32_t> targets,
                           std::span<LstmVerdict> verdicts) {
  assert(histories.size() == targets.size() * window_ && verdicts.size() == targets.size());
  const size_t width = size_t{out_blocks_} * 4 * kernels_.lanes;
  for (size_t begin = 0; begin < targets.size(); begin += kLstmColumns) {
    const auto columns =
        static_cast<uint32_t>(std::min<size_t>(kLstmColumns, targets.size() - begin));
    Run(histories.data() + begin * window_, columns);
    kernels_.judge(logits_.data(), width, columns, targets.data() + begin, verdicts.data() + begin);
  }
}

std::vector<float> NextWordScorer::Distribution(std::span<const uint32_t> history) {
  assert(history.size() == window_);
  Run(history.data(), 1);
  const std::span<const float> logits(logits_.data(), classes());
  const float top = *std::max_element(logits.begin(), logits.end());
  std::vector<float> p(logits.size());
  float sum = 0;
  for (size_t k = 0; k < p.size(); ++k) sum += p[k] = std::exp(logits[k] - top);
  for (float& value : p) value /= sum;
  return p;
}

}  // namespace alogd
