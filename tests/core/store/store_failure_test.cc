// SPDX-License-Identifier: MIT
// What a store does when its file is locked, full, unwritable, damaged, foreign or newer: one clear
// message, nothing changed, and the same unit goes in afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "core/store/sqlite.h"
#include "core/store/store.h"
#include "testing/store_samples.h"

namespace alogd {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using testing::AsNobody;
using testing::GiveToGroupNobody;
using ::testing::HasSubstr;
using testing::OpenStore;
using testing::SampleUnit;
using testing::StoreDir;

// Everything that the tables hold, to tell whether anything changed.
std::string Dump(const std::string& path) {
  Result<Database> db = Database::Open(path, Database::Mode::kReader, 1s);
  EXPECT_TRUE(db.ok());
  std::string out;
  for (const char* table :
       {"group_rows", "source_rows", "file_rows", "template_rows", "incident_rows", "anomaly_rows",
        "alert_rows", "outbox", "state_delta", "state_shard"}) {
    Rows rows = db->Query(std::string("SELECT * FROM ") + table);
    while (rows.Next()) {
      out += table;
      for (int i = 0; i < 5; ++i) out.append("|").append(rows.Text(i));
      out += '\n';
    }
    EXPECT_TRUE(rows.status().ok()) << rows.status().error().message;
  }
  return out;
}

CommitUnit BigUnit(uint64_t seq) {
  CommitUnit unit = SampleUnit(seq);
  unit.state_seq = seq;
  unit.delta = std::string(256 << 10, 'd');
  FileCheckpoint f;
  f.id = FileId{static_cast<int64_t>(seq)};
  f.source = f.path = "/var/log/a";
  f.offset = seq;
  unit.files = {f};
  return unit;
}

// The connection that a Store opens, for limits that only it can be given.
sqlite3* g_opened = nullptr;
int Remember(sqlite3* db, const char**, const sqlite3_api_routines*) {
  g_opened = db;
  return SQLITE_OK;
}
using Entry = void (*)();

TEST(StoreFailureTest, FullDiskChangesNothingAndPasses) {
  StoreDir dir;
  sqlite3_auto_extension(reinterpret_cast<Entry>(&Remember));
  Store store = OpenStore(dir.db());
  sqlite3_cancel_auto_extension(reinterpret_cast<Entry>(&Remember));
  ASSERT_TRUE(store.Commit(BigUnit(1)).ok());
  const std::string before = Dump(dir.db());
  sqlite3_exec(g_opened, "PRAGMA max_page_count = 1", nullptr, nullptr,
               nullptr);  // as many as it has
  for (int i = 0; i < 2; ++i) {
    const Status status = store.Commit(BigUnit(2));
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, SQLITE_FULL);
    EXPECT_THAT(status.error().message, AllOf(HasSubstr(dir.db()), HasSubstr("SQLITE_FULL"),
                                              HasSubstr("database.max_size")));
    EXPECT_EQ(Dump(dir.db()), before);
  }
  sqlite3_exec(g_opened, "PRAGMA max_page_count = 1000000", nullptr, nullptr, nullptr);
  EXPECT_TRUE(store.Commit(BigUnit(2)).ok());
  EXPECT_EQ(store.LoadGroup("system")->deltas.size(), 2u);
}

TEST(StoreFailureTest, FailingWritesChangeNothingAndPass) {
  StoreDir dir;
  Store store = OpenStore(dir.db());
  ASSERT_TRUE(store.Commit(BigUnit(1)).ok());
  const std::string before = Dump(dir.db());
  // Writes beyond this length fail with EFBIG, as a failing disk's do with EIO.
  struct rlimit old {};
  getrlimit(RLIMIT_FSIZE, &old);
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit low = old;
  low.rlim_cur = std::filesystem::file_size(dir.db() + "-wal");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &low), 0);
  const Status status = store.Commit(BigUnit(2));
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, ignored);
  ASSERT_FALSE(status.ok());
  EXPECT_TRUE(status.error().code == SQLITE_IOERR || status.error().code == SQLITE_FULL)
      << status.error().message;
  EXPECT_THAT(status.error().message, HasSubstr(dir.db()));
  EXPECT_EQ(Dump(dir.db()), before);
  EXPECT_TRUE(store.Commit(BigUnit(2)).ok());
  EXPECT_EQ(store.Outbox(kJournalSink, 10)->size(), 2u);
}

TEST(StoreFailureTest, LockedDatabaseIsNamedAndPasses) {
  StoreDir dir;
  Store store = OpenStore(dir.db());
  Result<Database> other = Database::Open(dir.db(), Database::Mode::kWriter, 1s);
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE(other->Run("BEGIN IMMEDIATE").ok());
  const Status status = store.Commit(BigUnit(1));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, SQLITE_BUSY);
  EXPECT_THAT(status.error().message, AllOf(HasSubstr(dir.db()), HasSubstr("fuser")));
  ASSERT_TRUE(other->Run("ROLLBACK").ok());
  EXPECT_TRUE(store.Commit(BigUnit(1)).ok());
}

TEST(StoreFailureTest, ReaderDoesNotHoldUpCommits) {
  StoreDir dir;
  Store store = OpenStore(dir.db());
  ASSERT_TRUE(store.Commit(SampleUnit(1)).ok());
  Result<Database> other = Database::Open(dir.db(), Database::Mode::kReader, 1s);
  ASSERT_TRUE(other.ok());
  Rows rows = other->Query("SELECT id FROM anomalies");
  ASSERT_TRUE(rows.Next());
  EXPECT_TRUE(store.Commit(SampleUnit(2)).ok());
  EXPECT_TRUE(store.CheckpointWal().ok());
  EXPECT_FALSE(rows.Next());  // the snapshot of its beginning
}

TEST(StoreFailureTest, MissingDirectory) {
  StoreDir dir;
  const Result<Store> store = Store::Open(dir.path() + "/none/alogd.db", {});
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, SQLITE_CANTOPEN);
  EXPECT_THAT(store.error().message, AllOf(HasSubstr("/none/alogd.db"), HasSubstr("state_dir")));
}

TEST(StoreFailureTest, SymlinkIsNotFollowed) {
  StoreDir dir;
  std::ofstream(dir.path() + "/target").close();
  std::filesystem::create_symlink(dir.path() + "/target", dir.db());
  const Result<Store> store = Store::Open(dir.db(), {});
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(store.error().message, HasSubstr("not a regular file"));
  EXPECT_EQ(std::filesystem::file_size(dir.path() + "/target"), 0u);
}

TEST(StoreFailureTest, NewerSchemaIsRefusedUntouched) {
  StoreDir dir;
  { OpenStore(dir.db()); }
  {
    Result<Database> db = Database::Open(dir.db(), Database::Mode::kWriter, 1s);
    ASSERT_TRUE(db->Script("PRAGMA user_version = 999").ok());
  }
  for (const Error& error : {Store::Open(dir.db(), {}).error(), History::Open(dir.db()).error()}) {
    EXPECT_THAT(error.message,
                AllOf(HasSubstr(dir.db()), HasSubstr("newer alogd"), HasSubstr("schema 999")));
  }
}

TEST(StoreFailureTest, ForeignDatabaseIsRefusedUntouched) {
  StoreDir dir;
  {
    Result<Database> db = Database::Open(dir.db(), Database::Mode::kWriter, 1s);
    ASSERT_TRUE(db->Script("CREATE TABLE mine (x)").ok());
  }
  const Result<Store> store = Store::Open(dir.db(), {});
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(store.error().message, HasSubstr("not one of alogd"));
  Result<Database> db = Database::Open(dir.db(), Database::Mode::kReader, 1s);
  EXPECT_EQ(db->Int("SELECT count(*) FROM sqlite_master")->value_or(0), 1);
}

TEST(StoreFailureTest, FileThatIsNoDatabase) {
  StoreDir dir;
  std::ofstream(dir.db()) << std::string(8192, 'x');
  const Result<Store> store = Store::Open(dir.db(), {});
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, SQLITE_NOTADB);
  EXPECT_THAT(store.error().message, HasSubstr("move it aside"));
}

TEST(StoreFailureTest, DamagedPagesAreNamed) {
  StoreDir dir;
  {
    Store store = OpenStore(dir.db());
    for (uint64_t i = 1; i < 20; ++i) ASSERT_TRUE(store.Commit(BigUnit(i)).ok());
  }
  {
    std::fstream file(dir.db(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file << std::string(64 << 10, '\xa5');
  }
  Result<Store> store = Store::Open(dir.db(), {});
  const Error error = store.ok() ? store->LoadGroup("system").error() : store.error();
  EXPECT_EQ(error.code, SQLITE_CORRUPT) << error.message;
  EXPECT_THAT(error.message, HasSubstr(".recover"));
}

TEST(StoreFailureTest, ReadOnlyFile) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  StoreDir dir;
  { OpenStore(dir.db()); }
  GiveToGroupNobody(dir);
  const std::string said = AsNobody([&] {
    const Result<Store> store = Store::Open(dir.db(), {});
    return store.ok() ? "opened" : store.error().message;
  });
  EXPECT_THAT(said, AllOf(HasSubstr(dir.db()), HasSubstr("SQLITE_READONLY"), HasSubstr("mode")));
}

TEST(StoreFailureTest, ModeIsOursWhateverTheUmask) {
  for (const mode_t mask : {mode_t{0}, mode_t{077}}) {
    StoreDir dir;
    const mode_t old = umask(mask);
    {
      Store store = OpenStore(dir.db());
      EXPECT_TRUE(store.Commit(SampleUnit(1)).ok());
    }
    umask(old);
    // -wal and -shm stay after a clean stop, for readers who may not create them.
    for (const char* suffix : {"", "-wal", "-shm"}) {
      struct stat info {};
      ASSERT_EQ(stat((dir.db() + suffix).c_str(), &info), 0) << suffix;
      EXPECT_EQ(info.st_mode & 07777, 0640u) << suffix;
    }
  }
}

TEST(StoreFailureTest, WalIsTruncatedByTheCheckpoint) {
  StoreDir dir;
  Store store = OpenStore(dir.db());
  for (uint64_t i = 1; i <= 40; ++i) ASSERT_TRUE(store.Commit(BigUnit(i)).ok());
  EXPECT_GT(std::filesystem::file_size(dir.db() + "-wal"), 8u << 20);
  ASSERT_TRUE(store.CheckpointWal().ok());
  EXPECT_EQ(std::filesystem::file_size(dir.db() + "-wal"), 0u);
  ASSERT_TRUE(store.Commit(BigUnit(41)).ok());
  EXPECT_EQ(store.LoadGroup("system")->deltas.size(), 41u);
}

}  // namespace
}  // namespace alogd
