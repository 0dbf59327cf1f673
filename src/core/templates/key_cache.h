// SPDX-License-Identifier: MIT
// Remembers which template a key belongs to that is no template's own text.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "core/templates/huge_pages.h"
#include "core/types.h"

namespace alogd {

// Verified byte by byte. An entry answers only in the generation in which it was put: whoever
// changes what covers what begins a new one, and no answer can be stale. So forgetting costs time
// only, and what is in here is no part of the state.
class KeyCache {
 public:
  // A template's place in its index, and its id.
  struct Value {
    uint32_t entry = 0;
    TemplateId id = kNoTemplate;
  };

  void NewGeneration() {
    ++generation_;
    used_ = 0;
  }

  // Says that Find of this hash comes soon.
  void Prefetch(uint64_t hash) const {
    if (slots_.empty()) return;
    const size_t home = Home(hash);
    __builtin_prefetch(&tags_[home]);
    __builtin_prefetch(&slots_[home]);
    __builtin_prefetch(slots_[home].begin + 64);
  }

  // Null where it is not known; valid until the next Put. `expect(value)` is called before the key
  // is compared: what it fetches is there by then.
  template <typename Expect>
  const Value* Find(std::string_view key, uint64_t hash, Expect expect) const {
    if (slots_.empty()) return nullptr;
    for (size_t at = Home(hash), end = at + kProbes; at < end; ++at) {
      if (tags_[at] != Tag(hash)) continue;
      const Slot& s = slots_[at];
      if (s.hash != hash || s.generation != generation_) continue;
      expect(s.value);
      if (s.key() == key) return &s.value;
    }
    return nullptr;
  }
  const Value* Find(std::string_view key, uint64_t hash) const {
    return Find(key, hash, [](const Value&) {});
  }

  void Put(std::string_view key, uint64_t hash, Value value) {
    if (key.size() > kMaxKey) return;
    if (used_ * 2 >= Homes() && Homes() < kMostHomes) Grow();
    const size_t at = Place(hash);
    Slot& s = slots_[at];
    if (s.generation != generation_) ++used_;
    s.hash = hash;
    s.generation = generation_;
    s.value = value;
    s.SetKey(key);
    tags_[at] = Tag(hash);
  }

 private:
  static constexpr size_t kProbes = 4;
  static constexpr size_t kFirstHomes = 1 << 10;
  // Twice as many keys as a group may have templates, so that few collide: 33 MiB, and only where
  // so many are in use between two changes.
  static constexpr size_t kMostHomes = 1 << 18;
  static constexpr size_t kMaxKey = 1024;

  // Two cache lines side by side, with most keys in them: where the keys of all templates do not
  // fit in the processor's cache, a look costs one miss and not two.
  struct alignas(128) Slot {
    uint64_t hash = 0;
    uint64_t generation = 0;  // 0: never used
    Value value;
    uint32_t size = 0;
    char begin[92];                    // of the key
    std::unique_ptr<char[]> long_key;  // all of one that does not fit

    std::string_view key() const { return {size <= sizeof begin ? begin : long_key.get(), size}; }
    void SetKey(std::string_view key) {
      size = static_cast<uint32_t>(key.size());
      long_key = size <= sizeof begin ? nullptr : std::make_unique<char[]>(size);
      std::memcpy(long_key ? long_key.get() : begin, key.data(), size);
    }
  };
  static_assert(sizeof(Slot) == 128);

  // Slots behind the last home, so that a look never wraps.
  size_t Homes() const { return slots_.empty() ? 0 : slots_.size() - (kProbes - 1); }
  size_t Home(uint64_t hash) const { return hash & (Homes() - 1); }
  static uint32_t Tag(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }

  // A free slot in reach, else one that the hash chooses.
  size_t Place(uint64_t hash) const {
    const size_t home = Home(hash);
    for (size_t at = home; at < home + kProbes; ++at)
      if (slots_[at].generation != generation_) return at;
    return home + (hash >> 60) % kProbes;
  }

  void Grow() {
    const size_t homes = std::max(kFirstHomes, Homes() * 2);
    Slots old(homes + kProbes - 1);
    old.swap(slots_);
    tags_.assign(slots_.size(), 0);
    used_ = 0;
    for (Slot& s : old) {
      if (s.generation != generation_) continue;
      ++used_;
      const size_t at = Place(s.hash);
      tags_[at] = Tag(s.hash);
      slots_[at] = std::move(s);
    }
  }

  using Slots = std::vector<Slot, HugePageAllocator<Slot>>;
  uint64_t generation_ = 1;
  size_t used_ = 0;
  Slots slots_;  // a power of two of homes, and some behind
  // The high half of each slot's hash, side by side: slots of other keys are not looked at.
  std::vector<uint32_t, HugePageAllocator<uint32_t>> tags_;
};

}  // namespace alogd
