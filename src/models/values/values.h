// SPDX-License-Identifier: MIT
// The values detector: numbers in records, and the time before them, against those of training.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/detection/detector.h"
#include "core/records/numbers.h"
#include "core/result.h"
#include "models/calibration/calibration.h"
#include "models/tensors/safetensors.h"
#include "models/values/value_lstm.h"

namespace alogd {

struct DetectorSpec;

// Templates that are modelled, those with the most records: a group's state and training stay
// small.
inline constexpr size_t kMaxValueTemplates = 64;
inline constexpr uint32_t kMaxValueHistory = 64;
inline constexpr uint32_t kValueUnits = 8;
// From threshold to an anomaly score of 100 at least, in standard deviations.
inline constexpr double kValuesSpan = 10;

// One number of a template's records, or the time before them.
struct ValuePlace {
  uint32_t number =
      0;  // 0: milliseconds since the record before in the stream; else the n-th number
  // Values are judged as asinh(value / unit): as they are up to about `unit`, beyond it by their
  // logarithm, for durations and sizes vary by factors.
  float unit = 1;
  float mean = 0, deviation = 1;  // of these in training; then they are standardised
  // Of what the prediction left over in the later part of training.
  float error_mean = 0, error_deviation = 1;

  float Standardised(float value) const { return (std::asinh(value / unit) - mean) / deviation; }
  float Value(float standardised) const {
    return std::sinh(standardised * deviation + mean) * unit;
  }
};

// DeepLog's parameter-value model (Du et al., CCS 2017, section 3.3), one a template: an LSTM over
// the vectors of its last records, trained by squared error, whose errors on later records are
// taken for Gaussian.
struct ValueTemplate {
  uint32_t word = 0;
  uint32_t numbers = 0;  // that its records have; those with more or fewer get no opinion
  std::vector<ValuePlace> places;
  std::vector<float> lstm;  // parameters; empty where the mean says as much

  ValueLstmShape shape() const { return {static_cast<uint32_t>(places.size()), kValueUnits}; }
};

struct ValueModel {
  uint32_t history = 5;                  // records of the template
  std::vector<ValueTemplate> templates;  // by rising word
};

TensorMap ToTensors(const ValueModel& model);
// Checks every number; `words`: size of the vocabulary.
Result<ValueModel> ValuesFrom(const TensorMap& tensors, uint32_t words);

// Collects the records of training and learns from them.
class ValueTrainer {
 public:
  ValueTrainer(const ValuesOptions& options, uint64_t seed) : options_(options), seed_(seed) {}

  // In order of time. `gap` in milliseconds since the record before in its stream; NaN: none.
  void Add(uint32_t word, float gap, std::span<const float> numbers);
  // Learns; false from `go_on`, asked before each template with the share done, ends it with what
  // there is then.
  ValueModel Finish(const std::function<bool(double)>& go_on) const;

 private:
  struct Samples {
    std::map<size_t, size_t> records;  // by how many numbers they have
    std::vector<float> rows;           // gap, count, numbers: one after the other
  };
  ValuesOptions options_;
  uint64_t seed_;
  std::map<uint32_t, Samples> words_;
};

// What `gap` is made of.
inline float MillisBetween(Time before, Time now) {
  return std::max(0.0f, static_cast<float>((now - before).count()) / 1000);
}

// The detector "values": a record's score is the largest of its places' |error| in standard
// deviations. Its windows are those of records with numbers (WindowSpec::each). `vocabulary` by
// word.
std::unique_ptr<Detector> MakeValuesDetector(ValueModel model,
                                             std::span<const std::string> vocabulary,
                                             const Calibration& calibration);
// By word: whether its records' numbers are wanted.
std::vector<bool> NumberWords(const ValueModel& model, size_t words);

// One record of a template as the network sees it: a standardised value a place, 0 (the mean) where
// there is none, within kMostDeviation.
inline constexpr float kMostDeviation = 6;
void StandardisedRow(const ValueTemplate& model, float gap, std::span<const float> numbers,
                     std::span<float> row);

extern const DetectorSpec kValues;

}  // namespace alogd
