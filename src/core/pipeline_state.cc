// SPDX-License-Identifier: MIT
// The group's state: written as deltas and shards with each unit, restored at start.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "core/pipeline_impl.h"

namespace alogd {
namespace {

// `part` of an owner that follows the convention of core/state.h and outlives the table.
template <typename Owner>
StatePart Conventional(StatePart part, Owner* owner, std::function<void()> clear) {
  part.save = [owner](StateWriter& out, bool whole) {
    whole ? owner->Save(out) : owner->SaveChanges(out);
  };
  part.load = [owner](StateReader& in, uint32_t, bool whole) {
    return whole ? owner->Load(in) : owner->ApplyChanges(in);
  };
  part.clear = std::move(clear);
  return part;
}

}  // namespace

StatePart Pipeline::Impl::RestPart(std::string name, std::string what) {
  StatePart part;
  part.name = std::move(name);
  part.what = std::move(what);
  part.shard = kRestShard;
  return part;
}

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

void Pipeline::Impl::SaveClosedFiles(StateWriter& out) {
  out.U64(closed_files_.size());
  for (const FileId file : closed_files_) out.I64(Index(file));
  closed_files_.clear();
}

bool Pipeline::Impl::LoadClosedFiles(StateReader& in) {
  for (size_t n = in.Count(1); n > 0 && in.ok(); --n) open_records_.erase(FileId{in.I64()});
  return in.ok();
}

void Pipeline::Impl::SaveOpenRecords(StateWriter& out, bool whole) {
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

// The table of what is stored. To add a part: a row here, or one like the detectors' where there
// are several of a kind.
void Pipeline::Impl::AddParts() {
  AddParserParts();
  AddAnomalyParts();
  AddWatchParts();
  AddWindowParts();
  AddDetectorParts();
}

void Pipeline::Impl::AddParserParts() {
  StatePart clock = RestPart("clock", "the event times");
  clock.small = true;
  clock.version = EventClock::kVersion;
  clock.save = [this](StateWriter& out, bool) { parser.SaveClock(out); };
  clock.load = [this](StateReader& in, uint32_t version, bool) {
    return parser.LoadClock(in, version);
  };
  clock.clear = [this] { parser.ResetClock(); };
  parts_.Add(std::move(clock));

  // Totals go by the number of their source.
  StatePart sources = RestPart("sources", "the header formats and totals of the sources");
  sources.save = [this](StateWriter& out, bool whole) {
    parser.SaveSources(out, whole);
    SaveTotals(out, whole);
  };
  sources.load = [this](StateReader& in, uint32_t, bool whole) {
    return parser.LoadSources(in, whole) && LoadTotals(in);
  };
  sources.clear = [this] {
    parser.ClearSources();
    totals.clear();
  };
  parts_.Add(std::move(sources));

  StatePart templates = RestPart("templates", "the templates in use");
  templates.save = [this](StateWriter& out, bool whole) { parser.SaveTemplates(out, whole); };
  templates.load = [this](StateReader& in, uint32_t, bool whole) {
    return parser.LoadTemplates(in, whole);
  };
  templates.clear = [this] { parser.ClearTemplates(); };
  parts_.Add(std::move(templates));
}

void Pipeline::Impl::AddAnomalyParts() {
  parts_.Add(Conventional(RestPart("anomalies", "the open anomalies and incidents"), &tracker,
                          [this] { tracker.Clear(); }));

  StatePart records = RestPart("open-records", "the open records");
  records.save = [this](StateWriter& out, bool whole) {
    if (!whole) SaveClosedFiles(out);
    SaveOpenRecords(out, whole);
  };
  records.load = [this](StateReader& in, uint32_t, bool whole) {
    return (whole || LoadClosedFiles(in)) && LoadOpenRecords(in);
  };
  records.clear = [this] { open_records_.clear(); };
  parts_.Add(std::move(records));

  StatePart counts = Conventional(RestPart("rule-counts", "the counts of rules"), &rule_counts,
                                  [this] { rule_counts = RuleCounts(); });
  counts.save = [this, save = std::move(counts.save)](StateWriter& out, bool whole) {
    if (whole || rule_counts.changed()) save(out, whole);
  };
  parts_.Add(std::move(counts));

  StatePart quiet = RestPart("changes", "the times of reboots and upgrades");
  quiet.small = true;
  quiet.save = [this](StateWriter& out, bool) { changes.Save(out); };
  quiet.load = [this](StateReader& in, uint32_t, bool) { return changes.Load(in); };
  quiet.clear = [this] { changes = ChangeWatch(); };
  parts_.Add(std::move(quiet));
}

void Pipeline::Impl::AddWatchParts() {
  struct Row {
    const char* name;
    const char* what;
    Watches::Part part;
  };
  static constexpr Row kRows[] = {
      {"watch/time", "the time slots of rates and silences", Watches::Part::kTime},
      {"watch/rate", "the learned rates", Watches::Part::kRate},
      {"watch/silence", "the learned silences", Watches::Part::kSilence},
      {"watch/followers", "the learned followers", Watches::Part::kFollowers},
      {"watch/combinations", "the learned combinations", Watches::Part::kCombinations},
  };
  for (const Row& row : kRows) {
    const Watches::Part part = row.part;
    StatePart watch = RestPart(row.name, row.what);
    watch.small = part == Watches::Part::kTime;
    watch.save = [this, part](StateWriter& out, bool whole) { watches.Save(part, whole, out); };
    watch.load = [this, part](StateReader& in, uint32_t, bool whole) {
      return watches.Load(part, whole, in);
    };
    watch.clear = [this, part] { watches.Clear(part); };
    parts_.Add(std::move(watch));
  }
}

void Pipeline::Impl::AddWindowParts() {
  for (uint32_t shard = 0; shard < Windower::kShards; ++shard) {
    StatePart windows;
    windows.name = WindowPart(shard);
    windows.what = "the open windows of some streams";
    windows.shard = shard;
    windows.save = [this, shard](StateWriter& out, bool whole) {
      if (whole) return windower->SaveShard(shard, out);
      const std::string changed = std::exchange(window_changes_[shard], {});
      if (!changed.empty()) out.Bytes(changed);
    };
    windows.load = [this](StateReader& in, uint32_t, bool whole) {
      if (whole) return windower->LoadShard(in);
      StateReader changed(in.Bytes());
      return windower->ApplyChanges(changed) && changed.at_end();
    };
    windows.clear = [this, shard] { windower->ClearShard(shard); };
    parts_.Add(std::move(windows));
  }
}

// Of the detectors in force. One that the bundle does not have any more is passed over.
void Pipeline::Impl::AddDetectorParts() {
  parts_.Drop(kDetectorParts);
  for (const auto& owned : models.detectors) {
    Detector* const detector = owned.get();  // until the next Swap, which adds others
    std::string fresh;
    StateWriter fresh_out(&fresh);
    detector->Save(fresh_out);
    parts_.Add(Conventional(RestPart(std::string(kDetectorParts).append(detector->name()),
                                     fmt::format("the memories of detector {}", detector->name())),
                            detector, [detector, fresh = std::move(fresh)] {
                              StateReader in(fresh);
                              static_cast<void>(detector->Load(in));
                            }));
  }
}

std::string Pipeline::Impl::WindowPart(uint32_t shard) { return fmt::format("windows/{}", shard); }

Status Pipeline::Impl::CheckFormat(std::string_view blob) const {
  const uint8_t format = blob.empty() ? 0 : static_cast<uint8_t>(blob[0]);
  if (format <= kStateFormat || format > kLastStateFormat) return {};
  return Error{fmt::format("the state of group {} is of format {}, which a newer alogd wrote; this "
                           "one reads {} and {}: install the newer one again, or move the "
                           "database away to begin anew",
                           name, format, kPositionalFormat, kStateFormat),
               kNewerState};
}

Status Pipeline::Impl::RestoreShard(const GroupState::Shard& shard) {
  if (Status status = CheckFormat(shard.blob); !status) return status;
  if (IsPositional(shard.blob)) {
    if (!LoadPositionalShard(shard))
      return Error{fmt::format("the state of group {} is damaged in shard {}", name, shard.index),
                   kDamagedState};
  } else {
    parts_.LoadShard(shard.blob, shard.index);
  }
  if (shard.index >= kShardCount) return {};  // of parts that are unknown here
  shard_seqs_[shard.index] = shard.seq;
  state_seq_ = std::max(state_seq_, shard.seq);
  return {};
}

Status Pipeline::Impl::RestoreDelta(const GroupState::Delta& delta) {
  if (Status status = CheckFormat(delta.blob); !status) return status;
  if (IsPositional(delta.blob)) {
    if (!LoadPositionalDelta(delta))
      return Error{fmt::format("the state of group {} is damaged at delta {}", name, delta.seq),
                   kDamagedState};
  } else {
    parts_.LoadDelta(delta.blob, [&](uint32_t shard) { return delta.seq <= shard_seqs_[shard]; });
  }
  state_seq_ = std::max(state_seq_, delta.seq);
  delta_bytes_ += delta.blob.size();
  return {};
}

// An open record names a place in a window: where that is gone, it names none.
void Pipeline::Impl::CloseRecordsOfLostWindows() {
  bool lost = false;
  for (uint32_t shard = 0; shard < Windower::kShards; ++shard)
    lost |= parts_.IsAnew(WindowPart(shard));
  if (!lost) return;
  for (auto& [file, open] : open_records_) {
    open.key.clear();
    open.changed = true;
  }
}

Status Pipeline::Impl::Restore(const GroupState& state, std::vector<std::string>* remarks) {
  for (const Template& row : state.templates) parser.catalog().Restore(row);
  parser.catalog().set_next_id(state.next_template_id);
  committed_ids_ = parser.catalog().next_id();
  for (const GroupState::Shard& shard : state.shards)
    if (Status status = RestoreShard(shard); !status) return status;
  for (const GroupState::Delta& delta : state.deltas)
    if (Status status = RestoreDelta(delta); !status) return status;
  tracker.NumberAfter(state.last_anomaly_seq, state.last_incident_seq);
  CloseRecordsOfLostWindows();
  discard_state_ = state.discarded;
  // What begins anew is stored so by the next unit, and said once.
  dirty = state.discarded || parts_.anything_anew();
  if (remarks != nullptr) *remarks = parts_.Remarks();
  windower->FinishLoad();
  next_shard_ = static_cast<uint32_t>(std::min_element(shard_seqs_.begin(), shard_seqs_.end()) -
                                      shard_seqs_.begin());
  Bind();
  return {};
}

void Pipeline::Impl::SaveState(CommitUnit* unit) {
  for (auto& [shard, bytes] : windower->SaveChanges()) window_changes_[shard] = std::move(bytes);
  unit->delta = parts_.SaveDelta();
  unit->state_seq = ++state_seq_;
  unit->discard_state = std::exchange(discard_state_, false);
  delta_bytes_ += unit->delta.size();
  if (!rewrite_rest_ && delta_bytes_ < std::max(kShardEvery, last_shard_bytes_)) return;
  StateShard& shard = unit->shard.emplace();
  shard.index = std::exchange(rewrite_rest_, false) ? kRestShard : next_shard_++ % kShardCount;
  shard.blob = parts_.SaveShard(shard.index);
  shard_seqs_[shard.index] = state_seq_;
  delta_bytes_ = 0;
  last_shard_bytes_ = shard.blob.size();
  unit->drop_deltas_to = *std::min_element(shard_seqs_.begin(), shard_seqs_.end());
}

void Pipeline::Impl::TakeTotals(CommitUnit* unit) {
  for (uint32_t i = 0; i < totals.size(); ++i) {
    if (!std::exchange(totals[i].changed, false) || !parser.HasSource(SourceId{i})) continue;
    unit->sources.push_back({parser.SourceName(SourceId{i}), parser.SourceFormat(SourceId{i}),
                             totals[i].records, totals[i].last});
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
  unit.changes = changes.TakeChanges();
  unit.templates = parser.catalog().TakeChanged();
  unit.new_ids = parser.catalog().next_id() > committed_ids_;
  committed_ids_ = parser.catalog().next_id();
  SaveState(&unit);
  TakeTotals(&unit);
  LetSourcesGo();
  return unit;
}

}  // namespace alogd
