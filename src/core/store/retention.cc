// SPDX-License-Identifier: MIT
// The steps of retention: stamp, delete by age, delete by size, vacuum.
#include "core/store/retention.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/store/store.h"

namespace alogd {
namespace {

// Free pages that stay in the file for the next commits, and how many a step gives back at most
// (256 x 4 KiB: a few milliseconds).
constexpr int64_t kSlackPages = 256;
constexpr int64_t kVacuumPages = 256;
// Logs that are gone and of which nothing more is known than how many records they had: so many
// stay, the latest. And how many rows a step deletes at most.
constexpr int64_t kMostGoneSources = 10'000;
constexpr int64_t kGoneSourcesStep = 5'000;
// Of templates: more, because finding the oldest costs a look at all.
constexpr uint64_t kTemplatesStep = 50'000;

struct Pages {
  int64_t size = 4096;
  int64_t all = 0;
  int64_t free = 0;
  uint64_t used_bytes() const { return static_cast<uint64_t>((all - free) * size); }
};

Result<Pages> CountPages(Database* db) {
  Pages pages;
  for (auto [pragma, value] :
       {std::pair{"PRAGMA page_size", &pages.size}, std::pair{"PRAGMA page_count", &pages.all},
        std::pair{"PRAGMA freelist_count", &pages.free}}) {
    Result<std::optional<int64_t>> read = db->Int(pragma);
    if (!read.ok()) return read.error();
    *value = read->value_or(*value);
  }
  return pages;
}

// Rows written since the last call are of now.
Status Stamp(Database* db, int64_t now) {
  return db->Run("UPDATE anomaly_rows SET kept_us = ? WHERE kept_us IS NULL", now);
}

// Deletes the oldest anomalies kept before `before`, and the incidents that they leave empty. The
// latest incident of a group stays, with what it alerted: it may still be growing.
Result<size_t> DeleteBefore(Database* db, int64_t before, size_t rows) {
  std::vector<int64_t> incidents;
  size_t deleted = 0;
  {
    Rows gone = db->Query(
        "DELETE FROM anomaly_rows WHERE id IN (SELECT id FROM anomaly_rows a WHERE kept_us < ? AND "
        "NOT EXISTS (SELECT 1 FROM alert_rows r WHERE r.anomaly_id = a.id) "
        "ORDER BY kept_us, id LIMIT ?) RETURNING coalesce(incident_id, 0)",
        before, rows);
    for (; gone.Next(); ++deleted) incidents.push_back(gone.Int(0));
    if (!gone.status().ok()) return gone.status().error();
  }
  std::ranges::sort(incidents);
  incidents.erase(std::unique(incidents.begin(), incidents.end()), incidents.end());
  for (const int64_t id : incidents) {
    Status status = db->Run(
        "DELETE FROM incident_rows AS i WHERE id = ?1 AND "
        "NOT EXISTS (SELECT 1 FROM anomaly_rows WHERE incident_id = ?1) AND "
        "NOT EXISTS (SELECT 1 FROM alert_rows WHERE incident_id = ?1) AND "
        "seq < (SELECT max(seq) FROM incident_rows WHERE group_id = i.group_id)",
        id);
    if (!status.ok()) return status.error();
  }
  return deleted;
}

// Each path that ever had a record leaves a row: jobs that log to a file of their own would fill
// the database with them. True while there are more to delete.
Result<bool> DropGoneSources(Database* db) {
  constexpr const char* kGone =
      "FROM source_rows s WHERE NOT EXISTS (SELECT 1 FROM file_rows f WHERE f.group_id = "
      "s.group_id "
      "AND f.source = s.name)";
  const Result<std::optional<int64_t>> all = db->Int("SELECT count(*) FROM source_rows");
  if (!all.ok()) return all.error();
  if (all->value_or(0) <= kMostGoneSources) return false;
  const Result<std::optional<int64_t>> gone = db->Int(fmt::format("SELECT count(*) {}", kGone));
  if (!gone.ok()) return gone.error();
  const int64_t over = gone->value_or(0) - kMostGoneSources;
  if (over <= 0) return false;
  const Status status = db->Run(
      fmt::format("DELETE FROM source_rows WHERE (group_id, name) IN (SELECT s.group_id, s.name {} "
                  "ORDER BY s.last_us, s.name LIMIT ?)",
                  kGone),
      std::min(over, kGoneSourcesStep));
  if (!status.ok()) return status.error();
  return over > kGoneSourcesStep;
}

// Each new kind of line leaves a row, and a flood of them millions. Ids are never given again: the
// greatest is kept with the group. True while there are more to delete.
Result<bool> DropUnseenTemplates(Database* db, uint64_t most) {
  Rows over = db->Query(
      "SELECT group_id, count(*) FROM template_rows GROUP BY group_id HAVING count(*) > ?", most);
  std::vector<std::pair<int64_t, uint64_t>> groups;
  while (over.Next()) groups.emplace_back(over.Int(0), over.Unsigned(1) - most);
  if (!over.status().ok()) return over.status().error();
  bool more = false;
  for (const auto& [group, rows] : groups) {
    const Status status = db->Run(
        "DELETE FROM template_rows WHERE group_id = ?1 AND template_id IN (SELECT template_id FROM "
        "template_rows WHERE group_id = ?1 AND trained = 0 ORDER BY last_us, template_id LIMIT ?2)",
        group, std::min(rows, kTemplatesStep));
    if (!status.ok()) return status.error();
    more = more || rows > kTemplatesStep;
  }
  return more;
}

// True while there is more to give back.
Result<bool> Vacuum(Database* db) {
  Result<Pages> pages = CountPages(db);
  if (!pages.ok()) return pages.error();
  const int64_t spare = pages->free - kSlackPages;
  if (spare <= 0) return false;
  const std::string vacuum =
      fmt::format("PRAGMA incremental_vacuum({})", std::min(spare, kVacuumPages));
  if (Status status = db->Script(vacuum.c_str()); !status.ok()) return status.error();
  return spare > kVacuumPages;
}

}  // namespace

Result<bool> RetainStep(Database* db, const StorePolicy& policy, Time now, size_t rows) {
  Result<Transaction> transaction = Transaction::Begin(db);
  if (!transaction.ok()) return transaction.error();
  if (Status status = Stamp(db, Micros(now)); !status.ok()) return status.error();
  Result<size_t> deleted = DeleteBefore(db, Micros(now - policy.keep), rows);
  if (!deleted.ok()) return deleted.error();
  if (*deleted < rows) {
    Result<Pages> pages = CountPages(db);
    if (!pages.ok()) return pages.error();
    if (pages->used_bytes() > policy.max_size) {
      Result<size_t> more = DeleteBefore(db, INT64_MAX, rows - *deleted);
      if (!more.ok()) return more.error();
      *deleted += *more;
    }
  }
  const Result<bool> sources = DropGoneSources(db);
  if (!sources.ok()) return sources.error();
  const Result<bool> templates = DropUnseenTemplates(db, policy.max_templates);
  if (!templates.ok()) return templates.error();
  Result<bool> vacuum = Vacuum(db);
  if (!vacuum.ok()) return vacuum.error();
  if (Status status = transaction->Commit(); !status.ok()) return status.error();
  return *deleted == rows || *sources || *templates || *vacuum;
}

}  // namespace alogd
