// SPDX-License-Identifier: MIT
// A backup in the place of the database: what is taken, what is refused, and what is kept.
#include "core/store/restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "core/store/history.h"
#include "core/store/schema.h"
#include "core/store/sqlite.h"
#include "testing/store_samples.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const Time kNow = testing::At(1'790'000'000);

class RestoreTest : public ::testing::Test {
 protected:
  // A database with so many anomalies; as one that a killed alogd leaves, with a -wal.
  static void Fill(const std::string& path, int anomalies) {
    auto store = Store::Open(path, {});
    ASSERT_TRUE(store.ok()) << store.error().message;
    for (int i = 1; i <= anomalies; ++i) {
      CommitUnit unit;
      unit.group = "system";
      unit.state_seq = static_cast<uint64_t>(i);
      unit.delta = "x";
      Incident& incident = unit.incidents.emplace_back();
      incident.seq = static_cast<uint64_t>(i);
      incident.level = RiskLevel::kHigh;
      unit.anomalies.push_back(
          testing::SampleAnomaly(static_cast<uint64_t>(i), static_cast<uint64_t>(i)));
      ASSERT_TRUE(store->Commit(unit, kNoTime).ok());
    }
  }
  static size_t Anomalies(const std::string& path) {
    auto history = History::Open(path);
    EXPECT_TRUE(history.ok()) << history.error().message;
    const auto all = history->Anomalies({});
    EXPECT_TRUE(all.ok());
    return all->size();
  }
  std::string Backup() {
    const std::string path = directory_.path() + "/backup.db";
    auto db = Database::Open(directory_.db(), Database::Mode::kReader, std::chrono::seconds(1));
    EXPECT_TRUE(db.ok());
    EXPECT_TRUE(db->Run("VACUUM INTO ?", path).ok());
    return path;
  }
  std::string Bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  // The database is as it was, and nothing is left over.
  void ExpectRefused(const std::string& backup, const std::string& why) {
    const auto restored = RestoreDatabase(backup, directory_.db(), kNow);
    ASSERT_FALSE(restored.ok());
    EXPECT_THAT(restored.error().message, HasSubstr(why));
    EXPECT_EQ(Anomalies(directory_.db()), 3u);
    for (const auto& entry : fs::directory_iterator(directory_.path()))
      EXPECT_THAT(entry.path().filename().string(),
                  ::testing::Not(::testing::AnyOf(HasSubstr("before"), HasSubstr("restoring"))));
  }

  const testing::StoreDir directory_;
};

TEST_F(RestoreTest, PutsTheBackupInPlaceAndKeepsTheOld) {
  Fill(directory_.db(), 2);
  const std::string backup = Backup();
  fs::remove(directory_.db());
  for (const char* suffix : {"-wal", "-shm"}) fs::remove(directory_.db() + suffix);
  Fill(directory_.db(), 3);
  ASSERT_TRUE(fs::exists(directory_.db() + "-wal")) << "the case needs one";
  const auto restored = RestoreDatabase(backup, directory_.db(), kNow);
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_EQ(restored->anomalies, 2u);
  EXPECT_EQ(restored->latest, testing::SampleAnomaly(2, 2).time);
  EXPECT_EQ(restored->kept, directory_.db() + ".before-20260921T141320Z");
  EXPECT_FALSE(fs::exists(directory_.db() + "-wal"));
  EXPECT_FALSE(fs::exists(directory_.db() + "-shm"));
  struct stat info {};
  ASSERT_EQ(stat(directory_.db().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
  EXPECT_EQ(Anomalies(directory_.db()), 2u);
  EXPECT_EQ(Anomalies(restored->kept), 3u) << "with what its -wal held";
  // The service goes on from there, and a second restore keeps both.
  Fill(directory_.db(), 4);
  EXPECT_EQ(Anomalies(directory_.db()), 4u);
  const auto again = RestoreDatabase(backup, directory_.db(), kNow);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->kept, directory_.db() + ".before-20260921T141320Z-2");
}

TEST_F(RestoreTest, WhereNoneStood) {
  Fill(directory_.db(), 3);
  const std::string backup = Backup();
  const testing::StoreDir other;
  const auto restored = RestoreDatabase(backup, other.db(), kNow);
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_EQ(restored->kept, "");
  EXPECT_EQ(Anomalies(other.db()), 3u);
}

// A copy by cp of a stopped alogd, its -wal beside it.
TEST_F(RestoreTest, BackupWithItsWal) {
  Fill(directory_.db(), 3);
  const testing::StoreDir other;
  const auto restored = RestoreDatabase(directory_.db(), other.db(), kNow);
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_EQ(restored->anomalies, 3u);
  EXPECT_EQ(Anomalies(directory_.db()), 3u);
}

TEST_F(RestoreTest, KilledAtAnyInstant) {
  Fill(directory_.db(), 5);
  const std::string backup = Backup();
  const auto begin_anew = [this] {
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(directory_.db() + suffix);
    Fill(directory_.db(), 3);
  };
  begin_anew();
  const auto start = std::chrono::steady_clock::now();
  ASSERT_TRUE(RestoreDatabase(backup, directory_.db(), kNow).ok());
  const std::chrono::microseconds takes = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - start);
  begin_anew();
  std::mt19937 random(7);
  std::uniform_int_distribution<int64_t> when(0, 4 * std::max<int64_t>(takes.count(), 20'000));
  size_t restored = 0;
  for (int i = 0; i < 100; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      (void)RestoreDatabase(backup, directory_.db(), kNow);
      _exit(0);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(when(random)));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const size_t anomalies = Anomalies(directory_.db());
    ASSERT_THAT(anomalies, ::testing::AnyOf(3u, 5u));
    if (anomalies == 3) continue;
    ++restored;
    begin_anew();
  }
  EXPECT_GT(restored, 0u);
  ASSERT_TRUE(RestoreDatabase(backup, directory_.db(), kNow).ok());
  EXPECT_EQ(Anomalies(directory_.db()), 5u);
}

TEST_F(RestoreTest, Refusals) {
  Fill(directory_.db(), 3);
  ExpectRefused(directory_.path() + "/none.db", "No such file");
  ExpectRefused(directory_.path(), "is no file");
  ExpectRefused(directory_.db(), "is the database itself");
  const std::string backup = Backup();
  const std::string good = Bytes(backup);
  const auto damaged = [&](size_t at, const std::string& bytes) {
    std::string text = good;
    text.replace(at, bytes.size(), bytes);
    std::ofstream(backup, std::ios::binary) << text;
  };
  damaged(68, std::string(4, '\0'));  // application_id
  ExpectRefused(backup, "no database of alogd's");
  damaged(60, std::string("\0\0\0\x63", 4));  // user_version
  ExpectRefused(backup, "of a newer alogd (schema 99");
  damaged(4096 * 2, std::string(600, '\xff'));
  ExpectRefused(backup, "backup.db");
  damaged(0, std::string(64, 'x'));
  ExpectRefused(backup, "backup.db");
  std::ofstream(backup, std::ios::binary) << good.substr(0, good.size() / 2);
  ExpectRefused(backup, "backup.db");
}

}  // namespace
}  // namespace alogd
