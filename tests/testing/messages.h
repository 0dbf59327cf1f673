// SPDX-License-Identifier: MIT
// Made-up log messages: statements with variable parts of all kinds, and plain nonsense.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace alogd::testing {

// Deterministic by its seed.
class MessageSource {
 public:
  explicit MessageSource(uint64_t seed, size_t statements = 40);

  // A message of one of the statements, each time with other values.
  std::string Next();
  // Bytes put together from pieces that tokenizers get wrong: delimiters, brackets, quotes,
  // numbers, control bytes, invalid UTF-8.
  std::string Nonsense(size_t pieces);

  uint32_t Below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }

 private:
  enum class Part : uint8_t {
    kWord,
    kNumber,
    kAddress,
    kPath,
    kHex,
    kName,
    kFlag,
    kList,
    kPair,
    kQuoted,
    kUnit,
    kDotted,
    kOptional,
    kTime
  };
  struct Statement {
    std::vector<Part> parts;
    std::vector<std::string> words;  // of the kWord and kPair parts
  };
  std::string Word();
  std::string Value(Part part);

  std::mt19937_64 random_;
  std::vector<Statement> statements_;
};

}  // namespace alogd::testing
