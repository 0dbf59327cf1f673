// SPDX-License-Identifier: MIT
// Training and loading of baseline.
#include "models/baseline/baseline.h"
#include "models/spec/detector_spec.h"

namespace alogd {
namespace {

// It learns as it runs; training only finds its threshold.
Result<Trained> Train(const TrainingTask& task) {
  const BaselineOptions& options = task.group.baseline;
  Trained trained;
  trained.candidate.detector = MakeBaselineDetector(options, OutOfReach());
  trained.candidate.least_threshold = kBaselineMinThreshold;
  trained.entry["parameters"] = {{"window", options.window},
                                 {"stride", options.stride},
                                 {"ewm_alpha", options.ewm_alpha},
                                 {"quantile", options.quantile}};
  return trained;
}

}  // namespace

const DetectorSpec kBaseline = {
    .info = {.name = "baseline",
             .summary = "new templates in a window, and jumps of template frequencies",
             .voice = Voice::kContent,
             .enabled = SwitchAt([](auto& group) -> auto& { return group.baseline.enabled; })},
    .trained = false,
    .weights = false,
    .past = true,
    .span = kBaselineSpan,
    .train = Train,
    .load = [](const StoredDetector& stored) -> Result<LiveDetector> {
      return LiveDetector{MakeBaselineDetector(
          stored.group.baseline, stored.calibration.value_or(UntrainedBaselineCalibration()))};
    },
    .memory = [](const TrainingSize& size, const GroupConfig&) { return 64 * size.templates; },
};

}  // namespace alogd
