// SPDX-License-Identifier: MIT
// Remembers which template a masked message that is no template's own text belongs to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.h"

namespace alogd {

// Direct-mapped and verified byte by byte. An entry answers only in the generation in which it was
// put: whoever changes what covers what begins a new one, and no answer can be stale.
class KeyCache {
 public:
  static constexpr size_t kEntries = 1 << 14;  // keys in turn at one time: a few hundred on a host
  static constexpr size_t kMaxKey = 512;       // bytes; 8 MiB at the most

  struct Entry {
    uint64_t hash = 0;
    uint64_t generation = 0;
    uint32_t value = 0;
    std::string key;
  };

  void NewGeneration() { ++generation_; }

  // ~0 where it is not known.
  uint32_t Find(std::string_view key, uint64_t hash) const {
    if (entries_.empty()) return ~uint32_t{0};
    const Entry& e = entries_[hash % kEntries];
    return e.hash == hash && e.generation == generation_ && e.key == key ? e.value : ~uint32_t{0};
  }

  void Put(std::string_view key, uint64_t hash, uint32_t value) {
    if (key.size() > kMaxKey) return;
    if (entries_.empty()) entries_.resize(kEntries);
    Entry& e = entries_[hash % kEntries];
    e.hash = hash;
    e.generation = generation_;
    e.value = value;
    e.key.assign(key);
  }

 private:
  uint64_t generation_ = 1;
  std::vector<Entry> entries_;
};

}  // namespace alogd
