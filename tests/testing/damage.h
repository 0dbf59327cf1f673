// SPDX-License-Identifier: MIT
// Damages a database file on purpose: one table's root page, or its head.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <string>

namespace alogd::testing {

inline int64_t QueryInt(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr), SQLITE_OK);
  EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
  const int64_t value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return value;
}

inline void Overwrite(const std::string& path, int64_t offset, size_t bytes) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  const std::string noise(bytes, '\xa5');
  EXPECT_EQ(pwrite(fd, noise.data(), bytes, offset), static_cast<ssize_t>(bytes));
  close(fd);
}

// The database's head: no SQLite program takes it for a database any more. Nobody may have it open.
inline void DamageHead(const std::string& path) {
  unlink((path + "-wal").c_str());
  Overwrite(path, 0, 100);
}

// The first page of a table. Works beside a running writer, whose cache is made invalid by a change
// of the file's head.
inline void DamageTable(const std::string& path, const std::string& table) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
  sqlite3_busy_timeout(db, 10'000);
  const int64_t root =
      QueryInt(db, "SELECT rootpage FROM sqlite_master WHERE name = '" + table + "'");
  const int64_t page = QueryInt(db, "PRAGMA page_size");
  // All of the log is folded in first, or the page would be read from there.
  int64_t left = 1;
  for (int i = 0; i < 200 && left != 0; ++i) {
    int frames = 0;
    int done = 0;
    const int code =
        sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_TRUNCATE, &frames, &done);
    left = code == SQLITE_OK ? 0 : 1;
  }
  ASSERT_EQ(left, 0);
  Overwrite(path, (root - 1) * page, static_cast<size_t>(page));
  // Writing the version that it has changes the file's head.
  const std::string version =
      "PRAGMA user_version = " + std::to_string(QueryInt(db, "PRAGMA user_version"));
  EXPECT_EQ(sqlite3_exec(db, version.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
}

}  // namespace alogd::testing
