// SPDX-License-Identifier: MIT
// Runs the examples that stand beside rules: each rule takes its own lines, and only those.
#pragma once

#include <vector>

#include "core/config/config.h"

namespace alogd {

// For `alogctl check`, not at load: a wrong example must not keep a host unwatched. An example that
// its rule does not match, or a counterexample that it does, is an error; an example that an
// earlier rule ignores is a warning.
std::vector<ConfigProblem> CheckRuleExamples(const LoadedConfig& loaded);

// Of the rules in force; for the line that says that all is well.
size_t CountRuleExamples(const Config& config);

}  // namespace alogd
