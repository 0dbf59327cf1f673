// SPDX-License-Identifier: MIT
// Lines that go on with the record before them, by their text alone.
#pragma once

#include <string_view>

namespace alogd {

// Indented or blank, or a part of a stack trace: "Caused by:", "at a.b(C.java:1)", "... 12 more".
bool LooksContinued(std::string_view line);

// An exception's name, as "java.io.IOException: broken pipe": the first line of a stack trace.
bool BeginsWithException(std::string_view line);

// "Traceback (most recent call last):", whose last line, the exception, is not indented.
bool BeginsTraceback(std::string_view line);

// The words of a program, its runtime or the kernel for its death: "panic: ", "Segmentation fault",
// "PHP Fatal error: ". They have no header because nothing writes one any more.
bool BeginsCrash(std::string_view line);

// A line as crashes print behind their first: "goroutine 1 [running]:", "#0 /srv/a.php(3)".
bool LooksLikeTrace(std::string_view line);

// A line that goes on with a statement or a structure printed over several lines: it begins with
// what closes or joins, or with a clause of SQL; or has no text at all ("-----").
bool LooksWrapped(std::string_view line);

// A text whose last sign says that it is not all: a comma, an open bracket, an operator.
bool IsUnfinished(std::string_view text);

}  // namespace alogd
