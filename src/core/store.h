// SPDX-License-Identifier: MIT
// The database: commit units in, history out.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/commit_unit.h"
#include "core/config.h"
#include "core/result.h"

namespace alogd {

// An alert as it waits in the outbox for the journal.
struct Alert {
  int64_t outbox_id = 0;
  int64_t anomaly_id = 0;   // database ids
  int64_t incident_id = 0;
  RiskLevel level = RiskLevel::kInfo;
  std::string group;
  std::string title;        // one line, escaped
  Anomaly anomaly;          // the one that made the incident alert
};

// What the store decides inside the commit.
struct StorePolicy {
  RiskLevel store_min = RiskLevel::kInfo;
  RiskLevel journal_min = RiskLevel::kHigh;
  Duration keep = std::chrono::hours(24 * 90);
  uint64_t max_size = 2ull << 30;
};

// The one writer's connection. Used from one thread.
class Store {
 public:
  // Opens or creates the database (0640), migrates an older schema, refuses a newer one. A locked
  // database is waited for up to `busy`.
  static Result<Store> Open(const std::string& path, const StorePolicy& policy,
                            Duration busy = std::chrono::seconds(1));
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  void set_policy(const StorePolicy& policy);

  // One transaction, all or nothing. An incident whose level reaches journal_min, or rises above what
  // it alerted before, puts an alert into the outbox. On failure nothing is changed and the same unit
  // may be given again.
  Status Commit(const CommitUnit& unit);

  // Alerts not yet sent, oldest first, at most `limit`; Sent deletes them.
  Result<std::vector<Alert>> Outbox(size_t limit);
  Status Sent(const std::vector<int64_t>& outbox_ids);

  Result<GroupState> LoadGroup(const std::string& group);
  Result<int64_t> NextFileId();

  // Deletes history older than policy.keep before `now`, and the oldest while the database is over
  // max_size, in steps of at most `rows`. True while there is more to do.
  Result<bool> Retain(Time now, size_t rows = 500);
  // WAL checkpoint (passive, then truncate where nobody reads).
  Status CheckpointWal();

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Reading side, for alogctl: opens read-only, short transactions, pages.
struct AnomalyFilter {
  std::optional<Time> since, until;
  RiskLevel min_level = RiskLevel::kInfo;
  std::string group, source;
  std::optional<TemplateId> template_id;
  std::string grep;   // RE2 on the message
  size_t limit = 100;
  int64_t before_id = 0;  // paging: rows with a smaller id; 0: from the newest
};

struct StoredAnomaly {
  int64_t id = 0;
  int64_t incident_id = 0;
  std::string group;
  std::string state;
  std::string evidence_json;
  Anomaly anomaly;  // without evidence; see evidence_json
};

struct StoredIncident {
  int64_t id = 0;
  std::string group, state;
  Incident incident;
};

struct StoredTemplate {
  std::string group;
  Template row;
};

struct StoredFile {
  FileCheckpoint file;
  std::string group;
};

class History {
 public:
  // Fails with what to do when there is no database yet or it may not be read.
  static Result<History> Open(const std::string& path);
  History(History&&) noexcept;
  History& operator=(History&&) noexcept;
  ~History();

  Result<std::vector<StoredAnomaly>> Anomalies(const AnomalyFilter& filter);  // newest first
  Result<std::optional<StoredAnomaly>> FindAnomaly(int64_t id);
  Result<std::vector<StoredIncident>> Incidents(const AnomalyFilter& filter);
  Result<std::optional<StoredIncident>> FindIncident(int64_t id);
  Result<std::vector<StoredAnomaly>> AnomaliesOfIncident(int64_t incident_id, size_t limit);
  Result<std::vector<StoredTemplate>> Templates(const std::string& group);  // all groups where empty
  Result<std::vector<StoredFile>> Files(const std::string& group);

 private:
  struct Impl;
  explicit History(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace alogd
