// SPDX-License-Identifier: MIT
// Connections, queries and transactions over SQLite, and what its errors mean to an operator.
#include "core/store/sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace alogd {
namespace {

struct CodeText {
  int code;
  const char* name;
  const char* way_out;
};

constexpr CodeText kCodes[] = {
    {SQLITE_BUSY, "SQLITE_BUSY",
     "another program holds it locked; `fuser -v` on it names the program"},
    {SQLITE_LOCKED, "SQLITE_LOCKED", "another query of this program holds it locked"},
    {SQLITE_FULL, "SQLITE_FULL",
     "free space on its file system (`df -h`), or lower database.max_size"},
    {SQLITE_READONLY, "SQLITE_READONLY",
     "it or its directory cannot be written by this user: check owner, mode and mount"},
    {SQLITE_CANTOPEN, "SQLITE_CANTOPEN",
     "check that its directory exists and that this user may enter and write it"},
    {SQLITE_PERM, "SQLITE_PERM", "check owner and mode of the file and its directory"},
    {SQLITE_AUTH, "SQLITE_AUTH", "check owner and mode of the file and its directory"},
    {SQLITE_CORRUPT, "SQLITE_CORRUPT",
     "it is damaged: stop alogd, move it aside with its -wal and -shm, and start alogd again; "
     "`sqlite3 FILE .recover` saves what can be read"},
    {SQLITE_NOTADB, "SQLITE_NOTADB",
     "it is no SQLite database: move it aside, alogd begins a new one"},
    {SQLITE_IOERR, "SQLITE_IOERR",
     "the disk or its file system failed: see `journalctl -k` and `df -h`"},
    {SQLITE_NOMEM, "SQLITE_NOMEM", "memory is short: raise the memory limit of this program"},
    {SQLITE_TOOBIG, "SQLITE_TOOBIG", "a value is over SQLite's limit: please report this"},
    {SQLITE_CONSTRAINT, "SQLITE_CONSTRAINT", "a mistake in alogd: please report this"},
};

// Creates the file with its mode, before SQLite does it with the umask's. SQLite gives -wal and
// -shm the mode of the database file. An existing file is not opened here: closing a descriptor
// drops the locks that other connections of this process hold on the file (POSIX).
Status CreateFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (fd >= 0) {
    const int failed = fchmod(fd, 0640) < 0 ? errno : 0;
    close(fd);
    if (failed != 0) return ErrnoError("cannot set the mode of", path, failed);
    return {};
  }
  if (errno != EEXIST) {
    const int err = errno;
    Error error = ErrnoError("cannot create the database", path, err);
    error.message += err == ENOENT
                         ? ": its directory does not exist; create it, or set state_dir to another"
                         : ": check owner, mode and mount of its directory";
    error.code = err == ENOSPC || err == EDQUOT ? SQLITE_FULL : SQLITE_CANTOPEN;
    return error;
  }
  struct stat info {};
  if (lstat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    return Error{fmt::format("cannot open the database {}: it is not a regular file; links are not "
                             "followed: move it aside, or set state_dir to where the file stands",
                             path),
                 SQLITE_CANTOPEN};
  }
  return {};
}

// A file: URI, for options that have no flag.
std::string Uri(const std::string& path, std::string_view options) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    } else {
      uri += c;
    }
  }
  return uri.append(options);
}

}  // namespace

Error SqliteError(std::string_view doing, const std::string& path, int code,
                  std::string_view cause) {
  const int primary = code & 0xff;
  for (const CodeText& known : kCodes) {
    if (known.code == primary) {
      return Error{
          fmt::format("cannot {} {}: {} ({}{}): {}", doing, path, cause, known.name,
                      code == primary ? "" : fmt::format(", extended {}", code), known.way_out),
          primary};
    }
  }
  return Error{fmt::format("cannot {} {}: {} (SQLite code {})", doing, path, cause, code), primary};
}

Rows::~Rows() {
  if (statement_ != nullptr) sqlite3_reset(statement_);
}

bool Rows::Next() {
  if (statement_ == nullptr) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) {
    status_ = SqliteError("read", *path_, sqlite3_extended_errcode(db_), sqlite3_errmsg(db_));
  }
  sqlite3_reset(std::exchange(statement_, nullptr));
  return false;
}

bool Rows::Null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

int64_t Rows::Int(int column) const { return sqlite3_column_int64(statement_, column); }

double Rows::Real(int column) const { return sqlite3_column_double(statement_, column); }

std::string_view Rows::Text(int column) const {
  // _text before _bytes: the first may convert what the second measures.
  const unsigned char* text = sqlite3_column_text(statement_, column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Rows::Bytes(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes),
          static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

void Database::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

void Database::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Result<Database> Database::Open(const std::string& path, Mode mode, Duration busy) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE;
  std::string uri;
  if (mode == Mode::kWriter) {
    if (Status created = CreateFile(path); !created.ok()) return created.error();
    flags |= SQLITE_OPEN_READWRITE;
    uri = Uri(path, "");
  } else {
    flags |= SQLITE_OPEN_READONLY;
    uri = Uri(path, mode == Mode::kImmutable ? "?immutable=1" : "");
  }
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(uri.c_str(), &raw, flags, nullptr);
  Database db;
  db.db_.reset(raw);
  db.path_ = std::make_unique<const std::string>(path);
  db.busy_ = busy;
  if (code != SQLITE_OK) {
    return SqliteError("open", path, code, raw == nullptr ? "no memory" : sqlite3_errmsg(raw));
  }
  // SQLite opens what it may not write for reading, and would say so only at the first write.
  if (mode == Mode::kWriter && sqlite3_db_readonly(raw, "main") == 1) {
    return SqliteError("write", path, SQLITE_READONLY, sqlite3_errstr(SQLITE_READONLY));
  }
  sqlite3_busy_timeout(
      raw, static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(busy).count()));
  // A damaged or planted file must not reach beyond SQL through its own schema.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return db;
}

Result<sqlite3_stmt*> Database::Prepare(std::string_view sql) {
  std::string key(sql);
  if (const auto it = statements_.find(key); it != statements_.end()) {
    sqlite3_reset(it->second.get());
    return it->second.get();
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_.get(), key.data(), static_cast<int>(key.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return Fail(code);
  statements_.emplace(std::move(key), statement);
  return statement;
}

Status Database::Finish(sqlite3_stmt* statement) {
  int code = sqlite3_step(statement);
  Status status;
  if (code != SQLITE_DONE && code != SQLITE_ROW) status = Fail(code);
  sqlite3_reset(statement);
  // What was bound is the caller's and about to go.
  sqlite3_clear_bindings(statement);
  return status;
}

Result<bool> Database::HasTable(std::string_view name) {
  Result<std::optional<int64_t>> table =
      Int("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", name);
  if (!table.ok()) return table.error();
  return table->has_value();
}

Status Database::Script(const char* sql) {
  const int code = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return Fail(code);
  return {};
}

int64_t Database::changes() const { return sqlite3_changes64(db_.get()); }

int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(db_.get()); }

Error Database::Fail(int code) const {
  const char* doing = sqlite3_db_readonly(db_.get(), "main") == 1 ? "read" : "use";
  return SqliteError(doing, *path_, code, sqlite3_errmsg(db_.get()));
}

Result<Transaction> Transaction::Begin(Database* db) {
  if (Status begun = db->Run("BEGIN IMMEDIATE"); !begun.ok()) return begun.error();
  return Transaction(db);
}

Transaction::~Transaction() {
  // SQLite rolls back by itself after some errors (full disk, I/O).
  if (db_ == nullptr || sqlite3_get_autocommit(db_->handle()) != 0) return;
  (void)db_->Run("ROLLBACK");
}

Status Transaction::Commit() {
  Status status = db_->Run("COMMIT");
  if (status.ok()) db_ = nullptr;
  return status;
}

}  // namespace alogd
