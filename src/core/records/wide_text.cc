// SPDX-License-Identifier: MIT
// Detection and decoding of UTF-16.
#include "core/records/wide_text.h"

#include <algorithm>

namespace alogd {
namespace {

uint8_t Byte(std::string_view text, size_t at) { return static_cast<uint8_t>(text[at]); }

uint32_t UnitAt(std::string_view bytes, size_t at, Encoding encoding) {
  const uint32_t first = Byte(bytes, at), second = Byte(bytes, at + 1);
  return encoding == Encoding::kUtf16Le ? first | second << 8 : first << 8 | second;
}

bool IsSurrogate(uint32_t unit) { return unit >= 0xD800 && unit <= 0xDFFF; }

void AppendCharacter(uint32_t code, std::string* out) {
  const auto put = [&](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F));
  } else {
    put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F)), put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

bool IsText(uint8_t c) { return (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

Encoding EncodingOf(std::string_view head) {
  if (head.empty()) return Encoding::kUnknown;
  const uint8_t first = Byte(head, 0);
  if (head.size() == 1) {
    const bool maybe = first >= 0xFE || first == 0 || (IsText(first) && first != '\n');
    return maybe ? Encoding::kUnknown : Encoding::kBytes;
  }
  const uint8_t second = Byte(head, 1);
  if (first == 0xFF && second == 0xFE) return Encoding::kUtf16Le;
  if (first == 0xFE && second == 0xFF) return Encoding::kUtf16Be;
  const bool little = second == 0;
  for (size_t at = 0; at + 1 < std::min(head.size(), kEncodingHead); at += 2) {
    const uint8_t text = Byte(head, little ? at : at + 1);
    const uint8_t zero = Byte(head, little ? at + 1 : at);
    if (zero != 0 || !IsText(text) || (at == 0 && text < 0x20)) return Encoding::kBytes;
  }
  if (head.size() < kEncodingHead) return Encoding::kUnknown;
  return little ? Encoding::kUtf16Le : Encoding::kUtf16Be;
}

void AppendWide(std::string_view bytes, Encoding encoding, std::string* out) {
  for (size_t at = 0; at + 1 < bytes.size(); at += 2) {
    uint32_t code = UnitAt(bytes, at, encoding);
    if (code == 0xFEFF && at == 0) continue;
    if (IsSurrogate(code)) {
      const uint32_t low = at + 3 < bytes.size() ? UnitAt(bytes, at + 2, encoding) : 0;
      if (code < 0xDC00 && low >= 0xDC00 && low <= 0xDFFF) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        at += 2;
      } else {
        code = 0xFFFD;
      }
    }
    AppendCharacter(code, out);
  }
}

std::string TextOfBytes(std::string bytes) {
  constexpr size_t kSample = 512;
  const size_t sample = std::min(bytes.size(), kSample);
  // Every second byte of blanks, digits and Latin letters is zero; plain text has next to none.
  size_t zeros[2] = {0, 0};
  for (size_t i = 0; i < sample; ++i) zeros[i % 2] += bytes[i] == '\0' ? 1 : 0;
  Encoding encoding = EncodingOf(std::string_view(bytes).substr(0, kEncodingHead));
  if (encoding == Encoding::kBytes && zeros[1] * 8 > sample && zeros[0] == 0)
    encoding = Encoding::kUtf16Le;
  if (encoding == Encoding::kBytes && zeros[0] * 8 > sample && zeros[1] == 0)
    encoding = Encoding::kUtf16Be;
  if (encoding != Encoding::kUtf16Le && encoding != Encoding::kUtf16Be) {
    if (bytes.starts_with("\xEF\xBB\xBF")) bytes.erase(0, 3);
    return bytes;
  }
  std::string text;
  AppendWide(bytes, encoding, &text);
  return text;
}

}  // namespace alogd
