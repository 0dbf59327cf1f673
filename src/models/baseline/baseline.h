// SPDX-License-Identifier: MIT
// The baseline detector: a window whose mix of templates is not that of its stream until now.
#pragma once

#include <memory>

#include "core/config/config.h"
#include "core/detection/detector.h"
#include "models/calibration/calibration.h"

namespace alogd {

struct DetectorSpec;

// Useful without any training: each stream is compared with itself.
//   f: share of each template in the window; e: their EWMA over the stream's windows so far
//   distance = sum |f - e| / 2 (total variation, 0 to 1) + share of records whose template is new
//   (0 to 1) raw = distance / max(q, 0.2), q: the running `quantile` of the stream's last 64
//   distances
// By definition one window in twenty is over its 0.95 quantile, so that alone is no anomaly: the
// threshold is a multiple of it. A stream is quiet until 20 windows have been seen; after a lasting
// change the EWMA follows within a few windows. All sessions of a group are one stream.
std::unique_ptr<Detector> MakeBaselineDetector(const BaselineOptions& options,
                                               const Calibration& calibration);

// Without training: 0 at twice the quantile, 100 at six times.
Calibration UntrainedBaselineCalibration();
inline constexpr double kBaselineSpan = 4;
// However even the held-out part was: what is not well over a stream's own quantile is no anomaly.
inline constexpr double kBaselineMinThreshold = 1.5;

extern const DetectorSpec kBaseline;

}  // namespace alogd
