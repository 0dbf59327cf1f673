// SPDX-License-Identifier: MIT
// The skeleton of a message: its bytes with each word that has a digit put down to a code.
#include "core/templates/skeleton.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/templates/byte_bits.h"
#include "core/templates/kept_words.h"
#include "core/templates/list_text.h"
#include "core/templates/masks.h"
#include "core/templates/words.h"

namespace alogd {
namespace {

constexpr char kMarker = 1;  // no message with control bytes has a skeleton, so it is unambiguous

bool AnyIn(const uint64_t* bits, size_t begin, size_t end) {
  const size_t first = begin / 64, last = (end - 1) / 64;
  const uint64_t from = ~uint64_t{0} << (begin % 64);
  const uint64_t to = ~uint64_t{0} >> (63 - (end - 1) % 64);
  if (first == last) return (bits[first] & from & to) != 0;
  if ((bits[first] & from) != 0 || (bits[last] & to) != 0) return true;
  for (size_t i = first + 1; i < last; ++i)
    if (bits[i] != 0) return true;
  return false;
}

}  // namespace

bool Skeleton::Build(std::string_view message) {
  if (message.empty() || message.size() > kMaxMessage) return false;
  length_ = message.size();
  std::memcpy(in_.data(), message.data(), length_);
  std::memset(in_.data() + length_, ' ', 64);
  const size_t blocks = (length_ + 63) / 64;
  if (!FindByteBits(in_.data(), blocks, bits_.delimiter.data(), bits_.digit.data(),
                    bits_.letter.data()))
    return false;
  size_ = done_ = 0;
  for (size_t block = 0; block < blocks; ++block) {
    uint64_t digits = bits_.digit[block];
    while (digits != 0) {
      const size_t at = static_cast<size_t>(std::countr_zero(digits));
      size_t begin_block = block;
      uint64_t before = bits_.delimiter[block] & ((uint64_t{1} << at) - 1);
      while (before == 0 && begin_block > 0) before = bits_.delimiter[--begin_block];
      const size_t begin =
          before == 0 ? 0 : begin_block * 64 + 64 - static_cast<size_t>(std::countl_zero(before));
      size_t end_block = block;
      uint64_t behind = bits_.delimiter[block] & (~uint64_t{0} << at);
      while (behind == 0 && ++end_block < blocks) behind = bits_.delimiter[end_block];
      const size_t end =
          behind == 0
              ? length_
              : std::min(length_, end_block * 64 + static_cast<size_t>(std::countr_zero(behind)));
      if (!Word(begin, end)) return false;
      if (end / 64 != block) {
        block = std::min(end / 64, blocks - 1);
        digits = bits_.digit[block];
      }
      digits = end < (block + 1) * 64 ? digits & (~uint64_t{0} << (end % 64)) : 0;
    }
  }
  Copy(done_, length_);
  return true;
}

// Takes the bytes up to the word as they stand and puts down the word's code.
bool Skeleton::Word(size_t begin, size_t end) {
  const std::string_view whole(in_.data() + begin, end - begin);
  const size_t tail = Tail(whole);
  const std::string_view word = whole.substr(0, whole.size() - tail);
  const char last = word.back();
  if (last == '\\' || (tail == 4 && last == '.')) return false;
  const char before = begin > 0 ? in_[begin - 1] : ' ';
  const char behind = in_[end];
  if (behind == '\'' && Has(whole.back(), kLetter) && Has(in_[end + 1], kLetter)) return false;
  if (before == '\'' && begin > 1 && Has(whole[0], kLetter) && Has(in_[begin - 2], kLetter))
    return false;
  const bool letters = AnyIn(bits_.letter.data(), begin, begin + word.size());
  const bool call = behind == '(' && in_[end + 1] == ')';
  if (letters && (call || IsNameWithDigit(word))) return true;  // stays as it is
  const bool source = behind == ':' ? before == '[' || before == '('
                                    : before == ':' && (behind == ']' || behind == ')');
  if (source && InSourcePosition({in_.data(), length_}, begin - 1)) return true;
  const size_t named = Has(word[0], kDigit | kSlash) ? 0 : NumberedName(word);  // most words
  Copy(done_, begin + named);
  done_ = begin + word.size();
  begin += named;
  const std::string_view value = word.substr(named);
  unsigned code = Has(value[0], kDigit)    ? 0
                  : Has(value[0], kLetter) ? 1
                  : value[0] == '/'        ? 2
                  : value[0] == '\\'       ? 3
                                           : 4;
  if (letters) code |= 8;
  if (letters && EndsWithNumber(value)) code |= 4;  // it begins with a letter
  if (before == ':' || before == '<' || behind == ':') code |= Code(begin, done_);
  out_[size_++] = kMarker;
  out_[size_++] = static_cast<char>(code);
  return true;
}

// What is asked of words beside a colon or behind '<' only.
uint8_t Skeleton::Code(size_t begin, size_t end) const {
  const std::string_view word(in_.data() + begin, end - begin);
  unsigned code = 0;
  if (word.starts_with("//"))
    code = 7;  // the bits of a word that begins with one slash, and one more
  const auto all = [&](unsigned classes) {
    return std::all_of(word.begin(), word.end(), [&](char c) { return Has(c, classes); });
  };
  if (word.size() <= 5 && all(kDigit)) code |= 16;  // a port
  if (all(kDigit | kDot)) code |= 32;
  const size_t group = AddressGroup(word);
  if (group > 0) code |= group == word.size() ? 64 : 128;
  return static_cast<uint8_t>(code);
}

void Skeleton::Copy(size_t begin, size_t end) {
  // Whole vectors: what is too much is overwritten by the next, and the buffers have room for it.
  for (size_t at = begin; at < end; at += 16)
    std::memcpy(out_.data() + size_ + (at - begin), in_.data() + at, 16);
  size_ += end - begin;
}

}  // namespace alogd
