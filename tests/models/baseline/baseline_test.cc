// SPDX-License-Identifier: MIT
// The mix of templates against the stream's own past.
#include "models/baseline/baseline.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "testing/models_windows.h"

namespace alogd {
namespace {

using testing::MakeCatalog;
using testing::MakeEvent;
using testing::MakeWindow;
using testing::ScoreOne;

class BaselineTest : public ::testing::Test {
 protected:
  BaselineTest()
      : catalog_(MakeCatalog({"read <*>", "write <*>", "sync", "checksum of <*> is wrong"})),
        detector_(Make()) {}

  static std::unique_ptr<Detector> Make() {
    return MakeBaselineDetector({}, UntrainedBaselineCalibration());
  }
  // 50 records: `counts` of each template.
  static std::vector<Event> Mix(std::vector<uint32_t> counts, uint32_t seen = 1000) {
    std::vector<Event> events;
    for (uint32_t id = 0; id < counts.size(); ++id)
      for (uint32_t i = 0; i < counts[id]; ++i) events.push_back(MakeEvent(id, 0, seen));
    return events;
  }
  Score Feed(const std::vector<Event>& events, std::string_view stream = "s") {
    return ScoreOne(*detector_, catalog_, MakeWindow(events, stream));
  }
  void WarmUp(std::string_view stream = "s") {
    for (int i = 0; i < 30; ++i) Feed(Mix({25, 20, 5}), stream);
  }
  Catalog catalog_;
  std::unique_ptr<Detector> detector_;
};

TEST_F(BaselineTest, QuietDuringWarmUp) {
  for (uint32_t i = 0; i < 20; ++i) EXPECT_TRUE(std::isnan(Feed(Mix({i, 50 - i})).raw)) << i;
  EXPECT_FALSE(std::isnan(Feed(Mix({25, 25})).raw));
}

// Profile {.5, .4, .1}, window {0, .4, .1, .5}: distance 0.5 of old templates, over the least
// quantile 0.2.
TEST_F(BaselineTest, DistanceByHand) {
  WarmUp();
  const Score score = Feed(Mix({0, 20, 5, 25}));
  EXPECT_NEAR(score.raw, 0.5 / 0.2, 1e-4);
  EXPECT_NEAR(score.anomaly, 100 * (2.5 - 2) / 4, 1e-2);
}

TEST_F(BaselineTest, NewTemplatesCountTwice) {
  WarmUp();
  std::vector<Event> events = Mix({0, 20, 5, 25});
  for (Event& event : events)
    if (Index(event.id) == 3) event.seen = 3;
  EXPECT_NEAR(Feed(events).raw, 1.0 / 0.2, 1e-4);
}

TEST_F(BaselineTest, EvidenceNamesWhatGrew) {
  WarmUp();
  const Score score = Feed(Mix({0, 20, 5, 25}));
  ASSERT_TRUE(score.evidence);
  EXPECT_NE(
      score.evidence->summary.find("'checksum of <*> is wrong' is 50% of 50 records, usually 0%"),
      std::string::npos)
      << score.evidence->summary;
  EXPECT_EQ(score.evidence->first, 49u);
  EXPECT_EQ(score.evidence->last, 49u);
  ASSERT_GE(score.evidence->found.size(), 2u);
  EXPECT_NEAR(score.evidence->found[0].second, 0.5f, 1e-4f);
  EXPECT_NEAR(score.evidence->found[1].second, -0.5f, 1e-4f);
  EXPECT_EQ(score.evidence->found[1].first, "read <*>");
}

TEST_F(BaselineTest, EvidenceExactlyWhereItIsAnAnomaly) {
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    const auto a = static_cast<uint32_t>(random() % 50);
    const Score score = Feed(Mix({a, 50 - a}));
    EXPECT_EQ(score.evidence != nullptr, score.anomaly > 0);
  }
}

// Random mixes of one distribution: one window in twenty is over the quantile, none far over it.
TEST_F(BaselineTest, NoisyStreamsStayQuiet) {
  std::mt19937 random(4);
  int alarms = 0;
  for (int i = 0; i < 4000; ++i) {
    std::vector<uint32_t> counts(6, 0);
    for (int k = 0; k < 50; ++k) ++counts[std::min(random() % 6, random() % 6)];
    std::vector<Event> events;
    for (uint32_t id = 0; id < 6; ++id)
      for (uint32_t k = 0; k < counts[id]; ++k) events.push_back(MakeEvent(id));
    alarms += ScoreOne(*detector_, catalog_, MakeWindow(events)).anomaly > 0;
  }
  EXPECT_EQ(alarms, 0);
}

TEST_F(BaselineTest, LastingChangeIsFollowed) {
  WarmUp();
  int alarms = 0;
  for (int i = 0; i < 50; ++i) alarms += Feed(Mix({0, 0, 0, 50})).anomaly > 0;
  EXPECT_GE(alarms, 1);
  EXPECT_LE(alarms, 5);
}

TEST_F(BaselineTest, StreamsDoNotMix) {
  WarmUp("a");
  for (int i = 0; i < 30; ++i) Feed(Mix({0, 0, 50}), "b");
  EXPECT_EQ(Feed(Mix({25, 20, 5}), "a").anomaly, 0.0f);
  EXPECT_GT(Feed(Mix({25, 20, 5}), "b").anomaly, 0.0f);
}

TEST_F(BaselineTest, SessionsShareOneProfile) {
  for (int i = 0; i < 40; ++i)
    ScoreOne(*detector_, catalog_, MakeWindow(Mix({6, 4}), "session " + std::to_string(i), true));
  EXPECT_GT(ScoreOne(*detector_, catalog_, MakeWindow(Mix({0, 4, 0, 6}), "another", true)).anomaly,
            0.0f);
  EXPECT_TRUE(std::isnan(ScoreOne(*detector_, catalog_, MakeWindow(Mix({1}), "short", true)).raw));
}

TEST_F(BaselineTest, ShortTailHasNoOpinion) {
  WarmUp();
  EXPECT_TRUE(std::isnan(Feed(Mix({24})).raw));
  EXPECT_FALSE(std::isnan(Feed(Mix({25})).raw));
}

TEST_F(BaselineTest, ForgottenStreamStartsAnew) {
  WarmUp();
  detector_->Forget("s");
  EXPECT_TRUE(std::isnan(Feed(Mix({0, 0, 50})).raw));
}

TEST_F(BaselineTest, StateRoundTrip) {
  std::mt19937 random(5);
  const auto changes = Make();
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 300; ++i) {  // more streams than are kept
      const auto a = static_cast<uint32_t>(random() % 50);
      Feed(Mix({a, 50 - a}), std::to_string(random() % 3000));
      if (i % 50 == 0) detector_->Forget(std::to_string(random() % 3000));
    }
    for (int i = 0; i < 10; ++i) Feed(Mix({25, 25}));
    std::string delta;
    StateWriter out(&delta);
    detector_->SaveChanges(out);
    StateReader in(delta);
    ASSERT_TRUE(changes->ApplyChanges(in) && in.at_end());
    ASSERT_EQ(testing::StateOf(*detector_), testing::StateOf(*changes)) << round;
  }
  const auto whole = Make();
  ASSERT_TRUE(testing::LoadState(*whole, testing::StateOf(*detector_)));
  EXPECT_EQ(testing::StateOf(*whole), testing::StateOf(*detector_));
  const std::vector<Event> next = Mix({10, 20, 20});
  const float raw = Feed(next).raw;
  EXPECT_EQ(ScoreOne(*whole, catalog_, MakeWindow(next)).raw, raw);
  EXPECT_EQ(ScoreOne(*changes, catalog_, MakeWindow(next)).raw, raw);
}

TEST_F(BaselineTest, StateIsBounded) {
  for (int i = 0; i < 10'000; ++i) Feed(Mix({25, 25}), "stream " + std::to_string(i));
  EXPECT_LT(testing::StateOf(*detector_).size(), 2048u * 64);
}

TEST_F(BaselineTest, DamagedState) {
  WarmUp();
  const std::string state = testing::StateOf(*detector_);
  for (size_t n = 0; n < state.size(); ++n)
    EXPECT_FALSE(testing::LoadState(*Make(), state.substr(0, n)));
  for (size_t at = 0; at < state.size(); ++at) {
    std::string damaged = state;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    const auto b = Make();
    if (!testing::LoadState(*b, damaged)) continue;
    for (int i = 0; i < 100; ++i) ScoreOne(*b, catalog_, MakeWindow(Mix({10, 20, 20})));
  }
}

}  // namespace
}  // namespace alogd
