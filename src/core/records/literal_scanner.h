// SPDX-License-Identifier: MIT
// Finds which of some literal texts a line holds, ASCII case ignored, looking at only a part of its
// bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace alogd {

// A literal of length L covers L - 3 places where four bytes begin. If the shortest literal has
// length M, then looking at four bytes every M - 3 bytes meets every literal somewhere in its first
// M - 3 places: the hashes of those are in a bitmap, and a hit is compared byte by byte. The looks
// do not depend on each other, so the processor has several in flight.
//
// Rejected: Aho-Corasick, one dependent load a byte; memmem for each literal, which costs their
// number; shuffles of vector bytes (Teddy), which need more than baseline x86-64.
class LiteralScanner {
 public:
  static constexpr size_t kShortest = 4;  // of a literal

  LiteralScanner() = default;  // finds nothing
  // Each of the literals has at least kShortest bytes and is in lower case.
  explicit LiteralScanner(std::vector<std::string> literals);

  // Indexes of the literals that `line` holds, each once; `found` is cleared first and not touched
  // further if there is none.
  void Scan(std::string_view line, std::vector<int>* found) const;

 private:
  struct Place {
    uint32_t hash;
    uint32_t literal;
    uint32_t offset;  // of the four bytes in the literal
  };
  static constexpr unsigned kHashBits = 16;  // 8 KiB of bitmap: stays in the first-level cache

  static uint32_t HashAt(const char* four);
  void Verify(std::string_view line, size_t at, uint32_t hash, std::vector<bool>* seen,
              std::vector<int>* found) const;

  std::vector<std::string> literals_;
  size_t step_ = 1;
  std::vector<uint64_t> bitmap_;
  std::vector<Place> places_;  // sorted by hash
};

}  // namespace alogd
