// SPDX-License-Identifier: MIT
// Chooses the LSTM's kernels for this machine.
#include "models/sequence/lstm_kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace alogd {

// Each is defined in its lstm_kernels_*.cc.
namespace kernels_baseline {
extern const LstmKernels kTable;
}
#if defined(__x86_64__)
namespace kernels_v3 {
extern const LstmKernels kTable;
}
namespace kernels_v4 {
extern const LstmKernels kTable;
}
#endif

namespace {

#if defined(__x86_64__)
// Those of level v3 whose names clang 14 does not know (Intel SDM, CPUID leaves 1 and 0x80000001).
bool HasF16cMovbeLzcnt() {
  unsigned a = 0, b = 0, basic = 0, extended = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &basic, &d) == 0) return false;
  if (__get_cpuid(0x8000'0001, &a, &b, &extended, &d) == 0) return false;
  return (basic & bit_F16C) != 0 && (basic & bit_MOVBE) != 0 && (extended & bit_LZCNT) != 0;
}

// g++ 12 does not know __builtin_cpu_supports("x86-64-v3"); these are what the two levels add for
// us.
bool HasV3() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && HasF16cMovbeLzcnt();
}

bool HasV4() {
  return HasV3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}
#endif

}  // namespace

const LstmKernels* FindLstmKernels(const char* name) {
  if (std::strcmp(name, "baseline") == 0) return &kernels_baseline::kTable;
#if defined(__x86_64__)
  if (std::strcmp(name, "v3") == 0 && HasV3()) return &kernels_v3::kTable;
  if (std::strcmp(name, "v4") == 0 && HasV4()) return &kernels_v4::kTable;
#endif
  return nullptr;
}

const LstmKernels& ActiveLstmKernels() {
  if (const char* wanted = std::getenv("ALOGD_ISA"))
    if (const LstmKernels* kernels = FindLstmKernels(wanted)) return *kernels;
  for (const char* name : {"v4", "v3"})
    if (const LstmKernels* kernels = FindLstmKernels(name)) return *kernels;
  return kernels_baseline::kTable;
}

size_t LstmScratch(const LstmLayout& layout, uint32_t columns, uint32_t window) {
  const size_t cells = size_t{columns} * window;
  const size_t classes = size_t{layout.words} + 1;
  const size_t distinct = std::min(cells, classes);
  size_t widest = 0;
  size_t numbers = 0;
  for (uint32_t l = 0; l < layout.layers + layout.counts; ++l) {
    widest = std::max<size_t>(widest, layout.units[l]);
    // gates (4), c, tanh c, h, and h after dropout
    numbers += cells * layout.units[l] * 8;
  }
  numbers += cells * widest * 6;            // gradients of gates, from above, and below
  numbers += size_t{columns} * widest * 3;  // of h and c at one step
  numbers += distinct * (2 * size_t{layout.embedding} + 8 * size_t{layout.units[0]});
  numbers += classes * columns;                                                 // logits
  if (layout.counts > 0) numbers += size_t{2} * columns * LstmOutputs(layout);  // joined, gradient
  numbers += cells + classes + distinct;  // words and their places, as 32-bit numbers
  return numbers + 64;
}

}  // namespace alogd
