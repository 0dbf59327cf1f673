// SPDX-License-Identifier: MIT
// A flat reader of JSON objects and logfmt pairs.
#include "core/headers/json_line.h"

#include <cstring>

#include "core/headers/scan.h"

namespace alogd {

namespace {

// The quote that ends a string whose text begins at `at`; npos if none does.
size_t StringEnd(std::string_view text, size_t at) {
  while (at < text.size()) {
    const void* hit = std::memchr(text.data() + at, '"', text.size() - at);
    if (hit == nullptr) return std::string_view::npos;
    const auto quote = static_cast<size_t>(static_cast<const char*>(hit) - text.data());
    // An odd number of backslashes before it makes it text. Only those of this string count.
    size_t slashes = 0;
    while (quote - slashes > at && text[quote - slashes - 1] == '\\') ++slashes;
    if (slashes % 2 == 0) return quote;
    at = quote + 1;
  }
  return std::string_view::npos;
}

int HexValue(std::string_view text, size_t at) {
  int value = 0;
  for (size_t i = at; i < at + 4; ++i) {
    const char c = At(text, i);
    if (!IsHexDigit(c)) return -1;
    value = value * 16 + (IsDigit(c) ? c - '0' : ToLower(c) - 'a' + 10);
  }
  return value;
}

void AppendUtf8(uint32_t code, std::string* out) {
  const auto put = [&](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6), put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  }
}

// The \uXXXX at `at` (on the u), a surrogate pair as one; returns the bytes behind the backslash.
size_t AppendUnicode(std::string_view text, size_t at, std::string* out) {
  const int high = HexValue(text, at + 1);
  if (high < 0) {
    AppendUtf8(0xFFFD, out);
    return 1;
  }
  if (high < 0xD800 || high > 0xDFFF) {
    AppendUtf8(static_cast<uint32_t>(high), out);
    return 5;
  }
  const int low = At(text, at + 5) == '\\' && At(text, at + 6) == 'u' ? HexValue(text, at + 7) : -1;
  if (high > 0xDBFF || low < 0xDC00 || low > 0xDFFF) {
    AppendUtf8(0xFFFD, out);
    return 5;
  }
  AppendUtf8(
      0x10000u + (static_cast<uint32_t>(high - 0xD800) << 10) + static_cast<uint32_t>(low - 0xDC00),
      out);
  return 11;
}

char Simple(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    default:
      return c;  // quote, backslash, slash, and what should not be escaped
  }
}

bool IsKeyByte(char c) {
  return IsAlnum(c) || c == '_' || c == '.' || c == '-' || c == '@' || c == '/' || c == '$';
}

}  // namespace

JsonFields::JsonFields(std::string_view text) : text_(text) {
  if (At(text_, 0) != '{') state_ = State::kBroken;
  at_ = 1;
}

bool JsonFields::Break() {
  state_ = State::kBroken;
  return false;
}

void JsonFields::SkipSpace() { at_ = SkipBlanks(text_, at_); }

bool JsonFields::ReadString(std::string_view* out) {
  if (At(text_, at_) != '"') return false;
  const size_t end = StringEnd(text_, at_ + 1);
  if (end == std::string_view::npos) return false;
  *out = text_.substr(at_ + 1, end - at_ - 1);
  at_ = end + 1;
  return true;
}

bool JsonFields::ReadValue(Field* field) {
  const size_t begin = at_;
  if (At(text_, at_) == '"') {
    field->string = true;
    return ReadString(&field->value);
  }
  field->string = false;
  int depth = 0;
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '"') {
      const size_t end = StringEnd(text_, at_ + 1);
      if (end == std::string_view::npos) return false;
      at_ = end;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (depth == 0 && (c == ',' || c == '}')) {
      break;
    } else if (c == '}' || c == ']') {
      --depth;
    }
    if (depth < 0) return false;
    ++at_;
  }
  field->value = Trimmed(text_.substr(begin, at_ - begin));
  return depth == 0 && !field->value.empty();
}

bool JsonFields::Next(Field* field) {
  if (state_ == State::kBroken || state_ == State::kDone) return false;
  SkipSpace();
  if (At(text_, at_) == '}') {
    ++at_;
    SkipSpace();
    state_ = at_ == text_.size() ? State::kDone : State::kBroken;
    return false;
  }
  if (state_ == State::kInside) {
    if (At(text_, at_) != ',') return Break();
    ++at_;
    SkipSpace();
  }
  state_ = State::kInside;
  if (!ReadString(&field->key)) return Break();
  SkipSpace();
  if (At(text_, at_) != ':') return Break();
  ++at_;
  SkipSpace();
  return ReadValue(field) || Break();
}

bool LogfmtFields::Next(Field* field) {
  at_ = SkipBlanks(text_, at_);
  if (at_ >= text_.size()) return false;
  const size_t key = at_;
  while (IsKeyByte(At(text_, at_))) ++at_;
  if (at_ == key || At(text_, at_) != '=') return ok_ = false;
  field->key = text_.substr(key, at_ - key);
  ++at_;
  field->string = At(text_, at_) == '"';
  if (field->string) {
    const size_t end = StringEnd(text_, at_ + 1);
    if (end == std::string_view::npos) return ok_ = false;
    field->value = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    if (at_ < text_.size() && !IsBlank(text_[at_])) return ok_ = false;
  } else {
    const size_t end = SkipToken(text_, at_);
    field->value = text_.substr(at_, end - at_);
    at_ = end;
  }
  return true;
}

std::string_view Unescaped(std::string_view text, std::string* buffer) {
  size_t at = text.find('\\');
  if (at == std::string_view::npos) return text;
  buffer->assign(text.substr(0, at));
  while (at < text.size()) {
    const size_t next = text.find('\\', at);
    buffer->append(text.substr(at, next - at));
    if (next == std::string_view::npos) break;
    at = next + 1;
    if (at >= text.size()) break;
    if (text[at] == 'u') {
      at += AppendUnicode(text, at, buffer);
    } else {
      buffer->push_back(Simple(text[at]));
      ++at;
    }
    if (at > text.size()) at = text.size();
  }
  return *buffer;
}

}  // namespace alogd
