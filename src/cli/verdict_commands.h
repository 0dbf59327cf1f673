// SPDX-License-Identifier: MIT
// ack, confirm, suppress and reset: what the operator says of anomalies or incidents.
#pragma once

#include <string>

#include "cli/cli.h"

namespace alogd {

// Adds them below `family`, "anomalies" or "incidents".
void AddVerdictCommands(CLI::App* family, CliContext* context, const std::string& name);

}  // namespace alogd
