// SPDX-License-Identifier: MIT
// The option --detectors of train, scan and eval.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "core/detection/detector_info.h"

namespace alogd {

// Adds it to `command`, whose help then lists `detectors` with what each finds. `names` outlives
// the command. Which names there are is checked by what uses them.
void AddDetectorsOption(CLI::App* command, DetectorList detectors, std::vector<std::string>* names);

// Those that can be trained.
std::vector<const DetectorInfo*> TrainedDetectorInfos();

}  // namespace alogd
