// SPDX-License-Identifier: MIT
// The masked form of a message as it is put together: constants, variables, and what joins them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "core/templates/masks.h"

namespace alogd {

// Neighbouring variables become one: those with nothing but joiners between them (blanks, , : ; | &
// = and single signs), and bracketed groups that hold only variables beside another variable. So
// lists of any length, "10 bytes (1.2 KB)" and "a:b:c" have one form.
//
// Blanks: one stands between a constant and a variable, the variable takes the others; between
// constants they stand as they are, up to kMaxGap.
class MaskedText {
 public:
  static constexpr size_t kMaxGap = 16;
  static constexpr size_t kMaxWord = 128;  // bytes of a constant; a longer word is data

  // Whether bytes that no mask takes can stand in a template.
  static bool MayStay(std::string_view text) {
    const bool plain =
        std::none_of(text.begin(), text.end(), [](char c) { return Has(c, kControl | kHigh); });
    return plain && text.size() <= kMaxWord && text.find(kWildcard) == std::string_view::npos;
  }

  // `out` has room for kMaxMasked bytes and kSlack.
  static constexpr size_t kSlack = 64;
  explicit MaskedText(char* out) : out_(out) {}

  // No constant and no variable can be too long for what room is left.
  bool HasRoom() const { return size_ <= kMaxMasked - kMaxWord - kMaxGap - 8; }
  std::string_view view() const { return {out_, size_}; }
  char last() const { return size_ > 0 ? out_[size_ - 1] : '\0'; }
  bool ends_with_variable() const { return variable_; }
  bool ends_with_number() const { return number_; }
  bool can_join() const { return item_ != kNowhere; }

  // The blanks before what comes next; they outlive that.
  void SetGap(const char* begin, const char* end) { gap_ = begin, gap_end_ = end; }
  void NoGap() { gap_ = gap_end_; }
  bool has_gap() const { return gap_ != gap_end_; }
  const char* gap() const { return gap_; }

  void Variable(bool number = false) {
    if (item_ != kNowhere) {
      size_ = item_;
    } else {
      if (has_gap()) out_[size_++] = *gap_;
      item_ = size_;
    }
    PutVariable();
    number_ = number;
  }

  // A joiner may stand between variables that become one.
  void Constant(std::string_view text, bool joiner) {
    PutGap();
    std::memcpy(out_ + size_, text.data(), text.size());
    size_ += text.size();
    variable_ = number_ = false;
    if (!joiner) item_ = kNowhere;
  }

  void Open(char bracket) {
    const size_t item = item_;
    Constant({&bracket, 1}, false);
    if (open_count_ < kMaxOpen) open_[open_count_++] = {bracket, size_ - 1, item};
  }

  void Close(char bracket) {
    if (open_count_ == 0 || Closing(open_[open_count_ - 1].bracket) != bracket)
      return Constant({&bracket, 1}, false);
    const OpenBracket open = open_[--open_count_];
    if (item_ == kNowhere || !BlankBetween(open.begin + 1, item_))
      return Constant({&bracket, 1}, false);
    size_ = item_ = open.item != kNowhere ? open.item : item_;
    PutVariable();
    if (open.item != kNowhere) return;
    NoGap();
    Constant({&bracket, 1}, true);
    item_ = open.begin;
  }

  static constexpr char Closing(char c) {
    return c == '(' ? ')' : c == '[' ? ']' : c == '{' ? '}' : '>';
  }

 private:
  static constexpr size_t kNowhere = ~size_t{0};
  static constexpr size_t kMaxOpen = 16;  // nested brackets; deeper ones are plain constants

  struct OpenBracket {
    char bracket;
    size_t begin;  // of it in out_
    size_t item;   // what a group of variables would join
  };

  void PutVariable() {
    std::memcpy(out_ + size_, kWildcard.data(), kWildcard.size());
    size_ += kWildcard.size();
    variable_ = true;
    number_ = false;
  }

  void PutGap() {
    const size_t n = static_cast<size_t>(gap_end_ - gap_);
    if (n == 0) return;
    if (variable_) {
      out_[size_++] = gap_end_[-1];
    } else if (n <= kMaxGap) {
      std::memcpy(out_ + size_, gap_, n);
      size_ += n;
    } else {
      out_[size_++] = *gap_;
      PutVariable();
    }
  }

  bool BlankBetween(size_t from, size_t to) const {
    for (size_t i = from; i < to; ++i)
      if (!Has(out_[i], kBlank)) return false;
    return true;
  }

  char* const out_;
  size_t size_ = 0;
  const char* gap_ = nullptr;
  const char* gap_end_ = nullptr;
  // Where the last variable, or the group that holds it, begins; kNowhere if more than joiners
  // follow.
  size_t item_ = kNowhere;
  bool variable_ = false;  // out_ ends with <*>
  bool number_ = false;    // and that was a number
  std::array<OpenBracket, kMaxOpen> open_;
  size_t open_count_ = 0;
};

}  // namespace alogd
