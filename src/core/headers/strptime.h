// SPDX-License-Identifier: MIT
// Times by the conversions of strptime, for header patterns.
#pragma once

#include <string>
#include <string_view>

#include "core/headers/time_text.h"

namespace alogd {

// Conversions: %Y %y %m %d %e %b %B %H %I %M %S %p %f %z %Z %s %a %A %j %T %F %D %R %%, where %f is
// a fraction of a second of 1 to 9 digits and %Z a zone's name (only UTC and the common
// abbreviations are understood, others are skipped). A blank in the pattern stands for any number
// of blanks. Empty if `pattern` is well formed, else what is wrong with it.
std::string CheckTimePattern(std::string_view pattern);

// Reads the time at the beginning of `text`; its length, 0 if it does not fit.
size_t ParseTimePattern(std::string_view text, std::string_view pattern, CivilTime* out);

}  // namespace alogd
