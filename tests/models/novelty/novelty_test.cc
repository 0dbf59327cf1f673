// SPDX-License-Identifier: MIT
// New and rare templates: how much they surprise, and for how long.
#include "models/novelty/novelty.h"

#include <gtest/gtest.h>

#include <cmath>

#include "testing/models_windows.h"

namespace alogd {
namespace {

using testing::MakeCatalog;
using testing::MakeEvent;
using testing::MakeWindow;
using testing::ScoreOne;

constexpr int64_t kDay = 86'400;

Calibration From(double threshold) {
  return {
      .median = 0, .threshold = threshold, .top = threshold + kNoveltySpan, .held_out_windows = 1};
}

Event Unknown(uint32_t id, int64_t second, uint32_t seen) {
  Event event = MakeEvent(id, second, seen);
  event.word = kUnknownWord;
  event.created = seen == 0;
  return event;
}

class NoveltyTest : public ::testing::Test {
 protected:
  // Words 0 to 3 with 9,000, 990, 9 and 1 records: 10,000 in all.
  NoveltyTest()
      : catalog_(MakeCatalog({"often <*>", "usual", "seldom", "once", "never seen <*>"})) {}

  std::unique_ptr<Detector> Trained(double threshold) {
    const std::vector<uint64_t> counts = {9000, 990, 9, 1};
    return MakeNoveltyDetector({}, TrainNovelty(counts, {false, false, true, true}, 0),
                               From(threshold));
  }
  Score At(Detector& detector, const Event& event, bool explain_all = false) {
    const std::vector<Event> events = {event};
    return ScoreOne(detector, catalog_, MakeWindow(events), explain_all);
  }
  Catalog catalog_;
};

// One singleton in 10,000 records: unseen mass 1 / 10,001. As rare as "once" are it and the unseen;
// as rare as "seldom" are those and its own 9.
TEST_F(NoveltyTest, SurpriseByHand) {
  const auto detector = Trained(100);
  EXPECT_EQ(At(*detector, MakeEvent(0)).raw, 0.0f);
  EXPECT_EQ(At(*detector, MakeEvent(1)).raw, 0.0f);
  EXPECT_NEAR(At(*detector, MakeEvent(2, 0, 0)).raw, std::log10(10001.0 / 11), 1e-5);
  EXPECT_NEAR(At(*detector, MakeEvent(3, 0, 0)).raw, std::log10(10001.0 / 2), 1e-5);
  EXPECT_NEAR(At(*detector, Unknown(4, 0, 0)).raw, std::log10(10001.0), 1e-5);
}

TEST_F(NoveltyTest, NewTemplatesWhereTheyAreCommon) {
  std::vector<uint64_t> counts(2000, 1);  // each of 2,000 records was new
  const auto detector =
      MakeNoveltyDetector({}, TrainNovelty(counts, std::vector<bool>(2000, true), 0), From(1));
  EXPECT_LT(At(*detector, Unknown(4, 0, 0)).raw, 0.01f);
}

// A daily job that training did not know: its alarms must end; each is weaker than the one before.
TEST_F(NoveltyTest, RepetitionWears) {
  const auto detector = Trained(2);
  float before = 100;
  bool ended = false;
  for (uint32_t day = 0; day < 200; ++day) {
    const Score score = At(*detector, Unknown(4, day * kDay, day));
    EXPECT_LE(score.raw, before);
    before = score.raw;
    ended = score.anomaly == 0;
  }
  EXPECT_TRUE(ended);
}

// What comes once a month stays news; what comes ten times at once does not.
TEST_F(NoveltyTest, SeldomStaysNews) {
  const auto seldom = Trained(2);
  const auto burst = Trained(2);
  for (uint32_t i = 0; i < 5; ++i) {
    const float monthly = At(*seldom, Unknown(4, i * 30 * kDay, i)).raw;
    const float at_once = At(*burst, Unknown(4, i, i)).raw;
    if (i > 0) {
      EXPECT_GT(monthly, at_once);
    }
  }
  EXPECT_GT(At(*seldom, Unknown(4, 300 * kDay, 5)).anomaly, 0.0f);
}

// A software upgrade: the hundredth new template of a flood surprises less than the first.
TEST_F(NoveltyTest, FloodOfNewTemplates) {
  const auto detector = Trained(1);
  const float first = At(*detector, Unknown(100, 0, 0)).raw;
  float last = 0;
  for (uint32_t i = 1; i < 100; ++i) last = At(*detector, Unknown(100 + i, i, 0)).raw;
  EXPECT_LT(last, first - 1);
}

TEST_F(NoveltyTest, EvidenceNamesTheTemplate) {
  const auto detector = Trained(2);
  const Score score = At(*detector, Unknown(4, 0, 0));
  ASSERT_GT(score.anomaly, 0.0f);
  ASSERT_TRUE(score.evidence);
  EXPECT_EQ(score.evidence->found.front().first, "never seen <*>");
  EXPECT_EQ(score.evidence->summary, "a new statement: never seen in 10,000 records of training");
  EXPECT_EQ(score.evidence->detector, "novelty");
  EXPECT_EQ(score.evidence->raw, score.raw);
  EXPECT_FALSE(At(*detector, MakeEvent(0)).evidence);
  EXPECT_TRUE(At(*detector, MakeEvent(0), true).evidence);
}

TEST_F(NoveltyTest, SessionIsJudgedByItsMostSurprisingRecord) {
  const auto detector = Trained(2);
  const std::vector<Event> events = {MakeEvent(0), Unknown(4, 1, 0), MakeEvent(1)};
  const Score score = ScoreOne(*detector, catalog_, MakeWindow(events, "s", true));
  EXPECT_NEAR(score.raw, std::log10(10001.0), 1e-4);
  EXPECT_EQ(score.evidence->first, 1u);
  EXPECT_EQ(score.evidence->last, 1u);
}

TEST_F(NoveltyTest, QuietWhileLearning) {
  const auto detector = MakeNoveltyDetector({.enabled = true, .rare = 0, .learn_records = 1000},
                                            NoveltyModel{}, UntrainedNoveltyCalibration());
  for (uint32_t i = 0; i < 1000; ++i) EXPECT_EQ(At(*detector, Unknown(i, i, 0)).anomaly, 0.0f);
  // Every record was new: the next one is no news either.
  EXPECT_EQ(At(*detector, Unknown(1000, 1000, 0)).anomaly, 0.0f);
  for (uint32_t i = 0; i < 20'000; ++i)
    EXPECT_EQ(At(*detector, Unknown(1, 2000 + i, 50)).anomaly, 0.0f);
  const Score score = At(*detector, Unknown(4, 30'000, 0));
  // A memory of 1,000 records knows no better than "less than one in 2,000".
  EXPECT_NEAR(score.raw, std::log10(2000), 0.01);
  EXPECT_NEAR(score.anomaly, 100 * (std::log10(2000) - 3) / 2, 0.5);
}

TEST_F(NoveltyTest, UntrainedAlarmsOnceSettled) {
  const auto detector = MakeNoveltyDetector({}, NoveltyModel{}, UntrainedNoveltyCalibration());
  for (uint32_t i = 0; i < 60'000; ++i) {
    const Score score = At(*detector, Unknown(i % 50, i, i / 50));
    ASSERT_EQ(score.anomaly, 0.0f) << i;
  }
  const Score score = At(*detector, Unknown(4, 60'001, 0));
  EXPECT_GT(score.anomaly, 30.0f);
  EXPECT_NE(score.evidence->summary.find("a new statement: never seen in "), std::string::npos);
}

// State: taken over whole or by changes, the next score is the same and so are the bytes.
TEST_F(NoveltyTest, StateRoundTrip) {
  const auto a = Trained(2);
  const auto whole = Trained(2);
  const auto changes = Trained(2);
  uint32_t id = 0;
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 400; ++i, ++id)  // overflows the limit of 4,096: entries are dropped too
      At(*a, Unknown(1000 + id % 7000, round * 1000 + i, id / 7000));
    std::string delta;
    StateWriter out(&delta);
    a->SaveChanges(out);
    StateReader in(delta);
    ASSERT_TRUE(changes->ApplyChanges(in) && in.at_end());
    ASSERT_EQ(testing::StateOf(*a), testing::StateOf(*changes)) << round;
  }
  ASSERT_TRUE(testing::LoadState(*whole, testing::StateOf(*a)));
  EXPECT_EQ(testing::StateOf(*whole), testing::StateOf(*a));
  const float next = At(*a, Unknown(1500, 40'000, 3)).raw;
  EXPECT_EQ(At(*whole, Unknown(1500, 40'000, 3)).raw, next);
  EXPECT_EQ(At(*changes, Unknown(1500, 40'000, 3)).raw, next);
  EXPECT_LT(testing::StateOf(*a).size(), 4096u * 24);
}

TEST_F(NoveltyTest, DamagedState) {
  const auto a = Trained(2);
  for (uint32_t i = 0; i < 20; ++i) At(*a, Unknown(1000 + i, i, 0));
  const std::string state = testing::StateOf(*a);
  // Older states end before the time of the first record.
  size_t loads = 0;
  for (size_t n = 0; n < state.size(); ++n)
    loads += testing::LoadState(*Trained(2), state.substr(0, n));
  EXPECT_EQ(loads, 1u);
  for (size_t at = 0; at < state.size(); ++at) {
    std::string damaged = state;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    const auto b = Trained(2);
    if (!testing::LoadState(*b, damaged)) continue;
    EXPECT_FALSE(std::isnan(At(*b, Unknown(1001, 5, 1)).raw));
  }
}

}  // namespace
}  // namespace alogd
