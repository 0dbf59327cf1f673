// SPDX-License-Identifier: MIT
// An alert that says what another said lately is held back; whatever is new or worse goes out.
#include "core/store/repeats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "testing/store_samples.h"

namespace alogd {
namespace {

using testing::At;
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

class RepeatsTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(24h); }
  void Open(Duration repeat_after) {
    store_.reset();
    StorePolicy policy;
    policy.repeat_after = repeat_after;
    store_.emplace(testing::OpenStore(dir_.db(), policy));
  }
  static Anomaly Make(uint64_t seq, uint64_t incident, Duration at, const Said& said) {
    Anomaly a = SampleAnomaly(seq, incident, said.level);
    a.time = a.last_time = kStart + at;
    a.message = said.message;
    a.detector = said.detector;
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
  // The next anomaly, in an incident that there is, whose level is the worst of its anomalies.
  CommitUnit Joins(uint64_t incident, RiskLevel level, Duration at, const Said& said) {
    CommitUnit unit;
    unit.group = "system";
    unit.anomalies = {Make(++seq_, incident, at, said)};
    unit.incidents = {SampleIncident(incident, incident, level)};
    unit.incidents[0].by_rule = said.detector == kRuleDetector;
    return unit;
  }
  // Commits, and returns the anomalies that alerts name.
  std::vector<int64_t> Alerts(const CommitUnit& unit) {
    const Status status = store_->Commit(unit);
    EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
    return testing::TakeAlerts(&*store_);
  }
  StoreDir dir_;
  std::optional<Store> store_;
  uint64_t seq_ = 0;
};

TEST_F(RepeatsTest, OnceADay) {
  EXPECT_THAT(Alerts(Unit(0h)), ElementsAre(1));
  EXPECT_THAT(Alerts(Unit(1h, {.message = "Out of memory: Killed process 23 (httpd)"})), IsEmpty());
  EXPECT_THAT(Alerts(Unit(2h, {.detector = "deeplog"})), IsEmpty());
  EXPECT_THAT(Alerts(Unit(23h)), IsEmpty());
  EXPECT_EQ(store_->repeats(), 3u);
  EXPECT_THAT(Alerts(Unit(24h)), ElementsAre(5)) << "counted from the alert, not from what it held";
  EXPECT_THAT(Alerts(Unit(47h)), IsEmpty());
  // All of it is stored.
  auto history = History::Open(dir_.db());
  ASSERT_TRUE(history.ok());
  EXPECT_EQ(history->Anomalies({})->size(), 6u);
  EXPECT_EQ(history->Incidents({})->size(), 6u);
}

TEST_F(RepeatsTest, Off) {
  Open(Duration(0));
  EXPECT_THAT(Alerts(Unit(0h)), ElementsAre(1));
  EXPECT_THAT(Alerts(Unit(1h)), ElementsAre(2));
  EXPECT_EQ(store_->repeats(), 0u);
}

TEST_F(RepeatsTest, WhateverIsNewAlerts) {
  EXPECT_THAT(Alerts(Unit(0h)), ElementsAre(1));
  EXPECT_THAT(Alerts(Unit(1h, {.message = "Out of memory: Killed process 12 (mysqld)"})),
              ElementsAre(2));
  EXPECT_THAT(Alerts(Unit(2h, {.stream = "kernel-2"})), ElementsAre(3));
  CommitUnit elsewhere = Unit(3h);
  elsewhere.anomalies[0].source = "/var/log/messages";
  EXPECT_THAT(Alerts(elsewhere), ElementsAre(4));
  CommitUnit another = Unit(3h);
  another.group = "web";
  EXPECT_THAT(Alerts(another), ElementsAre(5));
  CommitUnit timeless = Unit(3h);
  timeless.anomalies[0].time = timeless.anomalies[0].last_time = kNoTime;
  EXPECT_THAT(Alerts(timeless), ElementsAre(6));
  EXPECT_EQ(store_->repeats(), 0u);
}

TEST_F(RepeatsTest, WorseAlerts) {
  EXPECT_THAT(Alerts(Unit(0h)), ElementsAre(1));
  EXPECT_THAT(Alerts(Unit(1h, {.level = RiskLevel::kCritical})), ElementsAre(2));
  EXPECT_THAT(Alerts(Unit(2h)), IsEmpty()) << "milder than what was told";
  EXPECT_THAT(Alerts(Unit(6h, {.level = RiskLevel::kCritical})), IsEmpty());
  EXPECT_THAT(Alerts(Unit(7h, {.level = RiskLevel::kCritical})), ElementsAre(5))
      << "CRITICAL is held back for a quarter of the time";
  // In an incident that was held back, too.
  EXPECT_THAT(Alerts(Unit(8h)), IsEmpty());
  CommitUnit worse = Unit(14h, {.level = RiskLevel::kCritical});
  worse.anomalies[0].seq = worse.anomalies[0].incident_seq = 6;
  worse.incidents[0].seq = worse.incidents[0].top_anomaly = 6;
  EXPECT_THAT(Alerts(worse), ElementsAre(6));
}

TEST_F(RepeatsTest, RulesAndWatchesAlert) {
  for (const char* detector : {"rule", "rate", "silence", "followers", "combinations"}) {
    const auto first = static_cast<int64_t>(seq_) + 1;
    EXPECT_THAT(Alerts(Unit(0h, {.detector = detector})), ElementsAre(first));
    EXPECT_THAT(Alerts(Unit(1h, {.detector = detector})), ElementsAre(first + 1)) << detector;
  }
}

TEST_F(RepeatsTest, NewTroubleInAnIncidentThatRepeats) {
  EXPECT_THAT(Alerts(Unit(0h)), ElementsAre(1));
  EXPECT_THAT(Alerts(Unit(1h)), IsEmpty());
  EXPECT_THAT(Alerts(Joins(2, RiskLevel::kHigh, 1h, {})), IsEmpty());
  EXPECT_EQ(store_->repeats(), 1u) << "of one incident";
  // Something mild in it changes nothing.
  EXPECT_THAT(Alerts(Joins(2, RiskLevel::kHigh, 1h, {.level = RiskLevel::kLow, .message = "odd"})),
              IsEmpty());
  EXPECT_THAT(Alerts(Joins(2, RiskLevel::kHigh, 1h, {.message = "disk failed"})), ElementsAre(5));
  // It has alerted now, and does so once.
  EXPECT_THAT(Alerts(Joins(2, RiskLevel::kHigh, 1h, {.message = "fan failed"})), IsEmpty());
  // The fan was never told, the disk was.
  EXPECT_THAT(Alerts(Unit(3h, {.message = "disk failed"})), IsEmpty());
  EXPECT_THAT(Alerts(Unit(4h, {.message = "fan failed"})), ElementsAre(8));
}

TEST_F(RepeatsTest, RuleInAnIncidentThatRepeats) {
  EXPECT_THAT(Alerts(Unit(0h)), ElementsAre(1));
  EXPECT_THAT(Alerts(Unit(1h)), IsEmpty());
  EXPECT_THAT(Alerts(Joins(2, RiskLevel::kHigh, 1h,
                           {.level = RiskLevel::kLow, .message = "x", .detector = "rule"})),
              ElementsAre(3));
}

TEST_F(RepeatsTest, TheSameUnitAgainAndARestart) {
  EXPECT_THAT(Alerts(Unit(0h)), ElementsAre(1));
  const CommitUnit repeated = Unit(1h);
  EXPECT_THAT(Alerts(repeated), IsEmpty());
  EXPECT_THAT(Alerts(repeated), IsEmpty());
  EXPECT_EQ(store_->repeats(), 1u);
  Open(24h);
  EXPECT_THAT(Alerts(repeated), IsEmpty());
  EXPECT_EQ(store_->repeats(), 0u) << "it was counted before";
  EXPECT_THAT(Alerts(Unit(2h)), IsEmpty());
  // What lasts is told again after a day.
  CommitUnit lasts = repeated;
  lasts.anomalies[0].last_time = kStart + 25h;
  EXPECT_THAT(Alerts(lasts), ElementsAre(2));
}

TEST_F(RepeatsTest, WhatMaintenanceHeldWasNotTold) {
  ASSERT_TRUE(store_->SetMaintenance(kStart, kStart + 30min).ok());
  ASSERT_TRUE(store_->Commit(Unit(0h), kStart).ok());
  EXPECT_EQ(store_->maintenance()->held, 1u);
  EXPECT_THAT(Alerts(Unit(1h)), ElementsAre(2));
}

TEST_F(RepeatsTest, SuppressedIsNoNews) {
  EXPECT_THAT(Alerts(Unit(0h)), ElementsAre(1));
  EXPECT_THAT(Alerts(Unit(1h, {.message = "fan failed"})), ElementsAre(2));
  ASSERT_TRUE(store_->SetStates({{2}, {}}, AnomalyState::kSuppressed, kStart).ok());
  EXPECT_THAT(Alerts(Unit(2h, {.message = "fan failed"})), IsEmpty());
  EXPECT_EQ(store_->repeats(), 0u);
}

TEST_F(RepeatsTest, LogsOfAnotherTime) {
  EXPECT_THAT(Alerts(Unit(0h)), ElementsAre(1));
  EXPECT_THAT(Alerts(Unit(-240h)), ElementsAre(2));
  EXPECT_THAT(Alerts(Unit(-239h)), IsEmpty());
}

TEST_F(RepeatsTest, AFloodOfTroublesIsForgotten) {
  CommitUnit flood;
  flood.group = "system";
  for (int64_t i = 0; i <= Repeats::kMostTold; ++i) {
    std::string letters;
    for (int64_t n = i; n > 0; n /= 26) letters += static_cast<char>('a' + n % 26);
    const CommitUnit one = Unit(0h, {.message = "failed: " + letters});
    flood.anomalies.push_back(one.anomalies[0]);
    flood.incidents.push_back(one.incidents[0]);
  }
  ASSERT_TRUE(store_->Commit(flood).ok());
  auto db = Database::Open(dir_.db(), Database::Mode::kReader, 1s);
  ASSERT_TRUE(db.ok());
  EXPECT_EQ(**db->Int("SELECT count(*) FROM told_rows"), Repeats::kMostTold);
  EXPECT_EQ(**db->Int("SELECT count(*) FROM told_rows WHERE words = 'failed: '"), 0)
      << "the first was forgotten";
}

// What was held back goes with its incident.
TEST_F(RepeatsTest, Retention) {
  for (int i = 0; i < 4; ++i) Alerts(Unit(1h * i));
  ASSERT_TRUE(store_->Retain(kStart).ok());
  ASSERT_TRUE(store_->Retain(kStart + 24h * 365).ok());
  auto db = Database::Open(dir_.db(), Database::Mode::kReader, 1s);
  ASSERT_TRUE(db.ok());
  EXPECT_EQ(**db->Int("SELECT count(*) FROM held_rows"), 1) << "the latest incident stays";
}

TEST(WithoutNumbersTest, WordsStay) {
  EXPECT_EQ(WithoutNumbers(""), "");
  EXPECT_EQ(WithoutNumbers("Killed process 4711 (httpd)."), "Killed process # (httpd).");
  EXPECT_EQ(WithoutNumbers("Killed process <*> (httpd)."), "Killed process # (httpd).");
  EXPECT_EQ(WithoutNumbers("<*"), "<*");
  EXPECT_EQ(WithoutNumbers("eth0: 192.0.2.7 at 0x7f3a, node-12"), "#: #.#.#.# at #, node-#");
  EXPECT_EQ(WithoutNumbers("sch\xc3\xb6n1 \xff 5"), "# \xff #");
}

}  // namespace
}  // namespace alogd
