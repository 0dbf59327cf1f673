// SPDX-License-Identifier: MIT
// Times as operators type them: relative, by day, or in full.
#pragma once

#include <string_view>

#include "core/result.h"
#include "core/types.h"

namespace alogd {

// "-1h", "-1h30min" and "1h ago" before `now`; "now", "today", "yesterday" (their midnights);
// "10:00" today; "2026-11-22", "2026-11-22 10:00", "2026-11-22T10:00:00.5", in the time zone of the
// host or with Z or +01:00; "@1790000000". The error says what is accepted.
Result<Time> ParseTimeText(std::string_view text, Time now);

}  // namespace alogd
