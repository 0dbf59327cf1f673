// SPDX-License-Identifier: MIT
// The database read: history for alogctl, beside a running daemon or without one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/commit_unit.h"
#include "core/detection/anomaly.h"
#include "core/result.h"
#include "core/templates/catalog.h"
#include "core/types.h"

namespace alogd {

// Which anomalies; of incidents, source and template do not apply and grep looks at the title.
struct AnomalyFilter {
  std::optional<Time> since, until;  // what was still going on then, what had begun by then
  RiskLevel min_level = RiskLevel::kInfo;
  std::string group;
  std::string source;                     // its whole name, or the last components of its path
  std::optional<TemplateId> template_id;  // it, and what is an alias of it
  std::string grep;                       // RE2 on the message
  std::optional<AnomalyState> state;
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

// A read-only connection, used from one thread. Each call reads in short transactions, a page at a
// time, and so sees what was committed meanwhile; a daemon that writes is never held up.
//
// Members of group alogd read a 0640 database though they cannot write its directory: -wal and -shm
// stay beside it after a clean stop, and SQLite reads them without write permission. Where both are
// missing and cannot be made, the file is opened as immutable, which is right only as long as
// nobody writes it.
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
  // The riskiest first.
  Result<std::vector<StoredAnomaly>> AnomaliesOfIncident(int64_t incident_id, size_t limit);
  Result<std::vector<StoredTemplate>> Templates(
      const std::string& group);  // all groups where empty
  Result<std::vector<StoredFile>> Files(const std::string& group);
  Result<std::optional<StoredFile>> FindFile(FileId id);

 private:
  struct Impl;
  explicit History(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace alogd
