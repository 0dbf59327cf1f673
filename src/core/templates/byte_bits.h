// SPDX-License-Identifier: MIT
// Where a text has delimiters, digits and letters, as bits, found a vector at a time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace alogd {

// The plain variant is the definition; kBaseline is what any x86-64 has, kBest what this machine
// has.
enum class ByteBitsVariant : uint8_t { kPlain, kBaseline, kBest };

// `text` has 64 * blocks bytes and one more; each of the others `blocks` words, bit i of word b for
// byte 64 * b + i. Delimiters are those of core/masks.h, blanks, and dots beside dots. False where
// there is a control byte other than a tab.
bool FindByteBits(const char* text, size_t blocks, uint64_t* delimiter, uint64_t* digit,
                  uint64_t* letter, ByteBitsVariant variant = ByteBitsVariant::kBest);

}  // namespace alogd
