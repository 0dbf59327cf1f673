// SPDX-License-Identifier: MIT
// The entry that says that an incident is over: how long it took, and what was in it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "core/config/units.h"
#include "core/notify/notifier.h"
#include "core/store/anomaly_row.h"
#include "core/store/outbox.h"
#include "core/text.h"

namespace alogd {
namespace {

constexpr size_t kQuoted = 160;  // bytes of the incident's title

std::string Count(int64_t count, std::string_view one) {
  std::string many(one);
  if (count != 1)
    many = one.ends_with('y') ? std::string(one.substr(0, one.size() - 1)) + "ies"
                              : std::string(one) + "s";
  return fmt::format("{} {}", count, many);
}

}  // namespace

// By the clock, not by event time: logs that are read late are no shorter an incident for it.
Status Notifier::KeepOpen(int64_t incident_id) {
  if (options_.incident_gap == Duration(0) || incident_id == 0) return {};
  return db_->Run("INSERT OR REPLACE INTO open_incidents (incident_id, due_us) VALUES (?, ?)",
                  incident_id, Micros(state_.clock + options_.incident_gap));
}

Status Notifier::Grew(int64_t incident_id) {
  return db_->Run("UPDATE open_incidents SET due_us = ? WHERE incident_id = ?",
                  Micros(state_.clock + options_.incident_gap), incident_id);
}

Status Notifier::CloseIncidents() {
  std::vector<int64_t> due;
  {
    Rows rows =
        db_->Query("SELECT incident_id FROM open_incidents WHERE due_us <= ? ORDER BY incident_id",
                   Micros(state_.clock));
    while (rows.Next()) due.push_back(rows.Int(0));
    if (!rows.status().ok()) return rows.status();
  }
  for (const int64_t incident : due)
    if (Status status = CloseIncident(incident); !status.ok()) return status;
  return {};
}

Status Notifier::CloseIncident(int64_t incident_id) {
  NewAlert alert;
  alert.kind = AlertKind::kIncidentClosed;
  alert.any_level = true;  // it answers an alert, whose level the sink wanted
  alert.created = state_.clock;
  alert.incident_id = incident_id;
  {
    Rows rows = db_->Query(
        "SELECT i.group_id, i.title, i.first_us, i.last_us, i.anomalies, i.alerted_level, "
        "count(DISTINCT f.trouble_id), coalesce(sum(f.fate = 1), 0), "
        "coalesce((SELECT group_concat(DISTINCT nullif(t.elsewhere, '')) FROM trouble_rows t "
        "WHERE t.id IN (SELECT f2.trouble_id FROM fate_rows f2 JOIN anomaly_rows a2 ON "
        "a2.id = f2.anomaly_id WHERE a2.incident_id = ?1)), '') "
        "FROM incident_rows i LEFT JOIN anomaly_rows a ON a.incident_id = i.id "
        "LEFT JOIN fate_rows f ON f.anomaly_id = a.id WHERE i.id = ?1 GROUP BY i.id",
        incident_id);
    if (rows.Next() && rows.Int(5) >= 0) {
      const Duration took(rows.Null(2) ? 0 : rows.Int(3) - rows.Int(2));
      const int64_t again = rows.Int(7);
      const std::string elsewhere(rows.Text(8));
      alert.group_id = rows.Int(0);
      alert.title =
          fmt::format("over after {}: '{}' (incident {}, {} in {}{}{})", RoughDuration(took),
                      ToValidUtf8(rows.Text(1), kQuoted), incident_id,
                      Count(rows.Int(6), "trouble"), Count(rows.Int(4), "anomaly"),
                      again > 0 ? fmt::format(", of which {} said again what was told", again) : "",
                      elsewhere.empty() ? "" : "; seen also by " + elsewhere);
      alert.body = nlohmann::ordered_json{
          {"seconds", took.count() / 1'000'000},
          {"troubles", rows.Int(6)},
          {"anomalies", rows.Int(4)},
          {"again", again},
          {"elsewhere",
           elsewhere}}.dump();
    }
    if (!rows.status().ok()) return rows.status();
  }
  Status status = db_->Run("DELETE FROM open_incidents WHERE incident_id = ?", incident_id);
  if (status.ok() && !alert.title.empty()) status = EnqueueAlert(db_, alert, sinks_);
  return status;
}

}  // namespace alogd
