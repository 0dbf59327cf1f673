// SPDX-License-Identifier: MIT
// LogAnomaly's network: the next template from the vectors of those before it and from their
// counts.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/detection/detector.h"
#include "core/result.h"
#include "models/calibration/calibration.h"
#include "models/sequence/sequence_model.h"
#include "models/tensors/safetensors.h"
#include "models/terms/term_vectors.h"

namespace alogd {

struct DetectorSpec;

// Meng et al., "LogAnomaly: Unsupervised Detection of Sequential and Quantitative Anomalies in
// Unstructured Logs" (IJCAI 2019, sections 4.2 to 4.4): an LSTM over the vectors of the window's
// templates and one over its count vectors, joined, give the next template; a template that
// training never saw is taken for the nearest one. TF-IDF vectors stand for template2vec, which
// wants dictionaries of synonyms. All else (START, END, known histories, limits, raw score) is
// DeepLog's, see deeplog.h.
struct LogAnomalyLstmModel {
  // Its embedding is fixed: row w the vector of template w, and one more component that only START
  // has.
  DeepLogModel network;
  TermWeights terms;
};

TensorMap ToTensors(const LogAnomalyLstmModel& model);
// Terms are strings, and stand in the manifest.
Result<LogAnomalyLstmModel> LogAnomalyLstmFrom(const TensorMap& tensors,
                                               const nlohmann::json& parameters, uint32_t words);

// As TrainDeepLog. `counts`: training records by word; 0 leaves a word out of the choice of terms.
Result<LogAnomalyLstmModel> TrainLogAnomalyLstm(
    const SequenceSet& train, const SequenceSet& held_out, std::span<const std::string> vocabulary,
    std::span<const uint64_t> counts, const LogAnomalyLstmOptions& options, uint64_t seed,
    const DeepLogCallback& progress, DeepLogReport* report);

// The detector "loganomaly_lstm". Less similar templates stand for nothing: half of the length of
// two vectors is then not shared.
inline constexpr float kLeastSimilar = 0.5f;
std::unique_ptr<Detector> MakeLogAnomalyLstmDetector(LogAnomalyLstmModel model,
                                                     const Calibration& calibration, uint32_t top,
                                                     std::vector<std::string> vocabulary);

extern const DetectorSpec kLogAnomalyLstm;

}  // namespace alogd
