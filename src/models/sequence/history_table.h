// SPDX-License-Identifier: MIT
// The different histories of a set of sequences, with what followed each and how often.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/sequence/sequence_model.h"

namespace alogd {

// Logs repeat themselves: 100,000 windows of HDFS have 4,000 different histories, so one pass over
// these with their targets weighted is an epoch. In order of first appearance.
struct HistoryTable {
  uint32_t window = 0;
  std::vector<uint32_t> histories;     // [row][window]
  std::vector<uint32_t> target_begin;  // [rows + 1], into targets and counts
  std::vector<uint32_t> targets;       // words, or END
  std::vector<float> counts;           // how often it followed

  size_t rows() const { return target_begin.empty() ? 0 : target_begin.size() - 1; }
  std::span<const uint32_t> history(size_t row) const {
    return std::span(histories).subspan(row * window, window);
  }
  double windows() const;  // sum of counts
};

// Every position of every sequence, the first ones with START before them, and END after sessions.
// Windows with an unknown word are left out; so is what comes after `max_rows` different histories.
HistoryTable MakeHistoryTable(const SequenceSet& set, uint32_t window, size_t max_rows);

}  // namespace alogd
