// SPDX-License-Identifier: MIT
// Logs of random header grammars whose true messages are known.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace alogd::testing {

struct GeneratedLine {
  std::string text;
  std::string message;   // what its author would call the message
  bool header = true;    // false: a continuation line, all of it text
  bool leveled = false;  // its header has a level column
};

struct GeneratedLog {
  std::string grammar;  // for people: the columns of the header, or of both headers
  std::vector<GeneratedLine> lines;
};

// A log of one made-up system: time forms, column orders, brackets, pipes, padding, separators,
// columns that some lines lack, sometimes two formats in one file, sometimes stack traces. The same
// seed gives the same log.
GeneratedLog GenerateHeaders(uint64_t seed, size_t lines);

}  // namespace alogd::testing
