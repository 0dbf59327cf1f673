// SPDX-License-Identifier: MIT
// Remembers which template a key belongs to that is no template's own text.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
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

  // `expect(value, hint)` is called before the key is compared: what it fetches is there by then.
  template <typename Expect>
  uint32_t Find(std::string_view key, uint64_t hash, Expect expect) const {
    if (slots_.empty()) return kNone;
    for (size_t i = 0; i < kProbes; ++i) {
      const Slot& s = slots_[(hash + i) & (slots_.size() - 1)];
      if (s.hash != hash || s.generation != generation_) continue;
      expect(s.value, s.hint);
      if (s.key() == key) return s.value;
    }
    return kNone;
  }
  uint32_t Find(std::string_view key, uint64_t hash) const {
    return Find(key, hash, [](uint32_t, uint32_t) {});
  }

  void Put(std::string_view key, uint64_t hash, uint32_t value, uint32_t hint = 0) {
    if (key.size() > kMaxKey) return;
    if (used_ * 2 >= slots_.size() && slots_.size() < kMaxSlots) Grow();
    Slot& s = *Place(hash);
    if (s.generation != generation_) ++used_;
    s.hash = hash;
    s.generation = generation_;
    s.value = value;
    s.hint = hint;
    s.SetKey(key);
  }

 private:
  static constexpr size_t kProbes = 4;
  static constexpr size_t kFirstSlots = 1 << 10;
  // Twice as many keys as a group may have templates, so that few collide: 32 MiB, and only where
  // so many are in use between two changes.
  static constexpr size_t kMaxSlots = 1 << 18;
  static constexpr size_t kMaxKey = 1024;

  // Two cache lines side by side, with most keys in them: where the keys of all templates do not
  // fit in the processor's cache, a look costs one miss and not two.
  struct alignas(128) Slot {
    uint64_t hash = 0;
    uint64_t generation = 0;  // 0: never used
    uint32_t value = 0;
    uint32_t hint = 0;
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
