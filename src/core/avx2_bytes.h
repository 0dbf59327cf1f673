// SPDX-License-Identifier: MIT
// Bytes 32 at a time; for functions that are compiled for AVX2 and chosen at run time.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstdint>

namespace alogd::avx2 {

// All ones where low <= c <= high, unsigned.
__attribute__((target("avx2"))) inline __m256i InRange(__m256i c, char low, char high) {
  const __m256i shifted = _mm256_sub_epi8(c, _mm256_set1_epi8(low));
  const __m256i span = _mm256_set1_epi8(static_cast<char>(high - low));
  return _mm256_cmpeq_epi8(_mm256_min_epu8(shifted, span), shifted);
}

// A bit a byte: its highest.
__attribute__((target("avx2"))) inline uint64_t Mask(__m256i v) {
  return static_cast<uint32_t>(_mm256_movemask_epi8(v));
}

}  // namespace alogd::avx2

#endif
