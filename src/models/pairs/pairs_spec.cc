// SPDX-License-Identifier: MIT
// Options, training and loading of pairs.
#include <fmt/format.h>

#include <algorithm>

#include "models/pairs/pairs.h"
#include "models/spec/detector_spec.h"

namespace alogd {
namespace {

// Thresholds come from the trained part and the bundle knows all pairs: what the held-out part
// taught can only make it milder.
Result<Trained> Train(const TrainingTask& task) {
  const TrainingSequences sequences = MakeSequences(task.corpus, task.split, task.group);
  const auto words = static_cast<uint32_t>(task.split.vocabulary.size());
  PairsTrainer early(words, task.sessions()), all(words, task.sessions());
  for (const std::vector<uint32_t>& sequence : sequences.train)
    early.Add(sequence), all.Add(sequence);
  for (const std::vector<uint32_t>& sequence : sequences.held_out) all.Add(sequence);
  Trained trained;
  if (early.empty() || all.too_many()) {
    trained.remarks.push_back(fmt::format(
        "pairs: {}; it was left out",
        early.empty() ? "no sequence in the trained part" : "too many different ones to be news"));
    return trained;
  }
  const PairsModel model = all.Finish();
  trained.tensors = ToTensors(model);
  trained.entry["parameters"] = {{"pairs", model.second.size()}};
  trained.candidate.detector =
      MakePairsDetector(early.Finish(), task.split.vocabulary, OutOfReach());
  return trained;
}

Result<LiveDetector> Load(const StoredDetector& stored) {
  Result<PairsModel> model = PairsFrom(*stored.tensors, stored.words());
  if (!model) return model.error();
  return LiveDetector{MakePairsDetector(std::move(*model), stored.vocabulary, *stored.calibration)};
}

// The sequences, and two maps of pairs, a node each.
uint64_t Memory(const TrainingSize& size, const GroupConfig&) {
  const uint64_t pairs = std::min<uint64_t>(PairsTrainer::kMaxPairs, size.records);
  return size.records * sizeof(uint32_t) + 2 * pairs * 48;
}

}  // namespace

const DetectorSpec kPairs = {
    .info = {.name = "pairs",
             .summary = "two known templates that never followed each other",
             .voice = Voice::kOrder,
             .enabled = SwitchAt([](auto& group) -> auto& { return group.novelty.pairs; }),
             // Its switch is novelty's key `pairs`; a configuration without novelty has neither.
             .complete =
                 [](GroupConfig& group) {
                   if (!group.novelty.enabled) group.novelty.pairs = false;
                 }},
    .span = kPairsSpan,
    .train = Train,
    .load = Load,
    .memory = Memory,
};

}  // namespace alogd
