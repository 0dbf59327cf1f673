// SPDX-License-Identifier: MIT
// Cascades, budget, floods, waves, closing entries, faults in several groups: all by the clock.
#include "core/notify/alert_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "core/config/units.h"
#include "core/notify/notifier.h"
#include "testing/store_samples.h"

namespace alogd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::SampleAnomaly;
using testing::SampleIncident;
using testing::StoreDir;
using namespace std::chrono_literals;

constexpr Time kStart = FromMicros(1'790'000'000'000'000);

std::string Letters(uint64_t n) {
  std::string letters;
  do letters += static_cast<char>('g' + n % 19);
  while ((n /= 19) > 0);
  return letters + ".";
}

struct Said {
  std::string message;
  RiskLevel level = RiskLevel::kHigh;
  std::string detector = "counts";
  std::string stream = "orderd";
  uint64_t incident = 1;
  std::string group = "system";
};

class AlertListsTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open() {
    store_.reset();
    StorePolicy policy;
    policy.notify = {24h, 1h, 5s, 60s, budget_};
    store_.emplace(testing::OpenStore(dir_.db(), policy));
  }
  Status Commit(Duration at, const Said& said) {
    CommitUnit unit;
    unit.group = said.group;
    Anomaly a = SampleAnomaly(++seq_, said.incident, said.level);
    a.time = a.last_time = kStart + at;
    a.message = said.message;
    a.detector = a.evidence[0].detector = said.detector;
    a.evidence[0].found.clear();
    if (said.detector == kRuleDetector) a.evidence[0].found = {{"a rule", 1.0f}};
    a.stream = said.stream;
    a.windows = 1;
    Incident i = SampleIncident(said.incident, seq_, RiskLevel::kHigh);
    i.first = kStart;
    i.last = kStart + at;
    i.title = "the incident";
    unit.anomalies = {a};
    unit.incidents = {i};
    return store_->Commit(unit, kStart + at);
  }
  // Alerts since the last call: the text of those of one anomaly, the title of all others.
  std::vector<std::string> Sent() {
    const auto alerts = store_->Outbox(kJournalSink, 10'000);
    EXPECT_TRUE(alerts.ok());
    std::map<int64_t, std::string> texts;
    std::vector<int64_t> ids;
    for (const Alert& alert : *alerts) {
      texts[alert.id] = alert.kind == AlertKind::kAnomaly ? alert.anomaly.message : alert.title;
      last_ = alert;
      ids.push_back(alert.id);
    }
    EXPECT_TRUE(store_->Sent(kJournalSink, ids).ok());
    std::vector<std::string> out;
    for (auto& [id, text] : texts) out.push_back(std::move(text));
    return out;
  }
  std::vector<std::string> Commits(Duration at, const Said& said) {
    const Status status = Commit(at, said);
    EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
    return Sent();
  }
  std::vector<std::string> Ticks(Duration at) {
    const auto told = store_->Notify(kStart + at);
    EXPECT_TRUE(told.ok()) << (told.ok() ? "" : told.error().message);
    return Sent();
  }
  int64_t Count(const std::string& query) {
    auto db = Database::Open(dir_.db(), Database::Mode::kReader, 1s);
    return db.ok() ? db->Int(query)->value_or(-1) : -1;
  }
  StoreDir dir_;
  std::optional<Store> store_;
  double budget_ = -1;
  uint64_t seq_ = 0;
  Alert last_;
};

TEST_F(AlertListsTest, CascadeIsTheFirstAndOneMore) {
  EXPECT_THAT(Commits(0s, {"crashed"}), ElementsAre("crashed"));
  EXPECT_THAT(Commits(1s, {"queue gone"}), IsEmpty());
  EXPECT_THAT(Commits(2s, {"upstream gone", RiskLevel::kHigh, "counts", "nginx"}), IsEmpty());
  EXPECT_THAT(Commits(2s, {"crashed"}), IsEmpty()) << "the same again";
  EXPECT_THAT(Commits(3s, {"panic", RiskLevel::kCritical, "counts", "kernel"}),
              ElementsAre("panic"))
      << "CRITICAL goes at once";
  EXPECT_THAT(Ticks(4s), IsEmpty());
  EXPECT_THAT(Ticks(5s),
              ElementsAre("2 more troubles within seconds of 'orderd: crashed': orderd: queue "
                          "gone; nginx: upstream gone"));
  EXPECT_EQ(last_.level, RiskLevel::kHigh);
  EXPECT_EQ(last_.incident_id, 1);
  EXPECT_THAT(last_.body, HasSubstr("\"count\":2,"));
  EXPECT_THAT(Ticks(6s), IsEmpty());
  EXPECT_THAT(Commits(20s, {"disk gone"}), ElementsAre("disk gone")) << "later is another";
}

TEST_F(AlertListsTest, WhatGetsWorseLeavesItsList) {
  EXPECT_THAT(Commits(0s, {"crashed"}), ElementsAre("crashed"));
  EXPECT_THAT(Commits(1s, {"queue gone"}), IsEmpty());
  --seq_;
  EXPECT_THAT(Commits(2s, {"queue gone", RiskLevel::kCritical}), ElementsAre("queue gone"));
  EXPECT_THAT(Ticks(10s), IsEmpty());
}

TEST_F(AlertListsTest, BudgetTellsTheRestInOne) {
  budget_ = 0.1;  // one alert, saved up over ten days
  Open();
  EXPECT_THAT(Commits(0s, {"a failed"}), ElementsAre("a failed"));
  for (uint64_t i = 1; i <= 12; ++i)
    EXPECT_THAT(Commits(10s + 1s * i, {"failed: " + Letters(i)}), IsEmpty());
  EXPECT_THAT(Ticks(70s), IsEmpty());
  const auto told = Ticks(72s);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_THAT(told[0],
              HasSubstr("12 more HIGH in the last 61 s than alerts.budget_per_day allows"));
  EXPECT_THAT(told[0], HasSubstr("; and 9 more"));
  // The next summary waits for an hour.
  EXPECT_THAT(Commits(2min, {"b failed"}), ElementsAre(HasSubstr("over after")));
  EXPECT_THAT(Ticks(20min), ElementsAre(HasSubstr("over after")));
  EXPECT_THAT(Ticks(61min), IsEmpty());
  EXPECT_THAT(Ticks(62min), ElementsAre(HasSubstr("1 more HIGH in the last 60 min")));
  // CRITICAL and rules are outside it.
  EXPECT_THAT(Commits(72min, {"c", RiskLevel::kCritical}), ElementsAre("c"));
  EXPECT_THAT(Commits(72min + 10s, {"d", RiskLevel::kLow, "rule"}), ElementsAre("d"));
  // Ten days later there is another.
  EXPECT_THAT(Commits(24h * 11, {"e failed"}), ElementsAre(HasSubstr("over"), "e failed"));
}

TEST_F(AlertListsTest, AFloodIsToldInOne) {
  for (int64_t i = 0; i < Notifier::kScopeFlood; ++i)
    EXPECT_EQ(Commits(1s * i, {"refused " + Letters(static_cast<uint64_t>(i)), RiskLevel::kCritical,
                               "rule"})
                  .size(),
              1u);
  for (uint64_t i = 100; i < 800; ++i)
    EXPECT_THAT(Commits(20s, {"refused " + Letters(i), RiskLevel::kCritical, "rule"}), IsEmpty());
  // Another rule or program is none of it.
  EXPECT_THAT(Commits(20s, {"panic", RiskLevel::kCritical, "counts", "kernel"}),
              ElementsAre("panic"));
  EXPECT_LE(Count("SELECT count(*) FROM list_items"), AlertLists::kMostItems);
  EXPECT_THAT(Ticks(81s),
              ElementsAre(HasSubstr("a flood: 700 more troubles within"), HasSubstr("over after")));
  EXPECT_THAT(last_.level, RiskLevel::kInfo);
}

TEST_F(AlertListsTest, AWaveOfNewStatementsIsOneEntry) {
  for (uint64_t i = 0; i < 31; ++i)
    EXPECT_THAT(Commits(1s * i, {"new " + Letters(i), RiskLevel::kLow, "novelty"}), IsEmpty());
  EXPECT_THAT(Ticks(4min),
              ElementsAre(HasSubstr("31 new statements of orderd within 4 min: orderd: new")));
  EXPECT_EQ(last_.level, RiskLevel::kLow);
  // A few are none.
  for (uint64_t i = 100; i < 105; ++i)
    EXPECT_THAT(Commits(10min, {"new " + Letters(i), RiskLevel::kLow, "novelty"}), IsEmpty());
  EXPECT_THAT(Ticks(20min), IsEmpty());
}

TEST_F(AlertListsTest, NewErrorsOfAWaveAreToldWithIt) {
  for (uint64_t i = 0; i < 8; ++i) {
    const bool alone = i < static_cast<uint64_t>(Notifier::kWaveAfter);
    EXPECT_EQ(Commits(10s * i, {"error " + Letters(i), RiskLevel::kHigh, "novelty"}).size(),
              alone ? 1u : 0u);
  }
  EXPECT_THAT(Ticks(4min + 30s),
              ElementsAre(HasSubstr("5 new statements of orderd within"), HasSubstr("over after")));
}

TEST_F(AlertListsTest, AnIncidentEndsWithAnEntry) {
  EXPECT_THAT(Commits(0s, {"crashed"}), ElementsAre("crashed"));
  for (int i = 1; i <= 5; ++i) EXPECT_THAT(Commits(30s * i, {"crashed"}), IsEmpty());
  EXPECT_THAT(Ticks(200s), IsEmpty());
  EXPECT_THAT(Ticks(210s),
              ElementsAre("over after 2 min: 'the incident' (incident 1, 1 trouble in 1 "
                          "anomaly, of which 5 said again what was told)"));
  EXPECT_EQ(last_.level, RiskLevel::kInfo);
  EXPECT_EQ(last_.kind, AlertKind::kIncidentClosed);
  EXPECT_THAT(Ticks(24h), IsEmpty());
  // When it is told next, it says how often it came.
  EXPECT_THAT(Commits(25h, {"crashed"}), ElementsAre("crashed"));
  EXPECT_THAT(last_.body, HasSubstr("\"again\":5"));
}

TEST_F(AlertListsTest, AnIncidentThatGoesOnIsNotOver) {
  EXPECT_THAT(Commits(0s, {"crashed"}), ElementsAre("crashed"));
  for (int i = 1; i <= 3; ++i)
    EXPECT_THAT(Commits(50s * i, {"slow", RiskLevel::kMedium}), IsEmpty());
  EXPECT_THAT(Ticks(209s), IsEmpty());
  EXPECT_THAT(Ticks(210s), ElementsAre(HasSubstr("over after 2 min")));
}

TEST_F(AlertListsTest, OneFaultInSeveralGroupsIsOneAlert) {
  EXPECT_THAT(Commits(0s, {"database gone"}), ElementsAre("database gone"));
  Said elsewhere{"database gone", RiskLevel::kHigh, "novelty", "app"};
  elsewhere.group = "web";
  EXPECT_THAT(Commits(3s, elsewhere), IsEmpty());
  EXPECT_THAT(Ticks(10s), IsEmpty());
  EXPECT_THAT(Ticks(61s), ElementsAre(HasSubstr("; seen also by web)")));
  // Not minutes later.
  elsewhere.message = "disk gone";
  EXPECT_THAT(Commits(2min, {"disk gone"}), ElementsAre("disk gone"));
  EXPECT_THAT(Commits(4min, elsewhere), ElementsAre(HasSubstr("over"), "disk gone"));
}

// After a reboot the host is hushed, in every group; rules and new errors are told all the same.
TEST_F(AlertListsTest, AHushSaysOnceWhatItHeld) {
  CommitUnit boot;
  boot.group = "kernel";
  boot.changes = {{HostChange::Kind::kBoot, kStart, kStart + 10min}};
  boot.delta = "x";
  boot.state_seq = 1;
  ASSERT_TRUE(store_->Commit(boot, kStart).ok());
  EXPECT_THAT(Commits(10s, {"odd order"}), IsEmpty());
  EXPECT_THAT(Commits(20s, {"worse order", RiskLevel::kCritical}), IsEmpty());
  EXPECT_THAT(Commits(30s, {"disk failed", RiskLevel::kHigh, "novelty"}),
              ElementsAre("disk failed"));
  EXPECT_THAT(Commits(40s, {"oom", RiskLevel::kCritical, "rule"}), ElementsAre("oom"));
  EXPECT_THAT(Ticks(9min), ElementsAre(HasSubstr("over after")));
  EXPECT_THAT(Ticks(10min),
              ElementsAre("2 troubles were held back in the 9 min after a reboot: orderd: worse "
                          "order; orderd: odd order"));
  EXPECT_EQ(last_.level, RiskLevel::kMedium);
  EXPECT_THAT(Commits(11min, {"mixed order"}), ElementsAre("mixed order"));
  // Said again, it hushes nothing more.
  boot.changes = {{HostChange::Kind::kBoot, kStart + 30min, kStart + 40min}};
  ASSERT_TRUE(store_->Commit(boot, kStart + 30min).ok());
  EXPECT_THAT(Commits(31min, {"other order"}), ElementsAre(HasSubstr("over"), "other order"));
}

TEST_F(AlertListsTest, ListsSurviveARestartAndGoOutOnce) {
  EXPECT_THAT(Commits(0s, {"crashed"}), ElementsAre("crashed"));
  EXPECT_THAT(Commits(1s, {"queue gone"}), IsEmpty());
  Open();
  EXPECT_EQ(Ticks(5s).size(), 1u);
  Open();
  EXPECT_THAT(Ticks(6s), IsEmpty());
}

TEST_F(AlertListsTest, WhatIsSuppressedMeanwhileIsNotTold) {
  EXPECT_THAT(Commits(0s, {"crashed"}), ElementsAre("crashed"));
  EXPECT_THAT(Commits(1s, {"queue gone"}), IsEmpty());
  ASSERT_TRUE(store_->SetStates({{2}, {}}, AnomalyState::kSuppressed, kStart).ok());
  EXPECT_THAT(Ticks(6s), IsEmpty());
}

// Whatever comes, each different trouble that is HIGH or worse is told: by an alert or in a list.
class EveryTroubleTest : public AlertListsTest, public ::testing::WithParamInterface<uint32_t> {
 protected:
  void SetUp() override {
    budget_ = std::array{0.0, 1.0, -1.0}[GetParam() % 3];
    Open();
  }
  void Take() {
    const auto alerts = store_->Outbox(kJournalSink, 10'000);
    ASSERT_TRUE(alerts.ok());
    std::vector<int64_t> ids;
    for (const Alert& alert : *alerts) {
      told_ += alert.anomaly.message + "\n" + alert.body + "\n";
      ids.push_back(alert.id);
    }
    ASSERT_TRUE(store_->Sent(kJournalSink, ids).ok());
  }
  std::string told_;
};

TEST_P(EveryTroubleTest, IsTold) {
  std::mt19937 random(GetParam());
  std::set<std::string> said;
  Duration at{0};
  for (uint64_t i = 0; i < 120; ++i) {
    at += 1s * (random() % 4 == 0 ? random() % 600 : random() % 3);
    Said what{"failed " + Letters(random() % 40)};
    what.level = static_cast<RiskLevel>(2 + random() % 3);
    if (random() % 4 == 0) what.detector = random() % 2 == 0 ? "rule" : "novelty";
    what.stream = random() % 2 == 0 ? "orderd" : "nginx";
    what.incident = 1 + i / 10;
    ASSERT_TRUE(Commit(at, what).ok());
    if (what.level >= RiskLevel::kHigh || what.detector == "rule") said.insert(what.message);
    if (random() % 5 == 0) {
      ASSERT_TRUE(store_->Notify(kStart + at + 1s).ok());
    }
    if (random() % 20 == 0) Open();
    Take();
  }
  for (int i = 1; i < 4; ++i) {
    ASSERT_TRUE(store_->Notify(kStart + at + 2h * i).ok());
    Take();
  }
  for (const std::string& message : said)
    EXPECT_NE(told_.find(message), std::string::npos) << message;
  EXPECT_EQ(Count("SELECT count(*) FROM list_rows"), 0);
  EXPECT_EQ(Count("SELECT count(*) FROM open_incidents"), 0);
  EXPECT_EQ(Count("SELECT count(*) FROM anomaly_rows WHERE level >= 3 AND id NOT IN "
                  "(SELECT anomaly_id FROM fate_rows)"),
            0)
      << "each has one fate";
}

INSTANTIATE_TEST_SUITE_P(Seeds, EveryTroubleTest, ::testing::Range(0u, 12u));

TEST(RoughDurationTest, AsAPersonSaysIt) {
  EXPECT_EQ(RoughDuration(0s), "1 s");
  EXPECT_EQ(RoughDuration(90s), "90 s");
  EXPECT_EQ(RoughDuration(4min), "4 min");
  EXPECT_EQ(RoughDuration(5h), "5 h");
  EXPECT_EQ(RoughDuration(72h), "3 days");
}

}  // namespace
}  // namespace alogd
