// SPDX-License-Identifier: MIT
// How often something came before, and lately: what wears news off.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>

#include "core/oldest.h"
#include "core/state.h"
#include "core/types.h"

namespace alogd {

// By key, at most `most`; the longest unseen go first. What came daily must not stay news for ever,
// what comes monthly must: what counts as lately halves in a day. The state convention of
// core/state.h.
class RecentOccurrences {
 public:
  struct Before {
    uint64_t seen = 0;  // occurrences since it is remembered
    double lately = 0;  // likewise, each halved for every day since
  };

  explicit RecentOccurrences(size_t most) : most_(most) {}

  // What came before this occurrence, which is then counted.
  Before Count(uint64_t key, Time now) {
    Entry& entry = entries_[key];
    if (entry.at != kNoTime && now > entry.at) {
      // Subtracted as doubles: a damaged state may hold any time, and integers would overflow.
      const double us = static_cast<double>(Micros(now)) - static_cast<double>(Micros(entry.at));
      entry.before.lately *= std::exp2(-us / (1e6 * kHalfLifeSeconds));
    }
    const Before before = entry.before;
    ++entry.before.seen;
    entry.before.lately += 1;
    entry.at = std::max(entry.at, now);
    changed_.insert(key);
    dropped_.erase(key);
    if (entries_.size() > most_) DropOldest();
    return before;
  }

  void Save(StateWriter& out) const {
    out.U64(entries_.size());
    for (const auto& [key, entry] : entries_) SaveEntry(out, key, entry);
  }
  [[nodiscard]] bool Load(StateReader& in) {
    entries_.clear();
    changed_.clear();
    dropped_.clear();
    return LoadEntries(in);
  }
  void SaveChanges(StateWriter& out) {
    out.U64(dropped_.size());
    for (const uint64_t key : dropped_) out.U64(key);
    out.U64(changed_.size());
    for (const uint64_t key : changed_) SaveEntry(out, key, entries_.at(key));
    changed_.clear();
    dropped_.clear();
  }
  [[nodiscard]] bool ApplyChanges(StateReader& in) {
    for (size_t n = in.Count(1); n > 0 && in.ok(); --n) entries_.erase(in.U64());
    return LoadEntries(in);
  }

 private:
  static constexpr double kHalfLifeSeconds = 86'400;
  struct Entry {
    Before before;
    Time at = kNoTime;  // of the latest
  };

  void DropOldest() {
    for (const uint64_t key : OldestEighth(entries_, most_, [](const Entry& e) { return e.at; })) {
      entries_.erase(key);
      changed_.erase(key);
      dropped_.insert(key);
    }
  }

  static void SaveEntry(StateWriter& out, uint64_t key, const Entry& entry) {
    out.U64(key);
    out.U64(entry.before.seen);
    out.F64(entry.before.lately);
    out.At(entry.at);
  }
  bool LoadEntries(StateReader& in) {
    for (size_t n = in.Count(11); n > 0 && in.ok(); --n) {
      const uint64_t key = in.U64();
      Entry entry;
      entry.before.seen = in.U64();
      entry.before.lately = in.F64();
      entry.at = in.At();
      if (!in.ok() || !std::isfinite(entry.before.lately) || entry.before.lately < 0) return false;
      entries_[key] = entry;
    }
    return in.ok() && entries_.size() <= most_;
  }

  size_t most_;
  std::map<uint64_t, Entry> entries_;  // ordered: states are compared byte by byte
  std::set<uint64_t> changed_;         // since the last SaveChanges
  std::set<uint64_t> dropped_;         // likewise
};

}  // namespace alogd
