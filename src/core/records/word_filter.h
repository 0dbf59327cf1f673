// SPDX-License-Identifier: MIT
// Where in a text one of some words may begin, found a vector at a time.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace alogd {

// Told by the first two letters of a word alone, case ignored: most words of most messages go by
// that. Whoever asks looks closer at what is left.
class WordFilter {
 public:
  enum class Variant : uint8_t { kBest, kPlain };  // kPlain: without vector instructions, for tests

  // `word` is not empty.
  void Add(std::string_view word);

  // For each beginning of a run of ASCII letters and digits at which an added word may stand:
  // word(position); for each "Er" or "Ex": ending(position). In order of position each.
  template <typename Word, typename Ending>
  void ForEach(std::string_view text, Word word, Ending ending,
               Variant variant = Variant::kBest) const {
    bool inside = false;  // the byte before is of a word
    for (size_t at = 0; at < text.size(); at += kBlock) {
      Hits hits;
      if (text.size() - at > kBlock) {
        hits = Find(text.data() + at, inside, variant);
      } else {
        char last[kBlock + 1] = {};  // NUL is of no word
        std::memcpy(last, text.data() + at, text.size() - at);
        hits = Find(last, inside, variant);
      }
      inside = hits.inside;
      for (; hits.words != 0; hits.words &= hits.words - 1)
        word(at + static_cast<size_t>(std::countr_zero(hits.words)));
      for (; hits.endings != 0; hits.endings &= hits.endings - 1)
        ending(at + static_cast<size_t>(std::countr_zero(hits.endings)));
    }
  }

 private:
  static constexpr size_t kBlock = 64;
  struct Hits {
    uint64_t words = 0, endings = 0;  // a bit a byte
    bool inside = false;              // the last byte is of a word
  };
  // A byte is a first (second) letter of the words in a bucket if both its nibbles say so.
  struct Nibbles {
    alignas(16) std::array<uint8_t, 16> low = {}, high = {};
    void Add(char c, uint8_t bucket);
    void AddAll(uint8_t bucket);
  };

  // Of the 64 bytes at `text`; the one behind them may be read, too.
  Hits Find(const char* text, bool inside, Variant variant) const;
  Hits FindPlain(const char* text, bool inside) const;
  Hits FindAvx2(const char* text, bool inside) const;
  bool MayBegin(char first, char second) const;

  Nibbles first_, second_;
};

}  // namespace alogd
