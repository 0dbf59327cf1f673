// SPDX-License-Identifier: MIT
// The schema's text, version by version.
#include "core/store/schema.h"

#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <thread>

#include "core/store/whole_copy.h"

namespace alogd {
namespace {

// AUTOINCREMENT: an id that an operator noted down must not name another row after retention.
// The views are what is promised to others; the tables may change with any version.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE group_rows (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  next_template_id INTEGER NOT NULL DEFAULT 0  -- over all ids ever given
);
CREATE TABLE source_rows (
  group_id INTEGER NOT NULL REFERENCES group_rows (id),
  name TEXT NOT NULL,
  format TEXT NOT NULL,
  records INTEGER NOT NULL,
  last_us INTEGER,
  PRIMARY KEY (group_id, name)
) WITHOUT ROWID;
CREATE TABLE file_rows (
  file_id INTEGER PRIMARY KEY AUTOINCREMENT,
  group_id INTEGER NOT NULL REFERENCES group_rows (id),
  source TEXT NOT NULL,
  path TEXT NOT NULL,
  inode INTEGER NOT NULL,
  identity BLOB NOT NULL,
  offset INTEGER NOT NULL,
  size INTEGER NOT NULL,
  read_bytes INTEGER NOT NULL,
  chain INTEGER NOT NULL,
  state INTEGER NOT NULL  -- 0 active, 1 rotated, 2 gone
);
CREATE INDEX file_by_source ON file_rows (group_id, source, state, file_id);
CREATE TABLE template_rows (
  group_id INTEGER NOT NULL REFERENCES group_rows (id),
  template_id INTEGER NOT NULL,
  text TEXT NOT NULL,
  count INTEGER NOT NULL,
  first_us INTEGER,
  last_us INTEGER,
  trained INTEGER NOT NULL,
  alias_of INTEGER,
  PRIMARY KEY (group_id, template_id)
) WITHOUT ROWID;
CREATE TABLE incident_rows (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  group_id INTEGER NOT NULL REFERENCES group_rows (id),
  seq INTEGER NOT NULL,
  first_us INTEGER,
  last_us INTEGER,
  level INTEGER NOT NULL,  -- 0 INFO to 4 CRITICAL
  risk REAL NOT NULL,
  anomalies INTEGER NOT NULL,
  top_anomaly INTEGER NOT NULL,
  title TEXT NOT NULL,
  by_rule INTEGER NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,
  alerted_level INTEGER NOT NULL DEFAULT -1,  -- -1: it has not alerted
  UNIQUE (group_id, seq)
);
CREATE TABLE anomaly_rows (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  group_id INTEGER NOT NULL REFERENCES group_rows (id),
  seq INTEGER NOT NULL,
  incident_id INTEGER REFERENCES incident_rows (id),
  time_us INTEGER,
  last_us INTEGER,
  level INTEGER NOT NULL,
  risk REAL NOT NULL,
  score REAL NOT NULL,
  severity INTEGER NOT NULL,
  detector TEXT NOT NULL,
  source TEXT NOT NULL,
  stream TEXT NOT NULL,
  template_id INTEGER,
  template TEXT NOT NULL,
  message TEXT NOT NULL,
  evidence TEXT NOT NULL,
  file_id INTEGER NOT NULL,  -- no reference: files are forgotten before what was found in them
  ref_offset INTEGER NOT NULL,
  ref_bytes INTEGER NOT NULL,
  first_offset INTEGER NOT NULL,
  last_offset INTEGER NOT NULL,
  windows INTEGER NOT NULL,
  bundle TEXT NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,  -- 0 new, 1 acked, 2 confirmed, 3 suppressed
  kept_us INTEGER,  -- by the clock, stamped by retention: when it was first seen as it stands
  UNIQUE (group_id, seq)
);
CREATE INDEX anomaly_by_incident ON anomaly_rows (incident_id);
CREATE INDEX anomaly_by_time ON anomaly_rows (last_us);
CREATE INDEX anomaly_by_age ON anomaly_rows (kept_us);
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  incident_id INTEGER NOT NULL REFERENCES incident_rows (id),
  anomaly_id INTEGER REFERENCES anomaly_rows (id),
  level INTEGER NOT NULL
);
CREATE INDEX outbox_by_incident ON outbox (incident_id);
CREATE INDEX outbox_by_anomaly ON outbox (anomaly_id);
CREATE TABLE state_delta (
  group_id INTEGER NOT NULL REFERENCES group_rows (id),
  seq INTEGER NOT NULL,
  blob BLOB NOT NULL,
  UNIQUE (group_id, seq)
);
CREATE TABLE state_shard (
  group_id INTEGER NOT NULL REFERENCES group_rows (id),
  idx INTEGER NOT NULL,
  seq INTEGER NOT NULL,  -- as of this delta
  blob BLOB NOT NULL,
  UNIQUE (group_id, idx)
);

CREATE VIEW anomalies (id, time_us, level, risk, score, severity, detector, group_name, source,
  stream, template_id, template, message, evidence, file_id, first_offset, last_offset, windows,
  incident_id, bundle, state) AS
SELECT a.id, a.time_us,
  CASE a.level WHEN 4 THEN 'CRITICAL' WHEN 3 THEN 'HIGH' WHEN 2 THEN 'MEDIUM' WHEN 1 THEN 'LOW'
    ELSE 'INFO' END,
  a.risk, a.score, a.severity, a.detector, g.name, a.source, a.stream, a.template_id, a.template,
  a.message, a.evidence, a.file_id, a.first_offset, a.last_offset, a.windows, a.incident_id,
  a.bundle,
  CASE a.state WHEN 1 THEN 'acked' WHEN 2 THEN 'confirmed' WHEN 3 THEN 'suppressed' ELSE 'new' END
FROM anomaly_rows a JOIN group_rows g ON g.id = a.group_id;

CREATE VIEW incidents (id, first_us, last_us, level, risk, group_name, anomalies, title, state) AS
SELECT i.id, i.first_us, i.last_us,
  CASE i.level WHEN 4 THEN 'CRITICAL' WHEN 3 THEN 'HIGH' WHEN 2 THEN 'MEDIUM' WHEN 1 THEN 'LOW'
    ELSE 'INFO' END,
  i.risk, g.name, i.anomalies, i.title,
  CASE i.state WHEN 1 THEN 'acked' WHEN 2 THEN 'confirmed' WHEN 3 THEN 'suppressed' ELSE 'new' END
FROM incident_rows i JOIN group_rows g ON g.id = i.group_id;

CREATE VIEW templates (group_name, template_id, template, count, first_us, last_us, origin,
  alias_of) AS
SELECT g.name, t.template_id, t.text, t.count, t.first_us, t.last_us,
  CASE t.trained WHEN 1 THEN 'trained' ELSE 'live' END, t.alias_of
FROM template_rows t JOIN group_rows g ON g.id = t.group_id;

CREATE VIEW sources (group_name, source, path, format, records, last_us) AS
SELECT g.name, s.name,
  coalesce((SELECT f.path FROM file_rows f WHERE f.group_id = s.group_id AND f.source = s.name
            ORDER BY f.state, f.file_id DESC LIMIT 1), s.name),
  s.format, s.records, s.last_us
FROM source_rows s JOIN group_rows g ON g.id = s.group_id;

CREATE VIEW files (file_id, source, path, inode, offset, bytes, chain, state) AS
SELECT file_id, source, path, inode, offset, read_bytes, chain,
  CASE state WHEN 0 THEN 'active' WHEN 1 THEN 'rotated' ELSE 'gone' END
FROM file_rows;
)sql";

// Alerts of any kind, and a row for each sink that has still to take one. What waited for the
// journal goes on waiting under its id.
constexpr const char* kVersion2 = R"sql(
CREATE TABLE alert_rows (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind INTEGER NOT NULL,  -- AlertKind
  incident_id INTEGER REFERENCES incident_rows (id),
  anomaly_id INTEGER REFERENCES anomaly_rows (id),
  group_id INTEGER REFERENCES group_rows (id),  -- NULL: the whole host
  level INTEGER NOT NULL,
  created_us INTEGER,  -- by the host's clock
  title TEXT NOT NULL,
  body TEXT NOT NULL  -- JSON object
);
CREATE INDEX alert_by_incident ON alert_rows (incident_id);
CREATE INDEX alert_by_anomaly ON alert_rows (anomaly_id);
INSERT INTO alert_rows (id, kind, incident_id, anomaly_id, group_id, level, title, body)
SELECT o.id, 0, o.incident_id, o.anomaly_id, i.group_id, o.level, i.title, '{}'
FROM outbox o JOIN incident_rows i ON i.id = o.incident_id;
DELETE FROM sqlite_sequence WHERE name = 'alert_rows';
INSERT INTO sqlite_sequence (name, seq)
SELECT 'alert_rows', seq FROM sqlite_sequence WHERE name = 'outbox';
DROP TABLE outbox;
CREATE TABLE outbox (
  sink TEXT NOT NULL,
  level INTEGER NOT NULL,  -- the alert's: it decides the order
  alert_id INTEGER NOT NULL REFERENCES alert_rows (id),
  attempts INTEGER NOT NULL DEFAULT 0,  -- that failed
  last_error TEXT,
  PRIMARY KEY (alert_id, sink)
) WITHOUT ROWID;
CREATE INDEX outbox_by_sink ON outbox (sink, level DESC, attempts, alert_id);
INSERT INTO outbox (sink, level, alert_id) SELECT 'journal', level, id FROM alert_rows;
-- What was told is kept by trouble from now on.
DROP TABLE IF EXISTS told_rows;
DROP TABLE IF EXISTS held_rows;
CREATE TABLE trouble_rows (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  group_id INTEGER NOT NULL REFERENCES group_rows (id),
  key TEXT NOT NULL,       -- identity within the group
  host_key TEXT NOT NULL,  -- without stream class, to know it in another group
  scope TEXT NOT NULL,     -- rule, or family and stream class: what floods are counted by
  level INTEGER NOT NULL,  -- that was told
  told_us INTEGER,         -- event time; NULL where the record had none
  clock_us INTEGER,        -- when it was told
  new_statement INTEGER NOT NULL,
  own_alert INTEGER NOT NULL,        -- 0: in a list
  again INTEGER NOT NULL DEFAULT 0,  -- anomalies since it was told
  elsewhere TEXT NOT NULL DEFAULT '',  -- other groups that saw it
  UNIQUE (group_id, key)
);
CREATE INDEX trouble_by_host_key ON trouble_rows (host_key);
CREATE INDEX trouble_by_scope ON trouble_rows (group_id, scope, clock_us);
CREATE INDEX trouble_by_clock ON trouble_rows (clock_us);
CREATE TABLE fate_rows (
  anomaly_id INTEGER PRIMARY KEY REFERENCES anomaly_rows (id) ON DELETE CASCADE,
  trouble_id INTEGER NOT NULL,  -- no reference: troubles are forgotten first
  level INTEGER NOT NULL,       -- at which it was decided
  fate INTEGER NOT NULL         -- Fate
);
INSERT INTO fate_rows (anomaly_id, trouble_id, level, fate)
SELECT a.id, 0, a.level, 0 FROM anomaly_rows a JOIN incident_rows i ON i.id = a.incident_id
WHERE i.alerted_level >= a.level;
CREATE TABLE list_rows (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind INTEGER NOT NULL,  -- AlertKind
  group_id INTEGER NOT NULL,  -- 0: the whole host
  scope TEXT NOT NULL,
  title TEXT NOT NULL,
  since_us INTEGER NOT NULL,  -- by the clock, like due_us
  due_us INTEGER NOT NULL,
  more INTEGER NOT NULL DEFAULT 0,  -- items that were counted only
  UNIQUE (kind, group_id, scope)
);
CREATE INDEX list_by_due ON list_rows (due_us);
CREATE TABLE list_items (
  list_id INTEGER NOT NULL REFERENCES list_rows (id) ON DELETE CASCADE,
  anomaly_id INTEGER NOT NULL REFERENCES anomaly_rows (id) ON DELETE CASCADE,
  level INTEGER NOT NULL,
  quiet INTEGER NOT NULL,  -- worth naming, not worth telling
  PRIMARY KEY (list_id, anomaly_id)
) WITHOUT ROWID;
CREATE INDEX list_item_by_anomaly ON list_items (anomaly_id);
CREATE TABLE open_incidents (
  incident_id INTEGER PRIMARY KEY REFERENCES incident_rows (id) ON DELETE CASCADE,
  due_us INTEGER NOT NULL  -- by the clock
);
CREATE INDEX open_incident_by_due ON open_incidents (due_us);
CREATE TABLE notify_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  clock_us INTEGER,
  tokens REAL NOT NULL,
  tokens_us INTEGER,
  cascade_until_us INTEGER,
  cascade_event_us INTEGER,
  cascade_title TEXT NOT NULL,
  summary_told_us INTEGER,
  flood_told_us INTEGER,
  hush_from_us INTEGER,  -- event time, after a reboot or an upgrade
  hush_until_us INTEGER,
  hush_title TEXT NOT NULL DEFAULT ''
);
)sql";

// Between two attempts to change the journal mode.
constexpr Duration kWalRetry = std::chrono::milliseconds(5);

// kMigrations[n] makes version n + 1 of version n.
constexpr const char* kMigrations[] = {kVersion1, kVersion2};
static_assert(std::size(kMigrations) == kSchemaVersion);

Error Foreign(const std::string& path) {
  return Error{fmt::format("{} is a SQLite database, but not one of alogd: move it aside, or set "
                           "state_dir to another directory",
                           path),
               SQLITE_MISMATCH};
}

Error Newer(const std::string& path, int64_t version, int64_t known) {
  return Error{fmt::format("{} was written by a newer alogd (schema {}, this program knows {}): "
                           "install that version again, or move the file aside to begin a new "
                           "history",
                           path, version, known),
               SQLITE_MISMATCH};
}

// The version of the file, 0 for an empty one; fails for foreign ones and those newer than `known`.
Result<int64_t> Version(Database* db, int64_t known = kSchemaVersion) {
  // One statement, so one moment: another process may be making the schema meanwhile.
  Rows rows = db->Query(
      "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master) "
      "FROM pragma_application_id, pragma_user_version");
  if (!rows.Next()) {
    return rows.status().ok() ? db->Fail(SQLITE_CORRUPT) : rows.status().error();
  }
  const int64_t application = rows.Int(0);
  const int64_t version = rows.Int(1);
  const bool empty = rows.Int(2) == 0;
  if (application != kApplicationId && !(empty && application == 0 && version == 0)) {
    return Foreign(db->path());
  }
  if (version > known) return Newer(db->path(), version, known);
  return empty ? int64_t{0} : version;
}

// WAL is kept in the file; asking for it again costs nothing. To change it SQLite raises a lock
// that it already holds, for which it waits by itself for nobody: two who do it at once are told
// that it is locked, and one of them has to ask again.
Status UseWal(Database* db) {
  const auto end = std::chrono::steady_clock::now() + db->busy();
  for (;;) {
    Rows rows = db->Query("PRAGMA journal_mode = WAL");
    const std::string mode = rows.Next() ? std::string(rows.Text(0)) : "";
    if (mode == "wal") return {};
    const Status& status = rows.status();
    if (status.ok()) {
      return Error{
          fmt::format("cannot use {}: its file system cannot hold a write-ahead log (it offers "
                      "{}): set state_dir to a local file system",
                      db->path(), mode),
          SQLITE_CANTOPEN};
    }
    const bool locked = status.error().code == SQLITE_BUSY;
    if (!locked || std::chrono::steady_clock::now() >= end) return status;
    std::this_thread::sleep_for(kWalRetry);
  }
}

}  // namespace

Status PrepareSchema(Database* db) { return PrepareSchema(db, kMigrations); }

Status PrepareSchema(Database* db, std::span<const char* const> migrations) {
  const auto latest = static_cast<int64_t>(migrations.size());
  Result<int64_t> found = Version(db, latest);
  if (!found.ok()) return found.error();
  // Only an empty file can still choose it: retention gives space back in small steps.
  if (*found == 0) {
    if (Status status = db->Script("PRAGMA auto_vacuum = INCREMENTAL"); !status.ok()) return status;
  }
  if (Status status = UseWal(db); !status.ok()) return status;
  if (*found == latest) return {};
  if (*found > 0) {
    const std::string copy = fmt::format("{}.schema-{}", db->path(), *found);
    if (Status status = CopyWhole(db, copy); !status.ok()) {
      return status.error().With(
          fmt::format("{} is of an older alogd and is copied before it is brought up", db->path()));
    }
  }
  Result<Transaction> transaction = Transaction::Begin(db);
  if (!transaction.ok()) return transaction.error();
  // Another process may have done it while we waited for the lock.
  Result<int64_t> version = Version(db, latest);
  if (!version.ok()) return version.error();
  for (int64_t v = *version; v < latest; ++v) {
    if (Status status = db->Script(migrations[static_cast<size_t>(v)]); !status.ok()) return status;
  }
  const std::string stamp =
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, latest);
  if (Status status = db->Script(stamp.c_str()); !status.ok()) return status;
  return transaction->Commit();
}

Status CheckSchema(Database* db) {
  Result<int64_t> version = Version(db);
  if (!version.ok()) return version.error();
  if (*version < kSchemaVersion) {
    return Error{
        fmt::format("{} is not made yet or of an older alogd (schema {}, this program knows "
                    "{}): start alogd once, it brings the file up",
                    db->path(), *version, kSchemaVersion),
        SQLITE_SCHEMA};
  }
  return {};
}

}  // namespace alogd
