// SPDX-License-Identifier: MIT
// The length detector by hand.
#include "models/length/length.h"

#include <gtest/gtest.h>

#include <cmath>

#include "testing/models_windows.h"

namespace alogd {
namespace {

using testing::MakeCatalog;
using testing::MakeEvent;
using testing::MakeWindow;
using testing::ScoreOne;

const std::vector<std::string> kTexts = {"open <*>", "read <*>", "close <*>"};

// "open", n times "read" a second apart, and `last`.
std::vector<Event> Session(size_t reads, uint32_t last = 2, int64_t step = 1) {
  std::vector<Event> events = {MakeEvent(0, 0)};
  for (size_t i = 1; i <= reads; ++i)
    events.push_back(MakeEvent(1, static_cast<int64_t>(i) * step));
  events.push_back(MakeEvent(last, static_cast<int64_t>(reads + 1) * step));
  return events;
}

// 99 sessions of 2 to 4 reads, 33 of each.
LengthModel Model() {
  LengthTrainer trainer(3);
  for (size_t i = 0; i < 99; ++i) {
    const std::vector<Event> events = Session(2 + i % 3);
    trainer.Add(MakeWindow(events, "s", true));
  }
  return trainer.Finish();
}

Score ScoreOf(const std::vector<Event>& events, bool session = true) {
  const auto detector = MakeLengthDetector(Model(), kTexts, {0, 1.5, 4, 10});
  return ScoreOne(*detector, MakeCatalog(kTexts), MakeWindow(events, "s", session));
}

TEST(LengthTest, UsualSessionsAreNoSurprise) {
  // The shortest are a third of all: -log10(33.5 / 100) less the two sides' log10(2).
  EXPECT_NEAR(ScoreOf(Session(2)).raw, 0.475 - 0.301, 1e-3);
  EXPECT_LT(ScoreOf(Session(3)).raw, 0.01);  // the end: 99.5 / 100
}

TEST(LengthTest, TooLongAndTooShort) {
  // None so long: -log10(0.5 / 100) - log10(2), and log2(18 / 6) beyond the range.
  EXPECT_NEAR(ScoreOf(Session(16)).raw, 2.301 - 0.301 + std::log2(17.0 / 5), 2e-3);
  const Score score = ScoreOf(Session(0));
  EXPECT_NEAR(score.raw, 2 + std::log2(3.0), 2e-3);  // the duration: 1 s, at least 3 s
  ASSERT_TRUE(score.evidence);
  EXPECT_NE(score.evidence->summary.find("took 1.0 s"), std::string::npos)
      << score.evidence->summary;
}

TEST(LengthTest, TooSlow) {
  const Score score = ScoreOf(Session(3, 2, 100));
  EXPECT_NEAR(score.raw, 2 + std::log2(400.0 / 5), 2e-3);
  ASSERT_TRUE(score.evidence);
  EXPECT_NE(score.evidence->summary.find("took 7 min"), std::string::npos)
      << score.evidence->summary;
}

TEST(LengthTest, EndsWhereNoSessionDid) {
  const Score score = ScoreOf(Session(3, 1));
  EXPECT_NEAR(score.raw, 2.301, 1e-3);
  ASSERT_TRUE(score.evidence);
  EXPECT_EQ(score.evidence->summary, "the session ended with 'read <*>'; of 99 in training 0 did");
  EXPECT_TRUE(std::isnan(ScoreOf(Session(3), false).raw));
}

TEST(LengthTest, ComesBackFromTensors) {
  const LengthModel model = Model();
  const Result<LengthModel> back = LengthFrom(ToTensors(model), 3);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->lengths, model.lengths);
  EXPECT_EQ(back->ends, model.ends);
  EXPECT_EQ(back->durations.size(), 99u);
  EXPECT_FALSE(LengthFrom(ToTensors(model), 4));
  TensorMap bad = ToTensors(model);
  bad["durations"].data[0] = 1e6f;  // not ascending
  EXPECT_FALSE(LengthFrom(bad, 3));
  EXPECT_FALSE(LengthFrom({}, 3));
}

// Durations that no float holds exactly are the same after loading.
TEST(LengthTest, LoadedDurationsAreNoSurprise) {
  LengthTrainer trainer(3);
  const std::vector<Event> events = {MakeEvent(0, 0), MakeEvent(2, 0)};
  for (size_t i = 0; i < 99; ++i) trainer.Add(MakeWindow(events, "s", true));
  const Result<LengthModel> loaded = LengthFrom(ToTensors(trainer.Finish()), 3);
  ASSERT_TRUE(loaded);
  const auto detector = MakeLengthDetector(*loaded, kTexts, {0, 1.5, 4, 10});
  EXPECT_LT(ScoreOne(*detector, MakeCatalog(kTexts), MakeWindow(events, "s", true)).raw, 0.01);
}

TEST(LengthTest, DurationsAreBounded) {
  LengthTrainer trainer(3);
  for (size_t i = 0; i < 3 * LengthModel::kMaxDurations; ++i) {
    const std::vector<Event> events = Session(1 + i % 7);
    trainer.Add(MakeWindow(events, "s", true));
  }
  EXPECT_LE(trainer.Finish().durations.size(), LengthModel::kMaxDurations);
}

}  // namespace
}  // namespace alogd
