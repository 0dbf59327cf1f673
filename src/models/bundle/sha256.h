// SPDX-License-Identifier: MIT
// SHA-256 of bytes, in hexadecimal.
#pragma once

#include <string>
#include <string_view>

namespace alogd {

inline constexpr size_t kSha256Digits = 64;

// 64 lower-case digits, as sha256sum(1) prints them.
std::string Sha256(std::string_view bytes);

}  // namespace alogd
