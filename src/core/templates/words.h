// SPDX-License-Identifier: MIT
// Words that mean something wherever they stand in a log message.
#pragma once

#include <string_view>

namespace alogd {

// A word that says how something went or in which state it is ("started", "down", "denied"): never
// merged into a variable, since its opposite is another event.
bool IsOutcomeWord(std::string_view word);
// true, false, null and their like: values, whatever stands before them.
bool IsValueWord(std::string_view word);
// What stands where a value is missing: nothing, "-", "none", "unknown".
bool IsMissingWord(std::string_view word);
// "Mon".."Sun", "Jan".."Dec", as dates abbreviate them.
bool IsDateWord(std::string_view word);
// A name that has a digit in it and still is a word: "ssh2", "IPv6".
bool IsNameWithDigit(std::string_view word);
// A unit of size, time or rate that follows a number.
bool IsUnitWord(std::string_view word);

}  // namespace alogd
