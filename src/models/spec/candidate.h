// SPDX-License-Identifier: MIT
// A detector on its way from training through calibration.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/detection/detector.h"

namespace alogd {

// A window and the raw score that the writer's machine gave it.
struct GoldenWindow {
  std::vector<uint32_t> words;
  bool session = false;
  float raw = 0;
};

struct Candidate {
  std::unique_ptr<Detector> detector;
  double least_threshold = 0;
  // The highest raw score there can be, 0 where there is none: it gets an anomaly score of at least
  // 50 where it is over the threshold at all.
  double reach = 0;
  // From its spec and the configuration, whatever its training says:
  double min_span = 1;                    // see FitCalibration
  std::optional<double> fixed_threshold;  // the operator's
  Voice voice = Voice::kOwn;
  // Filled by Judge:
  std::vector<float> raw;            // of the held-out windows with an opinion, but for
  uint64_t rare = 0;                 // so many with rare templates: detectors of order (Voice)
  std::vector<GoldenWindow> golden;  // some of them, evenly spread; stateless ones only
};

}  // namespace alogd
