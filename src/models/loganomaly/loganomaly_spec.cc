// SPDX-License-Identifier: MIT
// Options, training and loading of loganomaly.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/config/option_visitor.h"
#include "models/corpus/training_windows.h"
#include "models/loganomaly/loganomaly.h"
#include "models/spec/detector_spec.h"

namespace alogd {
namespace {

// z: twice what one odd record of fifteen usually makes.
constexpr double kLogAnomalySpan = 3;

void Describe(OptionVisitor& v, GroupConfig& group) {
  LogAnomalyOptions& options = group.loganomaly;
  v.Key("window", &options.window, CountValue{1, 10'000});
  v.Key("stride", &options.stride, CountValue{1, 10'000});
  v.Key("features", &options.features, CountValue{1, 10'000});
  std::vector<uint32_t> ngrams = {options.ngram_min, options.ngram_max};
  v.Key("ngrams", &ngrams, ListValue<CountValue>{{1, 5}, 2, 2});
  options.ngram_min = ngrams[0];
  options.ngram_max = ngrams[1];
  v.Key("threshold", &options.threshold, AutoNumberValue{{0, 1e6, true, false}});
}

void Check(const GroupConfig& group, SectionChecks& checks) {
  const LogAnomalyOptions& options = group.loganomaly;
  checks.Stride(options.window, options.stride);
  if (options.ngram_min > options.ngram_max)
    checks.Error("ngrams", fmt::format("{}.ngrams: from {} to {}; write the smaller one first",
                                       checks.path(), options.ngram_min, options.ngram_max));
}

// Streams with enough records for statistics of their own, by falling number of records.
std::vector<std::string> OwnStreams(const TrainingTask& task) {
  if (task.sessions()) return {};
  const Corpus& corpus = task.corpus;
  std::map<std::string_view, uint64_t> records;
  for (size_t i = 0; i < corpus.records.size(); ++i)
    if (!task.split.HeldOut(i)) ++records[LiveStream(corpus.streams[corpus.records[i].stream])];
  std::vector<std::pair<uint64_t, std::string_view>> ranked;
  const uint64_t least = uint64_t{LogAnomalyTrainer::kOwnStatistics} * task.group.loganomaly.window;
  for (const auto& [stream, count] : records)
    if (count >= least) ranked.emplace_back(count, stream);
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  ranked.resize(std::min(ranked.size(), LogAnomalyTrainer::kMaxOwn));
  std::vector<std::string> names;
  for (const auto& [count, stream] : ranked) names.emplace_back(stream);
  return names;
}

// Windows with rare words are taken for contaminated, unless most have one.
Result<Trained> Train(const TrainingTask& task) {
  const LogAnomalyOptions& options = task.group.loganomaly;
  const std::vector<std::string>& vocabulary = task.split.vocabulary;
  LogAnomalyTrainer clean(options, vocabulary, CommonCounts(task.split), OwnStreams(task));
  LogAnomalyTrainer all = clean;
  const auto add = [&](std::span<const CorpusWindow> windows) {
    for (const CorpusWindow& item : windows) {
      if (item.held_out) continue;
      if (!item.window.session && item.window.events.size() < (options.window + 1) / 2) continue;
      all.Add(item.window);
      if (!HasRare(task.split, item.window)) clean.Add(item.window);
    }
  };
  const auto progress = [&](double done) {
    return !task.progress || task.progress("loganomaly: window means", done);
  };
  if (!RunWindows(task.corpus, task.split, task.group,
                  WindowSpec{options.window, options.stride, {}},
                  {.windows = add, .ended = {}, .progress = progress}))
    return Interrupted();
  Trained trained;
  if (all.windows() == 0) {
    trained.remarks.emplace_back("loganomaly: no window in the trained part; it was left out");
    return trained;
  }
  const bool mostly_clean = 2 * clean.windows() >= all.windows();
  LogAnomalyModel model = (mostly_clean ? clean : all).Finish();
  trained.tensors = ToTensors(model);
  trained.entry["parameters"] = Parameters(model);
  trained.candidate.detector = MakeLogAnomalyDetector(std::move(model), vocabulary, OutOfReach());
  return trained;
}

Result<LiveDetector> Load(const StoredDetector& stored) {
  if (!stored.entry->contains("parameters"))
    return Error{"the weights or parameters of loganomaly are missing; train again"};
  Result<LogAnomalyModel> model = LogAnomalyFrom(*stored.tensors, (*stored.entry)["parameters"]);
  if (!model) return model.error();
  return LiveDetector{
      MakeLogAnomalyDetector(std::move(*model), stored.vocabulary, *stored.calibration)};
}

// Two trainers with sums and squares by term, for the group and each stream of its own.
uint64_t Memory(const TrainingSize& size, const GroupConfig& group) {
  const uint64_t least =
      uint64_t{LogAnomalyTrainer::kOwnStatistics} * std::max(1u, group.loganomaly.window);
  const uint64_t rows = 1 + std::min<uint64_t>(LogAnomalyTrainer::kMaxOwn, size.records / least);
  return 2 * rows * group.loganomaly.features * 2 * sizeof(double);
}

}  // namespace

const DetectorSpec kLogAnomaly = {
    .info = {.name = "loganomaly",
             .summary = "windows about something else than normal ones, by the words of templates",
             .voice = Voice::kContent,
             .enabled = SwitchAt([](auto& group) -> auto& { return group.loganomaly.enabled; }),
             .describe = Describe,
             .check = Check},
    .again = true,
    .effort = 6,
    .span = kLogAnomalySpan,
    .threshold = [](const GroupConfig& group) { return group.loganomaly.threshold; },
    .train = Train,
    .load = Load,
    .memory = Memory,
};

}  // namespace alogd
