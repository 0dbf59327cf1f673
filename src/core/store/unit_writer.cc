// SPDX-License-Identifier: MIT
// The statements of a commit. All of them can be run twice: a unit given again changes nothing.
#include "core/store/unit_writer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/store/anomaly_row.h"
#include "core/store/maintenance.h"
#include "core/store/outbox.h"
#include "core/store/store.h"
#include "core/text.h"

namespace alogd {
namespace {

// Limits of what goes into a text column; hostile logs grow the database by so much a row at most.

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
  repeats_.emplace(db_, group_, policy_.repeat_after);
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
      of_incident_[a.incident_seq].push_back(&a);
    }
  }
  return {};
}

Status UnitWriter::WriteIncidents() {
  for (const Incident& incident : unit_.incidents) {
    Rows rows =
        db_->Query("SELECT id, alerted_level FROM incident_rows WHERE group_id = ? AND seq = ?",
                   group_, incident.seq);
    Known known;
    if (rows.Next()) known = Known{rows.Int(0), rows.Int(1)};
    if (!rows.status().ok()) return rows.status();
    const bool wanted = known.id != 0 || of_incident_.contains(incident.seq);
    if (!wanted) continue;
    incidents_[incident.seq] = known;
    if (Status status = WriteIncident(incident); !status.ok()) return status;
  }
  return {};
}

Status UnitWriter::WriteIncident(const Incident& i) {
  Known& known = incidents_[i.seq];
  if (known.id != 0) {
    return db_->Run(
        "UPDATE incident_rows SET first_us = ?, last_us = ?, level = ?, risk = ?, anomalies = ?, "
        "top_anomaly = ?, title = ?, by_rule = ? WHERE id = ?",
        TimeColumn(i.first), TimeColumn(i.last), static_cast<int>(i.level), RealColumn(i.risk),
        i.anomalies, i.top_anomaly, ToValidUtf8(i.title, kMaxName), i.by_rule, known.id);
  }
  Status status = db_->Run(
      "INSERT INTO incident_rows (group_id, seq, first_us, last_us, level, risk, anomalies, "
      "top_anomaly, title, by_rule) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      group_, i.seq, TimeColumn(i.first), TimeColumn(i.last), static_cast<int>(i.level),
      RealColumn(i.risk), i.anomalies, i.top_anomaly, ToValidUtf8(i.title, kMaxName), i.by_rule);
  if (status.ok()) known.id = db_->last_insert_id();
  return status;
}

Result<std::optional<int64_t>> UnitWriter::IncidentId(uint64_t seq) {
  if (const auto it = incidents_.find(seq); it != incidents_.end()) {
    return std::optional<int64_t>(it->second.id);
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

// A rule was written by somebody who wants to hear of each match, so its level does not matter.
Result<std::optional<RiskLevel>> UnitWriter::AlertLevel(const Incident& incident,
                                                        int64_t incident_id) {
  RiskLevel level = incident.level;
  bool by_rule = incident.by_rule;
  if (!suppressions_.empty()) {
    Rows rows = db_->Query(
        "SELECT max(level), max(detector = ?) FROM anomaly_rows WHERE incident_id = ? AND "
        "state <> 3",
        kRuleDetector, incident_id);
    const bool any = rows.Next() && !rows.Null(0);
    if (!rows.status().ok()) return rows.status().error();
    if (!any) return std::optional<RiskLevel>();
    level = LevelAt(rows, 0);
    by_rule = rows.Int(1) != 0;
  }
  if (!by_rule && level < policy_.alert_min()) return std::optional<RiskLevel>();
  return std::optional(level);
}

Result<std::optional<int64_t>> UnitWriter::TopAnomaly(const Incident& incident,
                                                      int64_t incident_id) {
  Result<std::optional<int64_t>> top =
      db_->Int("SELECT id FROM anomaly_rows WHERE group_id = ? AND seq = ? AND state <> 3", group_,
               incident.top_anomaly);
  if (!top.ok() || top->has_value()) return top;
  return db_->Int(
      "SELECT id FROM anomaly_rows WHERE incident_id = ? AND state <> 3 ORDER BY risk DESC, id "
      "LIMIT 1",
      incident_id);
}

Result<UnitWriter::News> UnitWriter::FindNews(const Incident& incident, const Known& known,
                                              int64_t level) {
  std::vector<const Anomaly*> raises;
  if (const auto it = of_incident_.find(incident.seq); repeats_->on() && it != of_incident_.end())
    std::copy_if(it->second.begin(), it->second.end(), std::back_inserter(raises),
                 [&](const Anomaly* a) {
                   return static_cast<int64_t>(a->level) > known.alerted &&
                          (a->level >= policy_.alert_min() || a->detector == kRuleDetector);
                 });
  std::stable_sort(raises.begin(), raises.end(),
                   [](const Anomaly* a, const Anomaly* b) { return a->risk > b->risk; });
  bool repetition = false;
  for (const Anomaly* a : raises) {
    const auto id =
        db_->Int("SELECT id FROM anomaly_rows WHERE group_id = ? AND seq = ? AND state <> 3",
                 group_, a->seq);
    if (!id.ok()) return id.error();
    if (!*id) continue;
    const Result<bool> repeats = repeats_->Repeated(*a);
    if (!repeats.ok()) return repeats.error();
    if (!*repeats) return News{a, **id};
    repetition = true;
  }
  if (!repetition && repeats_->on()) {
    const Result<bool> held = repeats_->Held(known.id, level);
    if (!held.ok()) return held.error();
    repetition = *held;
  }
  if (repetition) return News{.repetition = true};
  // What brought it there came before, and may alert only now: a suppression was lifted, say.
  const Result<std::optional<int64_t>> top = TopAnomaly(incident, known.id);
  if (!top.ok()) return top.error();
  return News{.id = *top};
}

Status UnitWriter::WriteAlerts() {
  for (const Incident& incident : unit_.incidents) {
    const auto it = incidents_.find(incident.seq);
    if (it == incidents_.end()) continue;
    if (Status status = WriteAlert(incident, &it->second); !status.ok()) return status;
  }
  return {};
}

Status UnitWriter::WriteAlert(const Incident& incident, Known* known) {
  const Result<std::optional<RiskLevel>> alerts = AlertLevel(incident, known->id);
  if (!alerts.ok()) return alerts.error();
  const auto level = static_cast<int64_t>(alerts->value_or(RiskLevel::kInfo));
  if (!alerts->has_value() || level <= known->alerted) return {};
  const Result<News> news = FindNews(incident, *known, level);
  if (!news.ok()) return news.error();
  if (news->repetition) {
    const Result<bool> held = repeats_->Hold(known->id, level);
    if (!held.ok()) return held.error();
    repeated_ += *held;
    return {};
  }
  Status status;
  if (hold_) {
    status = CountHeldAlert(db_);
  } else {
    NewAlert alert;
    alert.incident_id = known->id;
    alert.anomaly_id = news->id;
    alert.group_id = group_;
    alert.level = **alerts;
    alert.any_level = incident.by_rule;
    alert.created = now_;
    alert.title = incident.title;
    status = EnqueueAlert(db_, alert, policy_.sinks);
    if (status.ok() && news->anomaly != nullptr) status = repeats_->Told(*news->anomaly);
  }
  if (!status.ok()) return status;
  known->alerted = level;
  return db_->Run("UPDATE incident_rows SET alerted_level = ? WHERE id = ?", level, known->id);
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
