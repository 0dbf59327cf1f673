// SPDX-License-Identifier: MIT
// The words that logs write for their levels.
#pragma once

#include <string_view>

#include "core/record.h"

namespace alogd {

// The level that `word` names, all of it, in upper, lower or capitalised letters; kNone if none.
Level LevelOfWord(std::string_view word);

// The level of a single letter (V D I W E F and the like); kNone if none. Too weak a sign by
// itself: only a column that holds nothing else is a level.
Level LevelOfLetter(char letter);

// Syslog severity 0 (emergency) to 7 (debug).
Level LevelOfSyslog(int severity);

}  // namespace alogd
