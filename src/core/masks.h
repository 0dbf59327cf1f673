// SPDX-License-Identifier: MIT
// Classes of bytes and of words: what is a variable whatever stands around it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/tokenizer.h"

namespace alogd {

// What the bytes of a word can tell about it, one bit each, or-ed over the word.
enum ByteClass : uint16_t {
  kLetter = 1,
  kDigit = 2,
  kHigh = 4,     // a byte of a UTF-8 sequence
  kControl = 8,  // never kept as a constant
  kSlash = 16,
  kBackslash = 32,
  kDot = 64,
  kAt = 128,
  kBlank = 256,      // space, tab
  kDelimiter = 512,  // ends a word
};

constexpr std::array<uint16_t, 256> MakeByteClasses() {
  std::array<uint16_t, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    if (c < 0x20 || c == 0x7f) table[c] = kControl;
    if (c >= 0x80) table[c] = kHigh;
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) table[c] = kLetter;
    if (c >= '0' && c <= '9') table[c] = kDigit;
  }
  table['/'] = kSlash;
  table['\\'] = kBackslash;
  table['.'] = kDot;
  table['@'] = kAt;
  table[' '] = table['\t'] = kBlank;
  for (const char c :
       {'=', ':', ',', ';', '(', ')', '[', ']', '{', '}', '<', '>', '"', '\'', '|', '&', '`'})
    table[static_cast<unsigned char>(c)] = kDelimiter;
  return table;
}
inline constexpr std::array<uint16_t, 256> kByteClasses = MakeByteClasses();

constexpr unsigned Class(char c) { return kByteClasses[static_cast<unsigned char>(c)]; }
constexpr bool Has(char c, unsigned bits) { return (Class(c) & bits) != 0; }

enum class WordKind : uint8_t { kConstant, kJoiner, kVariable };

class WordMasks {
 public:
  explicit WordMasks(const MaskOptions& options);

  // `bits` are the classes of all bytes of `word`, which has no blank and no delimiter.
  WordKind Classify(std::string_view word, unsigned bits) const;

 private:
  bool IsVariableWithDigit(std::string_view word, unsigned bits) const;
  MaskOptions options_;
  bool all_digits_ = true;  // every switch is on: a word with a digit is a variable
};

// A URL, a drive path, a MAC or an IPv6 address that goes on beyond the ':' at text[colon]: its
// whole length, else 0. `bits` are the classes of what stands before the colon.
size_t MatchBeyondColon(std::string_view text, size_t colon, unsigned bits);

bool IsValidUtf8(std::string_view text);

}  // namespace alogd
