// SPDX-License-Identifier: MIT
// Runs, incidents, severities raised later, and a tracker restored at any point.
#include "core/detection/anomaly_tracker.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

namespace alogd {
namespace {

Time At(int64_t seconds) { return Time(std::chrono::seconds(seconds)); }

struct Harness {
  AnomalyTracker tracker{RiskOptions{}, std::chrono::seconds(60)};

  void Over(const std::string& key, int64_t time, float score, uint8_t severity = 20,
            uint32_t detector = 0) {
    Finding f;
    f.key = key;
    f.detector = detector;
    f.detector_name = "d" + std::to_string(detector);
    f.time = At(time);
    f.score = score;
    f.severity = severity;
    f.source = "/log";
    f.stream = key;
    f.message = "message at " + std::to_string(time);
    f.ref = f.first = f.last = {FileId{1}, static_cast<uint64_t>(time) * 100, 50};
    f.window_begin = static_cast<uint64_t>(time);
    f.evidence.detector = f.detector_name;
    f.evidence.anomaly = score;
    tracker.Over(std::move(f));
  }
  // A window that ends at `time` and blames the record of `blamed`.
  void OverFor(const std::string& key, int64_t time, int64_t blamed, const std::string& message,
               float score = 90) {
    Finding f;
    f.key = key;
    f.detector_name = f.evidence.detector = "d0";
    f.time = At(time);
    f.score = f.evidence.anomaly = score;
    f.severity = 80;
    f.stream = key;
    f.message = message;
    f.ref = {FileId{1}, static_cast<uint64_t>(blamed) * 100, 50};
    f.first = f.last = {FileId{1}, static_cast<uint64_t>(time) * 100, 50};
    tracker.Over(std::move(f));
  }
  CommitUnit Take() {
    CommitUnit unit;
    tracker.Take(&unit);
    return unit;
  }
};

TEST(AnomalyTrackerTest, WindowsThatFollowEachOtherAreOneAnomaly) {
  Harness h;
  h.Over("a", 1, 10);
  h.Over("a", 2, 90);
  h.Over("a", 3, 50);
  h.tracker.Under("a", 0);
  h.OverFor("a", 5, 5, "another trouble", 20);
  const CommitUnit unit = h.Take();
  ASSERT_EQ(unit.anomalies.size(), 2u);
  const Anomaly& a = unit.anomalies[0];
  EXPECT_EQ(a.windows, 3u);
  EXPECT_EQ(a.score, 90);
  EXPECT_FLOAT_EQ(a.risk, 0.6f * 90 + 0.4f * 20);  // 62
  EXPECT_EQ(a.level, RiskLevel::kHigh);
  EXPECT_EQ(a.message, "message at 2");
  EXPECT_EQ(a.time, At(1));
  EXPECT_EQ(a.last_time, At(3));
  EXPECT_EQ(a.first_offset, 100u);
  EXPECT_EQ(a.last_offset, 300u);
  EXPECT_EQ(unit.anomalies[1].windows, 1u);
}

TEST(AnomalyTrackerTest, AnomalyLastsWhileAnyDetectorIsOver) {
  Harness h;
  h.Over("a", 1, 10, 20, 0);
  h.Over("a", 1, 40, 20, 1);
  h.tracker.Under("a", 0);
  h.Over("a", 2, 30, 20, 1);
  const CommitUnit unit = h.Take();
  ASSERT_EQ(unit.anomalies.size(), 1u);
  ASSERT_EQ(unit.anomalies[0].evidence.size(), 2u);
  EXPECT_EQ(unit.anomalies[0].evidence[0].detector, "d1");  // the strongest first
  EXPECT_EQ(unit.anomalies[0].evidence[0].anomaly, 40);
}

// A detector with long windows sees a record when others have long been quiet again.
TEST(AnomalyTrackerTest, OneOddRecordIsOneAnomaly) {
  Harness h;
  h.OverFor("a", 10, 10, "disk failed");
  h.tracker.Under("a", 0);
  h.OverFor("a", 30, 10, "order 12 stored", 50);
  h.tracker.Under("a", 0);
  h.OverFor("a", 40, 10, "order 13 stored", 50);
  h.tracker.Under("a", 0);
  const CommitUnit unit = h.Take();
  ASSERT_EQ(unit.anomalies.size(), 1u);
  EXPECT_EQ(unit.anomalies[0].windows, 3u);
  EXPECT_EQ(unit.anomalies[0].last_time, At(10));
  // Another record is another one, however mild.
  h.OverFor("a", 50, 50, "order 14 lost", 10);
  EXPECT_EQ(h.Take().anomalies.back().seq, 2u);
}

TEST(AnomalyTrackerTest, ARepeatedStatementIsOneAnomaly) {
  Harness h;
  for (int i = 0; i < 100; ++i) {
    h.OverFor("a", i, i, fmt::format("order {} failed", i));
    h.tracker.Under("a", 0);
  }
  const CommitUnit unit = h.Take();
  ASSERT_EQ(unit.anomalies.size(), 1u);
  EXPECT_EQ(unit.anomalies[0].windows, 100u);
  EXPECT_EQ(unit.anomalies[0].last_time, At(99));
}

// Beyond the bound the oldest are complete.
TEST(AnomalyTrackerTest, EndedAnomaliesAreBounded) {
  Harness h;
  for (int i = 0; i < 2000; ++i) {
    const std::string key = fmt::format("stream{}", i);
    h.OverFor(key, 10, 10, "disk failed");
    h.tracker.Under(key, 0);
  }
  EXPECT_EQ(h.Take().anomalies.size(), 2000u);
  std::string state;
  StateWriter out(&state);
  h.tracker.Save(out);
  EXPECT_LT(state.size(), (AnomalyTracker::kMaxOver + 1) * 500);
}

TEST(AnomalyTrackerTest, GrownAnomalyKeepsItsNumberInTheNextUnit) {
  Harness h;
  h.Over("a", 1, 10);
  const CommitUnit first = h.Take();
  EXPECT_FALSE(h.tracker.urgent());
  h.Over("a", 2, 80);
  EXPECT_TRUE(h.tracker.urgent());  // its level rose
  const CommitUnit second = h.Take();
  ASSERT_EQ(second.anomalies.size(), 1u);
  EXPECT_EQ(second.anomalies[0].seq, first.anomalies[0].seq);
  EXPECT_EQ(second.anomalies[0].windows, 2u);
  EXPECT_TRUE(h.Take().anomalies.empty());
}

// A slow stream's window holds an old fault for long: that lengthens nothing.
TEST(AnomalyTrackerTest, AnOldFaultInTheWindowLengthensNothing) {
  Harness h;
  h.OverFor("a", 10, 10, "disk failed");
  h.OverFor("a", 500, 10, "disk failed");  // a new window, the old record
  h.OverFor("a", 900, 10, "disk failed");
  const CommitUnit unit = h.Take();
  ASSERT_EQ(unit.anomalies.size(), 1u);
  EXPECT_EQ(unit.anomalies[0].last_time, At(10));
  EXPECT_EQ(unit.incidents[0].last, At(10));
  // So what comes next is another incident, though no window in between was normal.
  h.OverFor("a", 910, 910, "disk failed");
  const CommitUnit next = h.Take();
  ASSERT_EQ(next.incidents.size(), 1u);
  EXPECT_EQ(next.incidents[0].seq, 2u);
  EXPECT_EQ(next.anomalies.back().time, At(910));
}

TEST(AnomalyTrackerTest, AnotherTroubleIsAnotherAnomaly) {
  Harness h;
  h.OverFor("a", 10, 10, "disk failed");
  h.OverFor("a", 11, 11, "fan failed");
  h.OverFor("a", 12, 12, "disk failed");
  h.OverFor("a", 13, 13, "hm", 10);  // mild: it belongs to what goes on
  h.OverFor("a", 13, 12, "disk failed");
  h.OverFor("b", 13, 13, "fan failed");
  const CommitUnit unit = h.Take();
  ASSERT_EQ(unit.anomalies.size(), 3u);
  EXPECT_EQ(unit.anomalies[0].message, "disk failed");
  EXPECT_EQ(unit.anomalies[0].last_time, At(13));
  EXPECT_EQ(unit.anomalies[1].message, "fan failed");
  EXPECT_EQ(unit.anomalies[1].stream, "a");
  EXPECT_EQ(unit.incidents.size(), 1u);
  // All of them end together. What comes again soon belongs to its trouble.
  h.tracker.Under("a", 0);
  h.OverFor("a", 20, 20, "fan failed");
  EXPECT_EQ(h.Take().anomalies.back().seq, 2u);
  h.tracker.Under("a", 0);
  h.OverFor("a", 200, 200, "fan failed");
  EXPECT_EQ(h.Take().anomalies.back().seq, 4u);
}

TEST(AnomalyTrackerTest, ManyTroublesOfAStreamAreBounded) {
  Harness h;
  for (int i = 0; i < 100; ++i)
    h.OverFor("a", 10 + i, 10 + i, "failed: " + std::string(static_cast<size_t>(i) + 1, 'x'));
  const CommitUnit unit = h.Take();
  EXPECT_EQ(unit.anomalies.size(), 100u);
  std::string state;
  StateWriter out(&state);
  h.tracker.Save(out);
  EXPECT_LT(state.size(), AnomalyTracker::kMaxTroubles * 1000);
}

// Detectors that judge one moment, a session's end say, blame different records of it.
TEST(AnomalyTrackerTest, OneMomentIsOneAnomaly) {
  Harness h;
  h.OverFor("a", 10, 10, "disk failed");
  h.OverFor("a", 10, 5, "fan failed");
  EXPECT_EQ(h.Take().anomalies.size(), 1u);
}

TEST(AnomalyTrackerTest, AnomaliesNearEachOtherAreOneIncident) {
  Harness h;
  h.Over("a", 0, 10);
  h.Over("b", 50, 90, 100);
  h.Over("c", 200, 10);
  const CommitUnit unit = h.Take();
  ASSERT_EQ(unit.incidents.size(), 2u);
  EXPECT_EQ(unit.incidents[0].anomalies, 2u);
  EXPECT_EQ(unit.incidents[0].level, RiskLevel::kCritical);  // 0.6 * 90 + 0.4 * 100 = 94
  EXPECT_EQ(unit.incidents[0].top_anomaly, 2u);
  EXPECT_EQ(unit.incidents[0].title, "b: message at 50");
  EXPECT_EQ(unit.incidents[1].anomalies, 1u);
  EXPECT_EQ(unit.anomalies[2].incident_seq, 2u);
}

TEST(AnomalyTrackerTest, TroubleThatNeverPausesBeginsANewIncidentAfterAnHour) {
  Harness h;
  for (int64_t t = 0; t <= 3700; t += 50) {
    h.Over("a", t, 10);
    h.tracker.Under("a", 0);
  }
  EXPECT_EQ(h.Take().incidents.size(), 2u);
}

TEST(AnomalyTrackerTest, RuleMatchIsAnAnomalyOfItsLevel) {
  Harness h;
  Finding f;
  f.detector_name = "rule";
  f.time = At(1);
  f.severity = 100;
  f.stream = "kernel";
  h.tracker.Rule(std::move(f), RiskLevel::kCritical);
  const CommitUnit unit = h.Take();
  ASSERT_EQ(unit.anomalies.size(), 1u);
  EXPECT_EQ(unit.anomalies[0].level, RiskLevel::kCritical);
  EXPECT_EQ(unit.anomalies[0].risk, 80);
  EXPECT_TRUE(unit.incidents[0].by_rule);
}

TEST(AnomalyTrackerTest, ContinuationRaisesTheAnomalyThatHoldsItsRecord) {
  Harness h;
  h.Over("a", 10, 60, 20);        // window from record 10 on; risk 44
  h.tracker.Raise("a", 9, 100);   // before the window
  h.tracker.Raise("b", 10, 100);  // another stream
  EXPECT_EQ(h.Take().anomalies[0].severity, 20);
  h.tracker.Raise("a", 12, 100);
  const CommitUnit unit = h.Take();
  ASSERT_EQ(unit.anomalies.size(), 1u);
  EXPECT_EQ(unit.anomalies[0].severity, 100);
  EXPECT_FLOAT_EQ(unit.anomalies[0].risk, 0.6f * 60 + 0.4f * 100);
  EXPECT_EQ(unit.anomalies[0].level, RiskLevel::kHigh);
}

TEST(AnomalyTrackerTest, RemappedDetectorsKeepTheirRuns) {
  Harness h;
  h.Over("a", 1, 10, 20, 0);
  h.Over("b", 1, 10, 20, 1);
  h.tracker.RemapDetectors({UINT32_MAX, 0});
  h.Over("a", 2, 10, 20, 0);  // its detector went, so this is a new one
  h.Over("b", 2, 10, 20, 0);
  EXPECT_EQ(h.Take().anomalies.size(), 3u);
}

// Everything that a unit says, as text.
std::string Describe(const CommitUnit& unit) {
  std::string out;
  for (const Anomaly& a : unit.anomalies)
    out += std::to_string(a.seq) + "/" + std::to_string(a.incident_seq) + " " +
           std::to_string(a.risk) + " " + a.message + " " + std::to_string(a.windows) + " " +
           std::to_string(a.evidence.size()) + "; ";
  for (const Incident& i : unit.incidents)
    out += std::to_string(i.seq) + " " + std::to_string(i.anomalies) + " " + i.title + " " +
           std::to_string(Micros(i.last)) + "; ";
  return out;
}

TEST(AnomalyTrackerTest, RestoredAtAnyPointGoesOnTheSame) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    std::mt19937_64 rng(seed);
    Harness plain;
    auto restarted = std::make_unique<Harness>();
    std::string snapshot;
    std::vector<std::string> changes;
    int64_t now = 0;
    for (int i = 0; i < 200; ++i) {
      now += static_cast<int64_t>(rng() % 40);
      const std::string key = "k" + std::to_string(rng() % 3);
      const auto what = rng() % 8;
      const auto detector = static_cast<uint32_t>(rng() % 2);
      const auto score = static_cast<float>(rng() % 100);
      for (Harness* h : {&plain, restarted.get()}) {
        if (what < 4) h->Over(key, now, score, 20, detector);
        if (what == 4 || what == 5) h->tracker.Under(key, detector);
        if (what == 6) h->tracker.Close(key);
        if (what == 7) h->tracker.Raise(key, static_cast<uint64_t>(now), 80);
      }
      if (rng() % 4 != 0) continue;
      EXPECT_EQ(Describe(plain.Take()), Describe(restarted->Take())) << "seed " << seed;
      changes.emplace_back();
      StateWriter out(&changes.back());
      restarted->tracker.SaveChanges(out);
      if (rng() % 5 == 0) {
        snapshot.clear();
        StateWriter whole(&snapshot);
        restarted->tracker.Save(whole);
        changes.clear();
      }
      if (rng() % 3 != 0) continue;
      restarted = std::make_unique<Harness>();
      if (!snapshot.empty()) {
        StateReader in(snapshot);
        ASSERT_TRUE(restarted->tracker.Load(in));
      }
      for (const std::string& change : changes) {
        StateReader in(change);
        ASSERT_TRUE(restarted->tracker.ApplyChanges(in));
        EXPECT_TRUE(in.at_end());
      }
    }
    EXPECT_EQ(Describe(plain.Take()), Describe(restarted->Take()));
  }
}

}  // namespace
}  // namespace alogd
