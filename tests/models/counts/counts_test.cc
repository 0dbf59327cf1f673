// SPDX-License-Identifier: MIT
// The counts detector by hand.
#include "models/counts/counts.h"

#include <gtest/gtest.h>

#include <cmath>

#include "models/corpus/corpus.h"
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

CountsModel Train(const std::vector<std::vector<uint32_t>>& sessions) {
  CountsTrainer trainer({}, kTexts.size());
  for (const auto& words : sessions) {
    const std::vector<Event> events = Events(words);
    trainer.Add(MakeWindow(events, "s", true));
  }
  return trainer.Finish();
}

// Distances alone: nothing is known of which numbers vary.
CountsModel Model() {
  CountsModel model = Train({{0, 1, 2}, {0, 1, 1, 1, 2}});
  model.surprise.clear();
  return model;
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

// Three vectors came once: 2, 3 and 4 reads. Each differs from its nearest in reads alone, nothing
// differs in opens or closes: three and none of 8 sessions were new so.
TEST(CountsTest, WhatVariesSurprisesLess) {
  const CountsModel model = Train({{0, 1, 2},
                                   {0, 1, 2},
                                   {0, 1, 2},
                                   {0, 1, 2},
                                   {0, 1, 2},
                                   {0, 1, 1, 2},
                                   {0, 1, 1, 1, 2},
                                   {0, 1, 1, 1, 1, 2}});
  ASSERT_EQ(model.surprise.size(), 4u);
  const float varies = -std::log10(3.5f / 9), never = -std::log10(0.5f / 9);
  EXPECT_FLOAT_EQ(model.surprise[0], never);
  EXPECT_FLOAT_EQ(model.surprise[1], varies);
  EXPECT_FLOAT_EQ(model.surprise[2], never);
  EXPECT_FLOAT_EQ(model.surprise[3], never);  // unknown templates
  const auto detector = MakeCountsDetector(model, kTexts, {0, 0.1, 1, 10});
  const auto raw = [&](const std::vector<uint32_t>& words) {
    const std::vector<Event> events = Events(words);
    return ScoreOne(*detector, MakeCatalog(kTexts), MakeWindow(events, "s", true)).raw;
  };
  EXPECT_EQ(raw({0, 1, 1, 2}), 0);
  EXPECT_FLOAT_EQ(raw({0, 1, 1, 1, 1, 1, 2}), varies + 1.0f / 7);  // one read more than ever
  EXPECT_FLOAT_EQ(raw({0, 1, 2, 2}), never + 1.0f / 4);            // one close more
  EXPECT_FLOAT_EQ(raw({0, 1, 2, kUnknownWord}), never + 1.0f / 4);
  EXPECT_FLOAT_EQ(raw({kUnknownWord}), never + 1);  // nothing in common
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

// A stride of two: of four records the last two are new in a window. An odd record counts there and
// not once more in the window after.
TEST(CountsTest, OddRecordCountsOnce) {
  CountsModel model = Model();
  model.window = 4;
  model.stride = 2;
  model.rare = {false, false, true};
  const auto detector = MakeCountsDetector(model, kTexts, {0, 0.1, 1, 10});
  const auto raw = [&](const std::vector<uint32_t>& words) {
    const std::vector<Event> events = Events(words);
    return ScoreOne(*detector, MakeCatalog(kTexts), MakeWindow(events, "s", false)).raw;
  };
  EXPECT_GT(raw({0, 1, 1, kUnknownWord}), 0);
  EXPECT_TRUE(std::isnan(raw({1, kUnknownWord, 0, 1})));
  EXPECT_GT(raw({0, 1, 2, 1}), 0);  // rare
  EXPECT_TRUE(std::isnan(raw({2, 1, 0, 1})));
}

// In parts of a thinned corpus and in the live stream alike.
TEST(CountsTest, SilentStreamsSayNothing) {
  CountsModel model = Model();
  model.window = 2;
  model.silent = {"/var/log/a\tb"};
  const auto detector = MakeCountsDetector(model, kTexts, {0, 0.1, 1, 10});
  const std::vector<Event> events = Events({1, 1});
  const auto raw = [&](const std::string& stream) {
    return ScoreOne(*detector, MakeCatalog(kTexts), MakeWindow(events, stream, false)).raw;
  };
  EXPECT_TRUE(std::isnan(raw("/var/log/a\tb")));
  EXPECT_TRUE(std::isnan(raw(PartOfStream("/var/log/a\tb", "3.0"))));
  EXPECT_GT(raw("/var/log/a\tc"), 0);
}

TEST(CountsTest, ComesBackFromTensors) {
  const CountsModel model = Train({{0, 1, 2}, {0, 1, 1, 1, 2}});
  const Result<CountsModel> back = CountsFrom(ToTensors(model), 3);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->seen, model.seen);
  EXPECT_EQ(back->surprise, model.surprise);
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
  EXPECT_TRUE(refused("surprise", 0, -1));
  TensorMap other = good;
  other["surprise"].data.push_back(1);
  EXPECT_FALSE(CountsFrom(other, 3));
  EXPECT_FALSE(CountsFrom({}, 3));
}

}  // namespace
}  // namespace alogd
