// SPDX-License-Identifier: MIT
// Two nibble tables a letter, as in the Teddy algorithm of Hyperscan (Wang et al., NSDI 2019, 4.2).
#include "core/records/word_filter.h"

#include "core/avx2_bytes.h"
#include "core/headers/scan.h"

namespace alogd {
namespace {

// Case folded, as both sides are compared; what else it makes equal only costs a closer look.
constexpr uint8_t Folded(char c) { return static_cast<uint8_t>(c) | 0x20; }

}  // namespace

void WordFilter::Nibbles::Add(char c, uint8_t bucket) {
  low[Folded(c) & 15] |= bucket;
  high[Folded(c) >> 4] |= bucket;
}

void WordFilter::Nibbles::AddAll(uint8_t bucket) {
  for (uint8_t& row : low) row |= bucket;
  for (uint8_t& row : high) row |= bucket;
}

// Words of one first letter share a bucket.
void WordFilter::Add(std::string_view word) {
  const auto bucket = static_cast<uint8_t>(1u << (Folded(word[0]) & 7));
  first_.Add(word[0], bucket);
  word.size() > 1 ? second_.Add(word[1], bucket) : second_.AddAll(bucket);
}

bool WordFilter::MayBegin(char first, char second) const {
  const uint8_t a = Folded(first), b = Folded(second);
  return (first_.low[a & 15] & first_.high[a >> 4] & second_.low[b & 15] & second_.high[b >> 4]) !=
         0;
}

WordFilter::Hits WordFilter::FindPlain(const char* text, bool inside) const {
  Hits hits{0, 0, inside};
  for (size_t i = 0; i < kBlock; ++i) {
    const uint64_t bit = uint64_t{1} << i;
    const bool alnum = IsAlnum(text[i]);
    if (alnum && !hits.inside && MayBegin(text[i], text[i + 1])) hits.words |= bit;
    if (text[i] == 'E' && (text[i + 1] == 'r' || text[i + 1] == 'x')) hits.endings |= bit;
    hits.inside = alnum;
  }
  return hits;
}

#if defined(__x86_64__)

namespace {

using avx2::InRange;
using avx2::Mask;

// The buckets that a folded letter is of.
__attribute__((target("avx2"))) inline __m256i Buckets(__m256i folded, const uint8_t* low,
                                                       const uint8_t* high) {
  const __m256i nibble = _mm256_set1_epi8(0x0f);
  const __m256i low_rows =
      _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(low)));
  const __m256i high_rows =
      _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(high)));
  return _mm256_and_si256(
      _mm256_shuffle_epi8(low_rows, _mm256_and_si256(folded, nibble)),
      _mm256_shuffle_epi8(high_rows, _mm256_and_si256(_mm256_srli_epi16(folded, 4), nibble)));
}

}  // namespace

__attribute__((target("avx2"))) WordFilter::Hits WordFilter::FindAvx2(const char* text,
                                                                      bool inside) const {
  Hits hits;
  uint64_t alnum = 0, may = 0;
  const __m256i fold = _mm256_set1_epi8(0x20);
  for (unsigned i = 0; i < kBlock; i += 32) {
    const __m256i c = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + i));
    const __m256i next = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + i + 1));
    const __m256i folded = _mm256_or_si256(c, fold), next_folded = _mm256_or_si256(next, fold);
    alnum |= Mask(_mm256_or_si256(InRange(folded, 'a', 'z'), InRange(c, '0', '9'))) << i;
    const __m256i buckets =
        _mm256_and_si256(Buckets(folded, first_.low.data(), first_.high.data()),
                         Buckets(next_folded, second_.low.data(), second_.high.data()));
    const __m256i none = _mm256_cmpeq_epi8(buckets, _mm256_setzero_si256());
    may |= (~Mask(none) & 0xffffffffu) << i;
    const __m256i ends = _mm256_or_si256(_mm256_cmpeq_epi8(next, _mm256_set1_epi8('r')),
                                         _mm256_cmpeq_epi8(next, _mm256_set1_epi8('x')));
    const __m256i e = _mm256_cmpeq_epi8(c, _mm256_set1_epi8('E'));
    hits.endings |= Mask(_mm256_and_si256(e, ends)) << i;
  }
  hits.words = alnum & ~(alnum << 1 | uint64_t{inside}) & may;
  hits.inside = (alnum >> 63) != 0;
  return hits;
}

#endif

WordFilter::Hits WordFilter::Find(const char* text, bool inside, Variant variant) const {
#if defined(__x86_64__)
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (has_avx2 && variant == Variant::kBest) return FindAvx2(text, inside);
#endif
  (void)variant;
  return FindPlain(text, inside);
}

}  // namespace alogd
