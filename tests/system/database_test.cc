// SPDX-License-Identifier: MIT
// alogd as a process whose database is damaged, locked, or of no use: it goes on, and says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/daemon_process.h"
#include "testing/damage.h"
#include "testing/tail_events.h"

namespace alogd {
namespace {

using testing::DamageHead;
using testing::DamageTable;
using ::testing::HasSubstr;

std::vector<std::string> Aside(const DaemonProcess& daemon) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(daemon.state())) {
    const std::string name = entry.path().filename();
    if (name.find(".damaged-") != std::string::npos && !name.ends_with("-wal") &&
        !name.ends_with("-shm"))
      names.push_back(name);
  }
  return names;
}

class DatabaseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    daemon_.ConfigureWith(DaemonProcess::OneGroup(kEveryEvent));
    WriteTo(daemon_.Log("a.log"), EventLines(0, 100));
    ASSERT_TRUE(daemon_.Start());
    ASSERT_TRUE(Eventually([this] { return daemon_.Number(kCountRows) == 100; }));
  }
  std::string database() const { return daemon_.state() + "/alogd.db"; }

  DaemonProcess daemon_;
};

TEST_F(DatabaseTest, DamagedWhileDownGoesOnWhereItWas) {
  daemon_.Terminate();
  DamageTable(database(), "anomaly_rows");
  AppendTo(daemon_.Log("a.log"), EventLines(100, 150));
  ASSERT_TRUE(daemon_.Start());
  EXPECT_TRUE(Eventually([this] { return daemon_.CaughtUp(); }));
  EXPECT_EQ(daemon_.Number(kCountRows), 50) << "what was read before is not read again";
  EXPECT_EQ(Aside(daemon_).size(), 1u);
  EXPECT_THAT(daemon_.said(), HasSubstr("is damaged; it was set aside as"));
  EXPECT_EQ(daemon_.Terminate(), 0);
}

TEST_F(DatabaseTest, DamagedWhileRunningGoesOnWithoutARestart) {
  DamageTable(database(), "state_delta");
  AppendTo(daemon_.Log("a.log"), EventLines(100, 150));
  EXPECT_TRUE(Eventually([this] { return Aside(daemon_).size() == 1; }));
  EXPECT_TRUE(Eventually([this] { return daemon_.Number(kCountRows) == 50; }));
  AppendTo(daemon_.Log("a.log"), EventLines(150, 160));
  EXPECT_TRUE(Eventually([this] { return daemon_.Number(kCountRows) == 60; }));
  EXPECT_THAT(daemon_.said(), HasSubstr("where it was in all 1 files"));
  EXPECT_EQ(daemon_.Ask("ping")["ok"], true);
  EXPECT_EQ(daemon_.Terminate(), 0);
}

TEST_F(DatabaseTest, WithoutAHeadTheUncoveredStretchIsNamed) {
  daemon_.Kill();
  DamageHead(database());
  ASSERT_TRUE(daemon_.Start());
  EXPECT_THAT(daemon_.said(), HasSubstr("was not looked at"));
  AppendTo(daemon_.Log("a.log"), EventLines(100, 110));
  EXPECT_TRUE(Eventually([this] { return daemon_.Number(kCountRows) >= 10; }));
  EXPECT_EQ(daemon_.Terminate(), 0);
}

TEST_F(DatabaseTest, DamagedStateCostsWindowsButNotTheWatch) {
  daemon_.Terminate();
  daemon_.Query("UPDATE state_delta SET blob = x'ff'");
  daemon_.Query("UPDATE state_shard SET blob = x'ff'");
  AppendTo(daemon_.Log("a.log"), EventLines(100, 150));
  ASSERT_TRUE(daemon_.Start());
  EXPECT_THAT(daemon_.said(), HasSubstr("are damaged and begin anew"));
  EXPECT_TRUE(Eventually([this] { return daemon_.Number(kCountRows) == 150; }));
  EXPECT_EQ(daemon_.Number("SELECT count(*) FROM (SELECT DISTINCT message FROM anomalies)"), 150);
  EXPECT_EQ(daemon_.Terminate(), 0);
  ASSERT_TRUE(daemon_.Start()) << "the new state stands by itself";
  EXPECT_EQ(daemon_.Terminate(), 0);
}

TEST_F(DatabaseTest, LockedAtStartIsWaitedFor) {
  daemon_.Terminate();
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(database().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE", nullptr,
                         nullptr, nullptr),
            SQLITE_OK);
  daemon_.Spawn();
  EXPECT_TRUE(Eventually(
      [this] { return daemon_.said().find("it is tried again for") != std::string::npos; }));
  sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  EXPECT_NE(daemon_.WaitForNotification("READY=1"), "");
  EXPECT_EQ(daemon_.Terminate(), 0);
}

}  // namespace
}  // namespace alogd
