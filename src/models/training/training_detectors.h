// SPDX-License-Identifier: MIT
// Training of a group's detectors on one division of a corpus, ready to be calibrated.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/result.h"
#include "models/spec/detector_spec.h"

namespace alogd {

// What it refers to must outlive the call.
struct DetectorTask {
  const Corpus& corpus;
  const TrainingSplit& split;
  const GroupConfig& group;
  const std::vector<const DetectorSpec*>& wanted;
  uint64_t seed = 1;
  std::function<bool(const std::string& step, double done)> progress;  // as in TrainOptions
};

struct TrainedDetectors {
  std::vector<Candidate> candidates;                  // trained on what is not held out
  std::map<std::string, TensorMap> tensors;           // what a bundle keeps, by detector
  nlohmann::json entries = nlohmann::json::object();  // of the manifest, by detector
  std::vector<std::string> remarks;
};

// Those of `wanted` that the corpus gives anything to learn for; remarks say which it does not.
Result<TrainedDetectors> TrainDetectors(const DetectorTask& task);

}  // namespace alogd
