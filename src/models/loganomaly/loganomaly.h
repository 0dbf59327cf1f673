// SPDX-License-Identifier: MIT
// The LogAnomaly detector: the mean template vector of a window against those of normal windows.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/config/config.h"
#include "core/detection/detector.h"
#include "core/result.h"
#include "models/calibration/calibration.h"
#include "models/tensors/safetensors.h"
#include "models/terms/term_vectors.h"

namespace alogd {

struct DetectorSpec;

// Template vectors after LogAnomaly (Meng et al., IJCAI 2019, section 4.1) with TF-IDF in place of
// word embeddings. raw = max over terms of |m - mean| / deviation, where m is the mean vector of
// the window and mean and deviation are those of normal WINDOW MEANS. The deviation of single
// records is about sqrt(window) times as large: divided by it, nothing is ever found.
struct LogAnomalyModel {
  uint32_t window = 15;
  uint32_t stride = 1;
  TermWeights terms;
  // Streams with statistics of their own, rows 1.. below; row 0 is the whole group's, for all
  // others.
  std::vector<std::string> streams;
  std::vector<float> mean;       // [1 + streams, terms]
  std::vector<float> deviation;  // likewise; never under the floor
};

// Words and numbers apart: weights are tensors, strings go to the manifest.
TensorMap ToTensors(const LogAnomalyModel& model);
nlohmann::json Parameters(const LogAnomalyModel& model);
Result<LogAnomalyModel> LogAnomalyFrom(const TensorMap& tensors, const nlohmann::json& parameters);

// Collects the statistics of normal windows.
class LogAnomalyTrainer {
 public:
  // `counts`: training records by word; 0 leaves a word out of the choice of terms. `own`: streams
  // that have enough records for statistics of their own (see kOwnStatistics).
  LogAnomalyTrainer(const LogAnomalyOptions& options, std::span<const std::string> vocabulary,
                    std::span<const uint64_t> counts, std::vector<std::string> own);

  void Add(const Window& window);
  size_t windows() const { return static_cast<size_t>(rows_[0].windows); }
  LogAnomalyModel Finish() const;

  // Records of a stream per record of the window before its own statistics beat the group's: its
  // windows overlap, so this is some 30 independent ones.
  static constexpr uint32_t kOwnStatistics = 30;
  static constexpr size_t kMaxOwn = 256;  // streams, those with the most records

 private:
  struct Row {
    double windows = 0;
    double records = 0;
    std::vector<double> sum, squares;  // of window means, by term
  };
  void AddTo(Row* row, double records) const;

  LogAnomalyOptions options_;
  TermVectors vectors_;
  std::vector<std::string> own_;
  std::unordered_map<std::string, size_t> row_of_;
  std::vector<Row> rows_;
  std::vector<int64_t> sums_;  // of one window, kept to save its allocation
};

// `vocabulary` by word. A template without a word takes the vector of the nearest known one.
std::unique_ptr<Detector> MakeLogAnomalyDetector(LogAnomalyModel model,
                                                 std::span<const std::string> vocabulary,
                                                 const Calibration& calibration);

extern const DetectorSpec kLogAnomaly;

}  // namespace alogd
