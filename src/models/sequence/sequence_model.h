// SPDX-License-Identifier: MIT
// The next-word model of DeepLog and LogAnomaly: weights, training, and what scores with it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/detection/detector.h"
#include "core/result.h"
#include "models/calibration/calibration.h"
#include "models/sequence/known_histories.h"
#include "models/sequence/lstm.h"
#include "models/tensors/safetensors.h"
#include "models/terms/nearest_template.h"

namespace alogd {

// Templates a model can hold: 100,000 take 140 MB with 32 x 64 x 64; a log with more has none that
// repeat.
inline constexpr uint32_t kMaxDeepLogWords = 100'000;

// The next-word model of Du, Li, Zheng, Srikumar, "DeepLog" (CCS 2017, section 3.1), with an
// embedding, and two classes of words beyond the vocabulary's: START stands before the first record
// of a session or after a pause, END after the last record of a session. Both have the number
// `words`.
struct DeepLogModel {
  DeepLogOptions options;
  uint32_t words = 0;
  bool sessions = false;  // trained on whole sessions: END means something
  // g: a record among the `top` likeliest is judged leniently. Chosen on held-out data unless
  // fixed.
  uint32_t top = 0;
  // Added to END's loss, so that on held-out sessions it reaches as far as those of records.
  float end_shift = 0;
  std::vector<float> common;  // [words + 1], share of each class in training
  LstmLayout layout{};
  std::vector<float> parameters;  // layout.size
  KnownHistories known;           // its weight is chosen on held-out data
};

// Every field that scoring needs is in the tensors: "settings" and one tensor a weight matrix.
TensorMap ToTensors(const DeepLogModel& model);
// Checks names, shapes and settings against each other and `words`, the size of the vocabulary.
// `others`: tensors that are the caller's.
Result<DeepLogModel> DeepLogFromTensors(const TensorMap& tensors, uint32_t words,
                                        size_t others = 0);

// What training reads: runs of words that follow each other without a pause, or whole sessions.
// Words that training leaves out stand as kUnknownWord: no window holds one.
struct SequenceSet {
  uint32_t words = 0;
  std::vector<std::vector<uint32_t>> sequences;
  bool sessions = false;
};

struct DeepLogProgress {
  uint32_t epoch = 0;  // from 1
  uint32_t epochs = 0;
  double train_loss = 0;     // mean -ln p of the epoch so far
  double held_out_loss = 0;  // of the epoch before; NaN at first
};
// Called several times an epoch; false stops the training, which then fails with "interrupted".
using DeepLogCallback = std::function<bool(const DeepLogProgress&)>;

struct DeepLogReport {
  uint32_t epochs = 0;      // run
  uint32_t best_epoch = 0;  // whose weights were kept
  double train_loss = 0;    // mean -ln p a window, of the best epoch
  double held_out_loss = 0;
  uint64_t windows = 0;   // histories with what followed them
  uint64_t distinct = 0;  // different histories: what an epoch goes through
  uint64_t held_out_windows = 0;
  uint32_t top = 0;
  float end_shift = 0;
  float known_weight = 0;  // of the network beside the counts of known histories
  size_t known_histories = 0;
};

// What LogAnomaly's network has and DeepLog's has not.
struct NetworkExtras {
  uint32_t count_units = 0;  // of an LSTM over counts
  // [words + 1, options.embedding], in place of an embedding that is learned; empty: learned.
  std::vector<float> vectors;
};

// Trains until the held-out loss has not improved for options.patience epochs (on the training loss
// where held_out is empty), keeps the best weights, and sets top and end_shift on held_out. The
// same arguments give the same model, bit for bit, on one instruction set (see ActiveLstmKernels).
// Fails where no window can be made or the callback says so.
Result<DeepLogModel> TrainDeepLog(const SequenceSet& train, const SequenceSet& held_out,
                                  const DeepLogOptions& options, uint64_t seed,
                                  const DeepLogCallback& progress, DeepLogReport* report,
                                  const NetworkExtras& extras = {});

// -log10((1 - kCommonShare) p + kCommonShare * share of the class in training), from -ln p. The
// bound keeps a word that is everywhere from being absurd anywhere: sessions run side by side, and
// an LSTM is far too sure of the order of what is written at once. A rare word out of place stays
// absurd.
inline constexpr float kCommonShare = 1e-4f;
float DeepLogLoss(float nll, float common);
// The raw score of a record: its loss, less kTopRelief (at least 0) where it is among the `top`
// likeliest: likely enough by rank, it is held for abnormal only if its probability is smaller yet
// by so many orders of magnitude.
inline constexpr float kTopRelief = 2.0f;
float DeepLogRaw(float loss, uint32_t rank, uint32_t top);

// Templates that the network was not trained on are taken for the nearest one whose similarity is
// at least `least_similar`; without `nearest` they stay unknown.
struct StandIns {
  std::unique_ptr<NearestTemplate> nearest;
  float least_similar = 0;
};
// The detector `name` of a next-word model. `top` 0: the model's. `vocabulary`: template text by
// word, for evidence. `cache_windows`: verdicts remembered, 0 for none; they change no score.
inline constexpr size_t kSequenceCache = 1 << 16;  // windows; 4 MiB with a history of 10
std::unique_ptr<Detector> MakeSequenceDetector(std::string name, DeepLogModel model,
                                               const Calibration& calibration, uint32_t top,
                                               std::vector<std::string> vocabulary,
                                               StandIns stand_ins,
                                               size_t cache_windows = kSequenceCache);

// Appends [START..., words before `position`] as a history of `window` words. False, with nothing
// appended, where it would hold an unknown word.
bool AppendHistory(std::span<const uint32_t> words, size_t position, uint32_t window,
                   uint32_t start, std::vector<uint32_t>* histories);

}  // namespace alogd
