// SPDX-License-Identifier: MIT
// The beginnings that continuation lines have.
#include "core/headers/continuation.h"

#include "core/headers/scan.h"

namespace alogd {

bool LooksContinued(std::string_view line) {
  if (line.empty() || IsBlank(line[0])) return true;
  switch (line[0]) {
    case 'C':
      return line.starts_with("Caused by: ");
    case 'S':
      return line.starts_with("Suppressed: ");
    case 'a':
      return line.starts_with("at ") && line.find('(') != std::string_view::npos &&
             line.back() == ')';
    case '.': {
      if (!line.starts_with("... ")) return false;
      const size_t digits = SkipDigits(line, 4);
      return digits > 4 && (line.substr(digits).starts_with(" more") ||
                            line.substr(digits).starts_with(" common frames"));
    }
    case 'D':
      return line.starts_with("During handling of the above exception");
    case 'T':
      return line.starts_with("The above exception was the direct cause");
    case '}':
    case ')':
    case ']':
      return line.size() <= 2;  // the end of something printed over several lines
    default:
      return false;
  }
}

bool BeginsWithException(std::string_view line) {
  size_t end = 0;
  while (end < line.size() && !IsBlank(line[end]) && line[end] != ':') ++end;
  const std::string_view name = line.substr(0, end);
  return name.find('.') != std::string_view::npos &&
         (name.ends_with("Exception") || name.ends_with("Error"));
}

bool BeginsTraceback(std::string_view line) {
  return line.starts_with("Traceback (most recent call last)");
}

}  // namespace alogd
