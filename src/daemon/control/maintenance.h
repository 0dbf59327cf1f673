// SPDX-License-Identifier: MIT
// The control request `maintenance`: hold alerts for a while, or say what is held.
#pragma once

#include <nlohmann/json.hpp>

#include "daemon/committer.h"
#include "daemon/control/control_server.h"
#include "daemon/event_loop.h"

namespace alogd {

// {"command": "maintenance"} asks; with "for_s": N it begins or lengthens, with 0 it ends. Answers
// {"ok", "active", "until_us", "held"} on the loop, after the committer's thread has looked. Both
// outlive the answer.
void AnswerMaintenance(const nlohmann::json& request, Committer* committer, EventLoop* loop,
                       ControlServer::Answer answer);

}  // namespace alogd
