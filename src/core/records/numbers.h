// SPDX-License-Identifier: MIT
// The numbers that stand for themselves in a message: "took 9,000 ms", "12.5%", "size=4K".
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace alogd {

// Numbers of a message that are looked at; what comes later is left alone.
inline constexpr size_t kMaxNumbers = 8;
// Bytes of a message in which they are looked for.
inline constexpr size_t kNumberBytes = 1024;

struct Numbers {
  std::array<float, kMaxNumbers> values;
  size_t count = 0;
};

// In order. A unit right behind a number scales it: times to milliseconds (ns us ms s), sizes to
// bytes (K M G T, KB KiB ..., powers of 1024); others are dropped. Commas between groups of three
// digits are part of a number, and so is a sign behind a blank. Digits in names, addresses,
// versions, times of day, dates and hexadecimal numbers are none.
//
// Found by their shape and not at the <*> of the template: these come and go as a template widens,
// the n-th number of a message stays what it is.
Numbers FindNumbers(std::string_view message);

}  // namespace alogd
