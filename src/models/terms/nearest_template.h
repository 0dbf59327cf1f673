// SPDX-License-Identifier: MIT
// The known template whose vector is nearest to that of a template without one.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "core/types.h"
#include "models/terms/term_vectors.h"

namespace alogd {

class Catalog;

// Template approximation (Meng et al., IJCAI 2019, section 4.4): what training never saw is taken
// for what it resembles most. A function of the texts alone; what was found is remembered.
class NearestTemplate {
 public:
  struct Match {
    std::string text;  // that it was found for: a live template may widen
    uint32_t word = TermVectors::kNone;
    float cosine = 0;
  };

  // `vocabulary` by word; an empty text is nobody's nearest.
  NearestTemplate(TermWeights weights, std::span<const std::string> vocabulary)
      : vectors_(std::move(weights), vocabulary) {}

  const TermVectors& vectors() const { return vectors_; }
  // Valid until the next call.
  const Match& Find(const Catalog& catalog, TemplateId id);

 private:
  TermVectors vectors_;
  std::map<TemplateId, Match> found_;
};

}  // namespace alogd
