// SPDX-License-Identifier: MIT
// A masked message or template as what stands between its blanks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace alogd {

// Odd values are what separates lines of one statement: a query string, a colon more, a value that
// is missing or empty. They leave the blanks of the line as they are, so a template and such a line
// have the same chunks but for one. A template's chunk with a variable fits what differs only
// within the variable.
class Chunks {
 public:
  static constexpr size_t kMost = 64;  // longer texts are not compared by chunks

  explicit Chunks(std::string_view text);

  size_t size() const { return parts_.size(); }
  std::string_view operator[](size_t at) const { return parts_[at]; }
  // The text with another chunk `at`.
  std::string With(size_t at, std::string_view chunk) const;
  // What texts have in common that differ in the chunk `at` alone.
  uint64_t HashWithout(size_t at) const;

 private:
  std::vector<std::string_view> parts_;  // none where there are more than kMost
  std::vector<uint64_t> hashes_;         // each at its place
  uint64_t sum_ = 0;
};

bool HasVariable(std::string_view chunk);
// Variables and punctuation only, as "(<*>)".
bool IsBare(std::string_view chunk);

// `general` and `text` have equally many chunks and differ in the chunk `at`, in which `text` has
// an odd value where `general` has a variable. Words of outcome are none, and neither are plain
// words at the beginning.
bool FitsChunk(const Chunks& general, const Chunks& text, size_t at);

// They differ in the chunk `at` alone, which in `general` is a variable in quotes or brackets,
// behind a sign as in "#<*>" or in a printed object as in "at=Point(<*>)", and in `text` a
// variable, or nothing, without these: they belong to the value.
bool FitsUnframed(const Chunks& general, const Chunks& text, size_t at);
// The chunk of such a `general` with its variable alone.
std::string WithoutFrame(std::string_view framed);

}  // namespace alogd
