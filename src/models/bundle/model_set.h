// SPDX-License-Identifier: MIT
// What training and loading must agree on about the scale of each detector; see bundle.h for the
// rest.
#pragma once

namespace alogd {

// From threshold to an anomaly score of 100 at least, in the detector's own unit (see
// FitCalibration).
inline constexpr double kLogAnomalySpan =
    3;                                     // z: twice what one odd record of fifteen usually makes
inline constexpr double kDeepLogSpan = 2;  // -log10 p: a hundred times as unlikely

}  // namespace alogd
