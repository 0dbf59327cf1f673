// SPDX-License-Identifier: MIT
// The counts detector: how often each template comes in a session or window, against those seen.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/config/config.h"
#include "core/detection/detector.h"
#include "core/result.h"
#include "models/bundle/safetensors.h"
#include "models/calibration.h"

namespace alogd {

// Word and how often it came, by rising word; kUnknownWord last.
using CountVector = std::vector<std::pair<uint32_t, uint32_t>>;
CountVector CountWords(std::span<const Event> events);

// raw = 0 for a count vector that training saw, else min over those of sum |a - b| / sum max(a, b)
// (the Bray-Curtis family's Ruzicka distance): over 0, and 1 where nothing is in common.
struct CountsModel {
  uint32_t window = 20;
  uint32_t stride = 10;
  std::vector<CountVector> seen;  // each once
};

TensorMap ToTensors(const CountsModel& model);
// `words`: size of the vocabulary.
Result<CountsModel> CountsFrom(const TensorMap& tensors, size_t words);

// Collects the vectors of normal windows.
class CountsTrainer {
 public:
  explicit CountsTrainer(const CountsOptions& options) : options_(options) {}
  void Add(const Window& window);
  bool empty() const { return seen_.empty(); }
  // Windows after the limit that had vectors not seen before: they are not in the model.
  uint64_t left_out() const { return left_out_; }
  CountsModel Finish() const;

  // A miss is compared with all of them: 4,096 of ten templates are some 100,000 steps at most.
  static constexpr size_t kMaxVectors = 4096;
  // Templates of a vector beyond which it is not kept: such sessions never repeat exactly.
  static constexpr size_t kMaxWords = 1024;

 private:
  CountsOptions options_;
  std::set<CountVector> seen_;
  uint64_t left_out_ = 0;
};

inline constexpr double kCountsSpan = 0.5;  // from threshold to top at least: half of the records

// `vocabulary` by word, for evidence.
std::unique_ptr<Detector> MakeCountsDetector(CountsModel model,
                                             std::span<const std::string> vocabulary,
                                             const Calibration& calibration);

}  // namespace alogd
