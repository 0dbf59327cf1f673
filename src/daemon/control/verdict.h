// SPDX-License-Identifier: MIT
// The control request `verdict`: what an operator says of anomalies.
#pragma once

#include <nlohmann/json.hpp>

#include "daemon/committer.h"
#include "daemon/control/control_server.h"
#include "daemon/event_loop.h"

namespace alogd {

// {"command": "verdict", "state": "acked", "anomalies": [ID, ...], "incidents": [ID, ...]}, at most
// 1,000 ids; states as in the database. Answers {"ok", "changed"} on the loop, after the
// committer's thread has written it. Both outlive the answer.
void AnswerVerdict(const nlohmann::json& request, Committer* committer, EventLoop* loop,
                   ControlServer::Answer answer);

}  // namespace alogd
