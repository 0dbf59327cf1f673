// SPDX-License-Identifier: MIT
// Which runs of records a retraining leaves out.
#include "cli/retrain/left_out.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/detection/stream_key.h"
#include "testing/store_samples.h"

namespace alogd {
namespace {

const Time kStart = testing::At(1'790'000'000);

Time After(int seconds) { return kStart + std::chrono::seconds(seconds); }

// Of program sshd, from `first` to `last` seconds after kStart.
StoredAnomaly Stored(int first, int last, const std::string& state = "new",
                     RiskLevel level = RiskLevel::kHigh) {
  StoredAnomaly stored;
  stored.state = state;
  stored.anomaly = testing::SampleAnomaly(1, 1, level);
  stored.anomaly.detector = "novelty";
  stored.anomaly.time = After(first);
  stored.anomaly.last_time = After(last);
  return stored;
}

// The key that both pipeline and training use.
std::string Key(const GroupConfig& group, const std::string& source, const std::string& program,
                const std::string& message = "") {
  const auto keys = StreamKeys::Create(group.stream);
  Header header;
  header.host = "web1";
  header.program = program;
  header.message = message;
  std::string key;
  EXPECT_TRUE(keys->Find(source, header, message, &key));
  return key;
}

// Of ten records, one every ten seconds from kStart.
std::string Marked(const std::vector<StoredAnomaly>& anomalies, const GroupConfig& group,
                   const std::string& key) {
  std::vector<Time> times;
  for (int i = 0; i < 10; ++i) times.push_back(After(10 * i));
  std::vector<bool> out(times.size(), false);
  FindLeftOut(anomalies, group).runs.Mark(key, times, &out);
  std::string marks;
  for (const bool mark : out) marks += mark ? 'x' : '.';
  return marks;
}

TEST(LeftOutTest, WhatAlertedUntilAckedAndWhatWasConfirmed) {
  const GroupConfig group;
  const std::string sshd = Key(group, "/var/log/auth.log", "sshd");
  EXPECT_EQ(Marked({Stored(30, 50)}, group, sshd), "...xxx....");
  EXPECT_EQ(Marked({Stored(30, 50, "suppressed")}, group, sshd), "...xxx....");
  EXPECT_EQ(Marked({Stored(30, 50, "acked")}, group, sshd), "..........");
  EXPECT_EQ(Marked({Stored(30, 50, "new", RiskLevel::kMedium)}, group, sshd), "..........");
  EXPECT_EQ(Marked({Stored(30, 50, "confirmed", RiskLevel::kMedium)}, group, sshd), "...xxx....");
  const LeftOut found = FindLeftOut({Stored(0, 1), Stored(1, 1, "acked")}, group);
  EXPECT_EQ(found.anomalies, 1u);
  EXPECT_EQ(found.acked, 1u);
}

TEST(LeftOutTest, AProgramInAllSourcesAndNoOther) {
  const GroupConfig group;
  EXPECT_EQ(Marked({Stored(30, 50)}, group, Key(group, "/var/log/syslog", "sshd")), "...xxx....");
  EXPECT_EQ(Marked({Stored(30, 50)}, group, Key(group, "/var/log/auth.log", "cron")), "..........");
}

// What has no program is known by its source; a match in a continuation line knows no more.
TEST(LeftOutTest, AllStreamsOfASource) {
  GroupConfig group;
  StoredAnomaly stored = Stored(30, 50);
  stored.anomaly.source = stored.anomaly.stream = "/var/log/app.log";
  EXPECT_EQ(Marked({stored}, group, Key(group, "/var/log/app.log", "shopd")), "...xxx....");
  EXPECT_EQ(Marked({stored}, group, Key(group, "/var/log/other.log", "shopd")), "..........");
  group.stream.kind = StreamOptions::Kind::kSource;
  EXPECT_EQ(Marked({stored}, group, Key(group, "/var/log/app.log", "shopd")), "...xxx....");
}

TEST(LeftOutTest, TheWindowThatBeganIt) {
  GroupConfig group;
  const std::string sshd = Key(group, "/var/log/auth.log", "sshd");
  StoredAnomaly stored = Stored(70, 70);
  EXPECT_EQ(Marked({stored}, group, sshd), ".......x..");
  Evidence first, second;
  first.last = 0;
  second.last = 2;
  stored.evidence_json = EvidenceJson({first, second});
  EXPECT_EQ(Marked({stored}, group, sshd), ".....xxx..");
  group.max_gap = std::chrono::seconds(5);
  EXPECT_EQ(Marked({stored}, group, sshd), ".......x..") << "a pause ends a window";
}

TEST(LeftOutTest, TheWholeSession) {
  GroupConfig group;
  group.stream.kind = StreamOptions::Kind::kSession;
  group.stream.session = "job_\\d+";
  // The session ended by its deadline, after its last record.
  StoredAnomaly stored = Stored(200, 200);
  stored.anomaly.stream = "job_7";
  EXPECT_EQ(Marked({stored}, group, Key(group, "a.log", "", "job_7 took 12 ms")), "xxxxxxxxxx");
  EXPECT_EQ(Marked({stored}, group, Key(group, "a.log", "", "job_8 took 12 ms")), "..........");
  // What is odd about a number is said in the midst of its session.
  stored.anomaly.time = stored.anomaly.last_time = After(40);
  EXPECT_EQ(Marked({stored}, group, Key(group, "a.log", "", "job_7 took 12 ms")), "xxxxxxxxxx");
  stored.anomaly.time = stored.anomaly.last_time = After(200);
  group.stream.idle = std::chrono::seconds(60);
  EXPECT_EQ(Marked({stored}, group, Key(group, "a.log", "", "job_7 took 12 ms")), "..........")
      << "an earlier use of the same key";
}

TEST(LeftOutTest, WithoutAHistoryEverythingIsLearned) {
  const auto left_out = LoadLeftOut("/nonexistent/alogd.db", GroupConfig());
  ASSERT_TRUE(left_out.ok());
  EXPECT_TRUE(left_out->runs.empty());
}

}  // namespace
}  // namespace alogd
