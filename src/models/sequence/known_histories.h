// SPDX-License-Identifier: MIT
// What followed the histories that training saw often: counts, which the network's answer is mixed
// with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/result.h"
#include "models/tensors/safetensors.h"

namespace alogd {

struct HistoryTable;

// p = (count + weight * p_network) / (total + weight), the network being the prior of a Dirichlet
// (MacKay and Peto 1995, "A hierarchical Dirichlet language model"). A network that is stopped
// before it overfits gives what never came after a history that came a thousand times still some
// 1 in 5,000; the counts know better. Histories that are not known have the network's answer.
class KnownHistories {
 public:
  KnownHistories() = default;
  // Those that came at least kLeast times, the most frequent kMaxRows of them.
  explicit KnownHistories(const HistoryTable& table);

  // 0: not used.
  float weight() const { return weight_; }
  void set_weight(float weight) { weight_ = weight; }
  size_t rows() const { return totals_.size(); }

  // -ln p of `target` after `history`, from the network's. Histories of another length are unknown.
  float Mix(std::span<const uint32_t> history, uint32_t target, float nll) const;
  // The same for a distribution over all classes.
  void MixAll(std::span<const uint32_t> history, std::vector<float>* probabilities) const;

  // Into the tensors of a model with `words` templates; nothing where no history is known.
  void AddTo(TensorMap* tensors) const;
  static constexpr size_t kTensors = 5;  // that AddTo adds
  // Takes what AddTo made; unused where there is none of it.
  static Result<KnownHistories> From(const TensorMap& tensors, uint32_t words, uint32_t window);

  static constexpr float kLeast = 3;
  static constexpr size_t kMaxRows = 65'536;  // of ten words: 4 MiB

 private:
  static constexpr size_t kNone = SIZE_MAX;
  size_t Find(std::span<const uint32_t> history) const;
  std::span<const uint32_t> Row(size_t row) const {
    return std::span(histories_).subspan(row * window_, window_);
  }

  uint32_t window_ = 0;
  float weight_ = 0;
  std::vector<uint32_t> histories_;     // [row][window], rows ascending
  std::vector<float> totals_;           // [row]
  std::vector<uint32_t> target_begin_;  // [row + 1], into the two below
  std::vector<uint32_t> targets_;
  std::vector<float> counts_;
};

}  // namespace alogd
