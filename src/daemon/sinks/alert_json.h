// SPDX-License-Identifier: MIT
// An alert as one JSON object, for sinks that write or send JSON.
#pragma once

#include <string>

#include "core/store/alert.h"

namespace alogd {

// One line without its end; valid UTF-8 whatever the log held. Keys are kept once released; those
// without a value are left out.
std::string AlertJson(const Alert& alert);

}  // namespace alogd
