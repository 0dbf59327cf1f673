// SPDX-License-Identifier: MIT
// Shape of the next-word LSTM and where each of its tensors stands in one flat array of parameters.
#pragma once

#include <cstddef>
#include <cstdint>

namespace alogd {

inline constexpr uint32_t kMaxLstmLayers = 4;  // deeper ones gain nothing on logs and cost latency
inline constexpr uint32_t kMaxLstmUnits = 1024;  // of a layer
inline constexpr uint32_t kMaxLstmWindow = 256;  // records of history
inline constexpr uint32_t kMaxLstmEmbedding = 1024;

// The key model of DeepLog (Du et al., CCS 2017, section 3.1) with an embedding in front: words ->
// embedding -> LSTM layers -> softmax over the words and END. LogAnomaly (Meng et al., IJCAI 2019,
// section 4.3) has beside these layers an LSTM over counts, and the softmax sees both. Plain data,
// because the kernels that are compiled for several instruction sets include it.
//
// What that LSTM is given at a step is the count vector of the history's words up to there, each
// word counting 1 / window. So its input half of the gates is a running sum of rows of a table.
//
// Tensors, row-major, in this order in the flat array:
//   embedding  [words + 1, embedding]     row `words` is START: what stands before the first record
//   per layer  wx [4 units, inputs], wh [4 units, units], b [4 units]      gate order i f g o
//   counts     wx [words + 1, 4 units] (a row a word), wh, b               where it has them
//   output     wo [words + 1, outputs], bo [words + 1]                     class `words` is END
// The outputs are the units of the last layer, then those of the counts.
struct LstmLayout {
  uint32_t words;
  uint32_t embedding;
  uint32_t layers;
  uint32_t counts;  // LSTMs over counts: 0 or 1; it stands behind the layers below
  uint32_t units[kMaxLstmLayers + 1];
  // Offsets in floats.
  size_t wx[kMaxLstmLayers + 1];
  size_t wh[kMaxLstmLayers + 1];
  size_t b[kMaxLstmLayers + 1];
  size_t wo;
  size_t bo;
  size_t size;
};

// Offsets for these shapes; `layers` within kMaxLstmLayers. `count_units` 0: no LSTM over counts.
LstmLayout MakeLstmLayout(uint32_t words, uint32_t embedding, const uint32_t* units,
                          uint32_t layers, uint32_t count_units = 0);

// Inputs of a layer: the embedding, or the units of the layer below.
uint32_t LstmInputs(const LstmLayout& layout, uint32_t layer);
// Of the softmax.
uint32_t LstmOutputs(const LstmLayout& layout);

}  // namespace alogd
