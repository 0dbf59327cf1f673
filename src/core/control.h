// SPDX-License-Identifier: MIT
// The control protocol: one JSON object a line each way over a Unix stream socket.
#pragma once

#include <sys/un.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/result.h"

namespace alogd {

// Request:  {"command": "status" | "reload" | "ping" | "ack" ..., ...arguments}
// Response: {"ok": true, ...} or {"ok": false, "error": "one sentence"}
// A connection carries any number of requests, answered in order. `reload` answers when the verdict
// is in: {"ok": true, "bundles": {"GROUP": "NAME"}} or ok false with the reason; the old ones stay
// then. `status` answers
//   {"ok": true, "version", "pid", "uptime_s", "config", "state_dir",
//    "groups": [{"name", "bundle", "bundle_age_s", "records", "lines", "windows", "anomalies",
//                "templates", "new_templates", "streams", "memory_bytes", "windows_per_s"}],
//    "source_count": N, and of these at most 1,000, those that need a look first:
//    "sources": [{"group", "name", "path", "format", "offset", "size", "lag_bytes", "lines_per_s",
//                 "last_rotation_us", "state"}],
//    "drops": {"REASON": N}, "limits": {"NAME": N}, "commit": {"units", "last_error"},
//    "journal": {"sent", "pending", "held_back", "repeats"},
//    "sinks": [{"name", "kind", "target", "sent", "waiting", "held_back", "failures",
//               "last_error"}],
//    "last_reload": {"at_us", "ok", "message"}}
inline constexpr size_t kMaxControlMessage =
    1 << 20;  // bytes of one line; longer ones end the connection

// The address of a control socket; fails for a path that is too long for one.
Result<sockaddr_un> ControlAddress(const std::string& path);

// Takes a line apart; fails for anything but one JSON object within the limits.
Result<nlohmann::json> ParseControlMessage(std::string_view line);

// Client side: connects, sends one request, waits up to `timeout_ms` for its answer. Errors say
// whether the daemon does not run, may not be asked, or did not answer.
Result<nlohmann::json> ControlRequest(const std::string& socket_path, const nlohmann::json& request,
                                      int timeout_ms);

}  // namespace alogd
