// SPDX-License-Identifier: MIT
// Logs of whole made-up systems whose true templates are known.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "testing/random.h"
#include "testing/value_generator.h"

namespace alogd::testing {

// One statement of a program: constant text and variables.
struct Statement {
  struct Piece {
    std::string constant;   // where there is no variable
    Variable variable;      // with the constant text before it
    bool optional = false;  // comes with the next pieces up to the one that ends the option
    bool ends_option = false;
  };
  std::vector<Piece> pieces;
  std::string text;  // the template as its author would write it, <*> for variables, options in
};

// The statements of one system: forms of sentences as programs of all kinds log them, filled with
// random words. Some come in pairs that differ in one word of opposite meaning, some in families
// that differ in one noun. No two have the same text.
std::vector<Statement> MakeStatements(size_t count, Random& random);

struct GeneratedRecord {
  std::string raw;      // the line
  std::string message;  // what stands behind its header
  uint32_t statement = 0;
  bool record = true;  // false: a line of a stack trace, which belongs to no statement
};

struct GeneratedSystem {
  std::string grammar;  // of its headers, for people
  std::vector<std::string> statements;
  std::vector<GeneratedRecord> lines;
};

// The same seed makes the same system. Seeds below 50000 are for development; those from 50000
// on are kept for measuring, each once, and nothing may be mended by what they show. Used up so
// far: 50000 to 50199 and 60000 to 60399; 70000 to 70199 were looked at and are development seeds
// since.
GeneratedSystem GenerateSystem(uint64_t seed, size_t lines);

}  // namespace alogd::testing
