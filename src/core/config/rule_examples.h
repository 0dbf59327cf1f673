// SPDX-License-Identifier: MIT
// Runs the examples that stand beside rules: each rule takes its own lines, and only those.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.h"
#include "core/detection/rules.h"
#include "core/headers/header_parser.h"

namespace alogd {

// A line with its header: as a source that begins with it has it, or one whose formats
// (HeaderParser::Formats) are known. `line` outlives it.
class ExampleLine {
 public:
  explicit ExampleLine(const std::string& line, std::string_view formats = {});
  RuleSubject subject() const { return {line_, &header_}; }

 private:
  const std::string& line_;
  std::optional<HeaderParser> parser_;  // the header's views may point into it
  Header header_;
};

// For `alogctl check`, not at load: a wrong example must not keep a host unwatched. An example that
// its rule does not match, or a counterexample that it does, is an error; an example that an
// earlier rule ignores is a warning.
std::vector<ConfigProblem> CheckRuleExamples(const LoadedConfig& loaded);

// Of the rules in force; for the line that says that all is well.
size_t CountRuleExamples(const Config& config);

}  // namespace alogd
