// SPDX-License-Identifier: MIT
// The length detector: sessions too short, too long, too slow, or ended where sessions do not end.
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

// What training saw of n sessions. Three surprises, of which a session's raw score is the highest:
//   length    -log10 of the share of sessions as long or longer (or as short or shorter), and
//             |log2| of how far beyond the range it lies
//   duration  the same, of the time from first to last record
//   end       -log10 of the share of sessions that ended with its last template
// Shares are (k + 1/2) / (n + 1), so that what never came is half as likely as what came once.
struct LengthModel {
  std::map<uint32_t, uint64_t> lengths;  // sessions by number of records
  std::vector<double> durations;         // seconds, ascending; at most kMaxDurations, evenly drawn
  std::vector<uint64_t> ends;            // [words] sessions that ended with it

  static constexpr size_t kMaxDurations = 4096;
  static constexpr size_t kMaxLengths = 65'536;  // a session has at most 10,000 records by default
};

TensorMap ToTensors(const LengthModel& model);
Result<LengthModel> LengthFrom(const TensorMap& tensors, size_t words);

// Collects normal sessions.
class LengthTrainer {
 public:
  explicit LengthTrainer(size_t words) { model_.ends.assign(words, 0); }
  void Add(const Window& session);
  bool empty() const { return model_.lengths.empty(); }
  LengthModel Finish() const;

 private:
  LengthModel model_;
  uint64_t offered_ = 0, every_ = 1;  // durations kept: every so many
};

inline constexpr double kLengthSpan = 1;  // from threshold to top at least: ten times as seldom

// Has no opinion on windows that are no whole session. `vocabulary` by word, for evidence.
std::unique_ptr<Detector> MakeLengthDetector(LengthModel model,
                                             std::span<const std::string> vocabulary,
                                             const Calibration& calibration);

extern const DetectorSpec kLength;

}  // namespace alogd
