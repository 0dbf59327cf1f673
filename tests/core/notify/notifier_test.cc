// SPDX-License-Identifier: MIT
// Each different trouble alerts for itself; the same one lately is counted.
#include "core/notify/notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "testing/store_samples.h"

namespace alogd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::SampleAnomaly;
using testing::SampleIncident;
using testing::SampleUnit;
using testing::StoreDir;
using namespace std::chrono_literals;

constexpr Time kStart = FromMicros(1'790'000'000'000'000);
constexpr const char* kOom = "Out of memory: Killed process 4711 (httpd)";

struct Said {
  RiskLevel level = RiskLevel::kHigh;
  std::string message = kOom;
  std::string detector = "counts";
  std::string stream = "kernel";
};

class NotifierTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(24h); }
  void Open(Duration repeat_after) {
    store_.reset();
    StorePolicy policy;
    policy.notify.repeat_after = repeat_after;
    policy.notify.rule_repeat_after = std::min<Duration>(repeat_after, 1h);
    store_.emplace(testing::OpenStore(dir_.db(), policy));
  }
  static Anomaly Make(uint64_t seq, uint64_t incident, Duration at, const Said& said) {
    Anomaly a = SampleAnomaly(seq, incident, said.level);
    a.time = a.last_time = kStart + at;
    a.message = said.message;
    a.detector = a.evidence[0].detector = said.detector;
    a.evidence[0].found.clear();
    a.stream = said.stream;
    return a;
  }
  // The next anomaly, in an incident of its own.
  CommitUnit Unit(Duration at, const Said& said = {}) {
    CommitUnit unit = SampleUnit(++seq_, said.level);
    unit.anomalies = {Make(seq_, seq_, at, said)};
    unit.incidents[0].by_rule = said.detector == kRuleDetector;
    return unit;
  }
  // The next anomaly, in an incident that there is.
  CommitUnit Joins(uint64_t incident, Duration at, const Said& said = {}) {
    CommitUnit unit;
    unit.group = "system";
    unit.anomalies = {Make(++seq_, incident, at, said)};
    unit.incidents = {SampleIncident(incident, incident, RiskLevel::kCritical)};
    return unit;
  }
  // Commits, and returns the anomalies that alerts name.
  std::vector<int64_t> Alerts(const CommitUnit& unit) {
    const Status status = store_->Commit(unit);
    EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
    return testing::TakeAlerts(&*store_);
  }
  int64_t Count(const char* query) {
    auto db = Database::Open(dir_.db(), Database::Mode::kReader, 1s);
    return db.ok() ? db->Int(query)->value_or(-1) : -1;
  }
  StoreDir dir_;
  std::optional<Store> store_;
  uint64_t seq_ = 0;
};

TEST_F(NotifierTest, TheSameTroubleOnceADay) {
  EXPECT_THAT(Alerts(Unit(0h)), ElementsAre(1));
  EXPECT_THAT(Alerts(Unit(1h, {.message = "Out of memory: Killed process 23 (httpd)"})), IsEmpty());
  EXPECT_THAT(Alerts(Unit(2h, {.detector = "deeplog"})), IsEmpty());
  EXPECT_THAT(Alerts(Unit(23h)), IsEmpty());
  EXPECT_EQ(store_->repeats(), 3u);
  EXPECT_EQ(Count("SELECT again FROM trouble_rows"), 3);
  EXPECT_THAT(Alerts(Unit(24h)), ElementsAre(5)) << "counted from the alert, not from what it held";
  EXPECT_THAT(Alerts(Unit(47h)), IsEmpty());
  EXPECT_EQ(Count("SELECT count(*) FROM anomalies"), 6) << "all of it is stored";
}

TEST_F(NotifierTest, AThousandTimes) {
  EXPECT_THAT(Alerts(Unit(0h)), ElementsAre(1));
  for (int i = 0; i < 999; ++i) ASSERT_TRUE(store_->Commit(Joins(1, 1s * i)).ok());
  EXPECT_THAT(testing::TakeAlerts(&*store_), IsEmpty());
  EXPECT_EQ(store_->repeats(), 999u);
  EXPECT_EQ(Count("SELECT again FROM trouble_rows"), 999);
}

TEST_F(NotifierTest, Off) {
  Open(Duration(0));
  EXPECT_THAT(Alerts(Unit(0h)), ElementsAre(1));
  EXPECT_THAT(Alerts(Unit(1h)), ElementsAre(2));
  EXPECT_EQ(store_->repeats(), 0u);
}

TEST_F(NotifierTest, WhateverIsNewAlerts) {
  EXPECT_THAT(Alerts(Unit(0h)), ElementsAre(1));
  EXPECT_THAT(Alerts(Unit(1h, {.message = "Out of memory: Killed process 12 (mysqld)"})),
              ElementsAre(2));
  EXPECT_THAT(Alerts(Unit(2h, {.stream = "smartd"})), ElementsAre(3));
  CommitUnit another = Unit(3h);
  another.group = "web";
  EXPECT_THAT(Alerts(another), ElementsAre(4));
  CommitUnit timeless = Unit(3h);
  timeless.anomalies[0].time = timeless.anomalies[0].last_time = kNoTime;
  EXPECT_THAT(Alerts(timeless), ElementsAre(5));
  EXPECT_EQ(store_->repeats(), 0u);
}

// What is new in an open incident is told, however much it alerted.
TEST_F(NotifierTest, AnIncidentSilencesNothing) {
  EXPECT_THAT(Alerts(Unit(0h, {.level = RiskLevel::kCritical})), ElementsAre(1));
  const auto get = [](const char* code) {
    return Said{.message = std::string("192.0.2.7 \"GET / HTTP/1.1\" ") + code + " 153"};
  };
  EXPECT_THAT(Alerts(Joins(1, 1s, get("403"))), ElementsAre(2));
  EXPECT_THAT(Alerts(Joins(1, 2s, get("404"))), ElementsAre(3)) << "another status";
  EXPECT_THAT(Alerts(Joins(1, 3s, get("404"))), IsEmpty());
  EXPECT_THAT(Alerts(Joins(1, 4s, {.level = RiskLevel::kMedium, .message = "odd"})), IsEmpty());
  // Mild, and repetitions, change nothing for what comes then.
  EXPECT_THAT(Alerts(Joins(1, 5s, {.message = "disk failed"})), ElementsAre(6));
  EXPECT_THAT(Alerts(Joins(1, 6s, {.message = "fan failed"})), ElementsAre(7));
}

// A rule that a stranger can set off does not keep the rules silent that matter.
TEST_F(NotifierTest, ADecoySilencesNoRule) {
  const auto rule = [](const char* message) {
    return Said{.level = RiskLevel::kCritical, .message = message, .detector = "rule"};
  };
  const auto named = [](CommitUnit unit, const char* name) {
    unit.anomalies[0].evidence[0].found = {{name, 1.0f}};
    return unit;
  };
  EXPECT_THAT(Alerts(named(Unit(0s, rule("Invalid user file-max limit 1 reached")), "file-max")),
              ElementsAre(1));
  EXPECT_THAT(Alerts(named(Joins(1, 1s, rule("Kernel panic - not syncing")), "panic")),
              ElementsAre(2));
  EXPECT_THAT(Alerts(named(Joins(1, 2s, rule(kOom)), "oom")), ElementsAre(3));
  EXPECT_THAT(Alerts(named(Joins(1, 3s, rule("EXT4-fs error (device sda1)")), "ext4")),
              ElementsAre(4));
  EXPECT_THAT(Alerts(named(Joins(1, 4s, rule("Out of memory: Killed process 3 (mysqld)")), "oom")),
              ElementsAre(5));
  // The same again within the hour is counted, and told after it.
  EXPECT_THAT(Alerts(named(Joins(1, 5s, rule(kOom)), "oom")), IsEmpty());
  EXPECT_THAT(Alerts(named(Unit(61min, rule(kOom)), "oom")), ElementsAre(7));
  // At any level.
  CommitUnit mild = named(Unit(0s, {.level = RiskLevel::kLow, .detector = "rule"}), "mild");
  EXPECT_THAT(Alerts(mild), ElementsAre(8));
}

TEST_F(NotifierTest, WorseAlerts) {
  EXPECT_THAT(Alerts(Unit(0h)), ElementsAre(1));
  EXPECT_THAT(Alerts(Unit(1h, {.level = RiskLevel::kCritical})), ElementsAre(2));
  EXPECT_THAT(Alerts(Unit(2h)), IsEmpty()) << "milder than what was told";
  EXPECT_THAT(Alerts(Unit(6h, {.level = RiskLevel::kCritical})), IsEmpty());
  EXPECT_THAT(Alerts(Unit(7h, {.level = RiskLevel::kCritical})), ElementsAre(5))
      << "CRITICAL is held back for a quarter of the time";
  // One that was held back and gets worse, too.
  EXPECT_THAT(Alerts(Unit(8h)), IsEmpty());
  CommitUnit worse = Unit(14h, {.level = RiskLevel::kCritical});
  worse.anomalies[0].seq = worse.anomalies[0].incident_seq = 6;
  worse.incidents[0].seq = worse.incidents[0].top_anomaly = 6;
  EXPECT_THAT(Alerts(worse), ElementsAre(6));
}

TEST_F(NotifierTest, TheSameUnitAgainAndARestart) {
  EXPECT_THAT(Alerts(Unit(0h)), ElementsAre(1));
  const CommitUnit repeated = Unit(1h);
  EXPECT_THAT(Alerts(repeated), IsEmpty());
  EXPECT_THAT(Alerts(repeated), IsEmpty());
  EXPECT_EQ(store_->repeats(), 1u);
  Open(24h);
  EXPECT_THAT(Alerts(repeated), IsEmpty());
  EXPECT_EQ(store_->repeats(), 0u) << "it was counted before";
  EXPECT_THAT(Alerts(Unit(2h)), IsEmpty());
  EXPECT_EQ(Count("SELECT again FROM trouble_rows"), 2);
  // What lasts is told again after a day.
  CommitUnit lasts = repeated;
  lasts.anomalies[0].last_time = kStart + 25h;
  EXPECT_THAT(Alerts(lasts), ElementsAre(2));
  EXPECT_THAT(Alerts(lasts), IsEmpty());
}

TEST_F(NotifierTest, WhatMaintenanceHeldWasNotTold) {
  ASSERT_TRUE(store_->SetMaintenance(kStart, kStart + 30min).ok());
  CommitUnit held = Unit(0h);
  ASSERT_TRUE(store_->Commit(held, kStart).ok());
  EXPECT_EQ(store_->maintenance()->held, 1u);
  // It is not told late, however long it lasts; the next one is.
  held.anomalies[0].last_time += 48h;
  EXPECT_THAT(Alerts(held), IsEmpty());
  EXPECT_THAT(Alerts(Unit(1h)), ElementsAre(2));
}

TEST_F(NotifierTest, SuppressedIsNoNews) {
  EXPECT_THAT(Alerts(Unit(0h)), ElementsAre(1));
  EXPECT_THAT(Alerts(Unit(1h, {.message = "fan failed"})), ElementsAre(2));
  ASSERT_TRUE(store_->SetStates({{2}, {}}, AnomalyState::kSuppressed, kStart).ok());
  EXPECT_THAT(Alerts(Unit(2h, {.message = "fan failed"})), IsEmpty());
  EXPECT_EQ(store_->repeats(), 0u);
}

TEST_F(NotifierTest, LogsOfAnotherTime) {
  EXPECT_THAT(Alerts(Unit(0h)), ElementsAre(1));
  EXPECT_THAT(Alerts(Unit(-240h)), ElementsAre(2));
  EXPECT_THAT(Alerts(Unit(-239h)), IsEmpty());
}

TEST_F(NotifierTest, AFloodOfTroublesIsForgotten) {
  CommitUnit flood;
  flood.group = "system";
  for (int64_t i = 0; i <= Ledger::kMostTroubles; ++i) {
    std::string letters;
    for (int64_t n = i; n > 0; n /= 26) letters += static_cast<char>('a' + n % 26);
    const CommitUnit one = Unit(0h, {.message = "failed: " + letters + "."});
    flood.anomalies.push_back(one.anomalies[0]);
    flood.incidents.push_back(one.incidents[0]);
  }
  ASSERT_TRUE(store_->Commit(flood).ok());
  EXPECT_EQ(Count("SELECT count(*) FROM trouble_rows"), Ledger::kMostTroubles);
  EXPECT_EQ(Count("SELECT min(id) FROM trouble_rows"), 2) << "the first was forgotten";
}

TEST_F(NotifierTest, FatesGoWithTheirAnomalies) {
  for (int i = 0; i < 4; ++i) Alerts(Unit(1h * i));
  EXPECT_EQ(Count("SELECT count(*) FROM fate_rows"), 4);
  ASSERT_TRUE(store_->Retain(kStart).ok());
  ASSERT_TRUE(store_->Retain(kStart + 24h * 365).ok());
  EXPECT_EQ(Count("SELECT count(*) FROM fate_rows"), Count("SELECT count(*) FROM anomaly_rows"));
}

}  // namespace
}  // namespace alogd
