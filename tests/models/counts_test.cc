// SPDX-License-Identifier: MIT
// The counts detector by hand.
#include "models/counts.h"

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

std::vector<Event> Events(const std::vector<uint32_t>& words) {
  std::vector<Event> events;
  for (const uint32_t word : words) events.push_back(MakeEvent(word));
  return events;
}

CountsModel Model() {
  CountsTrainer trainer({});
  for (const auto& words : std::vector<std::vector<uint32_t>>{{0, 1, 2}, {0, 1, 1, 1, 2}}) {
    const std::vector<Event> events = Events(words);
    trainer.Add(MakeWindow(events, "s", true));
  }
  return trainer.Finish();
}

float Raw(const std::vector<uint32_t>& words, bool session = true) {
  const auto detector = MakeCountsDetector(Model(), kTexts, {0, 0.1, 1, 10});
  const std::vector<Event> events = Events(words);
  return ScoreOne(*detector, MakeCatalog(kTexts), MakeWindow(events, "s", session)).raw;
}

TEST(CountsTest, SeenVectorsInAnyOrder) {
  EXPECT_EQ(Raw({0, 1, 2}), 0);
  EXPECT_EQ(Raw({2, 1, 0}), 0);
  EXPECT_EQ(Raw({1, 0, 1, 2, 1}), 0);
}

TEST(CountsTest, DistanceToTheNearest) {
  EXPECT_FLOAT_EQ(Raw({0, 1, 1, 2}), 0.2f);   // 1 of {0, 1, 1, 1, 2} missing: 1 / 5
  EXPECT_FLOAT_EQ(Raw({0, 1}), 1.0f / 3);     // 1 of {0, 1, 2}
  EXPECT_FLOAT_EQ(Raw({0, 1, 2, 2}), 0.25f);  // 1 more than {0, 1, 2}
  EXPECT_FLOAT_EQ(Raw({kUnknownWord}), 1);    // nothing in common
  EXPECT_FLOAT_EQ(Raw({0, 1, 2, kUnknownWord}), 0.25f);
}

TEST(CountsTest, SaysWhatDiffers) {
  const auto detector = MakeCountsDetector(Model(), kTexts, {0, 0.1, 1, 10});
  const std::vector<Event> events = Events({0, 1, 2, 2});
  const Score score = ScoreOne(*detector, MakeCatalog(kTexts), MakeWindow(events, "s", true));
  EXPECT_GT(score.anomaly, 0);
  ASSERT_TRUE(score.evidence);
  EXPECT_NE(score.evidence->summary.find("'close <*>' came 2 times, there 1"), std::string::npos)
      << score.evidence->summary;
  EXPECT_EQ(score.evidence->last, 3u);
}

TEST(CountsTest, ShortWindowsOfStreamsSayNothing) { EXPECT_TRUE(std::isnan(Raw({0, 1}, false))); }

TEST(CountsTest, ComesBackFromTensors) {
  const CountsModel model = Model();
  const Result<CountsModel> back = CountsFrom(ToTensors(model), 3);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->seen, model.seen);
  EXPECT_EQ(back->window, 20u);
  const TensorMap good = ToTensors(model);
  const auto refused = [&](const char* name, size_t at, float value) {
    TensorMap bad = good;
    bad[name].data.at(at) = value;
    return !CountsFrom(bad, 3).ok();
  };
  EXPECT_TRUE(refused("words", 0, 3));
  EXPECT_TRUE(refused("words", 0, 2));  // not ascending
  EXPECT_TRUE(refused("counts", 0, 0));
  EXPECT_TRUE(refused("ends", 0, 100));
  EXPECT_TRUE(refused("settings", 0, 0));
  EXPECT_FALSE(CountsFrom({}, 3));
}

}  // namespace
}  // namespace alogd
