// SPDX-License-Identifier: MIT
// Options, training and loading of deeplog.
#include "models/deeplog/deeplog.h"

#include <fmt/format.h>

#include "core/config/option_visitor.h"
#include "models/sequence/network_training.h"

namespace alogd {
namespace {

constexpr std::string_view kName = "deeplog";

void Describe(OptionVisitor& v, GroupConfig& group) {
  DeepLogOptions& options = group.deeplog;
  v.Key("window", &options.window, CountValue{1, 1000});
  v.Key("top", &options.top, AutoCountValue{{1, 10'000}});
  v.Key("layers", &options.layers, ListValue<CountValue>{{1, 1024}, 1, 8});
  v.Key("embedding", &options.embedding, CountValue{1, 1024});
  v.Key("threshold", &options.threshold, AutoNumberValue{{0, 1000, true, false}});
  v.Key("dropout", &options.dropout, NumberValue{0, 1, false, true});
  v.Key("learning_rate", &options.learning_rate, NumberValue{0, 1, true, false});
  v.Key("learning_rate_decay", &options.learning_rate_decay, NumberValue{0, 1, true, false});
  v.Key("epochs", &options.epochs, CountValue{1, 100'000});
  v.Key("patience", &options.patience, CountValue{1, 100'000});
}

void Check(const GroupConfig& group, SectionChecks& checks) {
  const DeepLogOptions& options = group.deeplog;
  if (options.patience > options.epochs && checks.Given("patience"))
    checks.Warn("patience",
                fmt::format("{}: patience {} is over epochs {}, so training never stops early",
                            checks.path(), options.patience, options.epochs));
}

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
             .enabled = SwitchAt([](auto& group) -> auto& { return group.deeplog.enabled; }),
             .describe = Describe,
             .check = Check},
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
