// SPDX-License-Identifier: MIT
// The table of the detectors that learn while they run, see Watches.
#pragma once

#include "core/detection/detector_info.h"

namespace alogd {

DetectorList OnlineDetectors();

}  // namespace alogd
