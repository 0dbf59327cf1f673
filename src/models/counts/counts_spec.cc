// SPDX-License-Identifier: MIT
// Options, training and loading of counts.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/config/option_visitor.h"
#include "models/corpus/training_windows.h"
#include "models/counts/counts.h"
#include "models/spec/detector_spec.h"
#include "models/terms/term_fields.h"

namespace alogd {
namespace {

// Half of a stream's held-out windows at the least must have numbers that training saw; else new
// numbers are what is usual there.
constexpr double kLeastSeen = 0.5;
// Fewer held-out windows do not tell.
constexpr uint64_t kLeastHeldOut = 10;

// How many of a stream's held-out windows there are, and how many of them training saw.
struct Held {
  uint64_t windows = 0, seen = 0;
};
using HeldByStream = std::map<std::string, Held, std::less<>>;

std::vector<std::string> SilentStreams(const HeldByStream& streams) {
  std::vector<std::string> silent;
  for (const auto& [stream, held] : streams) {
    const double seen = static_cast<double>(held.seen) / static_cast<double>(held.windows);
    if (held.windows >= kLeastHeldOut && seen < kLeastSeen &&
        silent.size() < CountsTrainer::kMaxSilent)
      silent.push_back(stream);
  }
  return silent;
}

// Thresholds come from a model of the trained part, the bundle has that of all: what the held-out
// part taught can only make it milder.
Result<Trained> Train(const TrainingTask& task) {
  const CountsOptions& options = task.group.counts;
  const std::vector<std::string>& vocabulary = task.split.vocabulary;
  CountsTrainer early(options, vocabulary.size()), all(options, vocabulary.size());
  HeldByStream held;
  const auto add = [&](std::span<const CorpusWindow> windows) {
    for (const CorpusWindow& item : windows) {
      if (HasRare(task.split, item.window)) continue;
      if (!task.sessions() && item.window.events.size() < options.window) continue;
      if (!item.held_out) {
        early.Add(item.window);
      } else if (!task.sessions()) {
        Held& of = held[std::string(LiveStream(item.window.stream))];
        ++of.windows;
        of.seen += early.Saw(item.window);
      }
      all.Add(item.window);
    }
  };
  // Where windows begin is chance, and other after each pause: all places are learned.
  const auto progress = [&](double done) {
    return !task.progress || task.progress("counts: windows", done);
  };
  if (!RunWindows(task.corpus, task.split, task.group,
                  WindowSpec{options.window, task.sessions() ? options.stride : 1, {}},
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
  CountsModel model = all.Finish(), judge = early.Finish();
  model.silent = judge.silent = SilentStreams(held);
  judge.rare = task.split.rare;
  if (!model.silent.empty())
    trained.remarks.push_back(
        fmt::format("counts: silent in {} of {} streams, where most held-out windows have numbers "
                    "of records that training never saw",
                    model.silent.size(), held.size()));
  trained.tensors = ToTensors(model);
  trained.entry["parameters"] = {{"window", model.window},
                                 {"stride", model.stride},
                                 {"vectors", model.seen.size()},
                                 {"silent", EncodeAll(model.silent)}};
  trained.candidate.detector = MakeCountsDetector(std::move(judge), vocabulary, OutOfReach());
  return trained;
}

Result<LiveDetector> Load(const StoredDetector& stored) {
  Result<CountsModel> model = CountsFrom(*stored.tensors, stored.vocabulary.size());
  if (!model) return model.error();
  model->rare = stored.rare;
  // Bundles of before name none.
  const nlohmann::json parameters = stored.entry->value("parameters", nlohmann::json::object());
  if (parameters.contains("silent") &&
      (!TakeStrings(parameters["silent"], CountsTrainer::kMaxSilent, &model->silent) ||
       !std::is_sorted(model->silent.begin(), model->silent.end())))
    return Error{"the silent streams of counts are malformed; train again"};
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
