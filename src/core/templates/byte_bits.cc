// SPDX-License-Identifier: MIT
// Where a text has delimiters, digits and letters, as bits, found a vector at a time.
#include "core/templates/byte_bits.h"

#include <cstring>

#include "core/avx2_bytes.h"
#include "core/templates/masks.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace alogd {
namespace {

// The bits of one block of 64 bytes.
struct Block {
  uint64_t delimiter = 0, digit = 0, letter = 0, dot = 0, control = 0;
};

Block PlainBlock(const char* text) {
  Block b;
  for (unsigned i = 0; i < 64; ++i) {
    const unsigned c = Class(text[i]);
    const uint64_t bit = uint64_t{1} << i;
    if (c & (kDelimiter | kBlank)) b.delimiter |= bit;
    if (c & kDigit) b.digit |= bit;
    if (c & kLetter) b.letter |= bit;
    if (c & kDot) b.dot |= bit;
    if (c & kControl) b.control |= bit;
  }
  return b;
}

// Puts blocks where the caller wants them and lets dots beside dots be delimiters.
struct Sink {
  uint64_t* delimiter;
  uint64_t* digit;
  uint64_t* letter;
  uint64_t control = 0;
  bool dot_before = false;

  // `behind` is the byte behind the block.
  inline __attribute__((always_inline)) void Put(size_t i, const Block& b, char behind) {
    const uint64_t beside =
        b.dot << 1 | uint64_t{dot_before} | b.dot >> 1 | uint64_t{behind == '.'} << 63;
    dot_before = b.dot >> 63;
    delimiter[i] = b.delimiter | (b.dot & beside);
    digit[i] = b.digit;
    letter[i] = b.letter;
    control |= b.control;
  }
};

#if defined(__x86_64__)

// Unsigned c - low <= high - low, for all bytes of a range at once.
inline __m128i InRange(__m128i c, char low, char high) {
  const __m128i shifted = _mm_sub_epi8(c, _mm_set1_epi8(low));
  const __m128i span = _mm_set1_epi8(static_cast<char>(high - low));
  return _mm_cmpeq_epi8(_mm_min_epu8(shifted, span), shifted);
}

inline uint64_t Mask(__m128i v) { return static_cast<uint32_t>(_mm_movemask_epi8(v)); }

inline Block Sse2Block(const char* text) {
  Block b;
  for (unsigned i = 0; i < 64; i += 16) {
    const __m128i c = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + i));
    const auto is = [&](char x) { return _mm_cmpeq_epi8(c, _mm_set1_epi8(x)); };
    const __m128i folded = _mm_or_si128(c, _mm_set1_epi8(0x20));
    // & ' ( ) and : ; < = > and { | } and [ ] (which fold to { }) and the single ones.
    __m128i d = _mm_or_si128(InRange(c, '&', ')'), InRange(c, ':', '>'));
    d = _mm_or_si128(d, InRange(c, '{', '}'));
    d = _mm_or_si128(d, _mm_or_si128(is('['), is(']')));
    d = _mm_or_si128(d, _mm_or_si128(is(','), is('"')));
    d = _mm_or_si128(d, _mm_or_si128(is(' '), is('\t')));
    d = _mm_or_si128(d, is('`'));
    const __m128i low = InRange(c, 0, 0x1f);
    const __m128i control = _mm_or_si128(_mm_andnot_si128(is('\t'), low), is(0x7f));
    b.delimiter |= Mask(d) << i;
    b.digit |= Mask(InRange(c, '0', '9')) << i;
    b.letter |= Mask(InRange(folded, 'a', 'z')) << i;
    b.dot |= Mask(is('.')) << i;
    b.control |= Mask(control) << i;
  }
  return b;
}

// The high four bits of a byte choose a row, the low four a set of rows: a byte is in the class
// where both agree. One shuffle each stands for all the comparisons above.
struct Nibbles {
  alignas(16) uint8_t low[16] = {};
  alignas(16) uint8_t high[16] = {};
};

enum : uint8_t { kRow2 = 1, kRow3 = 2, kRow5 = 4, kRow6 = 8, kRow7 = 16, kRow0 = 32 };

constexpr Nibbles MakeNibbles() {
  Nibbles n;
  constexpr uint8_t rows[8] = {kRow0, 0, kRow2, kRow3, 0, kRow5, kRow6, kRow7};
  for (unsigned h = 0; h < 8; ++h) n.high[h] = rows[h];
  for (unsigned c = 0; c < 128; ++c)
    if (kByteClasses[c] & (kDelimiter | kBlank)) n.low[c % 16] |= rows[c / 16];
  return n;
}
constexpr Nibbles kNibbles = MakeNibbles();

__attribute__((target("avx2"))) inline Block Avx2Block(const char* text) {
  Block b;
  const __m256i low_rows =
      _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(kNibbles.low)));
  const __m256i high_rows =
      _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(kNibbles.high)));
  const __m256i nibble = _mm256_set1_epi8(0x0f);
  for (unsigned i = 0; i < 64; i += 32) {
    const __m256i c = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + i));
    // The shuffle gives 0 for bytes of 0x80 and more by itself.
    const __m256i low = _mm256_shuffle_epi8(
        low_rows, _mm256_and_si256(c, _mm256_set1_epi8(static_cast<char>(0x8f))));
    const __m256i high =
        _mm256_shuffle_epi8(high_rows, _mm256_and_si256(_mm256_srli_epi16(c, 4), nibble));
    const __m256i not_delimiter =
        _mm256_cmpeq_epi8(_mm256_and_si256(low, high), _mm256_setzero_si256());
    const __m256i folded = _mm256_or_si256(c, _mm256_set1_epi8(0x20));
    const __m256i tab = _mm256_cmpeq_epi8(c, _mm256_set1_epi8('\t'));
    const __m256i del = _mm256_cmpeq_epi8(c, _mm256_set1_epi8(0x7f));
    const __m256i control =
        _mm256_or_si256(_mm256_andnot_si256(tab, avx2::InRange(c, 0, 0x1f)), del);
    b.delimiter |= (~avx2::Mask(not_delimiter) & 0xffffffffu) << i;
    b.digit |= avx2::Mask(avx2::InRange(c, '0', '9')) << i;
    b.letter |= avx2::Mask(avx2::InRange(folded, 'a', 'z')) << i;
    b.dot |= avx2::Mask(_mm256_cmpeq_epi8(c, _mm256_set1_epi8('.'))) << i;
    b.control |= avx2::Mask(control) << i;
  }
  return b;
}

bool FindByteBitsSse2(const char* text, size_t blocks, Sink sink) {
  for (size_t i = 0; i < blocks; ++i) sink.Put(i, Sse2Block(text + 64 * i), text[64 * (i + 1)]);
  return sink.control == 0;
}

__attribute__((target("avx2"))) bool FindByteBitsAvx2(const char* text, size_t blocks, Sink sink) {
  for (size_t i = 0; i < blocks; ++i) sink.Put(i, Avx2Block(text + 64 * i), text[64 * (i + 1)]);
  return sink.control == 0;
}

#endif

}  // namespace

bool FindByteBits(const char* text, size_t blocks, uint64_t* delimiter, uint64_t* digit,
                  uint64_t* letter, ByteBitsVariant variant) {
  Sink sink{delimiter, digit, letter};
#if defined(__x86_64__)
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (variant == ByteBitsVariant::kBest && has_avx2) return FindByteBitsAvx2(text, blocks, sink);
  if (variant != ByteBitsVariant::kPlain) return FindByteBitsSse2(text, blocks, sink);
#endif
  (void)variant;
  for (size_t i = 0; i < blocks; ++i) sink.Put(i, PlainBlock(text + 64 * i), text[64 * (i + 1)]);
  return sink.control == 0;
}

}  // namespace alogd
