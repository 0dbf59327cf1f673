// SPDX-License-Identifier: MIT
// Writes one commit unit into the tables, and decides what is stored and what alerts.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/commit_unit.h"
#include "core/result.h"
#include "core/store/repeats.h"
#include "core/store/sqlite.h"
#include "core/store/verdicts.h"

namespace alogd {

struct StorePolicy;

// Lives for one Write, inside a transaction of the caller; after an error the caller rolls back.
class UnitWriter {
 public:
  // The first three outlive the writer. `hold`: alerts are counted, not sent.
  UnitWriter(Database* db, const StorePolicy& policy, const CommitUnit& unit, Time now, bool hold)
      : db_(db), policy_(policy), unit_(unit), now_(now), hold_(hold) {}

  Status Write();
  // Alerts of the unit that were held back because they repeat one.
  uint64_t repeats() const { return repeated_; }

 private:
  struct Kept {
    const Anomaly* anomaly;
    int64_t id;  // 0: not in the database yet
  };
  // What the database says of an incident of the unit.
  struct Known {
    int64_t id = 0;
    int64_t alerted = -1;
  };

  Status FindGroup();
  Status WriteSources();
  Status WriteFiles();
  Status WriteTemplates();
  Status SelectAnomalies();
  Status WriteIncidents();
  Status WriteIncident(const Incident& incident);
  Status WriteAnomalies();
  Status InsertAnomaly(const Anomaly& a, const std::string& evidence);
  Status UpdateAnomaly(const Anomaly& a, int64_t id, const std::string& evidence);
  Status WriteStates();
  Status WriteAlerts();
  Status WriteAlert(const Incident& incident, Known* known);
  Status WriteState();

  // The level at which the incident alerts, without what is suppressed in it; nothing if it does
  // not.
  Result<std::optional<RiskLevel>> AlertLevel(const Incident& incident, int64_t incident_id);
  Result<std::optional<int64_t>> IncidentId(uint64_t seq);
  // The riskiest anomaly of the incident that is stored and not suppressed.
  Result<std::optional<int64_t>> TopAnomaly(const Incident& incident, int64_t incident_id);
  // What an alert of the incident would name: the riskiest of the unit's anomalies that bring it to
  // its level and repeat nothing. All that came before was judged with the unit that brought it.
  struct News {
    const Anomaly* anomaly = nullptr;
    std::optional<int64_t> id{};  // of the anomaly, or of another that the alert names
    bool repetition = false;      // there is nothing new
  };
  Result<News> FindNews(const Incident& incident, const Known& known, int64_t level);

  Database* db_;
  const StorePolicy& policy_;
  const CommitUnit& unit_;
  Time now_;  // by the host's clock
  bool hold_;
  int64_t group_ = 0;
  Suppressions suppressions_;
  std::optional<Repeats> repeats_;  // once the group is known
  uint64_t repeated_ = 0;
  std::vector<Kept> kept_;
  std::unordered_map<uint64_t, std::vector<const Anomaly*>> of_incident_;  // those, by its seq
  std::unordered_map<uint64_t, Known> incidents_;                          // by seq
  std::set<int64_t> grown_;  // ids of incidents with a new anomaly
};

}  // namespace alogd
