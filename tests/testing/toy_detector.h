// SPDX-License-Identifier: MIT
// A detector that no program has: the same template more often in a row than training ever saw it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/config/option_visitor.h"
#include "core/detection/detector.h"
#include "models/corpus/training_windows.h"
#include "models/spec/detector_spec.h"

namespace alogd::testing {

struct ToyOptions {
  bool enabled = true;
  uint32_t window = 12;
  bool operator==(const ToyOptions&) const = default;
};

class ToyDetector : public StatelessDetector {
 public:
  ToyDetector(uint32_t window, uint32_t longest, const Calibration& calibration)
      : window_(window), longest_(longest), calibration_(calibration) {}

  std::string_view name() const override { return "toy_runs"; }
  WindowSpec spec() const override { return {.size = window_, .stride = 1, .span = {}}; }

  void ScoreBatch(const ScoreContext& context, std::span<const Window> windows,
                  std::span<Score> scores) override {
    for (size_t i = 0; i < windows.size(); ++i) scores[i] = ScoreOne(context, windows[i].events);
  }

  // Records at the window's end that are of one template.
  static uint32_t RunOf(std::span<const Event> events) {
    uint32_t run = 1;
    while (run < events.size() && events[events.size() - 1 - run].id == events.back().id) ++run;
    return run;
  }

 private:
  Score ScoreOne(const ScoreContext& context, std::span<const Event> events) const {
    Score score;
    const uint32_t run = RunOf(events);
    score.raw = run > longest_ ? static_cast<float>(run - longest_) : 0;
    score.anomaly = calibration_.Score(static_cast<double>(score.raw));
    if (!context.WantsEvidence(score)) return score;
    score.evidence = std::make_unique<Evidence>();
    score.evidence->detector = std::string(name());
    score.evidence->raw = score.raw;
    score.evidence->threshold = static_cast<float>(calibration_.threshold);
    score.evidence->anomaly = score.anomaly;
    score.evidence->unit = "records in a row beyond the longest run of training";
    score.evidence->last = static_cast<uint32_t>(events.size() - 1);
    score.evidence->first = score.evidence->last + 1 - run;
    score.evidence->summary =
        fmt::format("the same record {} times in a row; training saw it {} times", run, longest_);
    return score;
  }

  uint32_t window_, longest_;
  Calibration calibration_;
};

inline Result<Trained> TrainToy(const TrainingTask& task) {
  const uint32_t window = task.group.sections.Get<ToyOptions>().window;
  uint32_t longest = 0;
  const auto add = [&](std::span<const CorpusWindow> windows) {
    for (const CorpusWindow& item : windows)
      if (!item.held_out) longest = std::max(longest, ToyDetector::RunOf(item.window.events));
  };
  const auto progress = [&](double done) {
    return !task.progress || task.progress("toy_runs", done);
  };
  if (!RunWindows(task.corpus, task.split, task.group, WindowSpec{window, 1, {}},
                  {.windows = add, .ended = {}, .progress = progress}))
    return Interrupted();
  Trained trained;
  trained.tensors["runs"] = {{2}, {static_cast<float>(window), static_cast<float>(longest)}};
  trained.entry["parameters"] = {{"window", window}, {"longest", longest}};
  trained.candidate.detector = std::make_unique<ToyDetector>(window, longest, OutOfReach());
  return trained;
}

inline Result<LiveDetector> LoadToy(const StoredDetector& stored) {
  const auto runs = stored.tensors->find("runs");
  if (runs == stored.tensors->end() || runs->second.data.size() != 2)
    return Error{"the runs of toy_runs are missing; train again"};
  const std::vector<float>& data = runs->second.data;
  return LiveDetector{std::make_unique<ToyDetector>(
      static_cast<uint32_t>(data[0]), static_cast<uint32_t>(data[1]), *stored.calibration)};
}

inline constexpr DetectorSpec kToyDetector = {
    .info = {.name = "toy_runs",
             .summary = "one template more often in a row than ever",
             .voice = Voice::kOwn,
             .enabled = SwitchAt([](auto& group) -> auto& {
               return group.sections.template Get<ToyOptions>().enabled;
             }),
             .describe =
                 [](OptionVisitor& v, GroupConfig& group) {
                   v.Key("window", &group.sections.Get<ToyOptions>().window, CountValue{2, 100});
                 },
             .check =
                 [](const GroupConfig& group, SectionChecks& checks) {
                   if (group.sections.Get<ToyOptions>().window == 13)
                     checks.Error("window", checks.path() + ": 13 records bring bad luck");
                 }},
    .again = true,
    .span = 2,
    .train = TrainToy,
    .load = LoadToy,
    .memory = [](const TrainingSize& size, const GroupConfig&) { return size.templates; },
};

}  // namespace alogd::testing
