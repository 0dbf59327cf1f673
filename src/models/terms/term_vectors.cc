// SPDX-License-Identifier: MIT
// Cuts template texts into terms, chooses features and makes vectors.
#include "models/terms/term_vectors.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace alogd {
namespace {

bool IsWordByte(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c >= 0x80;
}

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  for (size_t i = 0; i < text.size();) {
    if (!IsWordByte(static_cast<unsigned char>(text[i]))) {  // of <*> nothing is left
      ++i;
      continue;
    }
    std::string word;
    for (; i < text.size() && IsWordByte(static_cast<unsigned char>(text[i])); ++i) {
      const char c = text[i];
      word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    words.push_back(std::move(word));
  }
  return words;
}

}  // namespace

std::vector<std::string> Terms(std::string_view text, uint32_t ngram_min, uint32_t ngram_max) {
  const std::vector<std::string> words = Words(text);
  std::vector<std::string> terms;
  for (uint32_t n = std::max(ngram_min, 1u); n <= ngram_max && n <= words.size(); ++n) {
    for (size_t i = 0; i + n <= words.size(); ++i) {
      std::string term = words[i];
      for (uint32_t k = 1; k < n; ++k) term.append(" ").append(words[i + k]);
      terms.push_back(std::move(term));
    }
  }
  return terms;
}

TermWeights FitTerms(std::span<const std::string> documents, std::span<const uint64_t> counts,
                     uint32_t features, uint32_t ngram_min, uint32_t ngram_max) {
  struct Use {
    double weight = 0;
    uint64_t documents = 0;
  };
  std::map<std::string, Use> uses;
  double all = 0;
  for (size_t d = 0; d < documents.size(); ++d) {
    if (counts[d] == 0) continue;
    all += 1;
    std::vector<std::string> terms = Terms(documents[d], ngram_min, ngram_max);
    std::sort(terms.begin(), terms.end());
    terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
    for (const std::string& term : terms) {
      Use& use = uses[term];
      use.weight += std::log1p(static_cast<double>(counts[d]));
      ++use.documents;
    }
  }
  std::vector<std::pair<std::string, Use>> ranked(uses.begin(), uses.end());
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.second.weight > b.second.weight; });
  ranked.resize(std::min<size_t>(ranked.size(), features));
  TermWeights weights{ngram_min, ngram_max, {}, {}};
  for (const auto& [term, use] : ranked) {
    weights.terms.push_back(term);
    weights.idf.push_back(
        static_cast<float>(std::log((1 + all) / (1 + static_cast<double>(use.documents))) + 1));
  }
  return weights;
}

TermVectors::TermVectors(TermWeights weights, std::span<const std::string> vocabulary)
    : weights_(std::move(weights)), words_of_(weights_.terms.size()) {
  for (uint32_t t = 0; t < weights_.terms.size(); ++t) index_.emplace(weights_.terms[t], t);
  begins_.push_back(0);
  for (uint32_t word = 0; word < vocabulary.size(); ++word) {
    for (const auto& part : Vector(vocabulary[word])) {
      parts_.push_back(part);
      words_of_[part.first].emplace_back(word, part.second);
    }
    begins_.push_back(parts_.size());
  }
}

TermVector TermVectors::Vector(std::string_view text) const {
  std::map<uint32_t, double> values;  // tf x idf
  for (const std::string& term : Terms(text, weights_.ngram_min, weights_.ngram_max)) {
    if (const auto it = index_.find(term); it != index_.end())
      values[it->second] += static_cast<double>(weights_.idf[it->second]);
  }
  double squares = 0;
  for (const auto& [term, value] : values) squares += value * value;
  const double length = std::sqrt(squares);
  TermVector vector;
  for (const auto& [term, value] : values)
    vector.emplace_back(term, static_cast<int32_t>(std::lround(value / length * kTermOne)));
  return vector;
}

uint32_t TermVectors::Nearest(const TermVector& vector, float* cosine) const {
  std::vector<int64_t> products(words(), 0);
  for (const auto& [term, value] : vector) {
    for (const auto& [word, other] : words_of_[term]) products[word] += int64_t{value} * other;
  }
  const auto best = std::max_element(products.begin(), products.end());
  if (best == products.end() || *best <= 0) return *cosine = 0, kNone;
  *cosine =
      static_cast<float>(*best) / (static_cast<float>(kTermOne) * static_cast<float>(kTermOne));
  return static_cast<uint32_t>(best - products.begin());
}

}  // namespace alogd
