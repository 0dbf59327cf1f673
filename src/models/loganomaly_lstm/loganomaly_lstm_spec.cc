// SPDX-License-Identifier: MIT
// Options, training and loading of loganomaly_lstm.
#include "core/config/option_visitor.h"
#include "models/loganomaly_lstm/loganomaly_lstm.h"
#include "models/sequence/network_training.h"
#include "models/terms/term_fields.h"

namespace alogd {
namespace {

constexpr std::string_view kName = "loganomaly_lstm";

void Describe(OptionVisitor& v, GroupConfig& group) {
  LogAnomalyLstmOptions& options = group.loganomaly_lstm;
  v.Key("window", &options.window, CountValue{1, 256});
  v.Key("top", &options.top, AutoCountValue{{1, 10'000}});
  v.Key("layers", &options.layers, ListValue<CountValue>{{1, 1024}, 1, 4});
  v.Key("counts", &options.counts, CountValue{1, 1024});
  v.Key("features", &options.features, CountValue{1, 1000});
  v.Key("threshold", &options.threshold, AutoNumberValue{{0, 1000, true, false}});
  v.Key("learning_rate", &options.learning_rate, NumberValue{0, 1, true, false});
  v.Key("learning_rate_decay", &options.learning_rate_decay, NumberValue{0, 1, true, false});
  v.Key("epochs", &options.epochs, CountValue{1, 100'000});
  v.Key("patience", &options.patience, CountValue{1, 100'000});
}

Result<Trained> Train(const TrainingTask& task) {
  Trained trained;
  const std::optional<NetworkSequences> data = SequencesFor(kName, task, &trained.remarks);
  if (!data) return trained;
  const LogAnomalyLstmOptions& options = task.group.loganomaly_lstm;
  DeepLogReport report;
  Result<LogAnomalyLstmModel> model = TrainLogAnomalyLstm(
      data->train, data->held_out, task.split.vocabulary, CommonCounts(task.split), options,
      task.seed, EpochProgress(kName, task), &report);
  if (!model) return model.error();
  trained.tensors = ToTensors(*model);
  trained.entry = NetworkEntry(model->network, report);
  trained.entry["parameters"]["counts"] = options.counts;
  trained.entry["parameters"].update(TermParameters(model->terms));
  trained.candidate.detector = MakeLogAnomalyLstmDetector(std::move(*model), OutOfReach(),
                                                          options.top, task.split.vocabulary);
  return trained;
}

Result<LiveDetector> Load(const StoredDetector& stored) {
  Result<LogAnomalyLstmModel> model = LogAnomalyLstmFrom(
      *stored.tensors, stored.entry->value("parameters", nlohmann::json::object()), stored.words());
  if (!model) return model.error();
  return LiveDetector{MakeLogAnomalyLstmDetector(
      std::move(*model), *stored.calibration, stored.group.loganomaly_lstm.top,
      {stored.vocabulary.begin(), stored.vocabulary.end()})};
}

uint64_t Memory(const TrainingSize& size, const GroupConfig& group) {
  const LogAnomalyLstmOptions& options = group.loganomaly_lstm;
  const uint32_t last = options.layers.empty() ? 64 : options.layers.back();
  return NetworkMemory(size, options.window, options.features + last + 5ull * options.counts + 2);
}

}  // namespace

const DetectorSpec kLogAnomalyLstm = {
    .info = {.name = kName,
             .summary = "the same by the words of templates and their counts; off unless enabled",
             .voice = Voice::kOrder,
             .enabled =
                 SwitchAt([](auto& group) -> auto& { return group.loganomaly_lstm.enabled; }),
             .describe = Describe},
    .again = true,
    .known_only = true,
    .effort = 50,
    .span = kNetworkSpan,
    .threshold = [](const GroupConfig& group) { return group.loganomaly_lstm.threshold; },
    .train = Train,
    .load = Load,
    .memory = Memory,
};

}  // namespace alogd
