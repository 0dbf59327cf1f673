// SPDX-License-Identifier: MIT
// The statements of the outbox.
#include "core/store/outbox.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/store/anomaly_row.h"
#include "core/text.h"

namespace alogd {
namespace {

// Of the JSON that a kind puts into its alert: a list of some hundred troubles.
constexpr size_t kMaxBody = 256 * 1024;
constexpr size_t kMaxError = 1024;  // of what a sink says

constexpr const char* kDropUnwanted =
    "DELETE FROM alert_rows WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM outbox WHERE alert_id = "
    "?1)";

bool Wants(const SinkPolicy& sink, const NewAlert& alert) {
  return alert.any_level || alert.level >= sink.min_level;
}

Alert AlertAt(const Rows& rows) {
  constexpr int kNext = kAnomalyColumnCount;
  Alert alert;
  alert.id = rows.Int(kNext);
  alert.kind = static_cast<AlertKind>(rows.Int(kNext + 1));
  alert.incident_id = rows.Int(kNext + 2);
  alert.level = LevelAt(rows, kNext + 3);
  alert.group = rows.Text(kNext + 4);
  alert.created = TimeAt(rows, kNext + 5);
  alert.title = EscapeForTerminal(rows.Text(kNext + 6));
  alert.body = rows.Text(kNext + 7);
  if (rows.Null(kNext + 8)) return alert;
  StoredAnomaly stored = ReadAnomaly(rows);
  alert.anomaly_id = stored.id;
  alert.anomaly = std::move(stored.anomaly);
  alert.anomaly.evidence = ParseEvidenceJson(stored.evidence_json);
  return alert;
}

}  // namespace

Status EnqueueAlert(Database* db, const NewAlert& alert, std::span<const SinkPolicy> sinks) {
  if (std::ranges::none_of(sinks, [&](const SinkPolicy& s) { return Wants(s, alert); })) return {};
  Status status = db->Run(
      "INSERT INTO alert_rows (kind, incident_id, anomaly_id, group_id, level, created_us, title, "
      "body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      static_cast<int>(alert.kind), alert.incident_id, alert.anomaly_id, alert.group_id,
      static_cast<int>(alert.level), TimeColumn(alert.created), ToValidUtf8(alert.title, kMaxName),
      ToValidUtf8(alert.body, kMaxBody));
  const int64_t id = db->last_insert_id();
  for (const SinkPolicy& sink : sinks) {
    if (!status.ok()) return status;
    if (!Wants(sink, alert)) continue;
    status = db->Run("INSERT INTO outbox (sink, level, alert_id) VALUES (?, ?, ?)", sink.name,
                     static_cast<int>(alert.level), id);
  }
  return status;
}

Result<std::vector<Alert>> ReadOutbox(Database* db, std::string_view sink, size_t limit) {
  static const std::string kQuery = fmt::format(
      "SELECT {}, r.id, r.kind, coalesce(r.incident_id, 0), r.level, coalesce(rg.name, ''), "
      "r.created_us, r.title, r.body, a.id "
      "FROM outbox o JOIN alert_rows r ON r.id = o.alert_id "
      "LEFT JOIN group_rows rg ON rg.id = r.group_id "
      "LEFT JOIN anomaly_rows a ON a.id = r.anomaly_id LEFT JOIN group_rows g ON g.id = a.group_id "
      "WHERE o.sink = ? ORDER BY o.level DESC, o.attempts, o.alert_id LIMIT ?",
      kAnomalyColumns);
  std::vector<Alert> alerts;
  Rows rows = db->Query(kQuery, sink, limit);
  while (rows.Next()) alerts.push_back(AlertAt(rows));
  if (!rows.status().ok()) return rows.status().error();
  return alerts;
}

Status DeleteFromOutbox(Database* db, std::string_view sink, std::span<const int64_t> alerts) {
  for (const int64_t id : alerts) {
    Status status = db->Run("DELETE FROM outbox WHERE sink = ? AND alert_id = ?", sink, id);
    if (status.ok()) status = db->Run(kDropUnwanted, id);
    if (!status.ok()) return status;
  }
  return {};
}

Status NoteFailure(Database* db, std::string_view sink, int64_t alert, std::string_view error) {
  return db->Run(
      "UPDATE outbox SET attempts = attempts + 1, last_error = ? WHERE sink = ? AND alert_id = ?",
      ToValidUtf8(error, kMaxError), sink, alert);
}

Result<std::map<std::string, uint64_t>> CountOutbox(Database* db) {
  std::map<std::string, uint64_t> counted;
  Rows rows = db->Query("SELECT sink, count(*) FROM outbox GROUP BY sink");
  while (rows.Next()) counted.emplace(rows.Text(0), rows.Unsigned(1));
  if (!rows.status().ok()) return rows.status().error();
  return counted;
}

Result<std::map<std::string, uint64_t>> DropOtherSinks(Database* db,
                                                       std::span<const SinkPolicy> sinks) {
  Result<std::map<std::string, uint64_t>> counted = CountOutbox(db);
  if (!counted.ok()) return counted;
  std::map<std::string, uint64_t>& dropped = *counted;
  for (const SinkPolicy& sink : sinks) dropped.erase(sink.name);
  for (const auto& [sink, count] : dropped) {
    const Status status = db->Run("DELETE FROM outbox WHERE sink = ?", sink);
    if (!status.ok()) return status.error();
  }
  if (dropped.empty()) return counted;
  const Status status =
      db->Run("DELETE FROM alert_rows WHERE id NOT IN (SELECT alert_id FROM outbox)");
  if (!status.ok()) return status.error();
  return counted;
}

}  // namespace alogd
