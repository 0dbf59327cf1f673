// SPDX-License-Identifier: MIT
// A corpus divided for training: what is trained on, what is held out, which templates are too
// rare.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/result.h"
#include "models/corpus/corpus.h"

namespace alogd {

struct TrainingSplit {
  std::vector<std::string>
      vocabulary;                 // texts that occur, each once, in order of the corpus's words
  std::vector<uint32_t> word_of;  // vocabulary word by corpus word
  std::vector<uint64_t> counts;   // records by word, of the whole corpus
  std::vector<uint64_t> train_counts;  // of the part that is trained on
  // Words that sequence training leaves out: under the support floor, or not in the trained part at
  // all.
  std::vector<bool> rare;
  std::string rare_rule;  // the floor, in words
  // Records from `first_held_out` up to `end_held_out` are held out: a run in time, not a sample,
  // since what comes together is alike.
  size_t first_held_out = 0, end_held_out = 0;
  double held_out_days = 0;  // 0 only where nothing is held out
  double days = 0;           // of the whole corpus
  uint64_t sessions = 0;     // streams of the trained part, where streams are sessions

  bool HeldOut(size_t record) const { return record >= first_held_out && record < end_held_out; }
  // The records that follow the held-out part and are trained on: none but in cross-fitting.
  bool TrainedAfter(size_t record) const { return record >= end_held_out; }
};

// Templates in fewer sessions of the trained part than this are rare: faults that got into training
// data taken for normal (two such sessions of 4,855 cost DeepLog a fifth of its F1 on HDFS).
inline constexpr double kSupportFloor = 0.002;
// Streams without sessions: on fewer distinct days AND fewer records than these. A daily job is
// normal although it is seldom.
inline constexpr uint32_t kSupportDays = 3;
inline constexpr uint64_t kSupportRecords = 3;
inline constexpr double kSupportShare = 2e-5;  // of the records, where that is more

// The last share of the records is held out, since the test of a threshold is what comes later; or,
// for cross-fitting, the share that ends `back` such shares before the end. Fails where there are
// too few records to train on, or more templates than a bundle may hold.
Result<TrainingSplit> SplitCorpus(const Corpus& corpus, const GroupConfig& group, double held_out,
                                  uint32_t back = 0);
// Nothing is held out.
Result<TrainingSplit> WholeCorpus(const Corpus& corpus, const GroupConfig& group);

// The trained and the held-out runs of words for a sequence model: a run ends with its session, or
// at a pause over max_gap. Rare words stand as kUnknownWord. Trained sessions that hold one are
// left out whole; a session whose last record is in the held-out part is held out.
struct TrainingSequences {
  std::vector<std::vector<uint32_t>> train;
  std::vector<std::vector<uint32_t>> held_out;
  uint64_t left_out = 0;  // sessions
};
TrainingSequences MakeSequences(const Corpus& corpus, const TrainingSplit& split,
                                const GroupConfig& group);

// Training records by word, without the rare words unless all are rare: what features are chosen
// by, so that rare ones do not crowd out others.
std::vector<uint64_t> CommonCounts(const TrainingSplit& split);

}  // namespace alogd
