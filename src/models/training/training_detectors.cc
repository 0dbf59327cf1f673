// SPDX-License-Identifier: MIT
// Trains each detector of a group on one division of a corpus.
#include "models/training/training_detectors.h"

#include <utility>

namespace alogd {
namespace {

void Keep(const DetectorSpec& spec, const GroupConfig& group, Trained trained,
          TrainedDetectors* all) {
  for (std::string& remark : trained.remarks) all->remarks.push_back(std::move(remark));
  if (!trained.candidate.detector) return;
  const std::string name(spec.info.name);
  trained.candidate.min_span = spec.span;
  trained.candidate.voice = spec.info.voice;
  if (spec.threshold) trained.candidate.fixed_threshold = spec.threshold(group);
  all->candidates.push_back(std::move(trained.candidate));
  if (spec.weights) all->tensors[name] = std::move(trained.tensors);
  all->entries[name] = std::move(trained.entry);
}

}  // namespace

Result<TrainedDetectors> TrainDetectors(const DetectorTask& task) {
  double whole = 0, before = 0;
  for (const DetectorSpec* spec : task.wanted) whole += spec->effort;
  TrainedDetectors trained;
  for (const DetectorSpec* spec : task.wanted) {
    TrainingTask one{task.corpus, task.split, task.group, task.seed, {}};
    one.progress = [&](const std::string& step, double done) {
      return !task.progress || task.progress(step, (before + spec->effort * done) / whole);
    };
    if (!one.progress(std::string(spec->info.name), 0)) return Interrupted();
    if (!spec->sessions_only || one.sessions()) {
      Result<Trained> result = spec->train(one);
      if (!result) return result.error();
      Keep(*spec, task.group, std::move(*result), &trained);
    }
    before += spec->effort;
  }
  return trained;
}

}  // namespace alogd
