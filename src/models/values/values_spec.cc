// SPDX-License-Identifier: MIT
// Options, training and loading of values.
#include <algorithm>
#include <cmath>

#include "core/config/option_visitor.h"
#include "models/spec/detector_spec.h"
#include "models/values/values.h"

namespace alogd {
namespace {

void Describe(OptionVisitor& v, GroupConfig& group) {
  v.Key("history", &group.values.history, CountValue{1, 64});
  v.Key("least", &group.values.least, CountValue{50});
  v.Key("threshold", &group.values.threshold, AutoNumberValue{{0, 1e6, true, false}});
}

// The numbers of what is not held out, in order; rare templates have none to speak of.
void AddRecords(const TrainingTask& task, ValueTrainer* trainer) {
  struct Last {
    Time activity = kNoTime, time = kNoTime;
  };
  const Duration pause = task.sessions() ? task.group.stream.idle : task.group.max_gap;
  std::vector<Last> streams(task.corpus.streams.size());
  Time watermark = kNoTime;
  for (size_t i = 0; i < task.corpus.records.size(); ++i) {
    const CorpusRecord& record = task.corpus.records[i];
    watermark = std::max(watermark, record.time);
    Last& last = streams[record.stream];
    const bool follows = last.time != kNoTime && watermark - last.activity <= pause;
    const uint32_t word = task.split.word_of[record.word];
    if (!task.split.HeldOut(i) && !task.split.rare[word])
      trainer->Add(word, follows ? MillisBetween(last.time, record.time) : NAN,
                   task.corpus.NumbersOf(record));
    last = {watermark, record.time};
  }
}

Result<Trained> Train(const TrainingTask& task) {
  ValueTrainer trainer(task.group.values, task.seed);
  AddRecords(task, &trainer);
  bool stopped = false;
  ValueModel model = trainer.Finish([&](double done) {
    stopped = task.progress && !task.progress("values: templates with numbers", done);
    return !stopped;
  });
  if (stopped) return Interrupted();
  Trained trained;
  if (model.templates.empty()) return trained;  // as in most logs without numbers
  trained.tensors = ToTensors(model);
  trained.entry["parameters"] = {{"history", model.history}, {"templates", model.templates.size()}};
  trained.candidate.detector =
      MakeValuesDetector(std::move(model), task.split.vocabulary, OutOfReach());
  return trained;
}

Result<LiveDetector> Load(const StoredDetector& stored) {
  Result<ValueModel> model = ValuesFrom(*stored.tensors, stored.words());
  if (!model) return model.error();
  std::vector<bool> words = NumberWords(*model, stored.vocabulary.size());
  return LiveDetector{MakeValuesDetector(std::move(*model), stored.vocabulary, *stored.calibration),
                      std::move(words)};
}

}  // namespace

const DetectorSpec kValues = {
    .info = {.name = "values",
             .summary = "numbers in records, and the time before them",
             .voice = Voice::kContent,
             .numbers = true,
             .enabled = SwitchAt([](auto& group) -> auto& { return group.values.enabled; }),
             .describe = Describe},
    .again = true,
    .effort = 4,
    .span = kValuesSpan,
    .threshold = [](const GroupConfig& group) { return group.values.threshold; },
    .train = Train,
    .load = Load,
    // Rows of a gap, a count and some three numbers a record, as vectors that grow.
    .memory = [](const TrainingSize& size,
                 const GroupConfig&) { return size.records * 5 * sizeof(float) * 2; },
};

}  // namespace alogd
