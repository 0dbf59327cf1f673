// SPDX-License-Identifier: MIT
// The statements of a commit. All of them can be run twice: a unit given again changes nothing.
#include "core/store/unit_writer.h"

#include <algorithm>
#include <utility>

#include "core/notify/notifier.h"
#include "core/store/anomaly_row.h"
#include "core/store/store.h"
#include "core/text.h"

namespace alogd {
namespace {

std::optional<uint32_t> TemplateColumn(TemplateId id) {
  if (id == kNoTemplate) return std::nullopt;
  return Index(id);
}

}  // namespace

Status UnitWriter::Write() {
  using Step = Status (UnitWriter::*)();
  // Incidents before anomalies, which refer to them; alerts last, which refer to both.
  constexpr Step kSteps[] = {&UnitWriter::FindGroup,       &UnitWriter::WriteSources,
                             &UnitWriter::WriteFiles,      &UnitWriter::WriteTemplates,
                             &UnitWriter::SelectAnomalies, &UnitWriter::WriteIncidents,
                             &UnitWriter::WriteAnomalies,  &UnitWriter::WriteStates,
                             &UnitWriter::WriteAlerts,     &UnitWriter::WriteState};
  for (const Step step : kSteps) {
    if (Status status = (this->*step)(); !status.ok()) return status;
  }
  return {};
}

Status UnitWriter::FindGroup() {
  const std::string name = ToValidUtf8(unit_.group, kMaxName);
  if (Status status =
          db_->Run("INSERT INTO group_rows (name) VALUES (?) ON CONFLICT DO NOTHING", name);
      !status.ok()) {
    return status;
  }
  Result<std::optional<int64_t>> id = db_->Int("SELECT id FROM group_rows WHERE name = ?", name);
  if (!id.ok()) return id.error();
  group_ = id->value_or(0);
  Result<Suppressions> suppressions = Suppressions::Load(db_, group_);
  if (!suppressions.ok()) return suppressions.error();
  suppressions_ = std::move(*suppressions);
  return {};
}

Status UnitWriter::WriteSources() {
  for (const SourceRow& s : unit_.sources) {
    Status status = db_->Run(
        "INSERT INTO source_rows (group_id, name, format, records, last_us) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET format = excluded.format, records = excluded.records, "
        "last_us = excluded.last_us",
        group_, ToValidUtf8(s.name, kMaxPath), ToValidUtf8(s.format, kMaxName), s.records,
        TimeColumn(s.last));
    if (!status.ok()) return status;
  }
  return {};
}

Status UnitWriter::WriteFiles() {
  for (const FileCheckpoint& f : unit_.files) {
    Status status = db_->Run(
        "INSERT INTO file_rows (file_id, group_id, source, path, inode, identity, offset, size, "
        "read_bytes, chain, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET source = excluded.source, path = excluded.path, "
        "inode = excluded.inode, identity = excluded.identity, offset = excluded.offset, "
        "size = excluded.size, read_bytes = excluded.read_bytes, chain = excluded.chain, "
        "state = excluded.state",
        Index(f.id), group_, ToValidUtf8(f.source, kMaxPath), ToValidUtf8(f.path, kMaxPath),
        f.inode, Blob{f.identity}, f.offset, f.size, f.read_bytes, f.chain,
        static_cast<int>(f.state));
    if (!status.ok()) return status;
  }
  for (const FileId id : unit_.forgotten_files) {
    Status status =
        db_->Run("DELETE FROM file_rows WHERE file_id = ? AND group_id = ?", Index(id), group_);
    if (!status.ok()) return status;
  }
  return {};
}

Status UnitWriter::WriteTemplates() {
  uint64_t next = 0;
  for (const Template& t : unit_.templates) {
    next = std::max(next, uint64_t{Index(t.id)} + 1);
    Status status = db_->Run(
        "INSERT INTO template_rows (group_id, template_id, text, count, first_us, last_us, "
        "trained, "
        "alias_of) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET text = excluded.text, count = excluded.count, "
        "first_us = excluded.first_us, last_us = excluded.last_us, trained = excluded.trained, "
        "alias_of = excluded.alias_of",
        group_, Index(t.id), ToValidUtf8(t.text, kMaxText), t.count, TimeColumn(t.first),
        TimeColumn(t.last), t.trained, TemplateColumn(t.alias_of));
    if (!status.ok()) return status;
  }
  if (next == 0) return {};
  return db_->Run(
      "UPDATE group_rows SET next_template_id = ?1 WHERE id = ?2 AND next_template_id < ?1", next,
      group_);
}

// Which anomalies are kept: those that are bad enough, those that can alert, and those that are
// stored already.
Status UnitWriter::SelectAnomalies() {
  const RiskLevel least = std::min(policy_.store_min, policy_.alert_min());
  for (const Anomaly& a : unit_.anomalies) {
    Result<std::optional<int64_t>> id =
        db_->Int("SELECT id FROM anomaly_rows WHERE group_id = ? AND seq = ?", group_, a.seq);
    if (!id.ok()) return id.error();
    if (id->has_value() || a.level >= least || a.detector == kRuleDetector) {
      kept_.push_back(Kept{&a, id->value_or(0)});
      wanted_incidents_.insert(a.incident_seq);
    }
  }
  return {};
}

Status UnitWriter::WriteIncidents() {
  for (const Incident& incident : unit_.incidents) {
    const auto known = db_->Int("SELECT id FROM incident_rows WHERE group_id = ? AND seq = ?",
                                group_, incident.seq);
    if (!known.ok()) return known.error();
    if (!*known && !wanted_incidents_.contains(incident.seq)) continue;
    incidents_[incident.seq] = known->value_or(0);
    if (Status status = WriteIncident(incident); !status.ok()) return status;
  }
  return {};
}

Status UnitWriter::WriteIncident(const Incident& i) {
  int64_t& id = incidents_[i.seq];
  if (id != 0) {
    return db_->Run(
        "UPDATE incident_rows SET first_us = ?, last_us = ?, level = ?, risk = ?, anomalies = ?, "
        "top_anomaly = ?, title = ?, by_rule = ? WHERE id = ?",
        TimeColumn(i.first), TimeColumn(i.last), static_cast<int>(i.level), RealColumn(i.risk),
        i.anomalies, i.top_anomaly, ToValidUtf8(i.title, kMaxName), i.by_rule, id);
  }
  Status status = db_->Run(
      "INSERT INTO incident_rows (group_id, seq, first_us, last_us, level, risk, anomalies, "
      "top_anomaly, title, by_rule) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      group_, i.seq, TimeColumn(i.first), TimeColumn(i.last), static_cast<int>(i.level),
      RealColumn(i.risk), i.anomalies, i.top_anomaly, ToValidUtf8(i.title, kMaxName), i.by_rule);
  if (status.ok()) id = db_->last_insert_id();
  return status;
}

Result<std::optional<int64_t>> UnitWriter::IncidentId(uint64_t seq) {
  if (const auto it = incidents_.find(seq); it != incidents_.end()) {
    return std::optional<int64_t>(it->second);
  }
  return db_->Int("SELECT id FROM incident_rows WHERE group_id = ? AND seq = ?", group_, seq);
}

Status UnitWriter::WriteAnomalies() {
  for (const Kept& kept : kept_) {
    const std::string evidence = EvidenceJson(kept.anomaly->evidence);
    Status status = kept.id == 0 ? InsertAnomaly(*kept.anomaly, evidence)
                                 : UpdateAnomaly(*kept.anomaly, kept.id, evidence);
    if (!status.ok()) return status;
  }
  return {};
}

Status UnitWriter::InsertAnomaly(const Anomaly& a, const std::string& evidence) {
  Result<std::optional<int64_t>> incident = IncidentId(a.incident_seq);
  if (!incident.ok()) return incident.error();
  if (*incident) grown_.insert(**incident);
  const AnomalyState state =
      suppressions_.Covers(a) ? AnomalyState::kSuppressed : AnomalyState::kNew;
  return db_->Run(
      "INSERT INTO anomaly_rows (group_id, seq, incident_id, time_us, last_us, level, risk, score, "
      "severity, detector, source, stream, template_id, template, message, evidence, file_id, "
      "ref_offset, ref_bytes, first_offset, last_offset, windows, bundle, state) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      group_, a.seq, *incident, TimeColumn(a.time), TimeColumn(a.last_time),
      static_cast<int>(a.level), RealColumn(a.risk), RealColumn(a.score), a.severity,
      ToValidUtf8(a.detector, kMaxName), ToValidUtf8(a.source, kMaxPath),
      ToValidUtf8(a.stream, kMaxName), TemplateColumn(a.template_id),
      ToValidUtf8(a.template_text, kMaxText), ToValidUtf8(a.message, kMaxText), evidence,
      Index(a.ref.file), a.ref.offset, a.ref.bytes, a.first_offset, a.last_offset, a.windows,
      ToValidUtf8(a.bundle, kMaxName), static_cast<int>(state));
}

// A grown anomaly keeps its id, state and incident; retention counts its age anew.
Status UnitWriter::UpdateAnomaly(const Anomaly& a, int64_t id, const std::string& evidence) {
  return db_->Run(
      "UPDATE anomaly_rows SET time_us = ?, last_us = ?, level = ?, risk = ?, score = ?, "
      "severity = ?, detector = ?, source = ?, stream = ?, template_id = ?, template = ?, "
      "message = ?, evidence = ?, file_id = ?, ref_offset = ?, ref_bytes = ?, first_offset = ?, "
      "last_offset = ?, windows = ?, bundle = ?, kept_us = NULL WHERE id = ?",
      TimeColumn(a.time), TimeColumn(a.last_time), static_cast<int>(a.level), RealColumn(a.risk),
      RealColumn(a.score), a.severity, ToValidUtf8(a.detector, kMaxName),
      ToValidUtf8(a.source, kMaxPath), ToValidUtf8(a.stream, kMaxName),
      TemplateColumn(a.template_id), ToValidUtf8(a.template_text, kMaxText),
      ToValidUtf8(a.message, kMaxText), evidence, Index(a.ref.file), a.ref.offset, a.ref.bytes,
      a.first_offset, a.last_offset, a.windows, ToValidUtf8(a.bundle, kMaxName), id);
}

// Something new in an incident that was acked makes it new again; one that holds nothing but what
// is suppressed is suppressed.
Status UnitWriter::WriteStates() {
  for (const int64_t incident : grown_) {
    Status status = db_->Run(
        "UPDATE incident_rows SET state = iif(EXISTS (SELECT 1 FROM anomaly_rows "
        "WHERE incident_id = ?1 AND state <> 3), iif(state = 2, 2, 0), 3) WHERE id = ?1",
        incident);
    if (!status.ok()) return status;
  }
  return {};
}

Status UnitWriter::WriteAlerts() {
  if (kept_.empty() && unit_.changes.empty()) return {};
  Time latest = kNoTime;
  for (const Kept& kept : kept_) latest = std::max(latest, kept.anomaly->last_time);
  Notifier notifier(db_, policy_.notify, policy_.sinks, hold_);
  if (Status status = notifier.Begin(now_, latest); !status.ok()) return status;
  for (const HostChange& change : unit_.changes) notifier.NoteChange(change);
  for (const auto& [seq, id] : incidents_)
    if (Status status = notifier.Grew(id); !status.ok()) return status;
  for (const Kept& kept : kept_) {
    const Result<std::optional<Fate>> fate = Decide(&notifier, *kept.anomaly);
    if (!fate.ok()) return fate.error();
    repeated_ += *fate == Fate::kRepeats;
  }
  return notifier.End();
}

Result<std::optional<Fate>> UnitWriter::Decide(Notifier* notifier, const Anomaly& anomaly) {
  Notifier::Place place;
  place.group_id = group_;
  place.group = unit_.group;
  {
    Rows rows = db_->Query(
        "SELECT id, coalesce(incident_id, 0) FROM anomaly_rows WHERE group_id = ? AND seq = ? AND "
        "state <> 3",
        group_, anomaly.seq);
    if (rows.Next()) {
      place.anomaly_id = rows.Int(0);
      place.incident_id = rows.Int(1);
    }
    if (!rows.status().ok()) return rows.status().error();
  }
  if (place.anomaly_id == 0) return std::optional<Fate>();  // suppressed
  return notifier->Decide(anomaly, place);
}

Status UnitWriter::WriteState() {
  if (unit_.discard_state) {
    Status status = db_->Run("DELETE FROM state_delta WHERE group_id = ?", group_);
    if (status.ok()) status = db_->Run("DELETE FROM state_shard WHERE group_id = ?", group_);
    if (!status.ok()) return status;
  }
  if (!unit_.delta.empty()) {
    Status status =
        db_->Run("INSERT OR REPLACE INTO state_delta (group_id, seq, blob) VALUES (?, ?, ?)",
                 group_, unit_.state_seq, Blob{unit_.delta});
    if (!status.ok()) return status;
  }
  if (unit_.shard) {
    Status status = db_->Run(
        "INSERT INTO state_shard (group_id, idx, seq, blob) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET seq = excluded.seq, blob = excluded.blob",
        group_, unit_.shard->index, unit_.state_seq, Blob{unit_.shard->blob});
    if (!status.ok()) return status;
  }
  if (unit_.drop_deltas_to == 0) return {};
  return db_->Run("DELETE FROM state_delta WHERE group_id = ? AND seq <= ?", group_,
                  unit_.drop_deltas_to);
}

}  // namespace alogd
