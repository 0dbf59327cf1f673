// SPDX-License-Identifier: MIT
// Values in and out of statements, transactions, and the texts of errors.
#include "core/store/sqlite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/store_samples.h"

namespace alogd {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::StoreDir;

Database OpenEmpty(const StoreDir& dir) {
  Result<Database> db = Database::Open(dir.db(), Database::Mode::kWriter, 1s);
  EXPECT_TRUE(db.ok());
  EXPECT_TRUE(db->Script("CREATE TABLE t (a, b, c, d, e)").ok());
  return std::move(*db);
}

TEST(SqliteTest, ValuesComeBackAsTheyWent) {
  StoreDir dir;
  Database db = OpenEmpty(dir);
  const std::string bytes("\0\xff", 2);
  ASSERT_TRUE(db.Run("INSERT INTO t VALUES (?, ?, ?, ?, ?)", UINT64_MAX, 0.5, std::string_view(),
                     Blob{bytes}, std::optional<int64_t>())
                  .ok());
  EXPECT_EQ(db.changes(), 1);
  Rows rows = db.Query("SELECT a, b, c, d, e, typeof(c), typeof(d) FROM t WHERE a = ?", UINT64_MAX);
  ASSERT_TRUE(rows.Next());
  EXPECT_EQ(rows.Unsigned(0), UINT64_MAX);
  EXPECT_EQ(rows.Real(1), 0.5);
  EXPECT_EQ(rows.Text(2), "");
  EXPECT_EQ(rows.Bytes(3), bytes);
  EXPECT_TRUE(rows.Null(4));
  EXPECT_EQ(rows.Text(5), "text");
  EXPECT_EQ(rows.Text(6), "blob");
  EXPECT_FALSE(rows.Next());
  EXPECT_TRUE(rows.status().ok());
}

TEST(SqliteTest, ArgumentsOfAQueryMayGo) {
  StoreDir dir;
  Database db = OpenEmpty(dir);
  ASSERT_TRUE(
      db.Run("INSERT INTO t (a) VALUES (?)", "a longer text that is not stored inline").ok());
  std::optional<std::string> text = "a longer text that is not stored inline";
  Rows rows = db.Query("SELECT 1 FROM t WHERE a = ?", *text);
  text.reset();
  EXPECT_TRUE(rows.Next());
}

TEST(SqliteTest, TransactionRollsBackUnlessCommitted) {
  StoreDir dir;
  Database db = OpenEmpty(dir);
  {
    Result<Transaction> transaction = Transaction::Begin(&db);
    ASSERT_TRUE(transaction.ok());
    ASSERT_TRUE(db.Run("INSERT INTO t (a) VALUES (1)").ok());
  }
  EXPECT_EQ(**db.Int("SELECT count(*) FROM t"), 0);
  {
    Result<Transaction> transaction = Transaction::Begin(&db);
    ASSERT_TRUE(db.Run("INSERT INTO t (a) VALUES (1)").ok());
    ASSERT_TRUE(transaction->Commit().ok());
  }
  EXPECT_EQ(**db.Int("SELECT count(*) FROM t"), 1);
}

TEST(SqliteTest, MissingRowAndNullAreNoValue) {
  StoreDir dir;
  Database db = OpenEmpty(dir);
  EXPECT_EQ(*db.Int("SELECT a FROM t"), std::nullopt);
  ASSERT_TRUE(db.Run("INSERT INTO t (a) VALUES (?)", std::nullopt).ok());
  EXPECT_EQ(*db.Int("SELECT a FROM t"), std::nullopt);
}

TEST(SqliteTest, ErrorsNameFileCodeAndWayOut) {
  StoreDir dir;
  Database db = OpenEmpty(dir);
  const Status status = db.Run("INSERT INTO missing VALUES (1)");
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr(dir.db()));
  EXPECT_THAT(status.error().message, HasSubstr("no such table"));
  const Error error = SqliteError("write", "/x/y.db", SQLITE_IOERR_FSYNC, "disk I/O error");
  EXPECT_EQ(error.code, SQLITE_IOERR);
  EXPECT_EQ(
      error.message,
      "cannot write /x/y.db: disk I/O error (SQLITE_IOERR, extended 1034): the disk or its file "
      "system failed: see `journalctl -k` and `df -h`");
}

TEST(SqliteTest, OddPathsAreFilesAndNotOptions) {
  StoreDir dir;
  const std::string path = dir.path() + "/a?mode=memory&b#c%41.db";
  Result<Database> db = Database::Open(path, Database::Mode::kWriter, 1s);
  ASSERT_TRUE(db.ok()) << db.error().message;
  ASSERT_TRUE(db->Script("CREATE TABLE t (a)").ok());
  EXPECT_GT(std::filesystem::file_size(path), 0u);
}

}  // namespace
}  // namespace alogd
