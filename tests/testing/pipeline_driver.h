// SPDX-License-Identifier: MIT
// Feeds a pipeline as the daemon does, and keeps what its units say as the database would.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/pipeline.h"

namespace alogd::testing {

// A line, and when it was written.
struct Given {
  int64_t seconds = 0;
  std::string text;
};

// Lines of one file of one source.
class PipelineDriver {
 public:
  PipelineDriver(std::string source, const Config& config, const GroupConfig& group,
                 ModelSet models)
      : config_(config), group_(group), source_name_(std::move(source)) {
    Start(std::move(models), {});
  }

  // Begins anew from `state`, as after a restart.
  void Start(ModelSet models, const GroupState& state) {
    auto created = Pipeline::Create(config_, group_, std::move(models), nullptr);
    ASSERT_TRUE(created.ok()) << created.error().message;
    pipeline_ = std::move(*created);
    const Status restored = pipeline_->Restore(state);
    ASSERT_TRUE(restored.ok()) << restored.error().message;
    source_ = pipeline_->AddSource(source_name_, kNoTime);
  }
  // Takes over what the database holds of a group, without its anomalies.
  void Keep(const GroupState& state) {
    for (const Template& row : state.templates) templates_.insert_or_assign(Index(row.id), row);
    next_id_ = state.next_template_id;
    for (const auto& shard : state.shards) shards_.insert_or_assign(shard.index, shard);
    deltas_ = state.deltas;
  }
  void Feed(const std::string& text) {
    const auto bytes = static_cast<uint32_t>(text.size() + 1);
    pipeline_->Feed(source_, FileId{1}, Line{text, offset_, bytes, false, false});
    offset_ += bytes;
  }
  // What the database would do with a unit.
  void Commit() {
    CommitUnit unit = pipeline_->TakeUnit();
    for (Anomaly& a : unit.anomalies) anomalies_.insert_or_assign(a.seq, std::move(a));
    for (Incident& i : unit.incidents) incidents_.insert_or_assign(i.seq, std::move(i));
    for (Template& t : unit.templates) {
      templates_.insert_or_assign(Index(t.id), t);
      next_id_ = std::max(next_id_, Index(t.id) + 1);
    }
    for (const SourceRow& s : unit.sources) records_ = s.records;
    if (!unit.delta.empty()) deltas_.push_back({unit.state_seq, unit.delta});
    if (unit.shard)
      shards_[unit.shard->index] = {unit.shard->index, unit.state_seq, unit.shard->blob};
    std::erase_if(deltas_, [&](const auto& delta) { return delta.seq <= unit.drop_deltas_to; });
  }
  GroupState Saved() const {
    GroupState state;
    for (const auto& [id, row] : templates_) state.templates.push_back(row);
    state.next_template_id = next_id_;
    for (const auto& [index, shard] : shards_) state.shards.push_back(shard);
    state.deltas = deltas_;
    return state;
  }
  // To the end of time: everything that is open is closed.
  std::string Finish() {
    pipeline_->Tick(kEndOfTime);
    Commit();
    return Describe();
  }
  std::string Describe() const {
    std::string out;
    for (const auto& [seq, a] : anomalies_)
      out += fmt::format("{} in {}: {} {}-{} {:.2f} {} {} '{}' sev {} n {} [{},{}] t{} {}\n", seq,
                         a.incident_seq, a.detector, Micros(a.time), Micros(a.last_time), a.risk,
                         a.source, a.stream, a.message, a.severity, a.windows, a.first_offset,
                         a.last_offset, Index(a.template_id),
                         a.evidence.empty() ? "" : a.evidence[0].summary);
    for (const auto& [seq, i] : incidents_)
      out +=
          fmt::format("incident {}: {} anomalies, {:.1f} {}\n", seq, i.anomalies, i.risk, i.title);
    for (const auto& [id, t] : templates_)
      out += fmt::format("template {} {} {}\n", id, t.count, t.text);
    return out + fmt::format("records {}\n", records_);
  }
  Pipeline& pipeline() { return *pipeline_; }
  const std::map<uint64_t, Anomaly>& anomalies() const { return anomalies_; }
  size_t deltas() const { return deltas_.size(); }

  uint64_t offset_ = 0;
  Config config_;
  GroupConfig group_;

 private:
  std::string source_name_;
  std::unique_ptr<Pipeline> pipeline_;
  SourceId source_{};
  std::map<uint64_t, Anomaly> anomalies_;
  std::map<uint64_t, Incident> incidents_;
  std::map<uint32_t, Template> templates_;
  std::map<uint32_t, GroupState::Shard> shards_;
  std::vector<GroupState::Delta> deltas_;
  uint32_t next_id_ = 0;
  uint64_t records_ = 0;
};

}  // namespace alogd::testing
