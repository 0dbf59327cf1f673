// SPDX-License-Identifier: MIT
// An open-addressing multimap from 64-bit hashes to numbers: the tables of the template index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace alogd {

// Linear probing, at most half full, deletion by shifting back: no tombstones, so the cost does not
// grow with what was deleted. std::unordered_multimap costs an allocation an entry and twice the
// misses on the line's hot path. Hashes are not trusted: callers verify what they find.
class HashIndex {
 public:
  void Insert(uint64_t hash, uint32_t value) {
    if ((size_ + 1) * 2 > slots_.size()) Grow();
    size_t at = Home(hash);
    while (slots_[at].used) at = Next(at);
    slots_[at] = {hash, value, true};
    ++size_;
  }

  void Erase(uint64_t hash, uint32_t value) {
    if (slots_.empty()) return;
    for (size_t at = Home(hash); slots_[at].used; at = Next(at)) {
      if (slots_[at].hash == hash && slots_[at].value == value) return EraseAt(at);
    }
  }

  // The first value under `hash`, in order of insertion, that `verify` accepts; kNone if there is
  // none.
  static constexpr uint32_t kNone = ~uint32_t{0};
  template <typename Verify>
  uint32_t Find(uint64_t hash, Verify verify) const {
    if (slots_.empty()) return kNone;
    for (size_t at = Home(hash); slots_[at].used; at = Next(at)) {
      if (slots_[at].hash == hash && verify(slots_[at].value)) return slots_[at].value;
    }
    return kNone;
  }

  size_t size() const { return size_; }

 private:
  struct Slot {
    uint64_t hash = 0;
    uint32_t value = 0;
    bool used = false;
  };

  size_t Home(uint64_t hash) const { return (hash ^ hash >> 32) & (slots_.size() - 1); }
  size_t Next(size_t at) const { return (at + 1) & (slots_.size() - 1); }

  void Grow() {
    std::vector<Slot> old(slots_.empty() ? 64 : slots_.size() * 2);
    old.swap(slots_);
    size_ = 0;
    for (const Slot& slot : old)
      if (slot.used) Insert(slot.hash, slot.value);
  }

  void EraseAt(size_t hole) {
    for (size_t at = Next(hole); slots_[at].used; at = Next(at)) {
      const size_t home = Home(slots_[at].hash);
      // It may move into the hole unless its home lies behind the hole, cyclically.
      if (((at - home) & (slots_.size() - 1)) >= ((at - hole) & (slots_.size() - 1))) {
        slots_[hole] = slots_[at];
        hole = at;
      }
    }
    slots_[hole].used = false;
    --size_;
  }

  std::vector<Slot> slots_;  // a power of two
  size_t size_ = 0;
};

}  // namespace alogd
