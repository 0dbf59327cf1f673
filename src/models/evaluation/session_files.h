// SPDX-License-Identifier: MIT
// Files of sessions: one a line, as template numbers, with or without an id before them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"

namespace alogd {

using NumberedSession = std::vector<uint32_t>;  // template numbers in order; never empty

// Lines of "5 5 22 11" or "id,5 5 22 11"; empty ones are skipped. The error names file and line.
Result<std::vector<NumberedSession>> ReadSessions(const std::string& path);

// Each different session once, in order of first appearance.
std::vector<NumberedSession> UniqueSessions(const std::vector<NumberedSession>& sessions);

}  // namespace alogd
