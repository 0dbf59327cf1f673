// SPDX-License-Identifier: MIT
// The novelty detector: templates that training never saw, or hardly ever.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/config/config.h"
#include "core/detection/detector.h"
#include "models/calibration/calibration.h"

namespace alogd {

struct DetectorSpec;

// What training knows of how often templates come. Raw scores are surprises: -log10 of the chance
// that a record is of a template as rare as this one or rarer, with the mass of the unseen ones
// estimated by the singletons (Good 1953, "The population frequencies of species", eq. 9).
struct NoveltyModel {
  bool trained = false;
  std::vector<uint64_t> counts;  // training records by word
  std::vector<float> surprise;   // by word; 0: an ordinary template
  uint64_t records = 0;
  Duration span{};       // of event time that these took; 0: not known
  double new_share = 0;  // chance that a record is of a template never seen
};

// `counts` by word; a count of 0 is a word that the model must take for unknown. `rare`: left out
// of sequences; words of at most `rare_count` records are rare as well. `new_share` above 0 stands
// in for the estimate from the singletons: a threshold is only good for the one it was calibrated
// with.
NoveltyModel TrainNovelty(std::span<const uint64_t> counts, const std::vector<bool>& rare,
                          uint32_t rare_count, double new_share = 0);

// Without training: a template is new when the group sees it for the first time after
// `learn_records` records, and surprises by the rate at which new ones have come lately. Scores are
// calibrated to 100 at one in a million.
Calibration UntrainedNoveltyCalibration();
inline constexpr double kNoveltySpan = 6;  // from threshold to top at least: one in a million

// Each record is judged on its own (a session by its most surprising one). A template that goes on
// coming surprises less and less: by its count so far, and by how often it came within the last
// day.
std::unique_ptr<Detector> MakeNoveltyDetector(const NoveltyOptions& options, NoveltyModel model,
                                              const Calibration& calibration);

extern const DetectorSpec kNovelty;

}  // namespace alogd
