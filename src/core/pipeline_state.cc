// SPDX-License-Identifier: MIT
// The group's state: written as deltas and shards with each unit, restored at start.
#include <fmt/format.h>

#include <algorithm>

#include "core/pipeline_impl.h"

namespace alogd {
namespace {

// First byte of every blob; another one is refused.
constexpr uint8_t kStateVersion = 3;

}  // namespace

void Pipeline::Impl::SaveTotals(StateWriter& out, bool whole) {
  uint64_t count = 0;
  for (const SourceTotals& t : totals) count += whole || t.changed;
  out.U64(count);
  for (size_t i = 0; i < totals.size(); ++i) {
    if (!whole && !totals[i].changed) continue;
    out.U64(i);
    out.U64(totals[i].records);
    out.At(totals[i].last);
  }
}

bool Pipeline::Impl::LoadTotals(StateReader& in) {
  for (size_t n = in.Count(3); n > 0 && in.ok(); --n) {
    const uint32_t i = in.U32();
    if (i >= parser.sources()) return false;
    if (i >= totals.size()) totals.resize(i + 1);
    totals[i].records = in.U64();
    totals[i].last = in.At();
  }
  return in.ok();
}

void Pipeline::Impl::SaveOpenRecords(StateWriter& out, bool whole) {
  if (!whole) {
    out.U64(closed_files_.size());
    for (const FileId file : closed_files_) out.I64(Index(file));
    closed_files_.clear();
  }
  uint64_t count = 0;
  for (const auto& [file, open] : open_records_) count += whole || open.changed;
  out.U64(count);
  for (auto& [file, open] : open_records_) {
    if (!whole && !std::exchange(open.changed, false)) continue;
    out.I64(Index(file));
    out.Bytes(open.key);
    out.U64(open.number);
    out.U8(open.severity);
  }
}

bool Pipeline::Impl::LoadOpenRecords(StateReader& in) {
  for (size_t n = in.Count(4); n > 0 && in.ok(); --n) {
    OpenRecord& open = open_records_[FileId{in.I64()}];
    open.key = in.Bytes();
    open.number = in.U64();
    open.severity = in.U8();
    open.changed = false;
  }
  return in.ok();
}

void Pipeline::Impl::SaveDetectors(StateWriter& out, bool whole) {
  out.U64(models.detectors.size());
  for (auto& detector : models.detectors) {
    std::string memory;
    StateWriter writer(&memory);
    whole ? detector->Save(writer) : detector->SaveChanges(writer);
    out.Bytes(detector->name());
    out.Bytes(memory);
  }
}

// A detector that is gone, or whose memory has another form since, is passed over: it begins anew.
bool Pipeline::Impl::LoadDetectors(StateReader& in, bool whole) {
  for (size_t n = in.Count(2); n > 0 && in.ok(); --n) {
    const std::string_view detector_name = in.Bytes();
    StateReader memory(in.Bytes());
    for (auto& detector : models.detectors) {
      if (detector->name() != detector_name) continue;
      static_cast<void>(whole ? detector->Load(memory) : detector->ApplyChanges(memory));
    }
  }
  return in.ok();
}

void Pipeline::Impl::SaveRest(StateWriter& out, bool whole) {
  whole ? parser.Save(out) : parser.SaveChanges(out);
  whole ? tracker.Save(out) : tracker.SaveChanges(out);
  SaveTotals(out, whole);
  SaveOpenRecords(out, whole);
  SaveDetectors(out, whole);
  whole ? rule_counts.Save(out) : rule_counts.SaveChanges(out);
  changes.Save(out);
  watches.Save(out, whole);
}

bool Pipeline::Impl::LoadRest(StateReader& in, bool whole) {
  if (whole ? !parser.Load(in) : !parser.ApplyChanges(in)) return false;
  if (whole ? !tracker.Load(in) : !tracker.ApplyChanges(in)) return false;
  if (!LoadTotals(in)) return false;
  if (!whole)
    for (size_t n = in.Count(1); n > 0 && in.ok(); --n) open_records_.erase(FileId{in.I64()});
  if (!LoadOpenRecords(in) || !LoadDetectors(in, whole)) return false;
  if (whole ? !rule_counts.Load(in) : !rule_counts.ApplyChanges(in)) return false;
  return changes.Load(in) && watches.Load(in, whole);
}

bool Pipeline::Impl::LoadSection(uint32_t shard, std::string_view bytes, bool whole) {
  StateReader in(bytes);
  if (shard == kRestShard) return LoadRest(in, whole);
  return whole ? windower->LoadShard(in) : windower->ApplyChanges(in);
}

Status Pipeline::Impl::ApplyDelta(const GroupState::Delta& delta) {
  const Error bad{fmt::format("the state of group {} is damaged at delta {}", name, delta.seq),
                  kDamagedState};
  StateReader in(delta.blob);
  if (in.U8() != kStateVersion) return bad;
  for (size_t n = in.Count(2); n > 0; --n) {
    const uint32_t shard = in.U32();
    const std::string_view bytes = in.Bytes();
    if (!in.ok() || shard >= kShardCount) return bad;
    if (delta.seq <= shard_seqs_[shard]) continue;  // the shard is younger
    if (!LoadSection(shard, bytes, false)) return bad;
  }
  return in.ok() ? Status() : Status(bad);
}

Status Pipeline::Impl::Restore(const GroupState& state) {
  for (const Template& row : state.templates) parser.catalog().Restore(row);
  parser.catalog().set_next_id(state.next_template_id);
  committed_ids_ = parser.catalog().next_id();
  for (const GroupState::Shard& shard : state.shards) {
    if (shard.index >= kShardCount || shard.blob.empty() || shard.blob[0] != char{kStateVersion} ||
        !LoadSection(shard.index, std::string_view(shard.blob).substr(1), true))
      return Error{fmt::format("the state of group {} is damaged in shard {}", name, shard.index),
                   kDamagedState};
    shard_seqs_[shard.index] = shard.seq;
    state_seq_ = std::max(state_seq_, shard.seq);
  }
  for (const GroupState::Delta& delta : state.deltas) {
    if (Status status = ApplyDelta(delta); !status) return status;
    state_seq_ = std::max(state_seq_, delta.seq);
    delta_bytes_ += delta.blob.size();
  }
  tracker.NumberAfter(state.last_anomaly_seq, state.last_incident_seq);
  discard_state_ = dirty = state.discarded;
  windower->FinishLoad();
  next_shard_ = static_cast<uint32_t>(std::min_element(shard_seqs_.begin(), shard_seqs_.end()) -
                                      shard_seqs_.begin());
  Bind();
  return {};
}

void Pipeline::Impl::SaveState(CommitUnit* unit) {
  auto sections = windower->SaveChanges();
  std::string rest;
  StateWriter rest_out(&rest);
  SaveRest(rest_out, false);
  sections.emplace_back(kRestShard, std::move(rest));
  StateWriter out(&unit->delta);
  out.U8(kStateVersion);
  out.U64(sections.size());
  for (const auto& [shard, bytes] : sections) {
    out.U64(shard);
    out.Bytes(bytes);
  }
  unit->state_seq = ++state_seq_;
  unit->discard_state = std::exchange(discard_state_, false);
  delta_bytes_ += unit->delta.size();
  if (!rewrite_rest_ && delta_bytes_ < std::max(kShardEvery, last_shard_bytes_)) return;
  StateShard& shard = unit->shard.emplace();
  shard.index = std::exchange(rewrite_rest_, false) ? kRestShard : next_shard_++ % kShardCount;
  shard.blob.push_back(char{kStateVersion});
  StateWriter shard_out(&shard.blob);
  shard.index == kRestShard ? SaveRest(shard_out, true)
                            : windower->SaveShard(shard.index, shard_out);
  shard_seqs_[shard.index] = state_seq_;
  delta_bytes_ = 0;
  last_shard_bytes_ = shard.blob.size();
  unit->drop_deltas_to = *std::min_element(shard_seqs_.begin(), shard_seqs_.end());
}

void Pipeline::Impl::TakeTotals(CommitUnit* unit) {
  for (uint32_t i = 0; i < totals.size(); ++i) {
    if (!std::exchange(totals[i].changed, false) || !parser.HasSource(SourceId{i})) continue;
    unit->sources.push_back({parser.SourceName(SourceId{i}),
                             std::string(parser.SourceFormat(SourceId{i})), totals[i].records,
                             totals[i].last});
  }
}

// Nothing refers to a source's number after a flush.
void Pipeline::Impl::LetSourcesGo() {
  if (leaving_.empty()) return;
  parser.ForgetSources(leaving_);
  for (const SourceId id : std::exchange(leaving_, {})) {
    if (Index(id) < totals.size()) totals[Index(id)] = {0, kNoTime, true};
  }
  dirty = true;
}

CommitUnit Pipeline::Impl::TakeUnit() {
  Flush();
  CommitUnit unit;
  unit.group = name;
  if (!std::exchange(dirty, false)) {
    LetSourcesGo();
    return unit;
  }
  tracker.Take(&unit);
  unit.templates = parser.catalog().TakeChanged();
  unit.new_ids = parser.catalog().next_id() > committed_ids_;
  committed_ids_ = parser.catalog().next_id();
  SaveState(&unit);
  TakeTotals(&unit);
  LetSourcesGo();
  return unit;
}

}  // namespace alogd
