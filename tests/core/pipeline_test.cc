// SPDX-License-Identifier: MIT
// The pipeline is a function of lines and ticks: flushes, ticks and restarts change nothing.
#include "core/pipeline.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "core/parser.h"
#include "testing/fake_models.h"
#include "testing/pipeline_driver.h"

namespace alogd {
namespace {

using testing::Driver;
using testing::FakeDetector;
using testing::FakeModels;
using testing::Given;
using testing::RandomLines;
using testing::Stamp;

std::string Plain(const std::vector<Given>& lines, const GroupConfig& group = {}) {
  Driver driver({}, group);
  for (const Given& line : lines) driver.Feed(line.text);
  return driver.Finish();
}

GroupConfig Sessions() {
  GroupConfig group;
  group.stream.kind = StreamOptions::Kind::kSession;
  group.stream.session = "(request \\d|file\\d)";
  return group;
}

TEST(PipelineTest, AnomaliesOccurInTheseTests) {
  Driver driver;
  for (const Given& line : RandomLines(3, 400)) driver.Feed(line.text);
  driver.Finish();
  EXPECT_GT(driver.anomalies().size(), 20u);
  EXPECT_GT(driver.pipeline().stats().continuations, 5u);
}

TEST(PipelineTest, FlushingAtAnyTimeChangesNothing) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto lines = RandomLines(seed, 300);
    std::mt19937_64 rng(seed);
    Driver driver;
    for (const Given& line : lines) {
      driver.Feed(line.text);
      if (rng() % 5 == 0) driver.pipeline().Flush();
      if (rng() % 9 == 0) driver.Commit();
    }
    EXPECT_EQ(driver.Finish(), Plain(lines)) << "seed " << seed;
  }
}

// Both detectors' surprises count: neither alarms alone.
ModelSet JointModels() {
  ModelSet models = FakeModels();
  models.joint = JointModel{{{"pairs", {{0, 0}, {10, 3}}}, {"fives", {{0, 0}, {10, 3}}}}, 3.5, 6};
  return models;
}

TEST(PipelineTest, JointScoresAreTheSameHoweverFlushedAndRestored) {
  for (const GroupConfig& group : {GroupConfig(), Sessions()}) {
    for (uint64_t seed = 0; seed < 10; ++seed) {
      const auto lines = RandomLines(seed, 300);
      std::mt19937_64 rng(seed);
      Driver plain({}, group, JointModels()), driver({}, group, JointModels());
      for (const Given& line : lines) {
        plain.Feed(line.text);
        driver.Feed(line.text);
        if (rng() % 5 == 0) driver.pipeline().Flush();
        if (rng() % 9 != 0) continue;
        driver.Commit();
        if (rng() % 3 == 0) driver.Start(JointModels(), driver.Saved());
      }
      EXPECT_EQ(driver.Finish(), plain.Finish()) << "seed " << seed;
    }
  }
}

// One detector gives 3 at the most, so that only moments of both are over 3.5.
TEST(PipelineTest, TheJointScoreDecides) {
  Driver driver({}, {}, JointModels());
  size_t over = 0, quiet = 0;
  driver.pipeline().set_observer([&](const Pipeline::ScoredWindow& scored) {
    const bool alarms = scored.score->anomaly > 0;
    EXPECT_TRUE(!alarms || scored.score->joint > 3.5f);
    over += alarms;
    quiet += !alarms && scored.score->raw >= 9;  // over the detector's own threshold
  });
  for (const Given& line : RandomLines(3, 400)) driver.Feed(line.text);
  driver.Finish();
  EXPECT_GT(over, 5u);
  EXPECT_GT(quiet, 5u);
  EXPECT_GT(driver.anomalies().size(), 2u);
}

TEST(PipelineTest, RandomTicksChangeNothing) {
  for (const GroupConfig& group : {GroupConfig(), Sessions()}) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const auto lines = RandomLines(seed, 300);
      std::mt19937_64 rng(seed);
      Driver driver({}, group);
      for (size_t i = 0; i < lines.size(); ++i) {
        driver.Feed(lines[i].text);
        if (i + 1 == lines.size() || rng() % 3 != 0) continue;
        // Any moment until the next line's.
        const Time now = driver.pipeline().watermark();
        const int64_t wait = lines[i + 1].seconds - lines[i].seconds;
        if (now != kNoTime)
          driver.pipeline().Tick(now +
                                 std::chrono::seconds(rng() % static_cast<uint64_t>(wait + 1)));
      }
      EXPECT_EQ(driver.Finish(), Plain(lines, group)) << "seed " << seed;
    }
  }
}

TEST(PipelineTest, RestoredAtAnyPointGoesOnTheSame) {
  for (const GroupConfig& group : {GroupConfig(), Sessions()}) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const auto lines = RandomLines(seed, 300);
      std::mt19937_64 rng(seed);
      Driver driver({}, group);
      for (const Given& line : lines) {
        driver.Feed(line.text);
        if (rng() % 6 != 0) continue;
        driver.Commit();
        if (rng() % 4 == 0) driver.Start(FakeModels(), driver.Saved());
      }
      EXPECT_EQ(driver.Finish(), Plain(lines, group)) << "seed " << seed;
    }
  }
}

TEST(PipelineTest, DeltasAreDroppedOnceEveryShardIsYounger) {
  Driver driver;
  size_t most = 0;
  for (int round = 0; round < 1800; ++round) {
    for (const Given& line : RandomLines(static_cast<uint64_t>(round), 60)) driver.Feed(line.text);
    driver.Commit();
    most = std::max(most, driver.deltas());
  }
  EXPECT_LT(driver.deltas(), 1700u);
  EXPECT_GT(most, 1u);
  const std::string before = driver.Describe();
  driver.Start(FakeModels(), driver.Saved());
  driver.Feed(Stamp(0) + " web1 app[77]: heartbeat");
  driver.Commit();
  EXPECT_NE(driver.Describe(), before);  // it goes on counting where it was
}

TEST(PipelineTest, NothingNewIsNothingToCommit) {
  Driver driver;
  driver.Feed(RandomLines(1, 1)[0].text);
  driver.Commit();
  EXPECT_TRUE(driver.pipeline().TakeUnit().empty());
  driver.pipeline().Tick(driver.pipeline().watermark());
  EXPECT_TRUE(driver.pipeline().TakeUnit().empty());
}

TEST(PipelineTest, RuleMatchesEachLineOnceAndIgnoreTakesRecordsOut) {
  Config config;
  const auto add = [&config](const char* match, RiskLevel level) -> RuleConfig& {
    RuleConfig& rule = config.rules.emplace_back();
    rule.match = match;
    rule.level = level;
    return rule;
  };
  add("heartbeat", RiskLevel::kInfo).ignore = true;
  add("permission denied", RiskLevel::kCritical).name = "denied";
  add("Thing.java", RiskLevel::kLow);
  Driver driver(config, {}, ModelSet());
  const auto lines = RandomLines(5, 300);
  uint64_t denied = 0, frames = 0, heartbeats = 0;
  for (const Given& line : lines) {
    driver.Feed(line.text);
    denied += line.text.find("permission denied") != std::string::npos;
    frames += line.text.find("Thing.java") != std::string::npos;
    heartbeats += line.text.find("heartbeat") != std::string::npos;
  }
  driver.Finish();
  EXPECT_GT(denied, 0u);
  EXPECT_EQ(driver.anomalies().size(), denied + frames);
  EXPECT_EQ(driver.pipeline().stats().ignored, heartbeats);
  uint64_t critical = 0;
  for (const auto& [seq, a] : driver.anomalies()) critical += a.level == RiskLevel::kCritical;
  EXPECT_EQ(critical, denied);
}

TEST(PipelineTest, CountedRulesOverRestarts) {
  Config config;
  RuleConfig& rule = config.rules.emplace_back();
  rule.match = "permission denied";
  rule.name = "denials";
  rule.count = 4;
  rule.within = 15min;
  rule.by = "web1 (\\w+)";
  const auto lines = RandomLines(5, 600);
  // Counted independently: times by program, from the lines themselves.
  std::map<std::string, std::vector<int64_t>> times;
  size_t expected = 0;
  for (const Given& line : lines) {
    if (line.text.find(rule.match) == std::string::npos) continue;
    const size_t name = line.text.find("web1 ") + 5;
    auto& seen = times[line.text.substr(name, line.text.find('[') - name)];
    seen.push_back(line.seconds);
    while (line.seconds - seen.front() > 15 * 60) seen.erase(seen.begin());
    if (seen.size() < 4) continue;
    seen.clear();
    ++expected;
  }
  ASSERT_GT(expected, 5u);
  for (const size_t restart_every : {size_t{0}, size_t{7}}) {
    Driver driver(config, {}, ModelSet());
    for (size_t i = 0; i < lines.size(); ++i) {
      driver.Feed(lines[i].text);
      if (restart_every == 0 || i % restart_every != 0) continue;
      driver.Commit();
      driver.Start(ModelSet(), driver.Saved());
    }
    driver.Finish();
    ASSERT_EQ(driver.anomalies().size(), expected);
    const Anomaly& first = driver.anomalies().begin()->second;
    EXPECT_TRUE(first.evidence[0].summary.starts_with("4 lines within "))
        << first.evidence[0].summary;
    EXPECT_NE(first.evidence[0].summary.find("match the rule 'denials', all by '"),
              std::string::npos);
  }
}

TEST(PipelineTest, SwapNamesTheNewBundleFromTheNextAnomalyOn) {
  const auto lines = RandomLines(8, 600);
  Driver driver;
  for (size_t i = 0; i < 300; ++i) driver.Feed(lines[i].text);
  driver.Commit();
  const auto before = driver.anomalies().rbegin()->first;
  ASSERT_TRUE(driver.pipeline().Swap(driver.config_, driver.group_, FakeModels("second")).ok());
  EXPECT_EQ(driver.pipeline().bundle(), "second");
  for (size_t i = 300; i < 600; ++i) driver.Feed(lines[i].text);
  driver.Finish();
  EXPECT_GT(driver.anomalies().rbegin()->first, before);
  for (const auto& [seq, a] : driver.anomalies())
    EXPECT_EQ(a.bundle, seq <= before ? "first" : "second");
}

TEST(PipelineTest, SwapOfAnEqualModelChangesNoAnomaly) {
  const auto lines = RandomLines(9, 300);
  Driver driver;
  for (size_t i = 0; i < lines.size(); ++i) {
    driver.Feed(lines[i].text);
    if (i % 37 == 0) {
      ASSERT_TRUE(driver.pipeline().Swap(driver.config_, driver.group_, FakeModels()).ok());
    }

    if (i % 50 == 0) driver.Commit();
    if (i % 111 == 0) driver.Start(FakeModels(), (driver.Commit(), driver.Saved()));
  }
  EXPECT_EQ(driver.Finish(), Plain(lines));
}

TEST(PipelineTest, RefusedSwapLeavesTheOldModel) {
  Driver driver;
  GroupConfig broken = driver.group_;
  broken.stream.kind = StreamOptions::Kind::kSession;
  broken.stream.session = "(";
  EXPECT_FALSE(driver.pipeline().Swap(driver.config_, broken, FakeModels("second")).ok());
  EXPECT_EQ(driver.pipeline().bundle(), "first");
}

TEST(PipelineTest, VocabularyGivesEventsTheirWords) {
  ModelSet models = FakeModels();
  models.vocabulary = {"heartbeat", "cache rebuilt"};
  Driver driver({}, {}, std::move(models));
  std::map<std::string, uint32_t> words;
  std::string last;
  driver.pipeline().set_record_observer(
      [&](const ParsedLine& line) { last = line.header.message; });
  driver.pipeline().set_observer([&](const Pipeline::ScoredWindow& scored) {
    if (!scored.window->tail) words[last] = scored.window->events.back().word;
  });
  for (const Given& line : RandomLines(4, 200)) {
    driver.Feed(line.text);
    driver.pipeline().Flush();
  }
  EXPECT_EQ(words["heartbeat"], 0u);
  EXPECT_EQ(words["cache rebuilt"], 1u);
  EXPECT_EQ(words["session opened for user root"], kUnknownWord);
}

TEST(PipelineTest, DiscardedStateBeginsAnewAboveTheOldNumbers) {
  Driver driver;
  for (const Given& line : RandomLines(1, 300)) driver.Feed(line.text);
  driver.Commit();
  GroupState state = driver.Saved();
  state.last_anomaly_seq = 4000;
  state.last_incident_seq = 300;
  state.deltas[0].blob = "\x03";  // a form without checksums
  auto pipeline = Pipeline::Create(driver.config_, driver.group_, FakeModels(), nullptr);
  ASSERT_TRUE(pipeline.ok());
  const Status refused = (*pipeline)->Restore(state);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, kDamagedState);

  state.Discard();
  pipeline = Pipeline::Create(driver.config_, driver.group_, FakeModels(), nullptr);
  ASSERT_TRUE((*pipeline)->Restore(state).ok());
  const SourceId source = (*pipeline)->AddSource("/var/log/test.log", kNoTime);
  uint64_t offset = 0;
  for (const Given& line : RandomLines(1, 300)) {
    const auto bytes = static_cast<uint32_t>(line.text.size() + 1);
    (*pipeline)->Feed(source, FileId{1}, Line{line.text, offset, bytes, false, false});
    offset += bytes;
  }
  const CommitUnit unit = (*pipeline)->TakeUnit();
  EXPECT_TRUE(unit.discard_state);
  ASSERT_FALSE(unit.anomalies.empty());
  for (const Anomaly& anomaly : unit.anomalies) EXPECT_GT(anomaly.seq, 4000u);
  for (const Incident& incident : unit.incidents) EXPECT_GT(incident.seq, 300u);
  EXPECT_GE((*pipeline)->catalog().next_id(), state.next_template_id)
      << "ids are never given again";
  EXPECT_FALSE((*pipeline)->TakeUnit().discard_state);
}

TEST(PipelineTest, DamagedStateIsRefused) {
  Driver driver;
  for (const Given& line : RandomLines(1, 300)) driver.Feed(line.text);
  driver.Commit();
  const GroupState good = driver.Saved();
  std::mt19937_64 rng(1);
  for (int i = 0; i < 300; ++i) {
    GroupState bad = good;
    std::string& blob = bad.deltas[rng() % bad.deltas.size()].blob;
    blob.resize(rng() % (blob.size() + 1));
    if (!blob.empty()) blob[rng() % blob.size()] = static_cast<char>(rng());
    auto pipeline = Pipeline::Create(driver.config_, driver.group_, FakeModels(), nullptr);
    ASSERT_TRUE(pipeline.ok());
    static_cast<void>((*pipeline)->Restore(bad));  // an error or a state, never a crash
  }
}

}  // namespace
}  // namespace alogd
