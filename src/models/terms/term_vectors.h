// SPDX-License-Identifier: MIT
// Template texts as TF-IDF vectors over their words and word pairs.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace alogd {

// Lower-case words of a template text, cut at everything but letters, digits, _ and bytes of UTF-8;
// <*> is dropped. Then the n-grams of these, joined by a blank.
std::vector<std::string> Terms(std::string_view text, uint32_t ngram_min, uint32_t ngram_max);

// The features: which terms count, and how much.
struct TermWeights {
  uint32_t ngram_min = 1;
  uint32_t ngram_max = 2;
  std::vector<std::string> terms;
  std::vector<float> idf;  // by term: ln((1 + D) / (1 + df)) + 1 of D documents
};

// At most `features` terms of the documents, those with the highest sum of log(1 + count) over the
// documents they occur in: a term of many templates, or of frequent ones. Documents of count 0 are
// left out.
TermWeights FitTerms(std::span<const std::string> documents, std::span<const uint64_t> counts,
                     uint32_t features, uint32_t ngram_min, uint32_t ngram_max);

// Components of a vector of length 1 in fixed point, by term, ascending. Sums of integers do not
// depend on their order, so that a window's mean is the same bits however it was computed.
inline constexpr int32_t kTermOne = 1 << 16;
using TermVector = std::vector<std::pair<uint32_t, int32_t>>;

class TermVectors {
 public:
  // One vector for each of `vocabulary`, by word.
  TermVectors(TermWeights weights, std::span<const std::string> vocabulary);

  std::span<const std::pair<uint32_t, int32_t>> of(uint32_t word) const {
    return std::span(parts_).subspan(begins_[word], begins_[word + 1] - begins_[word]);
  }
  size_t words() const { return begins_.size() - 1; }
  const TermWeights& weights() const { return weights_; }

  // Of any text; empty where it has none of the terms.
  TermVector Vector(std::string_view text) const;
  // The word with the highest cosine to `vector`, the first of equal ones; kNone where none has a
  // term in common.
  static constexpr uint32_t kNone = UINT32_MAX;
  uint32_t Nearest(const TermVector& vector, float* cosine) const;

 private:
  TermWeights weights_;
  std::unordered_map<std::string, uint32_t> index_;  // of a term
  TermVector parts_;                                 // of all words, one after the other
  std::vector<size_t> begins_;                       // [words + 1]
  std::vector<std::vector<std::pair<uint32_t, int32_t>>> words_of_;  // by term: word, component
};

}  // namespace alogd
