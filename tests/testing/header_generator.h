// SPDX-License-Identifier: MIT
// Logs of random header grammars whose true messages are known.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace alogd::testing {

struct GeneratedLine {
  std::string text;
  std::string message;   // what its author would call the message
  bool header = true;    // false: a continuation line, all of it text
  bool leveled = false;  // its header has a level column
};

// What stands before a message, with what separates them.
struct GeneratedHeader {
  std::string text;
  bool leveled = false;
};

// Headers of one random grammar, for messages from elsewhere; time goes on from one to the next.
class HeaderSource {
 public:
  explicit HeaderSource(uint64_t seed);
  HeaderSource(HeaderSource&&) noexcept;
  ~HeaderSource();
  GeneratedHeader Next();
  const std::string& grammar() const;  // for people

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
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
