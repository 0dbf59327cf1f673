// SPDX-License-Identifier: MIT
// Statistics of normal window means, and their place in a bundle.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/corpus/corpus.h"
#include "models/loganomaly/loganomaly.h"
#include "models/terms/term_fields.h"

namespace alogd {
namespace {

// One record moves a window's mean by at most 1 / records. A deviation under a fifth of that would
// make an anomaly of the first record that carries a term new to the stream, whatever else stands
// there.
constexpr double kFloorRecords = 0.2;
constexpr uint32_t kMaxWindow = 1 << 16;

TermWeights Fit(const LogAnomalyOptions& options, std::span<const std::string> vocabulary,
                std::span<const uint64_t> counts) {
  return FitTerms(vocabulary, counts, options.features, options.ngram_min, options.ngram_max);
}

}  // namespace

LogAnomalyTrainer::LogAnomalyTrainer(const LogAnomalyOptions& options,
                                     std::span<const std::string> vocabulary,
                                     std::span<const uint64_t> counts, std::vector<std::string> own)
    : options_(options),
      vectors_(Fit(options, vocabulary, counts), vocabulary),
      own_(std::move(own)),
      rows_(1 + own_.size()),
      sums_(vectors_.weights().terms.size()) {
  for (size_t i = 0; i < own_.size(); ++i) row_of_.emplace(own_[i], i + 1);
  for (Row& row : rows_) {
    row.sum.resize(sums_.size());
    row.squares.resize(sums_.size());
  }
}

void LogAnomalyTrainer::Add(const Window& window) {
  std::fill(sums_.begin(), sums_.end(), 0);
  for (const Event& event : window.events) {
    if (event.word >= vectors_.words()) continue;
    for (const auto& [term, value] : vectors_.of(event.word)) sums_[term] += value;
  }
  const double records = static_cast<double>(window.events.size());
  AddTo(&rows_[0], records);
  if (const auto it = row_of_.find(std::string(LiveStream(window.stream))); it != row_of_.end())
    AddTo(&rows_[it->second], records);
}

void LogAnomalyTrainer::AddTo(Row* row, double records) const {
  row->windows += 1;
  row->records += records;
  for (size_t t = 0; t < sums_.size(); ++t) {
    const double mean = static_cast<double>(sums_[t]) / (records * kTermOne);
    row->sum[t] += mean;
    row->squares[t] += mean * mean;
  }
}

LogAnomalyModel LogAnomalyTrainer::Finish() const {
  LogAnomalyModel model{options_.window, options_.stride, vectors_.weights(), own_, {}, {}};
  for (const Row& own : rows_) {
    // A stream whose windows were all too short for one has the group's statistics.
    const Row& row = own.windows > 1 ? own : rows_[0];
    const double n = std::max(row.windows, 1.0);
    const double floor = kFloorRecords / std::max(row.records / n, 1.0);
    for (size_t t = 0; t < sums_.size(); ++t) {
      const double mean = row.sum[t] / n;
      const double variance = std::max(0.0, row.squares[t] / n - mean * mean);
      model.mean.push_back(static_cast<float>(mean));
      model.deviation.push_back(static_cast<float>(std::max(std::sqrt(variance), floor)));
    }
  }
  return model;
}

TensorMap ToTensors(const LogAnomalyModel& model) {
  const size_t terms = model.terms.terms.size();
  const size_t rows = 1 + model.streams.size();
  return {{"idf", {{terms}, model.terms.idf}},
          {"mean", {{rows, terms}, model.mean}},
          {"deviation", {{rows, terms}, model.deviation}}};
}

nlohmann::json Parameters(const LogAnomalyModel& model) {
  nlohmann::json parameters = {
      {"window", model.window}, {"stride", model.stride}, {"streams", EncodeAll(model.streams)}};
  parameters.update(TermParameters(model.terms));
  return parameters;
}

Result<LogAnomalyModel> LogAnomalyFrom(const TensorMap& tensors, const nlohmann::json& parameters) {
  LogAnomalyModel model;
  if (!parameters.is_object() || !TakeNumber(parameters, "window", 1, kMaxWindow, &model.window) ||
      !TakeNumber(parameters, "stride", 1, kMaxWindow, &model.stride) ||
      !TakeTermParameters(parameters, &model.terms) || !parameters.contains("streams") ||
      !TakeStrings(parameters["streams"], LogAnomalyTrainer::kMaxOwn, &model.streams))
    return Error{"loganomaly: parameters are missing or out of range"};
  const size_t terms = model.terms.terms.size();
  const size_t rows = 1 + model.streams.size();
  if (!TakeTensor(tensors, "idf", {terms}, &model.terms.idf) ||
      !TakeTensor(tensors, "mean", {rows, terms}, &model.mean) ||
      !TakeTensor(tensors, "deviation", {rows, terms}, &model.deviation))
    return Error{
        fmt::format("loganomaly: tensors do not fit {} terms and {} streams", terms, rows)};
  if (std::any_of(model.deviation.begin(), model.deviation.end(),
                  [](float v) { return v < 1e-9f; }))
    return Error{"loganomaly: a deviation is not above 0"};
  return model;
}

}  // namespace alogd
