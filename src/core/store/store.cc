// SPDX-License-Identifier: MIT
// The writer's connection: opening, commits, the outbox, and loading a group's state.
#include "core/store/store.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "core/notify/notifier.h"
#include "core/store/anomaly_row.h"
#include "core/store/outbox.h"
#include "core/store/retention.h"
#include "core/store/schema.h"
#include "core/store/sqlite.h"
#include "core/store/unit_writer.h"
#include "core/store/whole_copy.h"
#include "core/text.h"

namespace alogd {
namespace {

// Pages (4 KiB) of WAL after which a commit checkpoints by itself. Far above what CheckpointWal
// lets it grow to: a backstop for when nobody calls it, since a commit must not wait for the disk
// twice.
constexpr int kBackstopPages = 16384;
// Clocks are set back by less than this to be in time with others.
constexpr Duration kClockJump = std::chrono::minutes(1);
// Bytes the WAL file keeps when it starts over.
constexpr int64_t kWalKeep = 8 << 20;
// Bytes of WAL below which its space is left in place: truncating costs more than it gives.
constexpr int kTruncatePages = 1024;

Status Configure(Database* db) {
  const std::string pragmas = fmt::format(
      "PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = {}; "
      "PRAGMA journal_size_limit = {}",
      kBackstopPages, kWalKeep);
  if (Status status = db->Script(pragmas.c_str()); !status.ok()) return status;
  // A reader of group alogd may not create -wal and -shm: they stay after a clean stop.
  int persist = 1;
  const int code = sqlite3_file_control(db->handle(), "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
  if (code != SQLITE_OK) return db->Fail(code);
  return {};
}

}  // namespace

RiskLevel StorePolicy::alert_min() const {
  RiskLevel least = RiskLevel::kCritical;
  for (const SinkPolicy& sink : sinks) least = std::min(least, sink.min_level);
  return least;
}

struct Store::Impl {
  Database db;
  StorePolicy policy;
  Duration busy;
  bool full = false;         // synchronous=FULL is in force
  int64_t next_file_id = 0;  // 0: not asked for yet
  std::optional<Database> checkpointer;
  Time last_clock = kNoTime;  // of the host, as of the last commit
  uint64_t repeats = 0;
  bool due_known = false;
  Time due = kNoTime;  // of the next list or closing entry; kNoTime: none

  Status SetSynchronous(bool want_full) {
    if (full == want_full) return {};
    Status status = db.Run(want_full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    if (status.ok()) full = want_full;
    return status;
  }
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::Open(const std::string& path, const StorePolicy& policy, Duration busy) {
  Result<Database> db = Database::Open(path, Database::Mode::kWriter, busy);
  if (!db.ok()) return db.error();
  if (Status status = PrepareSchema(&*db); !status.ok()) return status.error();
  if (Status status = Configure(&*db); !status.ok()) return status.error();
  return Store(
      std::unique_ptr<Impl>(new Impl{std::move(*db), policy, busy, false, 0, {}, kNoTime}));
}

void Store::set_policy(const StorePolicy& policy) { impl_->policy = policy; }

const StorePolicy& Store::policy() const { return impl_->policy; }

Status Store::Commit(const CommitUnit& unit, Time now) {
  if (unit.empty() && !unit.shard && unit.drop_deltas_to == 0) return {};
  if (Status status = impl_->SetSynchronous(unit.durable()); !status.ok()) return status;
  Result<Transaction> transaction = Transaction::Begin(&impl_->db);
  if (!transaction.ok()) return transaction.error();
  Result<Maintenance> pause = ReadMaintenance(&impl_->db);
  if (!pause.ok()) return pause.error();
  if (pause->Holds(now) && impl_->last_clock != kNoTime && impl_->last_clock - now > kClockJump) {
    // The clock jumped back: half an hour of maintenance must not become a day of it.
    pause->until -= impl_->last_clock - now;
    const Status shifted = WriteMaintenance(&impl_->db, now, pause->until);
    if (!shifted.ok()) return shifted;
  }
  UnitWriter writer(&impl_->db, impl_->policy, unit, now, pause->Holds(now));
  if (Status status = writer.Write(); !status.ok()) return status;
  Status committed = transaction->Commit();
  if (!committed.ok()) return committed;
  if (now != kNoTime) impl_->last_clock = now;
  impl_->repeats += writer.repeats();
  impl_->due_known = impl_->due_known && unit.anomalies.empty();
  return {};
}

Result<bool> Store::Notify(Time now) {
  if (!impl_->due_known) {
    const Result<Time> due = Notifier::NextDue(&impl_->db);
    if (!due.ok()) return due.error();
    impl_->due = *due;
    impl_->due_known = true;
  }
  if (impl_->due == kNoTime || now < impl_->due) return false;
  const Result<Maintenance> pause = ReadMaintenance(&impl_->db);
  if (!pause.ok()) return pause.error();
  if (pause->Holds(now)) return false;
  if (Status status = impl_->SetSynchronous(true); !status.ok()) return status.error();
  Result<Transaction> transaction = Transaction::Begin(&impl_->db);
  if (!transaction.ok()) return transaction.error();
  Notifier notifier(&impl_->db, impl_->policy.notify, impl_->policy.sinks, false);
  Status status = notifier.Begin(now, now);
  if (status.ok()) status = notifier.End();
  if (status.ok()) status = transaction->Commit();
  if (!status.ok()) return status.error();
  impl_->due_known = false;
  return true;
}

uint64_t Store::repeats() const { return impl_->repeats; }

Status Store::SetMaintenance(Time now, Time until) {
  if (Status status = impl_->SetSynchronous(true); !status.ok()) return status;
  Result<Transaction> transaction = Transaction::Begin(&impl_->db);
  if (!transaction.ok()) return transaction.error();
  if (Status status = WriteMaintenance(&impl_->db, now, until); !status.ok()) return status;
  impl_->last_clock = now;
  return transaction->Commit();
}

Result<uint64_t> Store::SetStates(const VerdictTarget& target, AnomalyState state, Time now) {
  if (Status status = impl_->SetSynchronous(true); !status.ok()) return status.error();
  Result<Transaction> transaction = Transaction::Begin(&impl_->db);
  if (!transaction.ok()) return transaction.error();
  Result<uint64_t> changed = WriteVerdict(&impl_->db, target, state, now);
  if (!changed.ok()) return changed;
  if (Status status = transaction->Commit(); !status.ok()) return status.error();
  return changed;
}

Result<Maintenance> Store::maintenance() { return ReadMaintenance(&impl_->db); }

Result<std::vector<Alert>> Store::Outbox(std::string_view sink, size_t limit) {
  return ReadOutbox(&impl_->db, sink, limit);
}

Status Store::Sent(std::string_view sink, const std::vector<int64_t>& alerts,
                   const std::optional<RefusedAlert>& refused) {
  if (alerts.empty() && !refused) return {};
  Result<Transaction> transaction = Transaction::Begin(&impl_->db);
  if (!transaction.ok()) return transaction.error();
  Status status = DeleteFromOutbox(&impl_->db, sink, alerts);
  if (status.ok() && refused) status = NoteFailure(&impl_->db, sink, refused->id, refused->error);
  return status.ok() ? transaction->Commit() : status;
}

Result<std::map<std::string, uint64_t>> Store::Waiting() { return CountOutbox(&impl_->db); }

Result<std::map<std::string, uint64_t>> Store::DropOtherSinks() {
  Result<Transaction> transaction = Transaction::Begin(&impl_->db);
  if (!transaction.ok()) return transaction.error();
  auto dropped = alogd::DropOtherSinks(&impl_->db, impl_->policy.sinks);
  if (!dropped.ok()) return dropped;
  if (Status status = transaction->Commit(); !status.ok()) return status.error();
  return dropped;
}

namespace {

Status LoadTemplates(Database* db, int64_t group, GroupState* state) {
  Rows rows = db->Query(
      "SELECT template_id, text, count, first_us, last_us, trained, alias_of FROM template_rows "
      "WHERE group_id = ? ORDER BY template_id",
      group);
  while (rows.Next()) state->templates.push_back(ReadTemplate(rows, 0));
  return rows.status();
}

Status LoadState(Database* db, int64_t group, GroupState* state) {
  Rows shards =
      db->Query("SELECT idx, seq, blob FROM state_shard WHERE group_id = ? ORDER BY idx", group);
  while (shards.Next()) {
    state->shards.push_back(
        {static_cast<uint32_t>(shards.Int(0)), shards.Unsigned(1), std::string(shards.Bytes(2))});
  }
  if (!shards.status().ok()) return shards.status();
  Rows deltas =
      db->Query("SELECT seq, blob FROM state_delta WHERE group_id = ? ORDER BY seq", group);
  while (deltas.Next()) {
    state->deltas.push_back({deltas.Unsigned(0), std::string(deltas.Bytes(1))});
  }
  return deltas.status();
}

Status LoadFiles(Database* db, int64_t group, GroupState* state) {
  static const std::string kQuery = fmt::format(
      "SELECT {} FROM file_rows f JOIN group_rows g ON g.id = f.group_id WHERE f.group_id = ? "
      "ORDER BY f.file_id",
      kFileColumns);
  Rows rows = db->Query(kQuery, group);
  while (rows.Next()) state->files.push_back(ReadFile(rows).file);
  return rows.status();
}

Status LoadSeqs(Database* db, int64_t group, GroupState* state) {
  Rows rows = db->Query(
      "SELECT (SELECT max(seq) FROM anomaly_rows WHERE group_id = ?1), "
      "(SELECT max(seq) FROM incident_rows WHERE group_id = ?1)",
      group);
  if (!rows.Next()) return rows.status();
  state->last_anomaly_seq = rows.Unsigned(0);  // 0 for NULL
  state->last_incident_seq = rows.Unsigned(1);
  return {};
}

}  // namespace

Result<GroupState> Store::LoadGroup(const std::string& group) {
  Database* db = &impl_->db;
  GroupState state;
  Rows rows = db->Query("SELECT id, next_template_id FROM group_rows WHERE name = ?", group);
  if (!rows.Next()) {
    if (!rows.status().ok()) return rows.status().error();
    return state;
  }
  const int64_t id = rows.Int(0);
  state.next_template_id = static_cast<uint32_t>(rows.Int(1));
  if (Status s = LoadTemplates(db, id, &state); !s.ok()) return s.error();
  if (Status s = LoadState(db, id, &state); !s.ok()) return s.error();
  if (Status s = LoadFiles(db, id, &state); !s.ok()) return s.error();
  if (Status s = LoadSeqs(db, id, &state); !s.ok()) return s.error();
  return state;
}

Result<int64_t> Store::NextFileId() {
  if (impl_->next_file_id == 0) {
    // AUTOINCREMENT keeps the greatest id that was ever committed here.
    Result<std::optional<int64_t>> last =
        impl_->db.Int("SELECT seq FROM sqlite_sequence WHERE name = 'file_rows'");
    if (!last.ok()) return last.error();
    impl_->next_file_id = last->value_or(0) + 1;
  }
  return impl_->next_file_id++;
}

Result<bool> Store::Retain(Time now, size_t rows) {
  if (Status status = impl_->SetSynchronous(false); !status.ok()) return status.error();
  return RetainStep(&impl_->db, impl_->policy, now, rows);
}

Status Store::CheckpointWal() {
  if (!impl_->checkpointer) {
    Result<Database> db = Database::Open(impl_->db.path(), Database::Mode::kWriter, impl_->busy);
    if (!db.ok()) return db.error();
    if (Status status = Configure(&*db); !status.ok()) return status;
    impl_->checkpointer.emplace(std::move(*db));
  }
  sqlite3* handle = impl_->checkpointer->handle();
  int frames = 0;
  int done = 0;
  int code = sqlite3_wal_checkpoint_v2(handle, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &done);
  // Busy is somebody else's checkpoint: as good.
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) return impl_->checkpointer->Fail(code);
  if (code != SQLITE_OK || done < frames || frames < kTruncatePages) return {};
  // Without waiting: a reader in the old WAL keeps it until the next time.
  sqlite3_busy_timeout(handle, 0);
  code = sqlite3_wal_checkpoint_v2(handle, "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) return impl_->checkpointer->Fail(code);
  return {};
}

namespace {

// Whether this process has the file at `path` open.
bool OpenHere(const std::string& path) {
  struct stat wanted {};
  if (stat(path.c_str(), &wanted) != 0) return false;
  std::error_code error;
  for (const auto& fd : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    struct stat open {};
    if (stat(fd.path().c_str(), &open) == 0 && open.st_dev == wanted.st_dev &&
        open.st_ino == wanted.st_ino) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool Store::Displaced() const {
  int moved = 0;
  const int code = sqlite3_file_control(impl_->db.handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return code == SQLITE_OK && moved != 0;
}

Result<std::string> Store::WriteAgain(Time now) {
  const std::string path = impl_->db.path();
  const std::string copy = path + ".again";
  if (Status copied = CopyWhole(&impl_->db, copy); !copied) return copied.error();
  // The write-ahead log is ours unless it was replaced too, and must not go with another's file.
  if (OpenHere(path + "-wal")) unlink((path + "-wal").c_str());
  std::string aside;
  if (struct stat info; lstat(path.c_str(), &info) == 0 && info.st_size > 0) {
    Result<std::string> set = SetDatabaseAside(path, "replaced", now);
    if (!set) return set.error();
    aside = std::move(*set);
  }
  // Those of a database that is gone would be taken for the new one's.
  for (const char* suffix : {"-wal", "-shm"}) unlink((path + suffix).c_str());
  if (rename(copy.c_str(), path.c_str()) != 0) {
    return ErrnoError("cannot rename to its place", copy, errno);
  }
  Result<Store> again = Open(path, impl_->policy, impl_->busy);
  if (!again) return again.error();
  again->impl_->next_file_id = impl_->next_file_id;
  again->impl_->repeats = impl_->repeats;
  *this = std::move(*again);
  return aside;
}

}  // namespace alogd
