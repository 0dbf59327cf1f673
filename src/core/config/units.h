// SPDX-License-Identifier: MIT
// Times and sizes as people write them; ParseDuration and ParseSize are declared in config.h.
#pragma once

#include <cstdint>
#include <string>

#include "core/types.h"

namespace alogd {

// Longer than any log is kept, and far from where sums of durations overflow.
inline constexpr Duration kLongestDuration = std::chrono::hours(24) * 36'500;

// In the largest unit that divides it, such as "90d" or "10min"; ParseDuration gives the same value
// back.
std::string FormatDuration(Duration duration);
// As a person would say it: "90 s", "4 min", "3 h", "2 days".
std::string RoughDuration(Duration duration);
// In the largest unit, as FormatDuration: "64K", "2G", "1000".
std::string FormatSize(uint64_t bytes);

}  // namespace alogd
