// SPDX-License-Identifier: MIT
// What operators say of anomalies: states, and suppressions inside the commits that follow.
#include "core/store/verdicts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/history.h"
#include "core/store/store.h"
#include "testing/store_samples.h"

namespace alogd {
namespace {

using testing::SampleAnomaly;

class VerdictsTest : public ::testing::Test {
 protected:
  VerdictsTest() : store_(Store::Open(directory_.db(), {})) { EXPECT_TRUE(store_.ok()); }

  // Anomalies of one incident; each alerts by its own.
  Status Commit(std::vector<Anomaly> anomalies) {
    CommitUnit unit;
    unit.group = "system";
    unit.state_seq = ++seq_;
    unit.delta = "x";
    Incident& incident = unit.incidents.emplace_back();
    incident.seq = anomalies.front().incident_seq;
    for (const Anomaly& a : anomalies) {
      if (a.level >= incident.level) {
        incident.level = a.level;
        incident.top_anomaly = a.seq;
      }
      incident.by_rule |= a.detector == kRuleDetector;
    }
    incident.first = incident.last = anomalies.front().time;
    incident.anomalies = anomalies.size();
    unit.anomalies = std::move(anomalies);
    return store_->Commit(unit, kNoTime);
  }
  Status Commit(uint64_t seq, RiskLevel level = RiskLevel::kHigh) {
    return Commit({SampleAnomaly(seq, seq, level)});
  }
  Status Say(std::vector<int64_t> ids, AnomalyState state) {
    const auto changed = store_->SetStates({std::move(ids), {}}, state, testing::At(1));
    return changed.ok() ? Status() : Status(changed.error());
  }
  // The alerts since the last call.
  std::vector<int64_t> Alerted() { return testing::TakeAlerts(&*store_); }
  std::string StateOf(int64_t id) {
    auto history = History::Open(directory_.db());
    const auto found = history->FindAnomaly(id);
    return *found ? (*found)->state : "gone";
  }
  std::string IncidentState(int64_t id) {
    auto history = History::Open(directory_.db());
    const auto found = history->FindIncident(id);
    return *found ? (*found)->state : "gone";
  }

  const testing::StoreDir directory_;
  Result<Store> store_;
  uint64_t seq_ = 0;
};

using Ids = std::vector<int64_t>;

TEST_F(VerdictsTest, AckStaysWithTheAnomaly) {
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_TRUE(Commit(2).ok());
  ASSERT_TRUE(Say({1}, AnomalyState::kAcked).ok());
  EXPECT_EQ(StateOf(1), "acked");
  EXPECT_EQ(IncidentState(1), "acked");
  EXPECT_EQ(StateOf(2), "new");
  EXPECT_EQ(Alerted(), (Ids{1, 2}));
  ASSERT_TRUE(Commit(3).ok());  // what is like it still alerts
  EXPECT_EQ(Alerted(), Ids{3});
}

TEST_F(VerdictsTest, UnknownIdChangesNothing) {
  ASSERT_TRUE(Commit(1).ok());
  const Status status = Say({1, 77}, AnomalyState::kAcked);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "there is no anomaly 77");
  EXPECT_EQ(StateOf(1), "new");
  EXPECT_FALSE(store_->SetStates({{}, {5}}, AnomalyState::kAcked, testing::At(1)).ok());
}

TEST_F(VerdictsTest, WhatIsLikeASuppressedOneIsStoredAndSilent) {
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_TRUE(Say({1}, AnomalyState::kSuppressed).ok());
  Alerted();
  ASSERT_TRUE(Commit(2, RiskLevel::kCritical).ok());
  EXPECT_EQ(Alerted(), Ids{});
  EXPECT_EQ(StateOf(2), "suppressed");
  EXPECT_EQ(IncidentState(2), "suppressed");

  Anomaly other = SampleAnomaly(3, 3);
  other.template_id = TemplateId{8};
  ASSERT_TRUE(Commit({other}).ok());
  other = SampleAnomaly(4, 4);
  other.detector = "loganomaly";
  ASSERT_TRUE(Commit({other}).ok());
  EXPECT_EQ(Alerted(), (Ids{3, 4}));
  EXPECT_EQ(StateOf(3), "new");

  ASSERT_TRUE(Say({2}, AnomalyState::kNew).ok());
  ASSERT_TRUE(Commit(5).ok());
  EXPECT_EQ(Alerted(), Ids{5});
}

TEST_F(VerdictsTest, SuppressionsLastBeyondARestart) {
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_TRUE(Say({1}, AnomalyState::kSuppressed).ok());
  Alerted();
  store_ = Store::Open(directory_.db(), {});
  ASSERT_TRUE(store_.ok());
  ASSERT_TRUE(Commit(2).ok());
  EXPECT_EQ(Alerted(), Ids{});
}

TEST_F(VerdictsTest, IncidentAlertsByWhatIsNotSuppressedInIt) {
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_TRUE(Say({1}, AnomalyState::kSuppressed).ok());
  Alerted();
  Anomaly quiet = SampleAnomaly(2, 2, RiskLevel::kCritical), loud = SampleAnomaly(3, 2);
  loud.template_id = TemplateId{8};
  ASSERT_TRUE(Commit({quiet, loud}).ok());
  EXPECT_EQ(Alerted(), Ids{3});
  EXPECT_EQ(IncidentState(2), "new");
  // Of a rule the level does not matter, unless the rule's match is what is suppressed.
  Anomaly rule = SampleAnomaly(4, 4, RiskLevel::kInfo);
  rule.detector = kRuleDetector;
  ASSERT_TRUE(Commit({rule}).ok());
  EXPECT_EQ(Alerted(), Ids{4});
  ASSERT_TRUE(Say({4}, AnomalyState::kSuppressed).ok());
  rule.seq = 5;
  rule.incident_seq = 5;
  ASSERT_TRUE(Commit({rule}).ok());
  EXPECT_EQ(Alerted(), Ids{});
}

TEST_F(VerdictsTest, WithoutATemplateTheSourceDecides) {
  Anomaly silent = SampleAnomaly(1, 1);
  silent.template_id = kNoTemplate;
  ASSERT_TRUE(Commit({silent}).ok());
  ASSERT_TRUE(Say({1}, AnomalyState::kSuppressed).ok());
  Alerted();
  silent.seq = silent.incident_seq = 2;
  ASSERT_TRUE(Commit({silent}).ok());
  EXPECT_EQ(Alerted(), Ids{});
  silent.seq = silent.incident_seq = 3;
  silent.source = "/var/log/mail.log";
  ASSERT_TRUE(Commit({silent}).ok());
  EXPECT_EQ(Alerted(), Ids{3});
}

TEST_F(VerdictsTest, MergedTemplateIsStillSuppressedAndStillLifted) {
  ASSERT_TRUE(Commit(1).ok());  // of template 7
  ASSERT_TRUE(Say({1}, AnomalyState::kSuppressed).ok());
  Alerted();
  CommitUnit merge;
  merge.group = "system";
  merge.state_seq = ++seq_;
  for (const uint32_t id : {3u, 7u}) {
    Template& t = merge.templates.emplace_back();
    t.id = TemplateId{id};
    t.text = "x";
    if (id == 7) t.alias_of = TemplateId{3};
  }
  ASSERT_TRUE(store_->Commit(merge, kNoTime).ok());
  Anomaly merged = SampleAnomaly(2, 2);
  merged.template_id = TemplateId{3};
  ASSERT_TRUE(Commit({merged}).ok());
  EXPECT_EQ(Alerted(), Ids{});
  ASSERT_TRUE(Say({2}, AnomalyState::kNew).ok());
  merged.seq = merged.incident_seq = 3;
  ASSERT_TRUE(Commit({merged}).ok());
  EXPECT_EQ(Alerted(), Ids{3});
}

TEST_F(VerdictsTest, AnIncidentsVerdictIsThatOfItsAnomalies) {
  ASSERT_TRUE(Commit({SampleAnomaly(1, 1), SampleAnomaly(2, 1)}).ok());
  ASSERT_TRUE(store_->SetStates({{}, {1}}, AnomalyState::kAcked, testing::At(1)).ok());
  EXPECT_EQ(StateOf(1), "acked");
  EXPECT_EQ(StateOf(2), "acked");
  EXPECT_EQ(IncidentState(1), "acked");
  ASSERT_TRUE(Say({2}, AnomalyState::kConfirmed).ok());
  EXPECT_EQ(IncidentState(1), "confirmed");
  ASSERT_TRUE(Say({2}, AnomalyState::kNew).ok());
  EXPECT_EQ(IncidentState(1), "new");
  ASSERT_TRUE(Say({2}, AnomalyState::kAcked).ok());
  ASSERT_TRUE(Commit({SampleAnomaly(3, 1)}).ok());  // something new in it
  EXPECT_EQ(IncidentState(1), "new");
}

TEST_F(VerdictsTest, HistoryFiltersByState) {
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_TRUE(Commit(2).ok());
  ASSERT_TRUE(Say({2}, AnomalyState::kConfirmed).ok());
  auto history = History::Open(directory_.db());
  AnomalyFilter filter;
  filter.state = AnomalyState::kConfirmed;
  ASSERT_EQ(history->Anomalies(filter)->size(), 1u);
  EXPECT_EQ(history->Anomalies(filter)->front().id, 2);
  ASSERT_EQ(history->Incidents(filter)->size(), 1u);
  filter.state = AnomalyState::kSuppressed;
  EXPECT_TRUE(history->Anomalies(filter)->empty());
}

}  // namespace
}  // namespace alogd
