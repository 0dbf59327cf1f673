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
#include "core/notify/notifier.h"
#include "core/result.h"
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
  Status WriteState();

  Result<std::optional<int64_t>> IncidentId(uint64_t seq);
  Result<std::optional<Fate>> Decide(Notifier* notifier, const Anomaly& anomaly);

  Database* db_;
  const StorePolicy& policy_;
  const CommitUnit& unit_;
  Time now_;  // by the host's clock; kNoTime: event time stands for it
  bool hold_;
  int64_t group_ = 0;
  Suppressions suppressions_;
  uint64_t repeated_ = 0;
  std::vector<Kept> kept_;
  std::set<uint64_t> wanted_incidents_;              // of those, by seq
  std::unordered_map<uint64_t, int64_t> incidents_;  // id by seq; 0: not in the database yet
  std::set<int64_t> grown_;                          // ids of incidents with a new anomaly
};

}  // namespace alogd
