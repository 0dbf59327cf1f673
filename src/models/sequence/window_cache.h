// SPDX-License-Identifier: MIT
// Verdicts on windows seen before: logs repeat themselves.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/sequence/lstm_kernels.h"

namespace alogd {

// A bounded map from the words of a window (history and target) to the verdict on it. Sets of two
// entries; the one used longer ago makes way. Keys are compared word by word, so a hit is never of
// another window, whatever collides.
//
// Rejected: an unordered_map with an LRU list: four times the memory and an allocation a window.
class WindowCache {
 public:
  // At most `windows` entries and kMaxBytes of memory; 0: remembers nothing.
  WindowCache(size_t windows, uint32_t key_words);

  bool Find(std::span<const uint32_t> key, LstmVerdict* verdict);
  void Insert(std::span<const uint32_t> key, const LstmVerdict& verdict);

  uint64_t hits() const { return hits_; }
  uint64_t misses() const { return misses_; }
  size_t memory() const { return slots_.size() * sizeof(uint32_t); }

  static constexpr size_t kMaxBytes = 8 << 20;  // of a group's state budget of 32 MiB

 private:
  uint32_t* SetOf(std::span<const uint32_t> key);
  bool Holds(const uint32_t* slot, std::span<const uint32_t> key) const;

  uint32_t key_words_;
  size_t slot_words_;  // key, nll (its bits), rank; rank kEmpty: nothing there
  size_t sets_ = 0;    // a power of two, or 0
  std::vector<uint32_t> slots_;
  uint64_t hits_ = 0;
  uint64_t misses_ = 0;
};

}  // namespace alogd
