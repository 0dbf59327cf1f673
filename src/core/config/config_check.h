// SPDX-License-Identifier: MIT
// What no single value shows: defaults that depend on others, and values that do not go together.
#pragma once

#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/config/config_reader.h"

namespace alogd {

// After the last file: fills in the default group and paths, then checks values against each other.
void CompleteConfig(DetectorList detectors, Config* config);
// Those of SystemPaths() whose records the journal holds, too.
const std::vector<std::string>& SyslogFiles();
void CheckConfig(const Config& config, DetectorList detectors, ConfigNotes* notes);

}  // namespace alogd
