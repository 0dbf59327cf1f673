// SPDX-License-Identifier: MIT
// States of anomalies and incidents, and the table of suppressions.
#include "core/store/verdicts.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <set>

namespace alogd {
namespace {

constexpr int64_t kNone = -1;

Status MakeTable(Database* db) {
  return db->Script(
      "CREATE TABLE IF NOT EXISTS suppression_rows ("
      "group_id INTEGER NOT NULL REFERENCES group_rows (id), detector TEXT NOT NULL, "
      "template_id INTEGER NOT NULL, source TEXT NOT NULL, since_us INTEGER NOT NULL, "
      "PRIMARY KEY (group_id, detector, template_id, source)) WITHOUT ROWID");
}

// The ids of the target's anomalies, each once.
Result<std::set<int64_t>> AnomaliesOf(Database* db, const VerdictTarget& target) {
  std::set<int64_t> ids(target.anomalies.begin(), target.anomalies.end());
  for (const int64_t incident : target.incidents) {
    const size_t before = ids.size();
    Rows rows = db->Query("SELECT id FROM anomaly_rows WHERE incident_id = ?", incident);
    while (rows.Next()) ids.insert(rows.Int(0));
    if (!rows.status().ok()) return rows.status().error();
    if (ids.size() == before)
      return Error{fmt::format("there is no incident {}", incident), SQLITE_NOTFOUND};
  }
  return ids;
}

Status WriteOne(Database* db, int64_t id, AnomalyState state, std::set<int64_t>* incidents) {
  if (Status status =
          db->Run("UPDATE anomaly_rows SET state = ? WHERE id = ?", static_cast<int>(state), id);
      !status.ok())
    return status;
  if (db->changes() == 0) return Error{fmt::format("there is no anomaly {}", id), SQLITE_NOTFOUND};
  Result<std::optional<int64_t>> incident =
      db->Int("SELECT incident_id FROM anomaly_rows WHERE id = ?", id);
  if (!incident.ok()) return incident.error();
  if (*incident) incidents->insert(**incident);
  return {};
}

// What is like the anomaly is suppressed, or no longer.
Status WriteSuppression(Database* db, int64_t id, bool suppressed, Time now) {
  if (suppressed)
    return db->Run(
        "INSERT INTO suppression_rows SELECT group_id, detector, coalesce(template_id, -1), "
        "iif(template_id IS NULL, source, ''), ? FROM anomaly_rows WHERE id = ? "
        "ON CONFLICT DO NOTHING",
        Micros(now), id);
  // A template that was merged since then has two ids.
  return db->Run(
      "DELETE FROM suppression_rows AS s WHERE EXISTS (SELECT 1 FROM anomaly_rows a "
      "WHERE a.id = ? AND s.group_id = a.group_id AND s.detector = a.detector AND "
      "s.source = iif(a.template_id IS NULL, a.source, '') AND "
      "coalesce((SELECT alias_of FROM template_rows t WHERE t.group_id = s.group_id AND "
      "t.template_id = s.template_id), s.template_id) = "
      "coalesce((SELECT alias_of FROM template_rows t WHERE t.group_id = a.group_id AND "
      "t.template_id = a.template_id), a.template_id, -1))",
      id);
}

Status RefreshIncident(Database* db, int64_t id) {
  return db->Run(
      "UPDATE incident_rows SET state = (SELECT CASE WHEN max(state = 2) THEN 2 "
      "WHEN min(state) = max(state) THEN min(state) ELSE 0 END "
      "FROM anomaly_rows WHERE incident_id = ?1) WHERE id = ?1",
      id);
}

}  // namespace

Result<uint64_t> WriteVerdict(Database* db, const VerdictTarget& target, AnomalyState state,
                              Time now) {
  const Result<std::set<int64_t>> ids = AnomaliesOf(db, target);
  if (!ids.ok()) return ids.error();
  if (Status made = MakeTable(db); !made.ok()) return made.error();
  std::set<int64_t> incidents(target.incidents.begin(), target.incidents.end());
  for (const int64_t id : *ids) {
    Status status = WriteOne(db, id, state, &incidents);
    if (status.ok()) status = WriteSuppression(db, id, state == AnomalyState::kSuppressed, now);
    if (!status.ok()) return status.error();
  }
  for (const int64_t id : incidents) {
    if (Status status = RefreshIncident(db, id); !status.ok()) return status.error();
  }
  return ids->size();
}

Result<Suppressions> Suppressions::Load(Database* db, int64_t group_id) {
  Suppressions found;
  const Result<bool> table = db->HasTable("suppression_rows");
  if (!table.ok()) return table.error();
  if (!*table) return found;
  Rows rows = db->Query(
      "SELECT s.detector, coalesce(t.alias_of, s.template_id), s.source FROM suppression_rows s "
      "LEFT JOIN template_rows t ON t.group_id = s.group_id AND t.template_id = s.template_id "
      "WHERE s.group_id = ?",
      group_id);
  while (rows.Next())
    found.rows_.push_back({std::string(rows.Text(0)), rows.Int(1), std::string(rows.Text(2))});
  if (!rows.status().ok()) return rows.status().error();
  return found;
}

bool Suppressions::Covers(const Anomaly& anomaly) const {
  const bool has_template = anomaly.template_id != kNoTemplate;
  const int64_t id = has_template ? int64_t{Index(anomaly.template_id)} : kNone;
  return std::any_of(rows_.begin(), rows_.end(), [&](const Row& row) {
    return row.template_id == id && row.detector == anomaly.detector &&
           (has_template || row.source == anomaly.source);
  });
}

}  // namespace alogd
