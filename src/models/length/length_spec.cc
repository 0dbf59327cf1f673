// SPDX-License-Identifier: MIT
// Options, training and loading of length.
#include <algorithm>

#include "core/config/option_visitor.h"
#include "models/corpus/training_windows.h"
#include "models/length/length.h"
#include "models/spec/detector_spec.h"

namespace alogd {
namespace {

// As with counts, thresholds come from the trained part and the bundle knows all sessions.
Result<Trained> Train(const TrainingTask& task) {
  const std::vector<std::string>& vocabulary = task.split.vocabulary;
  LengthTrainer early(vocabulary.size()), all(vocabulary.size());
  const auto add = [&](std::span<const CorpusWindow> windows) {
    for (const CorpusWindow& item : windows) {
      if (HasRare(task.split, item.window)) continue;
      if (!item.held_out) early.Add(item.window);
      all.Add(item.window);
    }
  };
  const auto progress = [&](double done) {
    return !task.progress || task.progress("length: sessions", done);
  };
  if (!RunWindows(task.corpus, task.split, task.group, WindowSpec{},
                  {.windows = add, .ended = {}, .progress = progress}))
    return Interrupted();
  Trained trained;
  if (early.empty()) return trained;
  const LengthModel model = all.Finish();
  trained.tensors = ToTensors(model);
  trained.entry["parameters"] = {{"shortest", model.lengths.begin()->first},
                                 {"longest", model.lengths.rbegin()->first}};
  trained.candidate.detector = MakeLengthDetector(early.Finish(), vocabulary, OutOfReach());
  return trained;
}

Result<LiveDetector> Load(const StoredDetector& stored) {
  Result<LengthModel> model = LengthFrom(*stored.tensors, stored.vocabulary.size());
  if (!model) return model.error();
  return LiveDetector{
      MakeLengthDetector(std::move(*model), stored.vocabulary, *stored.calibration)};
}

uint64_t Memory(const TrainingSize& size, const GroupConfig&) {
  const uint64_t lengths = std::min<uint64_t>(LengthModel::kMaxLengths, size.records);
  return 2 * (lengths * 48 + LengthModel::kMaxDurations * sizeof(double) + size.templates * 8);
}

}  // namespace

const DetectorSpec kLength = {
    .info = {.name = "length",
             .summary = "sessions too long, too short, too slow, or ended otherwise",
             .voice = Voice::kContent,
             .enabled = SwitchAt([](auto& group) -> auto& { return group.length.enabled; }),
             .describe = [](OptionVisitor&, GroupConfig&) {}},
    .sessions_only = true,
    .span = kLengthSpan,
    .train = Train,
    .load = Load,
    .memory = Memory,
};

}  // namespace alogd
