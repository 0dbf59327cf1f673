// SPDX-License-Identifier: MIT
// Whether a stranger, who chooses a user name or a URL, can make a rule fire.
#pragma once

#include <vector>

#include "core/config/config.h"

namespace alogd {

// For `alogctl check`: puts the words of each rule's examples where programs write what others
// chose (user names, URLs, user agents, host names, command lines). A rule that matches such a line
// for these words alone is a warning. One that matches it with any name is a rule about such lines.
std::vector<ConfigProblem> CheckRulesAgainstStrangers(const LoadedConfig& loaded);

}  // namespace alogd
