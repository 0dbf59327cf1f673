// SPDX-License-Identifier: MIT
// VACUUM INTO beside the database, then renames.
#include "core/store/restore.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/store/schema.h"
#include "core/store/sqlite.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kMode = 0640;
constexpr Duration kBusy = std::chrono::seconds(10);

bool Exists(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0;
}

// Beside a writer where it can be; a copy on read-only media has no -shm and cannot get one.
Result<Database> OpenBackup(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return ErrnoError("read the backup", path, errno);
  if (!S_ISREG(info.st_mode)) return Error{path + " is no file"};
  auto db = Database::Open(path, Database::Mode::kReader, kBusy);
  if (db && db->Int("PRAGMA schema_version").ok()) return db;
  if (Exists(path + "-wal")) return db ? Error{db->Fail(SQLITE_CANTOPEN)} : db.error();
  return Database::Open(path, Database::Mode::kImmutable, kBusy);
}

Status CheckBackup(Database* db) {
  const auto application = db->Int("PRAGMA application_id");
  if (!application) return application.error();
  if (application->value_or(0) != kApplicationId)
    return Error{db->path() + " is no database of alogd's; give a copy of alogd.db"};
  const auto version = db->Int("PRAGMA user_version");
  if (!version) return version.error();
  if (version->value_or(0) > kSchemaVersion)
    return Error{
        fmt::format("{} is of a newer alogd (schema {}, this program knows {}): install "
                    "that one first",
                    db->path(), **version, kSchemaVersion)};
  Rows check = db->Query("PRAGMA integrity_check(1)");
  if (!check.Next())
    return check.status().ok() ? Error{db->path() + " cannot be checked"} : check.status().error();
  if (check.Text(0) == "ok") return {};
  return Error{fmt::format("{} is damaged ({}): give another backup", db->path(), check.Text(0))};
}

Status Sync(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = fd >= 0 && fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  if (synced) return {};
  return ErrnoError("write", path, error);
}

// Whose the directory is, the database is: the service's, though root restores it. No link of the
// service's may lead root elsewhere.
Status GiveToOwner(const std::string& path, const std::string& directory) {
  struct stat info {};
  if (stat(directory.c_str(), &info) != 0) return ErrnoError("look at", directory, errno);
  const int fd = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return ErrnoError("open", path, errno);
  const bool given = (geteuid() != 0 || fchown(fd, info.st_uid, info.st_gid) == 0) &&
                     fchmod(fd, kMode) == 0 && fsync(fd) == 0;
  const int error = errno;
  close(fd);
  if (given) return {};
  return ErrnoError("give to its owner", path, error);
}

Status Copy(Database* from, const std::string& to, const std::string& directory, Restored* out) {
  std::error_code ignored;
  fs::remove(to, ignored);  // of an earlier attempt
  if (Status copied = from->Run("VACUUM INTO ?", to); !copied) return copied;
  auto copy = Database::Open(to, Database::Mode::kImmutable, kBusy);
  if (!copy) return copy.error();
  Rows rows = copy->Query("SELECT count(*), max(time_us) FROM anomalies");
  if (!rows.Next()) return rows.status().ok() ? Error{to + " has no history"} : rows.status();
  out->anomalies = rows.Unsigned(0);
  if (!rows.Null(1)) out->latest = FromMicros(rows.Int(1));
  return GiveToOwner(to, directory);
}

// A name that nothing has.
std::string KeptName(const std::string& database, Time now) {
  const std::string name = fmt::format("{}.before-{:%Y%m%dT%H%M%SZ}", database,
                                       fmt::gmtime(std::time_t{Micros(now) / 1'000'000}));
  std::string free = name;
  for (int i = 2; Exists(free); ++i) free = fmt::format("{}-{}", name, i);
  return free;
}

Status Rename(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) == 0 || errno == ENOENT) return {};
  return ErrnoError("rename", from, errno);
}

// What only its -wal holds goes into the database itself, so that it is whole without it: SQLite
// does that when the last connection closes. A damaged one stays as it is.
void TakeInWal(const std::string& database) {
  if (!Exists(database + "-wal")) return;
  auto db = Database::Open(database, Database::Mode::kWriter, kBusy);
  if (db) (void)db->Int("PRAGMA schema_version");
}

// A -wal that a damaged database has goes first: it must never stand beside the new file.
Status Exchange(const std::string& copy, const std::string& database, const std::string& kept) {
  if (Status moved = Rename(database + "-wal", kept + "-wal"); !moved) return moved;
  std::error_code ignored;
  fs::remove(database + "-shm", ignored);
  if (Exists(database) && link(database.c_str(), kept.c_str()) != 0)
    return ErrnoError("keep", database, errno);
  if (rename(copy.c_str(), database.c_str()) != 0) return ErrnoError("replace", database, errno);
  return Sync(fs::path(database).parent_path());
}

bool SameFile(const std::string& a, const std::string& b) {
  struct stat of_a {
  }, of_b{};
  return stat(a.c_str(), &of_a) == 0 && stat(b.c_str(), &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
         of_a.st_ino == of_b.st_ino;
}

}  // namespace

Result<Restored> RestoreDatabase(const std::string& backup, const std::string& database, Time now) {
  if (SameFile(backup, database))
    return Error{fmt::format("{} is the database itself; give a backup of it", backup)};
  auto from = OpenBackup(backup);
  if (!from) return from.error();
  if (Status good = CheckBackup(&*from); !good) return good.error();
  Restored restored;
  const std::string copy = database + ".restoring";
  const std::string directory = fs::path(database).parent_path();
  Status done = Copy(&*from, copy, directory, &restored);
  if (done) {
    TakeInWal(database);
    if (Exists(database)) restored.kept = KeptName(database, now);
    done =
        Exchange(copy, database, restored.kept.empty() ? KeptName(database, now) : restored.kept);
  }
  if (done) return restored;
  std::error_code ignored;
  fs::remove(copy, ignored);
  return done.error();
}

}  // namespace alogd
