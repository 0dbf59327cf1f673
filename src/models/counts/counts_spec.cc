// SPDX-License-Identifier: MIT
// Options, training and loading of counts.
#include <fmt/format.h>

#include <algorithm>

#include "core/config/option_visitor.h"
#include "models/corpus/training_windows.h"
#include "models/counts/counts.h"
#include "models/spec/detector_spec.h"

namespace alogd {
namespace {

// Thresholds come from a model of the trained part, the bundle has that of all: what the held-out
// part taught can only make it milder.
Result<Trained> Train(const TrainingTask& task) {
  const CountsOptions& options = task.group.counts;
  const std::vector<std::string>& vocabulary = task.split.vocabulary;
  CountsTrainer early(options, vocabulary.size()), all(options, vocabulary.size());
  const auto add = [&](std::span<const CorpusWindow> windows) {
    for (const CorpusWindow& item : windows) {
      if (HasRare(task.split, item.window)) continue;
      if (!task.sessions() && item.window.events.size() < options.window) continue;
      if (!item.held_out) early.Add(item.window);
      all.Add(item.window);
    }
  };
  const auto progress = [&](double done) {
    return !task.progress || task.progress("counts: windows", done);
  };
  // A stream's windows may begin anywhere in its rhythm: one more record shifts all that follow.
  if (!RunWindows(task.corpus, task.split, task.group, WindowSpec{options.window, 1, {}},
                  {.windows = add, .ended = {}, .progress = progress}))
    return Interrupted();
  Trained trained;
  if (early.empty()) {
    trained.remarks.emplace_back("counts: no window in the trained part; it was left out");
    return trained;
  }
  if (all.left_out() > 0)
    trained.remarks.push_back(fmt::format("counts: {} windows had vectors over the limit of {}",
                                          all.left_out(), CountsTrainer::kMaxVectors));
  const CountsModel model = all.Finish();
  trained.tensors = ToTensors(model);
  trained.entry["parameters"] = {
      {"window", model.window}, {"stride", model.stride}, {"vectors", model.seen.size()}};
  trained.candidate.detector = MakeCountsDetector(early.Finish(), vocabulary, OutOfReach());
  return trained;
}

Result<LiveDetector> Load(const StoredDetector& stored) {
  Result<CountsModel> model = CountsFrom(*stored.tensors, stored.vocabulary.size());
  if (!model) return model.error();
  return LiveDetector{
      MakeCountsDetector(std::move(*model), stored.vocabulary, *stored.calibration)};
}

// Two sets of vectors, each in a node of a map.
uint64_t Memory(const TrainingSize& size, const GroupConfig& group) {
  const uint64_t vectors = std::min<uint64_t>(CountsTrainer::kMaxVectors, size.records);
  const uint64_t words = std::min<uint64_t>(
      {CountsTrainer::kMaxWords, size.templates, std::max<uint64_t>(group.counts.window, 1)});
  return 2 * vectors * (80 + words * sizeof(CountVector::value_type));
}

}  // namespace

const DetectorSpec kCounts = {
    .info = {.name = "counts",
             .summary = "how many records of which templates a session or window holds",
             .voice = Voice::kContent,
             .enabled = SwitchAt([](auto& group) -> auto& { return group.counts.enabled; }),
             .describe =
                 [](OptionVisitor& v, GroupConfig& group) {
                   v.Key("window", &group.counts.window, CountValue{2, 10'000});
                   v.Key("stride", &group.counts.stride, CountValue{1, 10'000});
                 },
             .check =
                 [](const GroupConfig& group, SectionChecks& checks) {
                   checks.Stride(group.counts.window, group.counts.stride);
                 }},
    .effort = 2,
    .span = kCountsSpan,
    .train = Train,
    .load = Load,
    .memory = Memory,
};

}  // namespace alogd
