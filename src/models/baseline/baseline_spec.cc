// SPDX-License-Identifier: MIT
// Options, training and loading of baseline.
#include "core/config/option_visitor.h"
#include "models/baseline/baseline.h"
#include "models/spec/detector_spec.h"

namespace alogd {
namespace {

void Describe(OptionVisitor& v, GroupConfig& group) {
  BaselineOptions& options = group.baseline;
  v.Key("window", &options.window, CountValue{2, 10'000});
  v.Key("stride", &options.stride, CountValue{1, 10'000});
  v.Key("ewm_alpha", &options.ewm_alpha, NumberValue{0, 1, true, false});
  v.Key("quantile", &options.quantile, NumberValue{0, 1, true, true});
}

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
             .enabled = SwitchAt([](auto& group) -> auto& { return group.baseline.enabled; }),
             .describe = Describe,
             .check =
                 [](const GroupConfig& group, SectionChecks& checks) {
                   checks.Stride(group.baseline.window, group.baseline.stride);
                 }},
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
