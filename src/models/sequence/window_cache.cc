// SPDX-License-Identifier: MIT
// Verdicts on windows seen before: logs repeat themselves.
#include "models/sequence/window_cache.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cassert>

namespace alogd {
namespace {

constexpr uint32_t kEmpty = ~0u;

}  // namespace

WindowCache::WindowCache(size_t windows, uint32_t key_words)
    : key_words_(key_words), slot_words_(size_t{key_words} + 2) {
  const size_t most = std::min(windows, kMaxBytes / (slot_words_ * sizeof(uint32_t)));
  sets_ = most >= 2 ? std::bit_floor(most / 2) : 0;
  slots_.assign(sets_ * 2 * slot_words_, kEmpty);
}

uint32_t* WindowCache::SetOf(std::span<const uint32_t> key) {
  assert(key.size() == key_words_);
  const uint64_t hash = XXH3_64bits(key.data(), key.size_bytes());
  return slots_.data() + (hash & (sets_ - 1)) * 2 * slot_words_;
}

bool WindowCache::Holds(const uint32_t* slot, std::span<const uint32_t> key) const {
  return slot[key_words_ + 1] != kEmpty && std::equal(key.begin(), key.end(), slot);
}

bool WindowCache::Find(std::span<const uint32_t> key, LstmVerdict* verdict) {
  if (sets_ == 0) return false;
  uint32_t* first = SetOf(key);
  uint32_t* second = first + slot_words_;
  if (!Holds(first, key)) {
    if (!Holds(second, key)) {
      ++misses_;
      return false;
    }
    std::swap_ranges(first, second, second);
  }
  ++hits_;
  verdict->nll = std::bit_cast<float>(first[key_words_]);
  verdict->rank = first[key_words_ + 1];
  return true;
}

void WindowCache::Insert(std::span<const uint32_t> key, const LstmVerdict& verdict) {
  if (sets_ == 0) return;
  uint32_t* first = SetOf(key);
  uint32_t* second = first + slot_words_;
  if (Holds(first, key) || Holds(second, key)) return;
  std::copy(first, second, second);
  std::copy(key.begin(), key.end(), first);
  first[key_words_] = std::bit_cast<uint32_t>(verdict.nll);
  first[key_words_ + 1] = verdict.rank;
}

}  // namespace alogd
