// SPDX-License-Identifier: MIT
// UTF-16 as log files have it: told by its first bytes, decoded to UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace alogd {

enum class Encoding : uint8_t {
  kUnknown,  // too few bytes to tell
  kBytes,    // UTF-8, or any other text whose line ends are the byte LF
  kUtf16Le,
  kUtf16Be,
};

// By the byte order mark, else by the zero in every second byte of the first four characters where
// they are ASCII. `head`: the first bytes of a file, or those of a line; two decide mostly,
// kEncodingHead always.
constexpr size_t kEncodingHead = 8;
Encoding EncodingOf(std::string_view head);

// UTF-16 to UTF-8, without a byte order mark at its beginning. Lone surrogates become U+FFFD; an
// odd last byte is left out.
void AppendWide(std::string_view bytes, Encoding encoding, std::string* out);

// Raw bytes of a file as text for people: decoded where they are UTF-16.
std::string TextOfBytes(std::string bytes);

}  // namespace alogd
