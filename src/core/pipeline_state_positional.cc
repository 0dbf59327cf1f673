// SPDX-License-Identifier: MIT
// Reads state of format 3, in which parts stood one behind the other, without names and checksums.
#include <algorithm>

#include "core/pipeline_impl.h"

namespace alogd {

bool Pipeline::Impl::IsPositional(std::string_view blob) {
  return !blob.empty() && static_cast<uint8_t>(blob[0]) == kPositionalFormat;
}

// A list of names, each with a form: those in the table are read, or begin anew.
bool Pipeline::Impl::LoadNamed(std::string_view prefix, StateReader& in, bool whole) {
  for (size_t n = in.Count(2); n > 0 && in.ok(); --n) {
    const std::string part = std::string(prefix).append(in.Bytes());
    const std::string_view body = in.Bytes();
    if (in.ok()) parts_.LoadBare(part, body, whole);
  }
  return in.ok();
}

bool Pipeline::Impl::LoadPositionalRest(StateReader& in, bool whole) {
  constexpr uint32_t kClock = 1;  // its form then
  if (!(whole ? parser.Load(in, kClock) : parser.ApplyChanges(in, kClock))) return false;
  if (!(whole ? tracker.Load(in) : tracker.ApplyChanges(in))) return false;
  if (!LoadTotals(in) || (!whole && !LoadClosedFiles(in)) || !LoadOpenRecords(in)) return false;
  if (!LoadNamed(kDetectorParts, in, whole)) return false;
  if (!(whole ? rule_counts.Load(in) : rule_counts.ApplyChanges(in))) return false;
  return changes.Load(in) && watches.Load(Watches::Part::kTime, whole, in) &&
         LoadNamed("watch/", in, whole);
}

bool Pipeline::Impl::LoadPositional(uint32_t shard, StateReader& in, bool whole) {
  if (shard == kRestShard) return LoadPositionalRest(in, whole);
  return whole ? windower->LoadShard(in) : windower->ApplyChanges(in);
}

bool Pipeline::Impl::LoadPositionalShard(const GroupState::Shard& shard) {
  StateReader in(std::string_view(shard.blob).substr(1));
  return shard.index < kShardCount && LoadPositional(shard.index, in, true);
}

bool Pipeline::Impl::LoadPositionalDelta(const GroupState::Delta& delta) {
  StateReader in(std::string_view(delta.blob).substr(1));
  for (size_t n = in.Count(2); n > 0; --n) {
    const uint32_t shard = in.U32();
    StateReader section(in.Bytes());
    if (!in.ok() || shard >= kShardCount) return false;
    if (delta.seq <= shard_seqs_[shard]) continue;  // the shard is younger
    if (!LoadPositional(shard, section, false)) return false;
  }
  return in.ok();
}

}  // namespace alogd
