// SPDX-License-Identifier: MIT
// Gives DeepLog's network vectors and counts, and keeps it in a bundle.
#include "models/loganomaly_lstm/loganomaly_lstm.h"

#include <cassert>
#include <utility>

#include "models/terms/nearest_template.h"
#include "models/terms/term_fields.h"

namespace alogd {
namespace {

constexpr uint32_t kMaxNgram = 2;  // word pairs tell "VM started" from "started VM"

DeepLogOptions NetworkOptions(const LogAnomalyLstmOptions& options, size_t terms) {
  DeepLogOptions network;
  network.window = options.window;
  network.top = options.top;
  network.layers = options.layers;
  network.embedding = static_cast<uint32_t>(terms + 1);
  network.learning_rate = options.learning_rate;
  network.learning_rate_decay = options.learning_rate_decay;
  network.epochs = options.epochs;
  network.patience = options.patience;
  network.threshold = options.threshold;
  return network;
}

// [words + 1, terms + 1]: see LogAnomalyLstmModel.
std::vector<float> FixedRows(const TermVectors& vectors) {
  const size_t width = vectors.weights().terms.size() + 1;
  std::vector<float> rows((vectors.words() + 1) * width, 0.0f);
  for (uint32_t word = 0; word < vectors.words(); ++word)
    for (const auto& [term, value] : vectors.of(word))
      rows[word * width + term] = static_cast<float>(value) / static_cast<float>(kTermOne);
  rows.back() = 1;
  return rows;
}

}  // namespace

TensorMap ToTensors(const LogAnomalyLstmModel& model) {
  TensorMap tensors = ToTensors(model.network);
  tensors["idf"] = {{model.terms.idf.size()}, model.terms.idf};
  return tensors;
}

Result<LogAnomalyLstmModel> LogAnomalyLstmFrom(const TensorMap& tensors,
                                               const nlohmann::json& parameters, uint32_t words) {
  LogAnomalyLstmModel model;
  if (!TakeTermParameters(parameters, &model.terms))
    return Error{"loganomaly_lstm: its terms are missing or out of range; train again"};
  const size_t terms = model.terms.terms.size();
  if (!TakeTensor(tensors, "idf", {terms}, &model.terms.idf))
    return Error{"loganomaly_lstm: tensor idf is missing or does not fit its terms; train again"};
  Result<DeepLogModel> network = DeepLogFromTensors(tensors, words, /*others=*/1);
  if (!network) return network.error().With("loganomaly_lstm");
  if (network->options.embedding != terms + 1)
    return Error{"loganomaly_lstm: its vectors do not fit its terms; train again"};
  model.network = std::move(*network);
  return model;
}

Result<LogAnomalyLstmModel> TrainLogAnomalyLstm(
    const SequenceSet& train, const SequenceSet& held_out, std::span<const std::string> vocabulary,
    std::span<const uint64_t> counts, const LogAnomalyLstmOptions& options, uint64_t seed,
    const DeepLogCallback& progress, DeepLogReport* report) {
  assert(vocabulary.size() == train.words && counts.size() == train.words);
  TermWeights terms = FitTerms(vocabulary, counts, options.features, 1, kMaxNgram);
  const TermVectors vectors(terms, vocabulary);
  Result<DeepLogModel> network =
      TrainDeepLog(train, held_out, NetworkOptions(options, terms.terms.size()), seed, progress,
                   report, {options.counts, FixedRows(vectors)});
  if (!network) return network.error();
  return LogAnomalyLstmModel{std::move(*network), std::move(terms)};
}

std::unique_ptr<Detector> MakeLogAnomalyLstmDetector(LogAnomalyLstmModel model,
                                                     const Calibration& calibration, uint32_t top,
                                                     std::vector<std::string> vocabulary) {
  // What the network was not trained on is nobody's nearest.
  std::vector<std::string> trained = vocabulary;
  for (size_t word = 0; word < trained.size(); ++word)
    if (!(model.network.common[word] > 0)) trained[word].clear();
  auto nearest = std::make_unique<NearestTemplate>(std::move(model.terms), trained);
  return MakeSequenceDetector("loganomaly_lstm", std::move(model.network), calibration, top,
                              std::move(vocabulary), {std::move(nearest), kLeastSimilar});
}

}  // namespace alogd
