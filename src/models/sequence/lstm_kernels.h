// SPDX-License-Identifier: MIT
// The vector code of the LSTM: one table of functions an instruction set, chosen at run time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "models/sequence/lstm.h"

namespace alogd {

// Columns that one call of a scoring kernel takes: a batch is cut into pieces of so many windows.
// The states of a piece (two layers of 64 units, three arrays each) take some 100 KB and stay in
// the second cache.
inline constexpr uint32_t kLstmColumns = 64;

// One time step of one layer for `columns` windows, as packed by NextWordScorer.
// Layout: everything of a window stands together (a column), units padded to whole vectors.
// Gates and weights come in blocks of `lanes` units: [block][4 gates][lanes], so that a block's
// four gates of a window are in registers when the cell is updated.
struct LstmStep {
  uint32_t columns;
  uint32_t blocks;  // padded units / lanes
  const float*
      weights;  // [block][inputs, then units][4][lanes], i f o scaled by -log2 e, g by -2 log2 e
  const float* const* start;  // per column: what the gates start from, [block][4][lanes]
  const float* x;             // [column][x_stride], the layer below at this step
  size_t x_stride;
  uint32_t inputs;  // 0 where `start` has the input half already
  const float* h;   // [column][stride], this layer one step before
  uint32_t units;
  size_t stride;  // padded units
  float* c;       // [column][stride], updated in place
  float* h_out;   // [column][stride], not the array `h`
};

// logits[column][block][4][lanes] = start + weights * x, packed like a step's; classes beyond the
// last have start -1e30.
struct LstmProduct {
  uint32_t columns;
  uint32_t blocks;
  const float* weights;       // [block][units][4][lanes]
  const float* const* start;  // per column, the same for all
  const float* x;             // [column][x_stride]
  size_t x_stride;
  uint32_t units;
  float* out;  // [column][blocks * 4 * lanes]
};

// What the softmax says about the class that came.
struct LstmVerdict {
  float nll;      // -ln p
  uint32_t rank;  // classes likelier than it
};

// A minibatch of training: histories with what followed each, and how often.
template <typename T>
struct LstmBatch {
  uint32_t columns;
  uint32_t window;
  const uint32_t* histories;     // [column][window], oldest first
  const uint32_t* target_begin;  // [columns + 1], into targets and weights
  const uint32_t* targets;
  const T* weights;
};

struct LstmKernels {
  const char* name;  // baseline, v3, v4
  uint32_t lanes;    // floats of a vector
  void (*step)(const LstmStep& step);
  void (*product)(const LstmProduct& product);
  // `width`: floats of a column of logits, a multiple of lanes. logits of a target at its class
  // number.
  void (*judge)(const float* logits, size_t width, uint32_t columns, const uint32_t* targets,
                LstmVerdict* verdicts);
  // Sum over the batch of weight * -ln p(target), and its gradient to `gradient` (overwritten)
  // unless null. `masks`: dropout factors of each layer's outputs, [layer][step * columns +
  // column][units] one after the other, or null. `scratch`: LstmScratch() of T. Vectors begin where
  // addresses are round, and a number's last bit shows whether it was in one: for repeatable bits
  // all arrays are aligned to 64 bytes.
  double (*gradient)(const LstmLayout& layout, const float* parameters,
                     const LstmBatch<float>& batch, const float* masks, float* gradient,
                     float* scratch);
  // The same in double precision, for checking against finite differences.
  double (*gradient_double)(const LstmLayout& layout, const double* parameters,
                            const LstmBatch<double>& batch, const double* masks, double* gradient,
                            double* scratch);
};

// Numbers of scratch that `gradient` needs for batches of at most this size.
size_t LstmScratch(const LstmLayout& layout, uint32_t columns, uint32_t window);

// Null where the machine or the build lacks it. Names: baseline, v3, v4.
const LstmKernels* FindLstmKernels(const char* name);
// The best this machine has, unless the environment's ALOGD_ISA names another one that it has.
// Results are the same for a machine and ALOGD_ISA, not between instruction sets.
const LstmKernels& ActiveLstmKernels();

}  // namespace alogd
