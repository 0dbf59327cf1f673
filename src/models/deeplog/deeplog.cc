// SPDX-License-Identifier: MIT
// Training and loading of deeplog.
#include "models/deeplog/deeplog.h"

#include <fmt/format.h>

#include "models/sequence/network_training.h"

namespace alogd {
namespace {

constexpr std::string_view kName = "deeplog";

Result<Trained> Train(const TrainingTask& task) {
  Trained trained;
  const std::optional<NetworkSequences> data = SequencesFor(kName, task, &trained.remarks);
  if (!data) return trained;
  DeepLogReport report;
  Result<DeepLogModel> model = TrainDeepLog(data->train, data->held_out, task.group.deeplog,
                                            task.seed, EpochProgress(kName, task), &report);
  if (!model) return model.error();
  trained.tensors = ToTensors(*model);
  trained.entry = NetworkEntry(*model, report);
  trained.candidate.detector = MakeDeepLogDetector(std::move(*model), OutOfReach(),
                                                   task.group.deeplog.top, task.split.vocabulary);
  return trained;
}

Result<LiveDetector> Load(const StoredDetector& stored) {
  Result<DeepLogModel> model = DeepLogFromTensors(*stored.tensors, stored.words());
  if (!model) return model.error();
  return LiveDetector{MakeDeepLogDetector(std::move(*model), *stored.calibration,
                                          stored.group.deeplog.top,
                                          {stored.vocabulary.begin(), stored.vocabulary.end()})};
}

uint64_t Memory(const TrainingSize& size, const GroupConfig& group) {
  const DeepLogOptions& options = group.deeplog;
  const uint32_t last = options.layers.empty() ? 64 : options.layers.back();
  return NetworkMemory(size, options.window, options.embedding + last + 1);
}

}  // namespace

std::unique_ptr<Detector> MakeDeepLogDetector(DeepLogModel model, const Calibration& calibration,
                                              uint32_t top, std::vector<std::string> vocabulary,
                                              size_t cache_windows) {
  return MakeSequenceDetector(std::string(kName), std::move(model), calibration, top,
                              std::move(vocabulary), {}, cache_windows);
}

const DetectorSpec kDeepLog = {
    .info = {.name = kName,
             .summary = "a record that does not follow from those before it, by their templates",
             .voice = Voice::kOrder,
             .enabled = SwitchAt([](auto& group) -> auto& { return group.deeplog.enabled; })},
    .again = true,
    .known_only = true,
    .effort = 25,
    .span = kNetworkSpan,
    .threshold = [](const GroupConfig& group) { return group.deeplog.threshold; },
    .train = Train,
    .load = Load,
    .memory = Memory,
};

}  // namespace alogd
