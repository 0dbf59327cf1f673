// SPDX-License-Identifier: MIT
// The counts detector: how often each template comes in a session or window, against those seen.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/config/config.h"
#include "core/detection/detector.h"
#include "core/result.h"
#include "models/calibration/calibration.h"
#include "models/tensors/safetensors.h"

namespace alogd {

struct DetectorSpec;

// Word and how often it came, by rising word; kUnknownWord last.
using CountVector = std::vector<std::pair<uint32_t, uint32_t>>;
CountVector CountWords(std::span<const Event> events);

// raw = 0 for a count vector that training saw, else min over those of
//   sum |a - b| / sum max(a, b) + the highest surprise of a template that differs.
// The first part is the Bray-Curtis family's Ruzicka distance: over 0, and 1 where nothing is in
// common. The second knows which numbers vary by nature: some templates come as often as there are
// retries or readers, others exactly three times.
struct CountsModel {
  uint32_t window = 20;
  uint32_t stride = 10;
  std::vector<CountVector> seen;  // each once
  // By word, and last for words that training does not know: -log10 of the chance that a normal
  // window is new because that word's number is. Estimated as Good (1953) does, by what came once:
  // (vectors that came once and differ there from the nearest other + 1/2) / (windows + 1).
  std::vector<float> surprise;
  // By word: too rare to be learned from. Empty: none is.
  std::vector<bool> rare;
  // Keys of streams, ascending, of whose held-out windows most had new numbers: theirs say nothing.
  std::vector<std::string> silent;
};

TensorMap ToTensors(const CountsModel& model);
// `words`: size of the vocabulary.
Result<CountsModel> CountsFrom(const TensorMap& tensors, size_t words);

// Collects the vectors of normal windows.
class CountsTrainer {
 public:
  // `words`: size of the vocabulary.
  CountsTrainer(const CountsOptions& options, size_t words) : options_(options), words_(words) {}
  void Add(const Window& window);
  bool empty() const { return seen_.empty(); }
  bool Saw(const Window& window) const { return seen_.contains(CountWords(window.events)); }
  // Windows after the limit that had vectors not seen before: they are not in the model.
  uint64_t left_out() const { return left_out_; }
  CountsModel Finish() const;

  // A miss is compared with all of them: 4,096 of ten templates are some 100,000 steps at most.
  static constexpr size_t kMaxVectors = 4096;
  // Templates of a vector beyond which it is not kept: such sessions never repeat exactly.
  static constexpr size_t kMaxWords = 1024;
  // Vectors that came once and are compared with all others, evenly spread: a second at the most.
  static constexpr size_t kCompared = 1024;
  // Streams that may be silent; of more, all that are named first by key.
  static constexpr size_t kMaxSilent = 1024;

 private:
  std::vector<float> Surprises(const std::vector<CountVector>& seen) const;

  CountsOptions options_;
  size_t words_;
  std::map<CountVector, uint64_t> seen_;  // and how often
  uint64_t windows_ = 0;
  uint64_t left_out_ = 0;
};

inline constexpr double kCountsSpan = 1;  // from threshold to top at least: ten times as seldom

// `vocabulary` by word, for evidence.
std::unique_ptr<Detector> MakeCountsDetector(CountsModel model,
                                             std::span<const std::string> vocabulary,
                                             const Calibration& calibration);

extern const DetectorSpec kCounts;

}  // namespace alogd
