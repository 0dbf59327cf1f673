// SPDX-License-Identifier: MIT
// Scores what followed histories of words with a trained LSTM, in batches.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "models/sequence/lstm.h"
#include "models/sequence/lstm_kernels.h"

namespace alogd {

// Floats that begin at a cache line: a 64-byte load across two lines costs twice.
class AlignedFloats {
 public:
  explicit AlignedFloats(size_t size);  // zeros
  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  size_t size() const { return size_; }
  std::span<float> span() { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(float* at) const;
  };
  std::unique_ptr<float[], Free> data_;
  size_t size_;
};

// Weights of an LSTM packed for the kernels of one instruction set. A verdict is a function of
// history and target alone, bit for bit, whatever else is in the batch. Not for several threads at
// once: it has working memory.
class NextWordScorer {
 public:
  // `parameters`: layout.size floats, not kept. `window`: words of a history.
  NextWordScorer(const LstmLayout& layout, std::span<const float> parameters, uint32_t window,
                 const LstmKernels& kernels = ActiveLstmKernels());

  // histories: targets.size() rows of `window` words, oldest first, START (= words) before the
  // first record; targets: words, or END (= words). verdicts.size() == targets.size().
  void Score(std::span<const uint32_t> histories, std::span<const uint32_t> targets,
             std::span<LstmVerdict> verdicts);
  // The probability of each class after one history; the last one is END's.
  std::vector<float> Distribution(std::span<const uint32_t> history);

  uint32_t window() const { return window_; }
  uint32_t classes() const { return layout_.words + 1; }
  const LstmKernels& kernels() const { return kernels_; }

 private:
  struct Layer {
    uint32_t inputs;  // 0 for the first: its input half is in table_; and for the counts'
    uint32_t units;
    uint32_t blocks;
    size_t stride;  // padded units
    AlignedFloats weights;
    AlignedFloats bias;   // packed, for layers beyond the first
    AlignedFloats state;  // three arrays [kLstmColumns][stride]: h, the h before or after, c
    // h and c after a first step, by word: [words + 1][2][stride]; empty where words are too many.
    AlignedFloats first;
    float* h() { return state.data(); }
    float* other_h() { return state.data() + kLstmColumns * stride; }
    float* c() { return state.data() + 2 * kLstmColumns * stride; }
  };

  void PackLayer(std::span<const float> parameters, uint32_t l);
  void PackTable(std::span<const float> parameters);
  void PackCounts(std::span<const float> parameters);
  void PackOutput(std::span<const float> parameters);
  void TabulateFirstStep();
  // One step of all layers; words[column] at `step` of each history, or of `words` itself.
  void Step(uint32_t columns, const uint32_t* words, size_t word_stride);
  void StepCounts(uint32_t columns, const uint32_t* words, size_t word_stride);
  // Packs the weights of gate row `row` of a layer to a place in a column of gates.
  size_t Packed(size_t row, uint32_t units) const;
  // The latest outputs of all that the softmax sees; `stride` of a column.
  const float* Outputs(uint32_t columns, size_t* stride);
  void BeginWith(uint32_t columns, const uint32_t* words, size_t word_stride);
  void Reset(uint32_t columns);
  // Logits of up to kLstmColumns histories.
  void Run(const uint32_t* histories, uint32_t columns);

  LstmLayout layout_;
  uint32_t window_;
  const LstmKernels& kernels_;
  std::vector<Layer> layers_;  // and the counts' behind them, where there are any
  bool swapped_ = false;       // which of the two h arrays is the latest
  bool tabulated_ = false;
  AlignedFloats table_;        // layer 1's gates by word: wx * embedding + b, packed
  AlignedFloats count_table_;  // rows of the counts' wx by word, packed, over window
  AlignedFloats count_sums_;   // [kLstmColumns][4 * stride]: their sums so far, and the bias
  AlignedFloats joined_;       // [kLstmColumns][outputs]
  uint32_t out_blocks_ = 0;
  AlignedFloats out_weights_;
  AlignedFloats out_bias_;
  AlignedFloats logits_;  // [kLstmColumns][out_blocks_ * 4 * lanes]
};

}  // namespace alogd
