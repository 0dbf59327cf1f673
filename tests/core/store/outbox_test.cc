// SPDX-License-Identifier: MIT
// One alert for several sinks: minimum levels, order, what is taken, refused and dropped.
#include "core/store/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/store.h"
#include "testing/store_samples.h"

namespace alogd {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::OpenStore;
using testing::SampleUnit;
using testing::StoreDir;

constexpr const char* kFile = "file";

StorePolicy TwoSinks(RiskLevel journal = RiskLevel::kHigh, RiskLevel file = RiskLevel::kLow) {
  StorePolicy policy;
  policy.sinks = {{kJournalSink, journal}, {kFile, file}};
  return policy;
}

class OutboxTest : public ::testing::Test {
 protected:
  OutboxTest() : store_(OpenStore(dir_.db(), TwoSinks())) {}
  std::vector<int64_t> Ids(std::string_view sink, size_t limit = 1000) {
    const Result<std::vector<Alert>> alerts = store_.Outbox(sink, limit);
    EXPECT_TRUE(alerts.ok());
    std::vector<int64_t> ids;
    for (const Alert& alert : *alerts) ids.push_back(alert.id);
    return ids;
  }
  int64_t Count(const std::string& what) {
    Result<Database> db = Database::Open(dir_.db(), Database::Mode::kReader, 1s);
    EXPECT_TRUE(db.ok());
    return db->Int("SELECT count(*) FROM " + what)->value_or(-1);
  }
  StoreDir dir_;
  Store store_;
};

TEST_F(OutboxTest, EachSinkGetsWhatReachesItsMinimum) {
  ASSERT_TRUE(store_.Commit(SampleUnit(1, RiskLevel::kMedium)).ok());
  ASSERT_TRUE(store_.Commit(SampleUnit(2, RiskLevel::kHigh)).ok());
  ASSERT_TRUE(store_.Commit(SampleUnit(3, RiskLevel::kInfo)).ok());
  EXPECT_THAT(Ids(kJournalSink), ElementsAre(2));
  EXPECT_THAT(Ids(kFile), ElementsAre(2, 1));
  EXPECT_EQ(Count("alert_rows"), 2) << "kept once, whatever the number of its sinks";
}

TEST_F(OutboxTest, RuleMatchPassesEveryMinimum) {
  CommitUnit unit = SampleUnit(1, RiskLevel::kInfo);
  unit.anomalies[0].detector = "rule";
  unit.incidents[0].by_rule = true;
  ASSERT_TRUE(store_.Commit(unit).ok());
  EXPECT_THAT(Ids(kJournalSink), ElementsAre(1));
  EXPECT_THAT(Ids(kFile), ElementsAre(1));
}

TEST_F(OutboxTest, HighestLevelFirst) {
  for (uint64_t seq = 1; seq <= 3; ++seq) ASSERT_TRUE(store_.Commit(SampleUnit(seq)).ok());
  ASSERT_TRUE(store_.Commit(SampleUnit(4, RiskLevel::kCritical)).ok());
  EXPECT_THAT(Ids(kJournalSink), ElementsAre(4, 1, 2, 3));
  EXPECT_THAT(Ids(kJournalSink, 2), ElementsAre(4, 1));
}

TEST_F(OutboxTest, TakenByOneSinkWaitsForTheOther) {
  ASSERT_TRUE(store_.Commit(SampleUnit(1)).ok());
  ASSERT_TRUE(store_.Sent(kJournalSink, {1}).ok());
  EXPECT_THAT(Ids(kJournalSink), IsEmpty());
  EXPECT_THAT(Ids(kFile), ElementsAre(1));
  EXPECT_EQ(Count("alert_rows"), 1);
  ASSERT_TRUE(store_.Sent(kFile, {1}).ok());
  EXPECT_EQ(Count("alert_rows"), 0) << "an alert goes with its last row";
}

TEST_F(OutboxTest, RefusedAlertStepsBehindItsEquals) {
  for (uint64_t seq = 1; seq <= 3; ++seq) ASSERT_TRUE(store_.Commit(SampleUnit(seq)).ok());
  ASSERT_TRUE(store_.Sent(kFile, {2}, RefusedAlert{1, "no space\n\xff"}).ok());
  EXPECT_THAT(Ids(kFile), ElementsAre(3, 1));
  EXPECT_THAT(Ids(kJournalSink), ElementsAre(1, 2, 3));
  EXPECT_EQ(Count("outbox WHERE attempts = 1 AND last_error LIKE 'no space%'"), 1);
}

TEST_F(OutboxTest, WhatWaitsForARemovedSinkIsDroppedAndCounted) {
  for (uint64_t seq = 1; seq <= 2; ++seq) ASSERT_TRUE(store_.Commit(SampleUnit(seq)).ok());
  ASSERT_TRUE(store_.Commit(SampleUnit(3, RiskLevel::kLow)).ok());
  EXPECT_THAT(*store_.DropOtherSinks(), IsEmpty());
  store_.set_policy({});
  const auto dropped = store_.DropOtherSinks();
  ASSERT_TRUE(dropped.ok());
  EXPECT_THAT(*dropped, ElementsAre(std::pair<const std::string, uint64_t>(kFile, 3)));
  EXPECT_THAT(Ids(kJournalSink), ElementsAre(1, 2));
  EXPECT_EQ(Count("alert_rows"), 2);
}

// What a kind without an anomaly needs: a host-wide alert with its own text.
TEST_F(OutboxTest, AlertOfTheWholeHost) {
  Result<Database> db = Database::Open(dir_.db(), Database::Mode::kWriter, 1s);
  ASSERT_TRUE(db.ok());
  NewAlert alert;
  alert.kind = static_cast<AlertKind>(7);
  alert.level = RiskLevel::kHigh;
  alert.created = FromMicros(1'790'000'000'000'000);
  alert.title = "12 more\x1b[2J";
  alert.body = R"({"count":12})";
  ASSERT_TRUE(EnqueueAlert(&*db, alert, TwoSinks().sinks).ok());
  const Result<std::vector<Alert>> alerts = store_.Outbox(kJournalSink, 1);
  ASSERT_EQ(alerts->size(), 1U);
  const Alert& read = alerts->front();
  EXPECT_EQ(static_cast<int>(read.kind), 7);
  EXPECT_EQ(read.anomaly_id, 0);
  EXPECT_EQ(read.incident_id, 0);
  EXPECT_EQ(read.group, "");
  EXPECT_EQ(read.created, alert.created);
  EXPECT_EQ(read.body, alert.body);
  EXPECT_EQ(read.title.find('\x1b'), std::string::npos);
}

// 30,000 wait, and the newest CRITICAL one is at hand in a read that looks at few of them.
TEST_F(OutboxTest, CriticalIsReadFirstOfManyByTheIndex) {
  Result<Database> db = Database::Open(dir_.db(), Database::Mode::kWriter, 1s);
  ASSERT_TRUE(db.ok());
  {
    Result<Transaction> transaction = Transaction::Begin(&*db);
    NewAlert alert;
    alert.level = RiskLevel::kHigh;
    for (int i = 0; i < 30'000; ++i) ASSERT_TRUE(EnqueueAlert(&*db, alert, TwoSinks().sinks).ok());
    alert.level = RiskLevel::kCritical;
    ASSERT_TRUE(EnqueueAlert(&*db, alert, TwoSinks().sinks).ok());
    ASSERT_TRUE(transaction->Commit().ok());
  }
  EXPECT_THAT(Ids(kJournalSink, 2), ElementsAre(30'001, 1));
  Rows plan = db->Query(
      "EXPLAIN QUERY PLAN SELECT alert_id FROM outbox o WHERE o.sink = ? ORDER BY o.level DESC, "
      "o.attempts, o.alert_id LIMIT 64",
      kJournalSink);
  while (plan.Next()) EXPECT_EQ(plan.Text(3).find("TEMP B-TREE"), std::string::npos);
}

}  // namespace
}  // namespace alogd
