// SPDX-License-Identifier: MIT
// What the fuzz targets share: a check that ends the run, and input cut into fields.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace alogd::fuzz {

inline void Require(bool holds) {
  if (!holds) std::abort();
}

// Takes the next line off `input`, without its newline; empty at the end.
inline std::string_view TakeLine(std::string_view* input) {
  const size_t end = std::min(input->find('\n'), input->size());
  const std::string_view line = input->substr(0, end);
  input->remove_prefix(std::min(end + 1, input->size()));
  return line;
}

}  // namespace alogd::fuzz
