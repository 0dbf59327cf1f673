// SPDX-License-Identifier: MIT
// What retention deletes, what it never does, and that it gives space back.
#include "core/store/retention.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/store/sqlite.h"
#include "core/store/store.h"
#include "testing/store_samples.h"

namespace alogd {
namespace {

using namespace std::chrono_literals;
using testing::At;
using testing::OpenStore;
using testing::SampleAnomaly;
using testing::SampleUnit;
using testing::StoreDir;

constexpr Time kNow = FromMicros(1'800'000'000'000'000);

int64_t Count(const std::string& path, const std::string& what) {
  Result<Database> db = Database::Open(path, Database::Mode::kReader, 1s);
  EXPECT_TRUE(db.ok());
  return db->Int("SELECT count(*) FROM " + what)->value_or(-1);
}

TEST(RetentionTest, AgeCountsFromWhenItWasKept) {
  StoreDir dir;
  StorePolicy policy;
  policy.keep = 24h;
  Store store = OpenStore(dir.db(), policy);
  for (uint64_t seq = 1; seq <= 3; ++seq) ASSERT_TRUE(store.Commit(SampleUnit(seq)).ok());
  testing::TakeAlerts(&store);
  // Years after their event time, and yet new here.
  EXPECT_FALSE(*store.Retain(kNow + 24h * 3650));
  EXPECT_EQ(Count(dir.db(), "anomalies"), 3);
  // One grows within the day, and is kept for another.
  ASSERT_TRUE(store.Commit(SampleUnit(2)).ok());
  EXPECT_FALSE(*store.Retain(kNow + 24h * 3650 + 23h));
  EXPECT_FALSE(*store.Retain(kNow + 24h * 3650 + 25h));
  EXPECT_EQ(Count(dir.db(), "anomalies"), 1);
  EXPECT_EQ(Count(dir.db(), "anomalies WHERE id = 2"), 1);
  // Incident 1 went with its anomaly; 3 is the latest and stays with what it alerted.
  EXPECT_EQ(Count(dir.db(), "incidents"), 2);
  EXPECT_EQ(Count(dir.db(), "incidents WHERE id = 1"), 0);
}

// Neither a clock that jumps back a day nor one that comes back deletes what is younger than
// `keep`.
TEST(RetentionTest, ClockJumpsBackADay) {
  StoreDir dir;
  StorePolicy policy;
  policy.keep = 2h;
  Store store = OpenStore(dir.db(), policy);
  ASSERT_TRUE(store.Commit(SampleUnit(1)).ok());
  testing::TakeAlerts(&store);
  EXPECT_FALSE(*store.Retain(kNow));
  EXPECT_FALSE(*store.Retain(kNow - 24h));
  ASSERT_TRUE(store.Commit(SampleUnit(2)).ok());
  testing::TakeAlerts(&store);
  EXPECT_FALSE(*store.Retain(kNow - 24h));
  EXPECT_FALSE(*store.Retain(kNow - 23h));
  EXPECT_EQ(Count(dir.db(), "anomalies"), 2);
  EXPECT_FALSE(*store.Retain(kNow - 21h));
  EXPECT_EQ(Count(dir.db(), "anomalies WHERE id = 2"), 0) << "three hours after it was kept";
  EXPECT_EQ(Count(dir.db(), "anomalies WHERE id = 1"), 1) << "a day more: its time is yet to come";
  EXPECT_FALSE(*store.Retain(kNow + 3h));
  EXPECT_EQ(Count(dir.db(), "anomalies"), 0);
}

TEST(RetentionTest, SourcesThatAreGoneAreBounded) {
  StoreDir dir;
  Store store = OpenStore(dir.db(), {});
  CommitUnit unit = SampleUnit(1);
  unit.sources.clear();
  unit.files.clear();
  constexpr int kSources = 15'050;
  for (int i = 0; i < kSources; ++i) {
    unit.sources.push_back({"/srv/job" + std::to_string(i), "syslog", 1, kNow + i * 1s});
  }
  FileCheckpoint& file = unit.files.emplace_back();  // the oldest, and still there
  file.id = FileId{1};
  file.source = file.path = "/srv/job0";
  ASSERT_TRUE(store.Commit(unit).ok());
  EXPECT_TRUE(*store.Retain(kNow));
  EXPECT_EQ(Count(dir.db(), "sources"), kSources - 5'000) << "in steps";
  EXPECT_FALSE(*store.Retain(kNow));
  EXPECT_EQ(Count(dir.db(), "sources"), 10'001);
  EXPECT_EQ(Count(dir.db(), "sources WHERE source IN ('/srv/job0', '/srv/job15049')"), 2);
  EXPECT_EQ(Count(dir.db(), "sources WHERE source = '/srv/job1'"), 0);
}

TEST(RetentionTest, TemplatesAreBounded) {
  StoreDir dir;
  StorePolicy policy;
  policy.max_templates = 100;
  Store store = OpenStore(dir.db(), policy);
  CommitUnit unit = SampleUnit(1);
  unit.templates.clear();
  for (uint32_t i = 0; i < 130; ++i) {
    Template& row = unit.templates.emplace_back();
    row.id = TemplateId{i};
    row.text = "t" + std::to_string(i);
    row.last = kNow - i * 1s;  // the greatest ids are the longest unseen
    row.trained = i == 129;
  }
  ASSERT_TRUE(store.Commit(unit).ok());
  EXPECT_FALSE(*store.Retain(kNow));
  EXPECT_EQ(Count(dir.db(), "templates"), 100);
  EXPECT_EQ(Count(dir.db(), "templates WHERE template_id IN (0, 98, 129)"), 3) << "129 is trained";
  EXPECT_EQ(Count(dir.db(), "templates WHERE template_id = 128"), 0);
  const Result<GroupState> state = store.LoadGroup(unit.group);
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->next_template_id, 130U) << "no id is given again";
}

TEST(RetentionTest, SmallSteps) {
  StoreDir dir;
  StorePolicy policy;
  policy.keep = 1h;
  Store store = OpenStore(dir.db(), policy);
  for (uint64_t seq = 1; seq <= 25; ++seq) ASSERT_TRUE(store.Commit(SampleUnit(seq)).ok());
  testing::TakeAlerts(&store);
  ASSERT_TRUE(store.Retain(kNow).ok());
  EXPECT_TRUE(*store.Retain(kNow + 2h, 10));
  EXPECT_EQ(Count(dir.db(), "anomalies"), 15);
  EXPECT_EQ(Count(dir.db(), "anomalies WHERE id <= 10"), 0);  // the oldest first
  EXPECT_TRUE(*store.Retain(kNow + 2h, 10));
  EXPECT_FALSE(*store.Retain(kNow + 2h, 10));
  EXPECT_EQ(Count(dir.db(), "anomalies"), 0);
}

TEST(RetentionTest, IncidentStaysWhileItHoldsAnomalies) {
  StoreDir dir;
  StorePolicy policy;
  policy.keep = 1h;
  Store store = OpenStore(dir.db(), policy);
  CommitUnit unit = SampleUnit(1);
  unit.anomalies.push_back(SampleAnomaly(2, 1));
  ASSERT_TRUE(store.Commit(unit).ok());
  ASSERT_TRUE(store.Commit(SampleUnit(3)).ok());
  testing::TakeAlerts(&store);
  ASSERT_TRUE(store.Retain(kNow).ok());
  ASSERT_TRUE(*store.Retain(kNow + 2h, 1));
  EXPECT_EQ(Count(dir.db(), "anomalies"), 2);
  EXPECT_EQ(Count(dir.db(), "incidents"), 2);
  ASSERT_TRUE(*store.Retain(kNow + 2h, 1));
  EXPECT_EQ(Count(dir.db(), "incidents"), 1);
}

TEST(RetentionTest, UnsentAlertsStay) {
  StoreDir dir;
  StorePolicy policy;
  policy.keep = 1h;
  Store store = OpenStore(dir.db(), policy);
  for (uint64_t seq = 1; seq <= 2; ++seq) ASSERT_TRUE(store.Commit(SampleUnit(seq)).ok());
  ASSERT_TRUE(store.Retain(kNow).ok());
  EXPECT_FALSE(*store.Retain(kNow + 2h));
  Result<std::vector<Alert>> alerts = store.Outbox(kJournalSink, 10);
  ASSERT_EQ(alerts->size(), 2u);
  EXPECT_EQ(alerts->front().anomaly_id, 1);
}

TEST(RetentionTest, AnomalyThatComesAgainAfterItWasDeleted) {
  StoreDir dir;
  StorePolicy policy;
  policy.keep = 1h;
  policy.notify.repeat_after = 24h;
  Store store = OpenStore(dir.db(), policy);
  for (uint64_t seq = 1; seq <= 2; ++seq) ASSERT_TRUE(store.Commit(SampleUnit(seq)).ok());
  testing::TakeAlerts(&store);
  ASSERT_TRUE(store.Retain(kNow).ok());
  ASSERT_TRUE(store.Retain(kNow + 2h).ok());
  ASSERT_EQ(Count(dir.db(), "anomalies"), 0);
  ASSERT_TRUE(store.Commit(SampleUnit(2)).ok());
  EXPECT_EQ(Count(dir.db(), "anomalies WHERE incident_id = 2"), 1);
  EXPECT_TRUE(store.Outbox(kJournalSink, 10)->empty());  // its trouble was told
  CommitUnit lone = SampleUnit(1);
  lone.incidents.clear();
  ASSERT_TRUE(store.Commit(lone).ok());
  EXPECT_EQ(Count(dir.db(), "anomalies WHERE incident_id IS NULL"), 1);
}

TEST(RetentionTest, SizeIsHeldAndSpaceGivenBack) {
  StoreDir dir;
  StorePolicy policy;
  policy.max_size = 3 << 20;
  Store store = OpenStore(dir.db(), policy);
  CommitUnit state;
  state.group = "system";
  state.state_seq = 1;
  state.delta = std::string(1 << 20, 's');
  ASSERT_TRUE(store.Commit(state).ok());
  for (uint64_t seq = 1; seq <= 1000; seq += 50) {
    CommitUnit unit;
    unit.group = "system";
    for (uint64_t i = seq; i < seq + 50; ++i) {
      unit.anomalies.push_back(SampleAnomaly(i, i, RiskLevel::kLow));
      unit.anomalies.back().message.assign(8000, 'm');
      unit.incidents.push_back(testing::SampleIncident(i, i, RiskLevel::kLow));
    }
    ASSERT_TRUE(store.Commit(unit).ok());
  }
  ASSERT_TRUE(store.CheckpointWal().ok());
  EXPECT_GT(std::filesystem::file_size(dir.db()), 8u << 20);
  int steps = 0;
  while (*store.Retain(kNow, 50)) ASSERT_LT(++steps, 1000);
  ASSERT_TRUE(store.CheckpointWal().ok());
  EXPECT_LT(std::filesystem::file_size(dir.db()), 5u << 20);
  EXPECT_GT(steps, 5);
  const int64_t left = Count(dir.db(), "anomalies");
  EXPECT_GT(left, 50);
  EXPECT_LT(left, 400);
  EXPECT_EQ(Count(dir.db(), "anomalies WHERE id = 1000"), 1);  // the newest stays
  EXPECT_EQ(store.LoadGroup("system")->deltas.size(), 1u);
}

TEST(RetentionTest, StateAloneOverTheLimitEnds) {
  StoreDir dir;
  StorePolicy policy;
  policy.max_size = 1000;
  Store store = OpenStore(dir.db(), policy);
  EXPECT_FALSE(*store.Retain(kNow));
}

}  // namespace
}  // namespace alogd
