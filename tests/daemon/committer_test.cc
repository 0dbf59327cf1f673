// SPDX-License-Identifier: MIT
// The committer against a real database: order, room, a locked database, alerts, its end.
#include "daemon/committer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>

#include "testing/io_errors.h"
#include "testing/service_harness.h"
#include "testing/store_samples.h"

namespace alogd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

CommitUnit UnitOf(const std::string& group, uint64_t number) {
  CommitUnit unit;
  unit.group = group;
  unit.state_seq = number;
  unit.delta = "delta " + std::to_string(number);
  FileCheckpoint file;
  file.id = FileId{1};
  file.source = file.path = "/var/log/x";
  file.offset = number;
  unit.files.push_back(file);
  return unit;
}

// Another process's lock on the database.
class Lock {
 public:
  explicit Lock(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &db_), SQLITE_OK);
    sqlite3_busy_timeout(db_, 30'000);  // the committer may be at it
    EXPECT_EQ(sqlite3_exec(db_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  }
  ~Lock() { sqlite3_close(db_); }

 private:
  sqlite3* db_ = nullptr;
};

class CommitterTest : public ::testing::Test {
 protected:
  void Make(Committer::Hooks hooks = {}) {
    auto store = Store::Open(directory_.db(), StorePolicy{}, milliseconds(20));
    ASSERT_TRUE(store.ok()) << store.error().message;
    committer_ =
        std::make_unique<Committer>(std::move(*store), beats_.Add("committer"), std::move(hooks));
  }
  GroupState Load(const std::string& group) {
    auto store = Store::Open(directory_.db(), StorePolicy{});
    EXPECT_TRUE(store.ok());
    auto state = store->LoadGroup(group);
    EXPECT_TRUE(state.ok());
    return std::move(*state);
  }
  testing::StoreDir directory_;
  Heartbeats beats_;
  std::unique_ptr<Committer> committer_;
};

TEST_F(CommitterTest, UnitsInOrderAndRoomGivenBack) {
  std::atomic<int> rooms{0};
  Committer::Hooks hooks;
  hooks.on_room = [&](const std::string& group) { rooms += group == "a"; };
  Make(std::move(hooks));
  committer_->Offer(UnitOf("a", 1));
  EXPECT_TRUE(committer_->HasRoom("a"));
  committer_->Offer(UnitOf("a", 2));
  EXPECT_FALSE(committer_->HasRoom("a"));
  EXPECT_TRUE(committer_->HasRoom("b")) << "groups wait for their own units only";
  committer_->Start();
  EXPECT_TRUE(Eventually([&] { return rooms == 2; }));
  EXPECT_TRUE(committer_->HasRoom("a"));
  EXPECT_TRUE(committer_->Finish(seconds(10)));
  const GroupState state = Load("a");
  ASSERT_EQ(state.deltas.size(), 2U);
  EXPECT_EQ(state.deltas[1].blob, "delta 2");
  EXPECT_EQ(state.files.at(0).offset, 2U);
}

TEST_F(CommitterTest, LockedDatabaseKeepsTheUnit) {
  Make();
  committer_->Start();
  {
    const Lock lock(directory_.db());
    committer_->Offer(UnitOf("a", 1));
    committer_->Offer(UnitOf("a", 2));
    ASSERT_TRUE(Eventually([&] { return committer_->stats().failures >= 2; }));
    EXPECT_FALSE(committer_->HasRoom("a"));
    EXPECT_NE(committer_->stats().last_error, "");
    EXPECT_EQ(committer_->stats().queued, 2U);
    EXPECT_EQ(beats_.Stale(Heartbeat::Clock::now(), seconds(5)), "")
        << "waiting for a lock is life";
  }
  EXPECT_TRUE(Eventually([&] { return committer_->stats().units == 2; }));
  EXPECT_EQ(committer_->stats().last_error, "");
  EXPECT_TRUE(committer_->Finish(seconds(10)));
  EXPECT_EQ(Load("a").deltas.size(), 2U);
}

TEST_F(CommitterTest, CountsRepetitions) {
  StorePolicy policy;
  policy.notify.repeat_after = std::chrono::hours(24);
  committer_ = std::make_unique<Committer>(testing::OpenStore(directory_.db(), policy),
                                           beats_.Add("committer"), Committer::Hooks());
  for (uint64_t seq = 1; seq <= 3; ++seq) committer_->Offer(testing::SampleUnit(seq), true);
  committer_->Start();
  EXPECT_TRUE(committer_->Finish(seconds(10)));
  EXPECT_EQ(committer_->stats().repeats, 2U);
}

// A disk that fails, and one that the kernel made read-only for it.
class CommitterDiskTest : public CommitterTest, public ::testing::WithParamInterface<int> {};

TEST_P(CommitterDiskTest, KeepsTheUnitUntilItPasses) {
  testing::SqliteWriteErrors::Install();
  Make();
  committer_->Start();
  {
    const testing::SqliteWriteErrors errors(GetParam());
    committer_->Offer(UnitOf("a", 1));
    committer_->Offer(UnitOf("a", 2));
    ASSERT_TRUE(Eventually([&] { return committer_->stats().failures >= 2; }));
    EXPECT_THAT(committer_->stats().last_error, HasSubstr("SQLITE_IOERR"));
    EXPECT_THAT(committer_->stats().last_error, HasSubstr("journalctl -k"));
    EXPECT_EQ(committer_->stats().queued, 2U);
  }
  EXPECT_TRUE(Eventually([&] { return committer_->stats().units == 2; }));
  EXPECT_TRUE(committer_->Finish(seconds(10)));
  EXPECT_EQ(Load("a").deltas.size(), 2U);
  EXPECT_EQ(Load("a").files.at(0).offset, 2U);
}

INSTANTIATE_TEST_SUITE_P(Code, CommitterDiskTest, ::testing::Values(EIO, EROFS));

TEST_F(CommitterTest, DeletedDatabaseIsWrittenAgain) {
  Make();
  committer_->Start();
  committer_->Offer(UnitOf("a", 1));
  ASSERT_TRUE(Eventually([&] { return committer_->stats().units == 1; }));
  for (const char* suffix : {"", "-wal", "-shm"}) {
    EXPECT_TRUE(std::filesystem::remove(directory_.db() + suffix)) << suffix;
  }
  committer_->Offer(UnitOf("a", 2));  // into the file without a name, or the new one
  EXPECT_TRUE(Eventually([&] { return std::filesystem::exists(directory_.db()); }));
  committer_->Offer(UnitOf("a", 3));
  EXPECT_TRUE(committer_->Finish(seconds(10)));
  const GroupState state = Load("a");
  EXPECT_EQ(state.deltas.size(), 3U);
  EXPECT_EQ(state.files.at(0).offset, 3U);
}

TEST_F(CommitterTest, DatabaseDeletedJustBeforeTheEndIsWrittenAgain) {
  Make();
  committer_->Start();
  committer_->Offer(UnitOf("a", 1));
  ASSERT_TRUE(Eventually([&] { return committer_->stats().units == 1; }));
  std::filesystem::remove(directory_.db());
  EXPECT_TRUE(committer_->Finish(seconds(10)));
  EXPECT_EQ(Load("a").deltas.size(), 1U);
}

TEST_F(CommitterTest, ReplacedDatabaseIsSetAside) {
  Make();
  committer_->Start();
  committer_->Offer(UnitOf("a", 1));
  ASSERT_TRUE(Eventually([&] { return committer_->stats().units == 1; }));
  WriteTo(directory_.db() + ".other", "somebody's");
  std::filesystem::rename(directory_.db() + ".other", directory_.db());
  EXPECT_TRUE(Eventually([&] { return ReadAll(directory_.db()) != "somebody's"; }));
  EXPECT_TRUE(committer_->Finish(seconds(10)));
  EXPECT_EQ(Load("a").deltas.size(), 1U);
  std::vector<std::string> aside;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    if (entry.path().string().find(".replaced-") != std::string::npos)
      aside.push_back(entry.path());
  }
  ASSERT_EQ(aside.size(), 1U);
  EXPECT_EQ(ReadAll(aside[0]), "somebody's");
}

TEST_F(CommitterTest, FinishDrainsOrGivesUpInTime) {
  Make();
  for (uint64_t i = 1; i <= 20; ++i) committer_->Offer(UnitOf("a", i), /*force=*/true);
  committer_->Start();
  EXPECT_TRUE(committer_->Finish(seconds(10)));
  EXPECT_EQ(Load("a").deltas.size(), 20U);

  Make();
  committer_->Start();
  const Lock lock(directory_.db());
  committer_->Offer(UnitOf("a", 21));
  EXPECT_FALSE(committer_->Finish(milliseconds(100))) << "the unit could not be committed";
}

TEST_F(CommitterTest, CallsComeAfterTheUnitsBeforeThem) {
  Make();
  committer_->Offer(UnitOf("a", 1));
  std::atomic<bool> called{false};
  std::atomic<uint64_t> offset{0};
  committer_->Call([&](Store& store) {
    const auto state = store.LoadGroup("a");
    offset = state.ok() && !state->files.empty() ? state->files[0].offset : 0;
    called = true;
  });
  committer_->Offer(UnitOf("a", 2));
  committer_->Start();
  ASSERT_TRUE(Eventually([&] { return called.load(); }));
  EXPECT_EQ(offset, 1U);
}

TEST_F(CommitterTest, AlertsThatWaitTooLongGoOutBeforeTheirCommit) {
  std::mutex mutex;
  std::vector<Alert> alerts;
  Committer::Hooks hooks;
  hooks.alert_after = milliseconds(100);
  hooks.on_alerts = [&](const std::string&, std::vector<Alert> batch) {
    {
      const std::lock_guard lock(mutex);
      alerts.insert(alerts.end(), batch.begin(), batch.end());
    }
    std::vector<int64_t> ids;
    for (const Alert& alert : batch)
      if (alert.id != 0) ids.push_back(alert.id);
    committer_->Delivered(kJournalSink, {.taken = ids, .ready = true});
  };
  Make(std::move(hooks));
  committer_->Delivered(kJournalSink, {.taken = {}, .ready = true});
  committer_->Start();
  const auto count = [&](bool uncommitted) {
    const std::lock_guard lock(mutex);
    return std::count_if(alerts.begin(), alerts.end(),
                         [&](const Alert& a) { return a.uncommitted == uncommitted; });
  };
  {
    const Lock lock(directory_.db());
    committer_->Offer(testing::SampleUnit(1));
    ASSERT_TRUE(Eventually([&] { return count(true) == 1; }));
    std::this_thread::sleep_for(milliseconds(300));
    EXPECT_EQ(count(true), 1) << "once an outage";
    EXPECT_EQ(count(false), 0);
  }
  EXPECT_TRUE(Eventually([&] { return count(false) == 1; })) << "again, with its id";
  EXPECT_TRUE(committer_->Finish(seconds(10)));
  EXPECT_EQ(count(true), 1);
  for (const Alert& alert : alerts) EXPECT_EQ(alert.anomaly_id == 0, alert.uncommitted);
}

TEST_F(CommitterTest, AlertsGoOutAfterTheirCommitUntilTheyAreSent) {
  std::mutex mutex;
  std::vector<std::vector<Alert>> batches;
  Committer::Hooks hooks;
  hooks.on_alerts = [&](const std::string&, std::vector<Alert> alerts) {
    const std::lock_guard lock(mutex);
    batches.push_back(std::move(alerts));
  };
  const auto count = [&] {
    const std::lock_guard lock(mutex);
    return batches.size();
  };
  const auto unit_with_alert = [](uint64_t number) {
    CommitUnit unit = UnitOf("a", number);
    unit.anomalies.push_back(testing::SampleAnomaly(number, number));
    unit.incidents.push_back(testing::SampleIncident(number, number));
    return unit;
  };
  const auto delivered = [&](std::vector<int64_t> ids, bool ready) {
    committer_->Delivered(kJournalSink, {.taken = std::move(ids), .ready = ready});
  };
  Make(hooks);
  committer_->Start();
  delivered({}, true);
  committer_->Offer(unit_with_alert(1));
  ASSERT_TRUE(Eventually([&] { return count() == 1; }));
  // While a batch is out, no other follows, whatever is committed.
  committer_->Offer(unit_with_alert(2));
  ASSERT_TRUE(Eventually([&] { return committer_->stats().units == 2; }));
  EXPECT_EQ(count(), 1U);
  delivered({batches[0][0].id}, true);
  ASSERT_TRUE(Eventually([&] { return count() == 2; }));
  EXPECT_EQ(batches[1].size(), 1U);
  EXPECT_NE(batches[1][0].id, batches[0][0].id);
  // The second is never sent: it comes again at the next start.
  delivered({}, false);
  EXPECT_TRUE(committer_->Finish(seconds(10)));
  Make(hooks);
  committer_->Start();
  delivered({}, true);
  ASSERT_TRUE(Eventually([&] { return count() == 3; }));
  EXPECT_EQ(batches[2].at(0).id, batches[1][0].id);
}

// A sink that never answers has its batch; the other goes on, and the end does not wait for one
// that rests.
TEST_F(CommitterTest, DeadSinkHoldsUpNoOther) {
  StorePolicy policy;
  policy.sinks = {{kJournalSink, RiskLevel::kHigh}, {"dead", RiskLevel::kHigh}};
  std::mutex mutex;
  std::map<std::string, std::vector<int64_t>> got;
  const auto count = [&](const std::string& sink) {
    const std::lock_guard lock(mutex);
    return got[sink].size();
  };
  Committer::Hooks hooks;
  hooks.on_alerts = [&](const std::string& sink, std::vector<Alert> alerts) {
    std::vector<int64_t> ids;
    for (const Alert& alert : alerts) ids.push_back(alert.id);
    {
      const std::lock_guard lock(mutex);
      got[sink].insert(got[sink].end(), ids.begin(), ids.end());
    }
    if (sink == kJournalSink) committer_->Delivered(sink, {.taken = ids, .ready = true});
  };
  Make(std::move(hooks));
  committer_->Call([policy](Store& store) { store.set_policy(policy); });
  committer_->Start();
  for (const char* sink : {kJournalSink, "dead"})
    committer_->Delivered(sink, {.taken = {}, .ready = true});
  for (uint64_t seq = 1; seq <= 5; ++seq) {
    ASSERT_TRUE(Eventually([&] { return committer_->HasRoom("system"); }));
    committer_->Offer(testing::SampleUnit(seq));
  }
  ASSERT_TRUE(Eventually([&] { return count(kJournalSink) == 5; }));
  EXPECT_TRUE(Eventually([&] { return committer_->stats().waiting["dead"] == 5; }));
  EXPECT_EQ(committer_->stats().waiting.count(kJournalSink), 0U);
  EXPECT_LT(count("dead"), 5U);
  // It failed and rests.
  committer_->Delivered("dead", {.taken = {}, .refused = RefusedAlert{1, "no"}});
  EXPECT_TRUE(committer_->Finish(seconds(10)));
}

}  // namespace
}  // namespace alogd
