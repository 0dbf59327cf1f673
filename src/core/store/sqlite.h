// SPDX-License-Identifier: MIT
// SQLite's C interface as values: connections, queries, transactions, errors that name the way out.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "core/result.h"
#include "core/types.h"

namespace alogd {

// Bytes that are not text, as an argument of a statement.
struct Blob {
  std::string_view bytes;
};

// The error of a SQLite result code about `path`: "cannot DOING PATH: CAUSE (SQLITE_NAME): WAY
// OUT". Its code is the primary result code (SQLITE_BUSY, SQLITE_FULL, ...).
Error SqliteError(std::string_view doing, const std::string& path, int code,
                  std::string_view cause);

// A query in progress. The statement behind it is reset when this goes, so that a query never holds
// a read transaction open longer than its Rows live. Ends before its Database does.
class Rows {
 public:
  Rows(sqlite3* db, sqlite3_stmt* statement, const std::string* path)
      : db_(db), statement_(statement), path_(path) {}
  explicit Rows(Error error) : status_(std::move(error)) {}
  Rows(Rows&& other) noexcept
      : db_(other.db_),
        statement_(std::exchange(other.statement_, nullptr)),
        path_(other.path_),
        status_(std::move(other.status_)) {}
  Rows& operator=(Rows&&) = delete;
  ~Rows();

  // False after the last row and on an error: ask status() after the loop.
  bool Next();
  const Status& status() const { return status_; }

  // Columns from 0. Views are valid until Next().
  bool Null(int column) const;
  int64_t Int(int column) const;
  uint64_t Unsigned(int column) const { return static_cast<uint64_t>(Int(column)); }
  double Real(int column) const;
  std::string_view Text(int column) const;
  std::string_view Bytes(int column) const;

 private:
  sqlite3* db_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  const std::string* path_ = nullptr;
  Status status_;
};

// A connection, used from one thread. Statements are prepared once and kept, by their text; the
// same text must not be run again while its Rows live.
class Database {
 public:
  enum class Mode : uint8_t {
    kWriter,     // creates the file, 0640 whatever the umask
    kReader,     // reads beside a writer
    kImmutable,  // reads a file that nobody writes, without locks and without its WAL
  };
  // Waits up to `busy` for locks of others, here and in every statement.
  static Result<Database> Open(const std::string& path, Mode mode, Duration busy);

  // Runs a statement that returns no rows. Integers, floating numbers, text, Blob, std::nullopt and
  // optionals of them fill the statement's ?s in order.
  template <typename... Args>
  Status Run(std::string_view sql, const Args&... args) {
    Result<sqlite3_stmt*> statement = Prepare(sql);
    if (!statement.ok()) return statement.error();
    // Not copied: the arguments outlive this call.
    if (int code = BindAll(*statement, SQLITE_STATIC, args...); code != SQLITE_OK) {
      return Fail(code);
    }
    return Finish(*statement);
  }

  template <typename... Args>
  Rows Query(std::string_view sql, const Args&... args) {
    Result<sqlite3_stmt*> statement = Prepare(sql);
    if (!statement.ok()) return Rows(statement.error());
    if (int code = BindAll(*statement, SQLITE_TRANSIENT, args...); code != SQLITE_OK) {
      return Rows(Fail(code));
    }
    return Rows(db_.get(), *statement, path_.get());
  }

  // The first column of the first row; nullopt where there is no row or it is NULL.
  template <typename... Args>
  Result<std::optional<int64_t>> Int(std::string_view sql, const Args&... args) {
    Rows rows = Query(sql, args...);
    std::optional<int64_t> value;
    if (rows.Next() && !rows.Null(0)) value = rows.Int(0);
    if (!rows.status().ok()) return rows.status().error();
    return value;
  }

  Result<bool> HasTable(std::string_view name);

  // Several statements, none of which is kept prepared.
  Status Script(const char* sql);

  int64_t changes() const;         // rows that the last Run changed
  int64_t last_insert_id() const;  // of the last INSERT
  const std::string& path() const { return *path_; }
  Duration busy() const { return busy_; }  // as opened with
  sqlite3* handle() const { return db_.get(); }
  // The connection's last error.
  Error Fail(int code) const;

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  Database() = default;
  Result<sqlite3_stmt*> Prepare(std::string_view sql);
  Status Finish(sqlite3_stmt* statement);

  template <typename... Args>
  static int BindAll([[maybe_unused]] sqlite3_stmt* statement,
                     [[maybe_unused]] sqlite3_destructor_type keep, const Args&... args) {
    [[maybe_unused]] int index = 0;
    int code = SQLITE_OK;
    ((code = code == SQLITE_OK ? Bind(statement, ++index, args, keep) : code), ...);
    return code;
  }
  template <typename T>
  static int Bind(sqlite3_stmt* statement, int index, const T& value,
                  sqlite3_destructor_type keep) {
    if constexpr (std::is_same_v<T, std::nullopt_t>) {
      return sqlite3_bind_null(statement, index);
    } else if constexpr (std::is_integral_v<T>) {
      return sqlite3_bind_int64(statement, index, static_cast<int64_t>(value));
    } else if constexpr (std::is_floating_point_v<T>) {
      return sqlite3_bind_double(statement, index, value);
    } else if constexpr (std::is_same_v<T, Blob>) {
      // A null pointer would bind NULL.
      const char* data = value.bytes.data() == nullptr ? "" : value.bytes.data();
      return sqlite3_bind_blob64(statement, index, data, value.bytes.size(), keep);
    } else if constexpr (std::is_convertible_v<T, std::string_view>) {
      const std::string_view text = value;
      const char* data = text.data() == nullptr ? "" : text.data();
      return sqlite3_bind_text64(statement, index, data, text.size(), keep, SQLITE_UTF8);
    } else {
      return value ? Bind(statement, index, *value, keep) : sqlite3_bind_null(statement, index);
    }
  }

  std::unique_ptr<const std::string> path_;  // at a fixed address: Rows point to it
  Duration busy_{};
  std::unique_ptr<sqlite3, Close> db_;
  std::unordered_map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

// BEGIN IMMEDIATE, so that a lock is waited for here and not half-way; rolled back unless
// committed.
class Transaction {
 public:
  static Result<Transaction> Begin(Database* db);
  Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  Status Commit();

 private:
  explicit Transaction(Database* db) : db_(db) {}
  Database* db_;
};

}  // namespace alogd
