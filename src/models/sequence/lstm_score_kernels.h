// SPDX-License-Identifier: MIT
// Scoring kernels in GCC's vector types; included once by each lstm_kernels_*.cc, inside its
// namespace.
//
// Rejected: Eigen's product here. It packs both operands at every call (a tenth to a fifth of the
// time at 64 x 64), writes the gates to memory and reads them again for the cell, and gives a
// column other bits in a batch of another width. Here a column's sums run over k in one order
// whatever stands beside it.
//
// No header of the library or the standard's is included from here on: an inline function of
// theirs, compiled for a newer machine, could be the copy that the linker keeps for all.

#if defined(__AVX512F__)
constexpr uint32_t kLanes = 16;
constexpr uint32_t kTile = 6;  // windows at once: 24 of 32 registers hold sums
#elif defined(__AVX2__)
constexpr uint32_t kLanes = 8;
constexpr uint32_t kTile = 3;  // 12 of 16
#else
constexpr uint32_t kLanes = 4;
constexpr uint32_t kTile = 2;  // 8 of 16; without FMA a product needs one more
#endif

typedef float Vec __attribute__((vector_size(kLanes * 4)));
typedef int32_t IntVec __attribute__((vector_size(kLanes * 4)));
typedef float LooseVec __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

inline Vec Load(const float* at) { return *reinterpret_cast<const LooseVec*>(at); }
inline void Store(float* at, Vec v) { *reinterpret_cast<LooseVec*>(at) = v; }
inline Vec Splat(float v) { return v - Vec{}; }
inline Vec Min(Vec a, Vec b) { return a < b ? a : b; }
inline Vec Max(Vec a, Vec b) { return a > b ? a : b; }

// 2^z for z in [-126, 126], relative error 3e-7: the integer part goes into the exponent, the rest
// in
// [-0.5, 0.5] through a polynomial (Taylor's of degree 6, whose last term is below half an ulp).
inline Vec Exp2(Vec z) {
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it leaves the integer in the low bits
  const Vec shifted = z + kRound;
  const Vec f = z - (shifted - kRound);
  Vec p = f * 1.540353039e-4f + 1.333355815e-3f;
  p = p * f + 9.618129108e-3f;
  p = p * f + 5.550410866e-2f;
  p = p * f + 2.402265070e-1f;
  p = p * f + 6.931471806e-1f;
  p = p * f + 1.0f;
  return reinterpret_cast<Vec>(reinterpret_cast<IntVec>(p) +
                               (reinterpret_cast<IntVec>(shifted) << 23));
}

// Limits of a scaled gate: beyond 2^40 a sigmoid is 0 to a float's precision, and a product of
// three of them stays finite.
inline Vec Clamp(Vec z) { return Max(Min(z, Splat(40.0f)), Splat(-126.0f)); }

// sums[gate][column] += weights * x over `count` inputs.
template <uint32_t kColumns>
inline const float* Accumulate(Vec (&sums)[4][kColumns], const float* weights, const float* x,
                               size_t stride, uint32_t count) {
  for (uint32_t k = 0; k < count; ++k, weights += 4 * kLanes) {
    Vec in[kColumns];
#pragma GCC unroll 8
    for (uint32_t c = 0; c < kColumns; ++c) in[c] = Splat(x[c * stride + k]);
#pragma GCC unroll 4
    for (uint32_t g = 0; g < 4; ++g) {
      const Vec w = Load(weights + g * kLanes);
#pragma GCC unroll 8
      for (uint32_t c = 0; c < kColumns; ++c) sums[g][c] += w * in[c];
    }
  }
  return weights;
}

// With I = e^-i and so on, c' = c / (1 + F) + (1 - G) / ((1 + I)(1 + G)), one division for three
// sigmoids; h = tanh(c') / (1 + O) likewise. The weights are scaled so that e^-i is 2^i here.
inline void UpdateCell(const Vec (&gates)[4], float* c, float* h) {
  const Vec in = 1.0f + Exp2(Clamp(gates[0]));
  const Vec forget = 1.0f + Exp2(Clamp(gates[1]));
  const Vec g = Exp2(Clamp(gates[2]));
  const Vec out = 1.0f + Exp2(Clamp(gates[3]));
  const Vec in_g = in * (1.0f + g);
  const Vec cell = (Load(c) * in_g + (1.0f - g) * forget) / (forget * in_g);
  Store(c, cell);
  const Vec e = Exp2(Clamp(cell * -2.885390082f));
  Store(h, (1.0f - e) / (out * (1.0f + e)));
}

template <uint32_t kColumns>
void StepTile(const LstmStep& s, uint32_t block, uint32_t column) {
  Vec sums[4][kColumns];
  for (uint32_t c = 0; c < kColumns; ++c)
    for (uint32_t g = 0; g < 4; ++g)
      sums[g][c] = Load(s.start[column + c] + (size_t{block} * 4 + g) * kLanes);
  const float* w = s.weights + size_t{block} * 4 * kLanes * (s.inputs + s.units);
  if (s.inputs > 0) w = Accumulate(sums, w, s.x + column * s.x_stride, s.x_stride, s.inputs);
  Accumulate(sums, w, s.h + column * s.stride, s.stride, s.units);
#pragma GCC unroll 8
  for (uint32_t c = 0; c < kColumns; ++c) {
    const size_t at = (column + c) * s.stride + size_t{block} * kLanes;
    const Vec gates[4] = {sums[0][c], sums[1][c], sums[2][c], sums[3][c]};
    UpdateCell(gates, s.c + at, s.h_out + at);
  }
}

template <uint32_t kColumns>
void ProductTile(const LstmProduct& p, uint32_t block, uint32_t column) {
  Vec sums[4][kColumns];
  for (uint32_t c = 0; c < kColumns; ++c)
    for (uint32_t g = 0; g < 4; ++g)
      sums[g][c] = Load(p.start[column + c] + (size_t{block} * 4 + g) * kLanes);
  const float* w = p.weights + size_t{block} * 4 * kLanes * p.units;
  Accumulate(sums, w, p.x + column * p.x_stride, p.x_stride, p.units);
  for (uint32_t c = 0; c < kColumns; ++c)
    for (uint32_t g = 0; g < 4; ++g)
      Store(p.out + ((column + c) * p.blocks + block) * 4 * kLanes + g * kLanes, sums[g][c]);
}

// The tile for 1 to kTile columns.
template <uint32_t kColumns>
void StepUpTo(const LstmStep& s, uint32_t block, uint32_t column, uint32_t columns) {
  if (columns >= kColumns) return StepTile<kColumns>(s, block, column);
  if constexpr (kColumns > 1) StepUpTo<kColumns - 1>(s, block, column, columns);
}

template <uint32_t kColumns>
void ProductUpTo(const LstmProduct& p, uint32_t block, uint32_t column, uint32_t columns) {
  if (columns >= kColumns) return ProductTile<kColumns>(p, block, column);
  if constexpr (kColumns > 1) ProductUpTo<kColumns - 1>(p, block, column, columns);
}

// Blocks outside: a block's weights stay in the first cache while the columns pass.
void Step(const LstmStep& s) {
  for (uint32_t block = 0; block < s.blocks; ++block)
    for (uint32_t column = 0; column < s.columns; column += kTile)
      StepUpTo<kTile>(s, block, column, s.columns - column);
}

void Product(const LstmProduct& p) {
  for (uint32_t block = 0; block < p.blocks; ++block)
    for (uint32_t column = 0; column < p.columns; column += kTile)
      ProductUpTo<kTile>(p, block, column, p.columns - column);
}

void Judge(const float* logits, size_t width, uint32_t columns, const uint32_t* targets,
           LstmVerdict* verdicts) {
  for (uint32_t column = 0; column < columns; ++column, logits += width) {
    const float target = logits[targets[column]];
    Vec best = Load(logits);
    IntVec above{};
    for (size_t k = 0; k < width; k += kLanes) {
      const Vec v = Load(logits + k);
      best = Max(best, v);
      above -= v > Splat(target);
    }
    float top = best[0];
    for (uint32_t i = 1; i < kLanes; ++i) top = best[i] > top ? best[i] : top;
    Vec sum{};
    for (size_t k = 0; k < width; k += kLanes)
      sum += Exp2(Max((Load(logits + k) - top) * 1.442695041f, Splat(-126.0f)));
    float total = 0;
    int32_t rank = 0;
    for (uint32_t i = 0; i < kLanes; ++i) {
      total += sum[i];
      rank += above[i];
    }
    verdicts[column].nll = top - target + __builtin_logf(total);
    verdicts[column].rank = static_cast<uint32_t>(rank);
  }
}
