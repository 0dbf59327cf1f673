// SPDX-License-Identifier: MIT
// Options, training and loading of novelty.
#include <cmath>

#include "core/config/option_visitor.h"
#include "models/novelty/novelty.h"
#include "models/spec/detector_spec.h"

namespace alogd {
namespace {

void Describe(OptionVisitor& v, GroupConfig& group) {
  v.Key("rare", &group.novelty.rare, AutoCountValue{{1, 1'000'000'000}});
  v.Key("learn_records", &group.novelty.learn_records, CountValue{});
  v.Key("pairs", &group.novelty.pairs, FlagValue{});
}

Result<Trained> Train(const TrainingTask& task) {
  const NoveltyOptions& options = task.group.novelty;
  NoveltyModel model = TrainNovelty(task.split.train_counts, task.split.rare, options.rare);
  Trained trained;
  trained.candidate.reach = -std::log10(model.new_share);
  const std::vector<CorpusRecord>& records = task.corpus.records;
  if (!records.empty()) model.span = records.back().time - records.front().time;
  trained.entry["parameters"] = {{"rare", options.rare},
                                 {"new_share", model.new_share},
                                 {"span_s", model.span / std::chrono::seconds(1)}};
  trained.candidate.detector = MakeNoveltyDetector(options, std::move(model), OutOfReach());
  return trained;
}

Result<double> NewShare(const nlohmann::json& entry) {
  const nlohmann::json::json_pointer where("/parameters/new_share");
  const nlohmann::json value = entry.contains(where) ? entry.at(where) : nlohmann::json();
  const double share = value.is_number() ? value.get<double>() : 0;
  if (share > 0 && share <= 1) return share;
  return Error{"the parameters of novelty are missing or malformed; train again"};
}

// Nothing where a bundle of before does not say it, or says nonsense: it is only told.
Duration TrainedSpan(const nlohmann::json& entry) {
  constexpr int64_t kMost = int64_t{100} * 366 * 86'400;
  const nlohmann::json::json_pointer where("/parameters/span_s");
  if (!entry.contains(where) || !entry.at(where).is_number_integer()) return {};
  const auto seconds = entry.at(where).get<int64_t>();
  return seconds > 0 && seconds < kMost ? Duration(std::chrono::seconds(seconds)) : Duration();
}

Result<LiveDetector> Load(const StoredDetector& stored) {
  NoveltyModel model;
  if (stored.bundle) {
    double new_share = 0;
    Duration span{};
    if (stored.entry) {
      span = TrainedSpan(*stored.entry);
      const Result<double> share = NewShare(*stored.entry);
      if (!share) return share.error();
      new_share = *share;
    }
    model = TrainNovelty(stored.counts, stored.rare, stored.group.novelty.rare, new_share);
    model.span = span;
  }
  return LiveDetector{
      MakeNoveltyDetector(stored.group.novelty, std::move(model),
                          stored.calibration.value_or(UntrainedNoveltyCalibration()))};
}

}  // namespace

const DetectorSpec kNovelty = {
    .info = {.name = "novelty",
             .summary = "templates that never came, or seldom",
             .enabled = SwitchAt([](auto& group) -> auto& { return group.novelty.enabled; }),
             .describe = Describe},
    .trained = false,
    .weights = false,
    .span = kNoveltySpan,
    .train = Train,
    .load = Load,
    .memory = [](const TrainingSize& size, const GroupConfig&) { return 16 * size.templates; },
};

}  // namespace alogd
