// SPDX-License-Identifier: MIT
// The numbers that stand for themselves in a message: "took 9,000 ms", "12.5%", "size=4K".
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

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
// versions, times of day, dates ("Fri Jul 22 09:27:24 2005" too) and hexadecimal numbers are none.
//
// Found by their shape and not at the <*> of the template: these come and go as a template widens,
// the n-th number of a message stays what it is.
Numbers FindNumbers(std::string_view message);

// The numbers of many records in one array, of each: how many, then they themselves. A record has
// its place there, from 1; 0 where it has none.
size_t AppendNumbers(std::span<const float> of_record, std::vector<float>* all);
// Empty where the place is none, or reaches beyond the array.
std::span<const float> NumbersAt(std::span<const float> all, size_t place);

}  // namespace alogd
