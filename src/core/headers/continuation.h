// SPDX-License-Identifier: MIT
// Lines that go on with the record before them, by their text alone.
#pragma once

#include <string_view>

namespace alogd {

// Indented or blank, or a part of a stack trace: "Caused by:", "at a.b(C.java:1)", "... 12 more".
bool LooksContinued(std::string_view line);

// "Traceback (most recent call last):", whose last line, the exception, is not indented.
// An exception's name, as "java.io.IOException: broken pipe": the first line of a stack trace.
bool BeginsWithException(std::string_view line);
bool BeginsTraceback(std::string_view line);

}  // namespace alogd
