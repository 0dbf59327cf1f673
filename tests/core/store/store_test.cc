// SPDX-License-Identifier: MIT
// Commits, what they decide, and what comes back from them.
#include "core/store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/sqlite.h"
#include "testing/store_samples.h"

namespace alogd {
namespace {

using namespace std::chrono_literals;
using testing::At;
using testing::OpenStore;
using testing::SampleAnomaly;
using testing::SampleIncident;
using testing::SampleUnit;
using testing::StoreDir;

#define ASSERT_OK(expression)                               \
  do {                                                      \
    const auto& asserted = (expression);                    \
    ASSERT_TRUE(asserted.ok()) << asserted.error().message; \
  } while (false)

// The first column of every row, as text.
std::vector<std::string> Column(const std::string& path, const std::string& sql) {
  Result<Database> db = Database::Open(path, Database::Mode::kReader, 1s);
  EXPECT_TRUE(db.ok());
  std::vector<std::string> out;
  Rows rows = db->Query(sql);
  while (rows.Next()) out.emplace_back(rows.Text(0));
  EXPECT_TRUE(rows.status().ok()) << rows.status().error().message;
  return out;
}

std::string One(const std::string& path, const std::string& sql) {
  const std::vector<std::string> all = Column(path, sql);
  return all.size() == 1 ? all[0] : std::to_string(all.size()) + " rows";
}

TEST(StoreTest, AnomalyInItsView) {
  StoreDir dir;
  Store store = OpenStore(dir.db());
  ASSERT_OK(store.Commit(SampleUnit(1)));
  EXPECT_EQ(
      One(dir.db(),
          "SELECT id || '|' || time_us || '|' || level || '|' || risk || '|' || score || '|' || "
          "severity || '|' || detector || '|' || group_name || '|' || source || '|' || stream || "
          "'|' || template_id || '|' || template || '|' || message || '|' || file_id || '|' || "
          "first_offset || '|' || last_offset || '|' || windows || '|' || incident_id || '|' || "
          "bundle || '|' || state FROM anomalies"),
      "1|1790000001000000|HIGH|67.3|71.3|80|deeplog|system|/var/log/syslog|sshd|7|"
      "Failed password for <*> from <*>|Failed password for root from 192.0.2.7|3|900|1100|2|1|"
      "20261122T013000Z|new");
  EXPECT_EQ(One(dir.db(), "SELECT evidence ->> '$[0].expected[0].text' FROM anomalies"),
            "Accepted publickey for <*>");
  EXPECT_EQ(
      One(dir.db(),
          "SELECT id || '|' || first_us || '|' || last_us || '|' || level || '|' || risk || '|' || "
          "group_name || '|' || anomalies || '|' || title || '|' || state FROM incidents"),
      "1|1790000001000000|1790000003000000|HIGH|67.3|system|1|"
      "sshd: Failed password for <*> from <*>|new");
}

TEST(StoreTest, GrownAnomalyKeepsItsIdAndState) {
  StoreDir dir;
  Store store = OpenStore(dir.db());
  ASSERT_OK(store.Commit(SampleUnit(1)));
  ASSERT_OK(store.Commit(SampleUnit(2)));
  {
    Result<Database> db = Database::Open(dir.db(), Database::Mode::kWriter, 1s);
    ASSERT_OK(db->Run("UPDATE anomaly_rows SET state = 1 WHERE id = 1"));
  }
  CommitUnit unit = SampleUnit(1);
  unit.anomalies[0].windows = 9;
  unit.anomalies[0].risk = 88.5f;
  unit.anomalies[0].level = RiskLevel::kCritical;
  ASSERT_OK(store.Commit(unit));
  EXPECT_THAT(Column(dir.db(),
                     "SELECT id || ' ' || windows || ' ' || risk || ' ' || level || ' ' || state "
                     "FROM anomalies ORDER BY id"),
              ::testing::ElementsAre("1 9 88.5 CRITICAL acked", "2 2 67.3 HIGH new"));
}

TEST(StoreTest, GroupsShareNothing) {
  StoreDir dir;
  Store store = OpenStore(dir.db());
  CommitUnit a = SampleUnit(1);
  CommitUnit b = SampleUnit(1);
  b.group = "web";
  b.anomalies[0].message = "other";
  a.templates.push_back(Template{TemplateId{0}, "a <*>", 1, At(1), At(2), false, kNoTemplate});
  b.templates.push_back(Template{TemplateId{0}, "b <*>", 1, At(1), At(2), true, kNoTemplate});
  ASSERT_OK(store.Commit(a));
  ASSERT_OK(store.Commit(b));
  EXPECT_THAT(
      Column(dir.db(), "SELECT group_name || ' ' || incident_id || ' ' || message FROM anomalies"),
      ::testing::UnorderedElementsAre("system 1 Failed password for root from 192.0.2.7",
                                      "web 2 other"));
  EXPECT_THAT(
      Column(dir.db(), "SELECT group_name || ' ' || template || ' ' || origin FROM templates"),
      ::testing::UnorderedElementsAre("system a <*> live", "web b <*> trained"));
}

TEST(StoreTest, AlertOnceThenOnlyWhenTheLevelRises) {
  StoreDir dir;
  Store store = OpenStore(dir.db());
  ASSERT_OK(store.Commit(SampleUnit(1, RiskLevel::kMedium)));
  EXPECT_TRUE(store.Outbox(kJournalSink, 10)->empty());
  ASSERT_OK(store.Commit(SampleUnit(1, RiskLevel::kHigh)));
  ASSERT_OK(store.Commit(SampleUnit(1, RiskLevel::kHigh)));
  Result<std::vector<Alert>> alerts = store.Outbox(kJournalSink, 10);
  ASSERT_OK(alerts);
  ASSERT_EQ(alerts->size(), 1u);
  const Alert& alert = alerts->front();
  EXPECT_EQ(alert.level, RiskLevel::kHigh);
  EXPECT_EQ(alert.anomaly_id, 1);
  EXPECT_EQ(alert.incident_id, 1);
  EXPECT_EQ(alert.group, "system");
  EXPECT_EQ(alert.title, "sshd: Failed password for root from 192.0.2.7");
  EXPECT_EQ(alert.anomaly.message, "Failed password for root from 192.0.2.7");
  EXPECT_FLOAT_EQ(alert.anomaly.score, 71.3f);
  ASSERT_EQ(alert.anomaly.evidence.size(), 1u);
  EXPECT_EQ(alert.anomaly.evidence[0].expected.size(), 2u);
  ASSERT_OK(store.Sent(kJournalSink, {alert.id}));
  EXPECT_TRUE(store.Outbox(kJournalSink, 10)->empty());
  ASSERT_OK(store.Commit(SampleUnit(1, RiskLevel::kCritical)));
  ASSERT_EQ(store.Outbox(kJournalSink, 10)->size(), 1u);
  EXPECT_EQ(store.Outbox(kJournalSink, 10)->front().level, RiskLevel::kCritical);
}

TEST(StoreTest, ALoweredMinimumConcernsWhatGoesOn) {
  StoreDir dir;
  Store store = OpenStore(dir.db());
  StorePolicy policy;
  policy.sinks[0].min_level = RiskLevel::kCritical;
  store.set_policy(policy);
  ASSERT_OK(store.Commit(SampleUnit(1)));
  policy.sinks[0].min_level = RiskLevel::kHigh;
  store.set_policy(policy);
  ASSERT_OK(store.Commit(SampleUnit(2, RiskLevel::kLow)));
  EXPECT_TRUE(store.Outbox(kJournalSink, 10)->empty());
  ASSERT_OK(store.Commit(SampleUnit(1)));
  Result<std::vector<Alert>> alerts = store.Outbox(kJournalSink, 10);
  ASSERT_OK(alerts);
  ASSERT_EQ(alerts->size(), 1u);
  EXPECT_EQ(alerts->front().anomaly.seq, 1u);
}

TEST(StoreTest, RuleMatchAlertsAtAnyLevel) {
  StoreDir dir;
  StorePolicy policy;
  policy.store_min = RiskLevel::kHigh;
  Store store = OpenStore(dir.db(), policy);
  CommitUnit unit = SampleUnit(1, RiskLevel::kLow);
  unit.anomalies[0].detector = "rule";
  unit.incidents[0].by_rule = true;
  ASSERT_OK(store.Commit(unit));
  ASSERT_EQ(store.Outbox(kJournalSink, 10)->size(), 1u);
  EXPECT_EQ(store.Outbox(kJournalSink, 10)->front().anomaly_id, 1);
}

TEST(StoreTest, OutboxIsInOrderAndLimited) {
  StoreDir dir;
  Store store = OpenStore(dir.db());
  for (uint64_t seq = 1; seq <= 5; ++seq) ASSERT_OK(store.Commit(SampleUnit(seq)));
  Result<std::vector<Alert>> alerts = store.Outbox(kJournalSink, 3);
  ASSERT_OK(alerts);
  ASSERT_EQ(alerts->size(), 3u);
  EXPECT_EQ((*alerts)[0].anomaly.seq, 1u);
  EXPECT_EQ((*alerts)[2].anomaly.seq, 3u);
}

TEST(StoreTest, BelowStoreMinIsNotStored) {
  StoreDir dir;
  StorePolicy policy;
  policy.store_min = RiskLevel::kMedium;
  Store store = OpenStore(dir.db(), policy);
  ASSERT_OK(store.Commit(SampleUnit(1, RiskLevel::kLow)));
  EXPECT_EQ(One(dir.db(), "SELECT count(*) FROM anomalies"), "0");
  EXPECT_EQ(One(dir.db(), "SELECT count(*) FROM incidents"), "0");
  // The same one, grown: now it is stored.
  ASSERT_OK(store.Commit(SampleUnit(1, RiskLevel::kMedium)));
  EXPECT_EQ(One(dir.db(), "SELECT level FROM anomalies"), "MEDIUM");
  EXPECT_EQ(One(dir.db(), "SELECT count(*) FROM incidents"), "1");
}

TEST(StoreTest, WhatAlertsIsStoredWhateverStoreMin) {
  StoreDir dir;
  StorePolicy policy;
  policy.store_min = RiskLevel::kCritical;
  policy.sinks[0].min_level = RiskLevel::kHigh;
  Store store = OpenStore(dir.db(), policy);
  ASSERT_OK(store.Commit(SampleUnit(1, RiskLevel::kHigh)));
  EXPECT_EQ(One(dir.db(), "SELECT count(*) FROM anomalies"), "1");
  EXPECT_EQ(store.Outbox(kJournalSink, 10)->front().anomaly_id, 1);
}

TEST(StoreTest, StateOfAGroupComesBack) {
  StoreDir dir;
  const std::string zeros("\0\1\2", 3);
  {
    Store store = OpenStore(dir.db());
    for (uint64_t seq = 1; seq <= 3; ++seq) {
      CommitUnit unit;
      unit.group = "system";
      unit.state_seq = seq;
      unit.delta = zeros + std::to_string(seq);
      if (seq == 2) unit.shard = StateShard{4, "shard as of 2"};
      if (seq == 3) unit.drop_deltas_to = 1;
      unit.templates.push_back(Template{TemplateId{static_cast<uint32_t>(9 - seq)}, "t", seq, At(1),
                                        kNoTime, seq == 1, seq == 2 ? TemplateId{6} : kNoTemplate});
      FileCheckpoint f;
      f.id = FileId{*store.NextFileId()};
      f.source = "/var/log/a";
      f.path = "/var/log/a";
      f.inode = 0xffff'ffff'ffff'fff0;
      f.identity = zeros;
      f.offset = 10 * seq;
      f.size = 100;
      f.read_bytes = 11 * seq;
      f.chain = 0xdeadbeef;
      f.state = seq == 3 ? FileCheckpoint::State::kActive : FileCheckpoint::State::kRotated;
      unit.files.push_back(f);
      unit.sources.push_back(SourceRow{"/var/log/a", "syslog", seq, At(5)});
      ASSERT_OK(store.Commit(unit));
    }
  }
  Store store = OpenStore(dir.db());
  Result<GroupState> state = store.LoadGroup("system");
  ASSERT_OK(state);
  EXPECT_EQ(state->next_template_id, 9u);
  ASSERT_EQ(state->templates.size(), 3u);
  EXPECT_EQ(state->templates[0].id, TemplateId{6});
  EXPECT_EQ(state->templates[1].alias_of, TemplateId{6});
  EXPECT_TRUE(state->templates[2].trained);
  EXPECT_EQ(state->templates[0].last, kNoTime);
  ASSERT_EQ(state->shards.size(), 1u);
  EXPECT_EQ(state->shards[0].index, 4u);
  EXPECT_EQ(state->shards[0].seq, 2u);
  EXPECT_EQ(state->shards[0].blob, "shard as of 2");
  ASSERT_EQ(state->deltas.size(), 2u);
  EXPECT_EQ(state->deltas[0].seq, 2u);
  EXPECT_EQ(state->deltas[1].blob, zeros + "3");
  ASSERT_EQ(state->files.size(), 3u);
  EXPECT_EQ(state->files[2].inode, 0xffff'ffff'ffff'fff0u);
  EXPECT_EQ(state->files[2].identity, zeros);
  EXPECT_EQ(state->files[2].chain, 0xdeadbeefu);
  EXPECT_EQ(state->files[1].state, FileCheckpoint::State::kRotated);
  EXPECT_EQ(One(dir.db(), "SELECT group_name || source || path || format || records FROM sources"),
            "system/var/log/a/var/log/asyslog3");
  EXPECT_TRUE(store.LoadGroup("nobody")->templates.empty());
}

TEST(StoreTest, FileIdsAreNeverGivenAgain) {
  StoreDir dir;
  {
    Store store = OpenStore(dir.db());
    CommitUnit unit;
    unit.group = "system";
    FileCheckpoint f;
    for (int i = 0; i < 3; ++i) f.id = FileId{*store.NextFileId()};
    EXPECT_EQ(f.id, FileId{3});
    unit.files = {f};
    ASSERT_OK(store.Commit(unit));
    unit.files.clear();
    unit.forgotten_files = {f.id};
    ASSERT_OK(store.Commit(unit));
  }
  Store store = OpenStore(dir.db());
  EXPECT_EQ(One(dir.db(), "SELECT count(*) FROM files"), "0");
  EXPECT_EQ(*store.NextFileId(), 4);
}

TEST(StoreTest, TemplateIdsOfDroppedRowsStayGiven) {
  StoreDir dir;
  Store store = OpenStore(dir.db());
  CommitUnit unit;
  unit.group = "system";
  unit.templates.push_back(Template{TemplateId{41}, "x", 1, At(1), At(1), false, kNoTemplate});
  ASSERT_OK(store.Commit(unit));
  unit.templates[0].id = TemplateId{5};
  ASSERT_OK(store.Commit(unit));
  EXPECT_EQ(store.LoadGroup("system")->next_template_id, 42u);
}

TEST(StoreTest, SameUnitTwiceChangesNothing) {
  StoreDir dir;
  Store store = OpenStore(dir.db());
  CommitUnit unit = SampleUnit(1);
  unit.state_seq = 1;
  unit.delta = "delta";
  unit.templates.push_back(Template{TemplateId{0}, "x", 1, At(1), At(1), false, kNoTemplate});
  ASSERT_OK(store.Commit(unit));
  const std::vector<std::string> before = Column(dir.db(), "SELECT id || evidence FROM anomalies");
  ASSERT_OK(store.Commit(unit));
  EXPECT_EQ(Column(dir.db(), "SELECT id || evidence FROM anomalies"), before);
  EXPECT_EQ(store.Outbox(kJournalSink, 10)->size(), 1u);
  EXPECT_EQ(store.LoadGroup("system")->deltas.size(), 1u);
}

TEST(StoreTest, HostileTextIsValidAndBounded) {
  StoreDir dir;
  Store store = OpenStore(dir.db());
  CommitUnit unit = SampleUnit(1);
  unit.anomalies[0].message = std::string("a\xff\0b", 4) + std::string(1 << 20, 'x');
  unit.anomalies[0].evidence[0].summary = "\x80 bad";
  unit.incidents[0].title = "\x1b[31m red";
  ASSERT_OK(store.Commit(unit));
  EXPECT_LE(std::stoi(One(dir.db(), "SELECT length(CAST(message AS BLOB)) FROM anomalies")), 8200);
  EXPECT_EQ(One(dir.db(), "SELECT substr(message, 1, 4) FROM anomalies"), "a\uFFFD\uFFFDb");
  EXPECT_EQ(One(dir.db(), "SELECT json_valid(evidence) FROM anomalies"), "1");
  EXPECT_EQ(store.Outbox(kJournalSink, 1)->front().title.find('\x1b'), std::string::npos);
}

TEST(StoreTest, NothingNewNoCommit) {
  StoreDir dir;
  Store store = OpenStore(dir.db());
  CommitUnit unit;
  unit.group = "system";
  ASSERT_OK(store.Commit(unit));
  EXPECT_EQ(One(dir.db(), "SELECT count(*) FROM group_rows"), "0");
}

}  // namespace
}  // namespace alogd
