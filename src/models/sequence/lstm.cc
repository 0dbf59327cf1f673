// SPDX-License-Identifier: MIT
// Shape of the next-word LSTM and where each of its tensors stands in one flat array of parameters.
#include "models/sequence/lstm.h"

#include <cassert>

namespace alogd {

uint32_t LstmInputs(const LstmLayout& layout, uint32_t layer) {
  return layer == 0 ? layout.embedding : layout.units[layer - 1];
}

uint32_t LstmOutputs(const LstmLayout& layout) {
  return layout.units[layout.layers - 1] + (layout.counts > 0 ? layout.units[layout.layers] : 0);
}

LstmLayout MakeLstmLayout(uint32_t words, uint32_t embedding, const uint32_t* units,
                          uint32_t layers, uint32_t count_units) {
  assert(layers >= 1 && layers <= kMaxLstmLayers);
  LstmLayout layout{};
  layout.words = words;
  layout.embedding = embedding;
  layout.layers = layers;
  const size_t classes = size_t{words} + 1;
  size_t at = classes * embedding;
  for (uint32_t l = 0; l < layers; ++l) {
    layout.units[l] = units[l];
    const size_t gates = size_t{4} * units[l];
    layout.wx[l] = at;
    at += gates * LstmInputs(layout, l);
    layout.wh[l] = at;
    at += gates * units[l];
    layout.b[l] = at;
    at += gates;
  }
  if (count_units > 0) {
    layout.counts = 1;
    layout.units[layers] = count_units;
    const size_t gates = size_t{4} * count_units;
    layout.wx[layers] = at;
    at += classes * gates;
    layout.wh[layers] = at;
    at += gates * count_units;
    layout.b[layers] = at;
    at += gates;
  }
  layout.wo = at;
  at += classes * LstmOutputs(layout);
  layout.bo = at;
  layout.size = at + classes;
  return layout;
}

}  // namespace alogd
