// SPDX-License-Identifier: MIT
// Maintenance: alerts are counted inside the commit, stored as ever, and never sent afterwards.
#include "core/store/maintenance.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "core/store/store.h"

namespace alogd {
namespace {

using namespace std::chrono_literals;

class MaintenanceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = ::testing::TempDir() + "alogd_maintenance_" + std::to_string(getpid()) + ".db";
    TearDown();
    Open();
  }
  void TearDown() override {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
  }
  void Open() {
    store_.reset();
    auto opened = Store::Open(path_, {});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_ = std::make_unique<Store>(std::move(*opened));
  }
  // An incident of its own that alerts.
  static CommitUnit Unit(uint64_t seq, RiskLevel level = RiskLevel::kHigh,
                         uint64_t incident_seq = 0) {
    CommitUnit unit;
    unit.group = "system";
    unit.state_seq = seq;
    unit.delta = "x";
    Incident& incident = unit.incidents.emplace_back();
    incident.seq = incident_seq > 0 ? incident_seq : seq;
    incident.top_anomaly = seq;
    incident.level = level;
    incident.first = incident.last = FromMicros(1);
    Anomaly& anomaly = unit.anomalies.emplace_back();
    anomaly.seq = seq;
    anomaly.incident_seq = incident.seq;
    anomaly.level = level;
    anomaly.time = anomaly.last_time = FromMicros(1);
    return unit;
  }
  size_t Waiting() {
    const auto alerts = store_->Outbox(kJournalSink, 100);
    EXPECT_TRUE(alerts.ok());
    return alerts.ok() ? alerts->size() : 0;
  }
  Maintenance Now() {
    const auto found = store_->maintenance();
    EXPECT_TRUE(found.ok());
    return found.ok() ? *found : Maintenance();
  }
  std::string path_;
  std::unique_ptr<Store> store_;
  const Time start_ = FromMicros(1'795'000'000'000'000);
};

TEST_F(MaintenanceTest, HoldsAndCounts) {
  ASSERT_TRUE(store_->Commit(Unit(1), start_).ok());
  EXPECT_EQ(Waiting(), 1u);
  EXPECT_EQ(Now().until, kNoTime);
  ASSERT_TRUE(store_->SetMaintenance(start_, start_ + 30min).ok());
  ASSERT_TRUE(store_->Commit(Unit(2), start_ + 1min).ok());
  ASSERT_TRUE(store_->Commit(Unit(3, RiskLevel::kCritical), start_ + 2min).ok());
  ASSERT_TRUE(store_->Commit(Unit(3, RiskLevel::kCritical), start_ + 2min).ok());  // given again
  EXPECT_EQ(Waiting(), 1u);
  EXPECT_EQ(Now().held, 2u);
  Open();  // a restart within it
  EXPECT_TRUE(Now().Holds(start_ + 3min));
  ASSERT_TRUE(store_->Commit(Unit(4), start_ + 3min).ok());
  EXPECT_EQ(Now().held, 3u);
  // Afterwards alerts go out again; what was held is not sent late, unless it gets worse.
  ASSERT_TRUE(store_->Commit(Unit(5), start_ + 30min).ok());
  ASSERT_TRUE(store_->Commit(Unit(4), start_ + 31min).ok());
  EXPECT_EQ(Waiting(), 2u);
  ASSERT_TRUE(store_->Commit(Unit(4, RiskLevel::kCritical), start_ + 32min).ok());
  EXPECT_EQ(Waiting(), 3u);
  EXPECT_EQ(Now().held, 3u);
  // All of it is stored.
  auto history = History::Open(path_);
  ASSERT_TRUE(history.ok());
  EXPECT_EQ(history->Anomalies({})->size(), 5u);
}

TEST_F(MaintenanceTest, EndsAndBeginsAnew) {
  ASSERT_TRUE(store_->SetMaintenance(start_, start_ + 30min).ok());
  ASSERT_TRUE(store_->Commit(Unit(1), start_ + 1min).ok());
  ASSERT_TRUE(store_->SetMaintenance(start_ + 2min, start_ + 60min).ok());  // lengthened
  EXPECT_EQ(Now().held, 1u);
  ASSERT_TRUE(store_->SetMaintenance(start_ + 3min, start_ + 3min).ok());
  EXPECT_FALSE(Now().Holds(start_ + 3min));
  EXPECT_EQ(Now().held, 1u);
  ASSERT_TRUE(store_->Commit(Unit(2), start_ + 4min).ok());
  EXPECT_EQ(Waiting(), 1u);
  ASSERT_TRUE(store_->SetMaintenance(start_ + 5min, start_ + 6min).ok());
  EXPECT_EQ(Now().held, 0u);
}

TEST_F(MaintenanceTest, ClockJumpsBackADay) {
  ASSERT_TRUE(store_->SetMaintenance(start_, start_ + 30min).ok());
  ASSERT_TRUE(store_->Commit(Unit(1), start_ + 10min).ok());
  const Time back = start_ + 10min - 24h;
  ASSERT_TRUE(store_->Commit(Unit(2), back).ok());
  ASSERT_TRUE(store_->Commit(Unit(3), back + 19min).ok());
  EXPECT_EQ(Waiting(), 0u);
  EXPECT_EQ(Now().held, 3u);
  ASSERT_TRUE(store_->Commit(Unit(4), back + 21min).ok());
  EXPECT_EQ(Waiting(), 1u) << "the half hour is over";
  // One that begins after the jump is as long as it is told to be.
  ASSERT_TRUE(store_->SetMaintenance(back - 24h, back - 23h).ok());
  ASSERT_TRUE(store_->Commit(Unit(5), back - 23h - 1min).ok());
  EXPECT_EQ(Waiting(), 1u);
}

TEST_F(MaintenanceTest, WithoutAClockNothingIsHeld) {
  ASSERT_TRUE(store_->SetMaintenance(start_, start_ + 30min).ok());
  ASSERT_TRUE(store_->Commit(Unit(1)).ok());
  EXPECT_EQ(Waiting(), 1u);
}

}  // namespace
}  // namespace alogd
