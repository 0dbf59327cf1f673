// SPDX-License-Identifier: MIT
// Remembers which template a key belongs to that is no template's own text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace alogd {

// Verified byte by byte. An entry answers only in the generation in which it was put: whoever
// changes what covers what begins a new one, and no answer can be stale. So forgetting costs time
// only, and what is in here is no part of the state.
class KeyCache {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};

  void NewGeneration() {
    ++generation_;
    used_ = 0;
  }

  uint32_t Find(std::string_view key, uint64_t hash) const {
    if (slots_.empty()) return kNone;
    for (size_t i = 0; i < kProbes; ++i) {
      const Slot& s = slots_[(hash + i) & (slots_.size() - 1)];
      if (s.hash == hash && s.generation == generation_ && s.key == key) return s.value;
    }
    return kNone;
  }

  void Put(std::string_view key, uint64_t hash, uint32_t value) {
    if (key.size() > kMaxKey) return;
    if (used_ * 2 >= slots_.size() && slots_.size() < kMaxSlots) Grow();
    Slot& s = *Place(hash);
    if (s.generation != generation_) ++used_;
    s.hash = hash;
    s.generation = generation_;
    s.value = value;
    s.key.assign(key);
  }

 private:
  static constexpr size_t kProbes = 4;
  static constexpr size_t kFirstSlots = 1 << 10;
  // Twice as many keys as a group may have templates, so that few collide: some 40 MiB, and only
  // where so many are in use between two changes.
  static constexpr size_t kMaxSlots = 1 << 18;
  static constexpr size_t kMaxKey = 1024;

  struct Slot {
    uint64_t hash = 0;
    uint64_t generation = 0;  // 0: never used
    uint32_t value = 0;
    std::string key;
  };

  // A free slot in reach, else one that the hash chooses.
  Slot* Place(uint64_t hash) {
    for (size_t i = 0; i < kProbes; ++i) {
      Slot& s = slots_[(hash + i) & (slots_.size() - 1)];
      if (s.generation != generation_) return &s;
    }
    return &slots_[(hash + (hash >> 60) % kProbes) & (slots_.size() - 1)];
  }

  void Grow() {
    std::vector<Slot> old(slots_.empty() ? kFirstSlots : slots_.size() * 2);
    old.swap(slots_);
    used_ = 0;
    for (Slot& s : old) {
      if (s.generation != generation_) continue;
      ++used_;
      *Place(s.hash) = std::move(s);
    }
  }

  uint64_t generation_ = 1;
  size_t used_ = 0;
  std::vector<Slot> slots_;  // a power of two
};

}  // namespace alogd
