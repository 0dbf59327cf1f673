// SPDX-License-Identifier: MIT
// The pairs detector: two templates that follow each other and never did in training.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/detection/detector.h"
#include "core/result.h"
#include "models/calibration/calibration.h"
#include "models/tensors/safetensors.h"

namespace alogd {

struct DetectorSpec;

// Pairs (bigrams) of words that follow each other in a stream. The word `words` stands before the
// first record of a session as a first word, and behind the last one as a second.
//
// raw = -log10 of the chance that what comes after a word never came after it, for n successors of
// which n1 came once (n1 + 1/2) / (n + 1) (Good 1953): where streams run side by side any word
// follows any, and a new pair says little. 0 for a pair that training saw; no opinion on words it
// did not learn from, which are novelty's to judge.
struct PairsModel {
  uint32_t words = 0;
  bool sessions = false;
  std::vector<uint32_t> begin;    // [words + 2], into second: successors of each first word
  std::vector<uint32_t> second;   // ascending within a first word
  std::vector<float> surprise;    // by first word; 0 where it was never followed
  std::vector<float> successors;  // by first word: how many records came after it

  bool Saw(uint32_t a, uint32_t b) const;
};

TensorMap ToTensors(const PairsModel& model);
Result<PairsModel> PairsFrom(const TensorMap& tensors, uint32_t words);

class PairsTrainer {
 public:
  PairsTrainer(uint32_t words, bool sessions) : words_(words), sessions_(sessions) {}
  // Words of one stream that follow each other, or a whole session; kUnknownWord pairs with
  // nothing.
  void Add(std::span<const uint32_t> sequence);
  // More pairs than this are noise: a host's logs have some thousand.
  static constexpr size_t kMaxPairs = 1 << 18;
  bool too_many() const { return counts_.size() > kMaxPairs; }
  bool empty() const { return counts_.empty(); }
  PairsModel Finish() const;

 private:
  uint32_t words_;
  bool sessions_;
  std::map<uint64_t, uint64_t> counts_;  // by first word << 32 | second
};

// From threshold to top at least, as novelty has it: raw is -log10 of a chance, 100 one in a
// million.
inline constexpr double kPairsSpan = 6;

// The detector "pairs"; repetition wears a new pair off as it does a new template, see novelty.
// `vocabulary` by word.
std::unique_ptr<Detector> MakePairsDetector(PairsModel model,
                                            std::span<const std::string> vocabulary,
                                            const Calibration& calibration);

extern const DetectorSpec kPairs;

}  // namespace alogd
