// SPDX-License-Identifier: MIT
// The pairs detector: which successors are news, how loud, how repetition wears them off.
#include "models/pairs/pairs.h"

#include <gtest/gtest.h>

#include <cmath>

#include "testing/models_windows.h"

namespace alogd {
namespace {

using testing::LoadState;
using testing::MakeCatalog;
using testing::MakeEvent;
using testing::MakeWindow;
using testing::ScoreOne;
using testing::StateOf;

const std::vector<std::string> kTexts = {"opened", "read <*>", "closed", "tick", "rare"};

// Sessions 0 1 1 2, a hundred of them, and word 3 after which 3, 0, 1 and 2 came, the last three
// once.
PairsModel Trained(bool sessions = true) {
  PairsTrainer trainer(5, sessions);
  for (int i = 0; i < 100; ++i) trainer.Add(std::vector<uint32_t>{0, 1, 1, 2});
  return trainer.Finish();
}

class PairsTest : public ::testing::Test {
 protected:
  PairsTest() : catalog_(MakeCatalog(kTexts)) {}
  Score Judge(Detector& detector, const std::vector<uint32_t>& words, bool session = false,
              int64_t second = 0) {
    std::vector<Event> events;
    for (const uint32_t word : words) events.push_back(MakeEvent(word, second));
    return ScoreOne(detector, catalog_, MakeWindow(events, "s", session), /*explain_all=*/true);
  }
  Catalog catalog_;
};

// By hand: after 0 came 1, a hundred times, never anything that came once: -log10(0.5 / 101).
TEST_F(PairsTest, SurpriseIsThatOfANewSuccessor) {
  const auto detector = MakePairsDetector(Trained(), kTexts, {});
  EXPECT_EQ(Judge(*detector, {0, 1}).raw, 0);
  const Score score = Judge(*detector, {0, 2});
  EXPECT_NEAR(score.raw, -std::log10(0.5 / 101), 1e-4);
  EXPECT_EQ(score.evidence->summary,
            "'closed' never came right after 'opened' in training, which 100 other records did");
  EXPECT_EQ(score.evidence->last, 1u);
}

// After 3 came other things often: 7 times 3, and three that came once, so a fourth is hardly news:
// -log10(3.5 / 11).
TEST_F(PairsTest, WhereAnythingFollowsANewPairSaysLittle) {
  PairsTrainer trainer(5, false);
  trainer.Add(std::vector<uint32_t>{3, 3, 3, 3, 3, 3, 3, 3, 0});
  trainer.Add(std::vector<uint32_t>{3, 1});
  trainer.Add(std::vector<uint32_t>{3, 2});
  trainer.Add(std::vector<uint32_t>{4, 4});
  const auto detector = MakePairsDetector(trainer.Finish(), kTexts, {});
  EXPECT_NEAR(Judge(*detector, {3, 4}).raw, -std::log10(3.5 / 11), 1e-4);
}

TEST_F(PairsTest, BeginAndEndOfSessions) {
  const auto detector = MakePairsDetector(Trained(), kTexts, {});
  EXPECT_EQ(Judge(*detector, {0, 1, 1, 2}, true).raw, 0);
  const Score begin = Judge(*detector, {1, 1, 2}, true);
  EXPECT_NEAR(begin.raw, -std::log10(0.5 / 101), 1e-4);
  EXPECT_EQ(begin.evidence->summary, "none of the 100 sessions of training began with 'read <*>'");
  const Score end = Judge(*detector, {0, 1}, true);
  EXPECT_NEAR(end.raw, -std::log10(0.5 / 201), 1e-4);
  EXPECT_EQ(end.evidence->summary,
            "no session of training ended with 'read <*>', which came 200 times");
}

TEST_F(PairsTest, WhatTrainingDidNotLearnGetsNoOpinion) {
  const auto detector = MakePairsDetector(Trained(), kTexts, {});
  EXPECT_TRUE(std::isnan(Judge(*detector, {0, 4}).raw));
  EXPECT_TRUE(std::isnan(Judge(*detector, {0, kUnknownWord}).raw));
  EXPECT_TRUE(std::isnan(Judge(*detector, {0}).raw));
}

// The second time within the day is log10(2) + log10(2) less; three days later the recent ones are
// an eighth: log10(1 + 2) + log10(1 + 2 / 8).
TEST_F(PairsTest, RepetitionWearsOff) {
  const auto detector = MakePairsDetector(Trained(), kTexts, {});
  const float first = Judge(*detector, {0, 2}).raw;
  EXPECT_NEAR(Judge(*detector, {0, 2}).raw, first - 2 * std::log10(2.0f), 1e-4);
  EXPECT_NEAR(Judge(*detector, {0, 2}, false, 3 * 86'400).raw,
              first - std::log10(3.0f) - std::log10(1.25f), 1e-4);
}

TEST_F(PairsTest, MemorySurvivesARestart) {
  const auto first = MakePairsDetector(Trained(), kTexts, {});
  Judge(*first, {0, 2});
  const auto second = MakePairsDetector(Trained(), kTexts, {});
  const std::string state = StateOf(*first);
  ASSERT_TRUE(LoadState(*second, state));
  std::string changes;
  StateWriter drain(&changes);
  first->SaveChanges(drain);
  changes.clear();
  Judge(*first, {2, 1});
  StateWriter out(&changes);
  first->SaveChanges(out);
  StateReader in(changes);
  ASSERT_TRUE(second->ApplyChanges(in));
  EXPECT_EQ(StateOf(*second), StateOf(*first));
  for (size_t length = 0; length < state.size(); ++length)
    EXPECT_FALSE(LoadState(*second, state.substr(0, length))) << length;
}

TEST_F(PairsTest, MemoryIsBounded) {
  PairsTrainer trainer(100, false);
  std::vector<uint32_t> all(100);
  for (uint32_t word = 0; word < 100; ++word) all[word] = word;
  trainer.Add(all);
  const auto detector = MakePairsDetector(trainer.Finish(), {}, {});
  for (uint32_t a = 0; a < 99; ++a)
    for (uint32_t b = 0; b < 100; ++b) {
      const std::vector<Event> events = {MakeEvent(a, a), MakeEvent(b, a)};
      ScoreOne(*detector, catalog_, MakeWindow(events));
    }
  EXPECT_LT(StateOf(*detector).size(), 2049u * 30);
}

TEST(PairsTensorsTest, RoundTripAndWhatDoesNotFit) {
  const PairsModel model = Trained();
  const TensorMap good = ToTensors(model);
  const auto back = PairsFrom(good, 5);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->second, model.second);
  EXPECT_EQ(back->begin, model.begin);
  EXPECT_EQ(back->surprise, model.surprise);
  EXPECT_TRUE(back->sessions);
  EXPECT_FALSE(PairsFrom(good, 4).ok());
  for (const auto& [name, tensor] : good) {
    TensorMap missing = good;
    missing.erase(name);
    EXPECT_FALSE(PairsFrom(missing, 5).ok()) << name;
    for (size_t i = 0; i < tensor.data.size(); ++i) {
      TensorMap odd = good;
      odd[name].data[i] = -1;
      EXPECT_FALSE(PairsFrom(odd, 5).ok()) << name << " " << i;
    }
  }
  TensorMap beyond = good;
  beyond["begin"].data.back() += 1;
  EXPECT_FALSE(PairsFrom(beyond, 5).ok());
}

}  // namespace
}  // namespace alogd
