// SPDX-License-Identifier: MIT
// The configuration that was last in force, kept for a start that finds a wrong one.
#pragma once

#include <string>

#include "core/config/config.h"
#include "core/result.h"

namespace alogd {

// A reload with a typo keeps what runs; a start with one has nothing that runs, and a host would be
// left unwatched. So the service keeps what was in force, all of it in one file, in the state
// directory that the service manager made (the configuration, which could name another, is what
// cannot be read). Alternative: copies of the files; but which belong together, and what their
// defaults were in an earlier version, only the loaded configuration knows.

// Where it is kept; empty where no service manager started us: on a terminal, a typo is told.
std::string LastGoodPath();
// Written beside and renamed; the text is as `alogctl config show` prints it.
Status SaveLastGood(const Config& config, const std::string& path);

}  // namespace alogd
