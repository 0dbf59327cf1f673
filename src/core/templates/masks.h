// SPDX-License-Identifier: MIT
// Classes of bytes and of words: what is a variable whatever stands around it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/templates/tokenizer.h"

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

  // Every switch is on: any word with a digit is a variable, and nobody has to ask of which kind.
  bool all() const { return all_; }
  // `bits` are the classes of all bytes of `word`, which has no blank and no delimiter. `pid`: it
  // stands where process ids do.
  WordKind Classify(std::string_view word, unsigned bits, bool pid) const;

  // What goes on beyond a colon as one thing: a URL, a drive path, host.example:80, a MAC or an
  // IPv6 address.
  struct Beyond {
    size_t length = 0;  // 0: nothing
    bool variable = true;
  };
  // `text` begins with the word before the colon at text[colon]; `bits` are that word's classes. Of
  // a word with a digit it asks only whether it is an address group, has letters, and of a number
  // its length: what core/skeleton.h keeps of it.
  Beyond MatchBeyondColon(std::string_view text, size_t colon, unsigned bits) const;

 private:
  bool IsMaskedWithDigit(std::string_view word, unsigned bits, bool pid) const;
  Beyond MatchAddress(std::string_view text) const;
  MaskOptions options_;
  bool all_ = true;
};

// The length of a group of a MAC or IPv6 address that `text` begins with: 1 to 4 hexadecimal digits
// that end there, or before the '/' or '%' of a prefix or zone; else 0.
size_t AddressGroup(std::string_view text);

// The length of what a number is of, which stays before it: "worker#" in "worker#12", "core." in
// "core.2275", "#", and "@" of an address; else 0.
size_t NumberedName(std::string_view word);

// How many full stops and other ends of a sentence `word` has behind, four at the most and not all
// of it: they are no part of a variable.
inline size_t Tail(std::string_view word) {
  size_t n = 0;
  while (n < 4 && n + 1 < word.size()) {
    const char c = word[word.size() - 1 - n];
    if (c != '.' && c != '!' && c != '?') break;
    ++n;
  }
  return n;
}

bool IsValidUtf8(std::string_view text);

}  // namespace alogd
