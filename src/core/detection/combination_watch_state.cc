// SPDX-License-Identifier: MIT
// The counts of values as state: whole, or those that changed.
#include <algorithm>

#include "core/detection/combination_watch.h"

namespace alogd {

void CombinationWatch::SavePattern(uint32_t id, const Pattern& pattern, bool whole,
                                   StateWriter& out) {
  out.U64(id);
  out.Bool(whole);
  out.U64(pattern.text);
  out.Bool(pattern.free);
  out.U64(pattern.records);
  out.At(pattern.last);
  uint64_t varieties = 0;
  for (size_t i = 0; i < pattern.varieties.size(); ++i)
    varieties += whole || (pattern.touched >> i & 1);
  out.U64(varieties);
  for (size_t i = 0; i < pattern.varieties.size(); ++i) {
    if (!whole && !(pattern.touched >> i & 1)) continue;
    const Variety& variety = pattern.varieties[i];
    out.U8(static_cast<uint8_t>(i));
    out.Bool(variety.free);
    out.At(variety.last_new);
    out.I64(variety.longest.count());
    uint64_t counts = 0;
    for (const Count& known : variety.counts) counts += whole || known.listed;
    out.U64(counts);
    for (const Count& known : variety.counts) {
      if (!whole && !known.listed) continue;
      out.U64(known.key);
      out.U64(known.count);
    }
  }
}

bool CombinationWatch::LoadVariety(StateReader& in, Pattern* pattern) {
  const uint8_t index = in.U8();
  if (index >= pattern->varieties.size()) return false;
  Variety& variety = pattern->varieties[index];
  variety.free = in.Bool();
  variety.last_new = in.At();
  const int64_t longest = in.I64();
  // Times that the clock lets pass; thrice as long must not overflow.
  if (longest < 0 || longest > INT64_MAX / 8) return false;
  variety.longest = Duration(longest);
  if (variety.last_new != kNoTime && variety.last_new < Time{}) return false;
  const size_t most = index < kSlots ? kMostValues : kMostPairs;
  if (variety.free) variety.counts.clear();
  for (size_t n = in.Count(2); n > 0 && in.ok(); --n) {
    const uint64_t key = in.U64();
    const uint32_t count = in.U32();
    const auto known = std::find_if(variety.counts.begin(), variety.counts.end(),
                                    [key](const Count& c) { return c.key == key; });
    if (known != variety.counts.end())
      known->count = count;
    else if (variety.counts.size() < most)
      variety.counts.push_back({key, count, false});
    else
      return false;
  }
  return in.ok();
}

bool CombinationWatch::LoadPatterns(StateReader& in) {
  for (size_t n = in.Count(7); n > 0 && in.ok(); --n) {
    Pattern& pattern = patterns_[in.U32()];
    if (in.Bool()) pattern = Pattern();
    pattern.whole = false;
    pattern.text = in.U64();
    pattern.free = in.Bool();
    pattern.records = in.U64();
    pattern.last = in.At();
    for (size_t varieties = in.Count(4); varieties > 0 && in.ok(); --varieties)
      if (!LoadVariety(in, &pattern)) return false;
  }
  return in.ok() && patterns_.size() <= kMaxPatterns;
}

void CombinationWatch::Save(StateWriter& out) const {
  out.U64(patterns_.size());
  for (const auto& [id, pattern] : patterns_) SavePattern(id, pattern, true, out);
}

bool CombinationWatch::Load(StateReader& in) {
  patterns_.clear();
  changed_.clear();
  dropped_.clear();
  return LoadPatterns(in);
}

void CombinationWatch::SaveChanges(StateWriter& out) {
  out.U64(dropped_.size());
  for (const uint32_t id : dropped_) out.U64(id);
  out.U64(changed_.size());
  for (const uint32_t id : changed_) {
    Pattern& pattern = patterns_.at(id);
    SavePattern(id, pattern, pattern.whole, out);
    pattern.whole = false;
    for (size_t i = 0; i < pattern.varieties.size(); ++i)
      for (Count& known : pattern.varieties[i].counts) known.listed = false;
    pattern.touched = 0;
  }
  changed_.clear();
  dropped_.clear();
}

bool CombinationWatch::ApplyChanges(StateReader& in) {
  for (size_t n = in.Count(1); n > 0 && in.ok(); --n) patterns_.erase(in.U32());
  return LoadPatterns(in);
}

}  // namespace alogd
