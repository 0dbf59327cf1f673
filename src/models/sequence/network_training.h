// SPDX-License-Identifier: MIT
// What the detectors with a next-word network share of training: their sequences, what the manifest
// keeps of it, how far it is, and what it takes.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/sequence/sequence_model.h"
#include "models/spec/detector_spec.h"

namespace alogd {

// From threshold to an anomaly score of 100 at least: -log10 p, a hundred times as unlikely.
inline constexpr double kNetworkSpan = 2;

struct NetworkSequences {
  SequenceSet train, held_out;
};
// None where there are no sequences, or too many templates; `remarks` say so by the detector's
// `name`, and how many sessions were left out.
std::optional<NetworkSequences> SequencesFor(std::string_view name, const TrainingTask& task,
                                             std::vector<std::string>* remarks);

// Tells the task's progress, epoch by epoch.
DeepLogCallback EpochProgress(std::string_view name, const TrainingTask& task);

nlohmann::json NetworkEntry(const DeepLogModel& model, const DeepLogReport& report);

// Bytes that training takes with windows of `window` templates and `weights` a template.
uint64_t NetworkMemory(const TrainingSize& size, uint32_t window, uint64_t weights);

}  // namespace alogd
