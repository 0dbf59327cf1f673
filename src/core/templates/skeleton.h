// SPDX-License-Identifier: MIT
// The skeleton of a message: its bytes with each word that has a digit put down to a code.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace alogd {

// Messages with equal skeletons have equal masked forms, because the code of a word keeps all that
// Tokenizer asks of it when every mask is on. So a table from skeletons to templates answers for
// most messages at a fraction of the masking's cost: blanks, delimiters and digits are found 16 or
// 32 bytes at a time, and only words with a digit are looked at one by one.
//
// The alternative, to make the masking itself a vector loop, would have made its rules unreadable;
// so they can be as slow as they like.
class Skeleton {
 public:
  static constexpr size_t kMaxMessage = 1024;  // bytes; longer ones are masked each time

  // False where `message` has none: too long, with control bytes, or with an odd word.
  bool Build(std::string_view message);
  // Of the last message that had one; valid until the next Build.
  std::string_view bytes() const { return {out_.data(), size_}; }

 private:
  static constexpr size_t kBlocks = kMaxMessage / 64;
  // A bit a byte of the message.
  struct Bits {
    std::array<uint64_t, kBlocks + 1> delimiter, digit, letter;
  };

  bool Word(size_t begin, size_t end);
  uint8_t Code(size_t begin, size_t end) const;
  void Copy(size_t begin, size_t end);

  Bits bits_;
  size_t length_ = 0;
  size_t size_ = 0;
  size_t done_ = 0;  // bytes of the message that are in out_
  // Both with room for a whole vector behind the last byte.
  alignas(64) std::array<char, kMaxMessage + 64> in_;
  alignas(64) std::array<char, 2 * kMaxMessage + 64> out_;
};

}  // namespace alogd
