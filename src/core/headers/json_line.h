// SPDX-License-Identifier: MIT
// The fields of one-line JSON objects and of logfmt, without a tree: as far as headers need them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace alogd {

struct Field {
  std::string_view key;  // without quotes, escapes as they stand
  std::string_view
      value;  // of a string without its quotes, escapes as they stand; else the raw text
  bool string = false;
};

// Members of the object that begins at text[0] one after the other. Nested values are one raw value
// each and are skipped, not checked.
class JsonFields {
 public:
  explicit JsonFields(std::string_view text);
  // False at the end, and when the text is no object: see ok().
  bool Next(Field* field);
  // After Next returned false: the object was well formed and nothing but blanks follows it.
  bool ok() const { return state_ == State::kDone; }

 private:
  enum class State : uint8_t { kFirst, kInside, kDone, kBroken };
  bool Break();
  void SkipSpace();
  bool ReadString(std::string_view* out);
  bool ReadValue(Field* field);

  std::string_view text_;
  size_t at_ = 0;
  State state_ = State::kFirst;
};

// key=value pairs with blanks between; values bare or in double quotes.
class LogfmtFields {
 public:
  explicit LogfmtFields(std::string_view text) : text_(text) {}
  // False at the end, and where something else than a pair stands: see ok().
  bool Next(Field* field);
  bool ok() const { return ok_; }

 private:
  std::string_view text_;
  size_t at_ = 0;
  bool ok_ = true;
};

// `text` without its escapes: itself if it has none, else a view of *buffer. Broken ones become
// U+FFFD.
std::string_view Unescaped(std::string_view text, std::string* buffer);

}  // namespace alogd
