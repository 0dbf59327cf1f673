// SPDX-License-Identifier: MIT
// Read-only queries over the database, a page and a short transaction at a time.
#include "core/store/history.h"

#include <fmt/format.h>
#include <re2/re2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/store/anomaly_row.h"
#include "core/store/schema.h"
#include "core/store/sqlite.h"

namespace alogd {
namespace {

// How long a reader waits for a lock: only recovery and checkpoints of a starting or stopping
// daemon lock readers out.
constexpr Duration kBusy = std::chrono::seconds(2);
// Rows a transaction reads at most, so that a reader never keeps the WAL from being checkpointed.
constexpr size_t kPage = 1000;

Status Readable(const std::string& path) {
  if (access(path.c_str(), R_OK) == 0) return {};
  const int err = errno;
  Error error = ErrnoError("cannot read the database", path, err);
  if (err == ENOENT) {
    error.message +=
        ": alogd has not run here yet (or state_dir is another one); start it, or give its "
        "configuration with --config";
  } else if (err == EACCES) {
    error.message +=
        ": become root or a member of group alogd (`adduser USER alogd`, then log in again)";
  }
  return error;
}

// True if no writer can have anything for us that is not in the main file.
bool WithoutWal(const std::string& path) {
  struct stat info {};
  return stat((path + "-wal").c_str(), &info) != 0 || info.st_size == 0;
}

Result<Database> OpenChecked(const std::string& path, Database::Mode mode) {
  Result<Database> db = Database::Open(path, mode, kBusy);
  if (!db.ok()) return db;
  if (Status status = CheckSchema(&*db); !status.ok()) return status.error();
  return db;
}

// The WHERE clause of a filter, for the tables' alias `t` with its columns; values are bound by
// number.
std::string Where(std::string_view t, std::string_view first, bool anomalies) {
  std::string where = fmt::format(
      "{0}.id < ?1 AND {0}.level >= ?2 AND (?3 IS NULL OR {0}.last_us >= ?3) AND "
      "(?4 IS NULL OR {0}.{1} <= ?4) AND (?5 = '' OR g.name = ?5) AND "
      "(?6 IS NULL OR {0}.state = ?6)",
      t, first);
  if (anomalies) {
    // A source by its whole name or by the end of its path. The bound on id, from the index of
    // times, ends a scan from the newest at the first row that can be recent enough: "the last
    // hour" must not read 90 days. The + keeps SQLite from looking for that first row from the
    // oldest on.
    where +=
        " AND a.id >= coalesce((SELECT min(+id) FROM anomaly_rows WHERE last_us >= ?3), "
        "iif(?3 IS NULL, 0, 9223372036854775807))"
        " AND (?7 = '' OR a.source = ?7 OR substr(a.source, -length(?7) - 1) = '/' || ?7) AND "
        "(?8 IS NULL OR a.template_id = ?8 OR EXISTS (SELECT 1 FROM template_rows t WHERE "
        "t.group_id = a.group_id AND t.template_id = a.template_id AND t.alias_of = ?8))";
  }
  return where;
}

struct Bounds {
  int64_t before;
  int level;
  std::optional<int64_t> since, until;
  std::optional<int> state;
};

Bounds BoundsOf(const AnomalyFilter& filter) {
  Bounds b{filter.before_id > 0 ? filter.before_id : INT64_MAX,
           static_cast<int>(filter.min_level),
           {},
           {},
           {}};
  if (filter.since) b.since = Micros(*filter.since);
  if (filter.until) b.until = Micros(*filter.until);
  if (filter.state) b.state = static_cast<int>(*filter.state);
  return b;
}

// The filter's pattern; null where it has none.
Result<std::unique_ptr<re2::RE2>> Pattern(const std::string& grep) {
  std::unique_ptr<re2::RE2> pattern;
  if (grep.empty()) return pattern;
  re2::RE2::Options options;
  options.set_log_errors(false);
  pattern = std::make_unique<re2::RE2>(grep, options);
  if (pattern->ok()) return pattern;
  return Error{
      fmt::format("'{}' is not a regular expression: {}; RE2 has no backreferences and no "
                  "lookaround",
                  grep, pattern->error())};
}

}  // namespace

struct History::Impl {
  Database db;

  // One page of anomalies, those of `filter` but for its pattern.
  Result<std::vector<StoredAnomaly>> Page(const AnomalyFilter& filter, int64_t before, size_t rows);
};

History::History(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
History::History(History&&) noexcept = default;
History& History::operator=(History&&) noexcept = default;
History::~History() = default;

Result<History> History::Open(const std::string& path) {
  if (Status status = Readable(path); !status.ok()) return status.error();
  Result<Database> db = OpenChecked(path, Database::Mode::kReader);
  // A WAL database on read-only media, or whose -wal and -shm somebody removed, cannot be opened by
  // one who may not create them; without a WAL the file alone is the whole truth. Rejected:
  // immutable always, as it would miss what is in the WAL and read torn pages under a checkpoint.
  if (!db.ok() && (db.error().code == SQLITE_CANTOPEN || db.error().code == SQLITE_READONLY) &&
      WithoutWal(path)) {
    db = OpenChecked(path, Database::Mode::kImmutable);
  }
  if (!db.ok()) return db.error();
  return History(std::unique_ptr<Impl>(new Impl{std::move(*db)}));
}

Result<std::vector<StoredAnomaly>> History::Impl::Page(const AnomalyFilter& filter, int64_t before,
                                                       size_t rows_wanted) {
  static const std::string kQuery = fmt::format(
      "SELECT {} FROM anomaly_rows a JOIN group_rows g ON g.id = a.group_id WHERE {} "
      "ORDER BY a.id DESC LIMIT ?9",
      kAnomalyColumns, Where("a", "time_us", true));
  const Bounds b = BoundsOf(filter);
  std::optional<uint32_t> template_id;
  if (filter.template_id) template_id = Index(*filter.template_id);
  std::vector<StoredAnomaly> out;
  Rows rows = db.Query(kQuery, before, b.level, b.since, b.until, filter.group, b.state,
                       filter.source, template_id, rows_wanted);
  while (rows.Next()) out.push_back(ReadAnomaly(rows));
  if (!rows.status().ok()) return rows.status().error();
  return out;
}

Result<std::vector<StoredAnomaly>> History::Anomalies(const AnomalyFilter& filter) {
  Result<std::unique_ptr<re2::RE2>> pattern = Pattern(filter.grep);
  if (!pattern.ok()) return pattern.error();
  std::vector<StoredAnomaly> out;
  int64_t before = BoundsOf(filter).before;
  while (out.size() < filter.limit) {
    const size_t wanted = *pattern ? kPage : std::min(kPage, filter.limit - out.size());
    Result<std::vector<StoredAnomaly>> page = impl_->Page(filter, before, wanted);
    if (!page.ok()) return page.error();
    for (StoredAnomaly& stored : *page) {
      before = stored.id;
      if (*pattern && !re2::RE2::PartialMatch(stored.anomaly.message, **pattern)) continue;
      if (out.size() < filter.limit) out.push_back(std::move(stored));
    }
    if (page->size() < wanted) break;
  }
  return out;
}

Result<std::optional<StoredAnomaly>> History::FindAnomaly(int64_t id) {
  static const std::string kQuery = fmt::format(
      "SELECT {} FROM anomaly_rows a JOIN group_rows g ON g.id = a.group_id WHERE a.id = ?",
      kAnomalyColumns);
  std::optional<StoredAnomaly> found;
  Rows rows = impl_->db.Query(kQuery, id);
  if (rows.Next()) found = ReadAnomaly(rows);
  if (!rows.status().ok()) return rows.status().error();
  return found;
}

Result<std::vector<StoredIncident>> History::Incidents(const AnomalyFilter& filter) {
  static const std::string kQuery = fmt::format(
      "SELECT {} FROM incident_rows i JOIN group_rows g ON g.id = i.group_id WHERE {} "
      "ORDER BY i.id DESC LIMIT ?7",
      kIncidentColumns, Where("i", "first_us", false));
  Result<std::unique_ptr<re2::RE2>> pattern = Pattern(filter.grep);
  if (!pattern.ok()) return pattern.error();
  const Bounds b = BoundsOf(filter);
  std::vector<StoredIncident> out;
  int64_t before = b.before;
  while (out.size() < filter.limit) {
    size_t read = 0;
    Rows rows =
        impl_->db.Query(kQuery, before, b.level, b.since, b.until, filter.group, b.state, kPage);
    for (; rows.Next(); ++read) {
      StoredIncident stored = ReadIncident(rows);
      before = stored.id;
      if (*pattern && !re2::RE2::PartialMatch(stored.incident.title, **pattern)) continue;
      if (out.size() < filter.limit) out.push_back(std::move(stored));
    }
    if (!rows.status().ok()) return rows.status().error();
    if (read < kPage) break;
  }
  return out;
}

Result<std::optional<StoredIncident>> History::FindIncident(int64_t id) {
  static const std::string kQuery = fmt::format(
      "SELECT {} FROM incident_rows i JOIN group_rows g ON g.id = i.group_id WHERE i.id = ?",
      kIncidentColumns);
  std::optional<StoredIncident> found;
  Rows rows = impl_->db.Query(kQuery, id);
  if (rows.Next()) found = ReadIncident(rows);
  if (!rows.status().ok()) return rows.status().error();
  return found;
}

Result<std::vector<StoredAnomaly>> History::AnomaliesOfIncident(int64_t incident_id, size_t limit) {
  static const std::string kQuery = fmt::format(
      "SELECT {} FROM anomaly_rows a JOIN group_rows g ON g.id = a.group_id WHERE a.incident_id = "
      "? "
      "ORDER BY a.risk DESC, a.id LIMIT ?",
      kAnomalyColumns);
  std::vector<StoredAnomaly> out;
  Rows rows = impl_->db.Query(kQuery, incident_id, limit);
  while (rows.Next()) out.push_back(ReadAnomaly(rows));
  if (!rows.status().ok()) return rows.status().error();
  return out;
}

Result<std::vector<StoredTemplate>> History::Templates(const std::string& group) {
  std::vector<StoredTemplate> out;
  Rows rows = impl_->db.Query(
      "SELECT g.name, t.template_id, t.text, t.count, t.first_us, t.last_us, t.trained, t.alias_of "
      "FROM template_rows t JOIN group_rows g ON g.id = t.group_id WHERE ?1 = '' OR g.name = ?1 "
      "ORDER BY g.name, t.template_id",
      group);
  while (rows.Next()) out.push_back({std::string(rows.Text(0)), ReadTemplate(rows, 1)});
  if (!rows.status().ok()) return rows.status().error();
  return out;
}

Result<std::vector<StoredFile>> History::Files(const std::string& group) {
  static const std::string kQuery = fmt::format(
      "SELECT {} FROM file_rows f JOIN group_rows g ON g.id = f.group_id WHERE ?1 = '' OR g.name = "
      "?1 "
      "ORDER BY f.file_id",
      kFileColumns);
  std::vector<StoredFile> out;
  Rows rows = impl_->db.Query(kQuery, group);
  while (rows.Next()) out.push_back(ReadFile(rows));
  if (!rows.status().ok()) return rows.status().error();
  return out;
}

Result<std::optional<StoredFile>> History::FindFile(FileId id) {
  static const std::string kQuery = fmt::format(
      "SELECT {} FROM file_rows f JOIN group_rows g ON g.id = f.group_id WHERE f.file_id = ?",
      kFileColumns);
  std::optional<StoredFile> found;
  Rows rows = impl_->db.Query(kQuery, Index(id));
  if (rows.Next()) found = ReadFile(rows);
  if (!rows.status().ok()) return rows.status().error();
  return found;
}

}  // namespace alogd
