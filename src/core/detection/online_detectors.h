// SPDX-License-Identifier: MIT
// The table of the detectors that learn while they run, see Watches.
#pragma once

#include <span>

#include "core/detection/detector_info.h"

namespace alogd {

std::span<const DetectorInfo* const> OnlineDetectors();

}  // namespace alogd
