// SPDX-License-Identifier: MIT
// All that the rest of the program knows of a detector: one constant in the detector's own folder,
// and one row of the table in models/registry/detectors.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/detection/detector.h"
#include "core/detection/detector_info.h"
#include "core/result.h"
#include "models/calibration/calibration.h"
#include "models/corpus/corpus.h"
#include "models/corpus/training_split.h"
#include "models/spec/candidate.h"
#include "models/tensors/safetensors.h"

namespace alogd {

// What a detector is trained on. It outlives the call.
struct TrainingTask {
  const Corpus& corpus;
  const TrainingSplit& split;
  const GroupConfig& group;
  uint64_t seed = 1;
  // Called now and then with a step and the share of this detector's training that is done, 0 to 1;
  // false stops it, and training fails with Interrupted().
  std::function<bool(const std::string& step, double done)> progress{};

  bool sessions() const { return group.stream.kind == StreamOptions::Kind::kSession; }
};
inline Error Interrupted() { return Error{"interrupted"}; }

// What became of a training. Without a detector there was nothing to learn from; a remark says so
// where that is not what one expects.
struct Trained {
  Candidate candidate;  // taught what is not held out, its calibration OutOfReach()
  TensorMap tensors;    // what a bundle keeps
  nlohmann::json entry = nlohmann::json::object();  // of the manifest: "parameters", "training"
  std::vector<std::string> remarks;                 // begin with the detector's name
};

// What a detector comes to life from. Views are valid during the call.
struct StoredDetector {
  const GroupConfig& group;
  bool bundle = false;  // there is one, whether or not this detector was trained in it
  // Of the bundle, by word; empty without one.
  std::span<const std::string> vocabulary{};
  std::span<const uint64_t> counts{};
  const std::vector<bool>& rare;
  // What it has of this detector; null and unset where it was not trained. A threshold that the
  // operator set is in the calibration already.
  const nlohmann::json* entry = nullptr;
  const TensorMap* tensors = nullptr;  // never null where the spec says `weights` and entry is set
  std::optional<Calibration> calibration{};

  uint32_t words() const { return static_cast<uint32_t>(vocabulary.size()); }
};

struct LiveDetector {
  std::unique_ptr<Detector> detector;
  std::vector<bool> number_words{};  // see ModelSet; empty: it wants none
};

// What training is going to read.
struct TrainingSize {
  uint64_t records = 0;
  uint64_t templates = 0;
};

struct DetectorSpec {
  DetectorInfo info;
  bool sessions_only = false;  // it judges whole sessions; streams have none
  // It comes to life from a bundle that has it, and only so.
  bool trained = true;
  bool weights = true;  // the bundle keeps tensors of it
  // Its first training sees nothing of the held-out part, so that after cross-fitting it is trained
  // once more, on everything.
  bool again = false;
  bool past = false;  // it judges a stream by that stream's past: one session says nothing
  // It has no opinion on windows with a template that training lacked, which novelty judges.
  bool known_only = false;
  // How long training takes, relative to that of other detectors.
  double effort = 1;
  // From threshold to an anomaly score of 100 at least, in its own unit; see FitCalibration.
  double span = 1;
  // The operator's own threshold, which then counts beside the joint one. Null: it has no such key.
  std::optional<double> (*threshold)(const GroupConfig& group) = nullptr;
  Result<Trained> (*train)(const TrainingTask& task) = nullptr;
  Result<LiveDetector> (*load)(const StoredDetector& stored) = nullptr;
  // What training takes at most beside the corpus, bytes; it is free again when the next begins.
  uint64_t (*memory)(const TrainingSize& size, const GroupConfig& group) = nullptr;
};

// No window of a calibration run shall make evidence.
inline Calibration OutOfReach() { return FitCalibration({}, 0); }

}  // namespace alogd
