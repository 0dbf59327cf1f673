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
// embedding -> LSTM layers -> softmax over the words and END. Plain data, because the kernels that
// are compiled for several instruction sets include it.
//
// Tensors, row-major, in this order in the flat array:
//   embedding  [words + 1, embedding]     row `words` is START: what stands before the first record
//   per layer  wx [4 units, inputs], wh [4 units, units], b [4 units]      gate order i f g o
//   output     wo [words + 1, units of the last layer], bo [words + 1]     class `words` is END
struct LstmLayout {
  uint32_t words;
  uint32_t embedding;
  uint32_t layers;
  uint32_t units[kMaxLstmLayers];
  // Offsets in floats.
  size_t wx[kMaxLstmLayers];
  size_t wh[kMaxLstmLayers];
  size_t b[kMaxLstmLayers];
  size_t wo;
  size_t bo;
  size_t size;
};

// Offsets for these shapes; `layers` within kMaxLstmLayers.
LstmLayout MakeLstmLayout(uint32_t words, uint32_t embedding, const uint32_t* units,
                          uint32_t layers);

// Inputs of a layer: the embedding, or the units of the layer below.
uint32_t LstmInputs(const LstmLayout& layout, uint32_t layer);

}  // namespace alogd
