// SPDX-License-Identifier: MIT
// The values detector: what it learns, finds and says, and its place in a bundle and in the state.
#include "models/values/values.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "testing/models_windows.h"

namespace alogd {
namespace {

using testing::LoadState;
using testing::MakeCatalog;
using testing::MakeEvent;
using testing::StateOf;

const std::vector<std::string> kTexts = {"request took <*> ms", "sent <*> bytes in <*> s", "idle"};

// The gradient of one window against central differences, in floats: within their rounding.
TEST(ValueLstmTest, GradientAgainstFiniteDifferences) {
  const ValueLstmShape shape{2, 3};
  std::mt19937 random(1);
  const auto draw = [&] { return static_cast<float>(random() % 2001) / 1000 - 1; };
  std::vector<float> parameters(shape.size()), history(8), target = {0.3f, -0.7f};
  for (float& p : parameters) p = draw();
  for (float& x : history) x = draw();
  ValueLstm lstm(shape);
  std::vector<float> gradient(shape.size(), 0.0f), unused(shape.size());
  lstm.Learn(parameters, history, target, gradient);
  for (size_t i = 0; i < parameters.size(); ++i) {
    const float kept = parameters[i];
    double error[2];
    for (const int side : {0, 1}) {
      parameters[i] = kept + (side == 0 ? -0.01f : 0.01f);
      error[side] = lstm.Learn(parameters, history, target, unused);
    }
    parameters[i] = kept;
    EXPECT_NEAR(static_cast<double>(gradient[i]), (error[1] - error[0]) / 0.02, 2e-4) << i;
  }
}

// A gap of a second, "took" between 8 and 20 ms.
ValueTrainer Requests(size_t records, uint64_t seed = 1) {
  ValueTrainer trainer({}, seed);
  std::mt19937 random(7);
  for (size_t i = 0; i < records; ++i) {
    const float took = 8 + static_cast<float>(random() % 1200) / 100;
    trainer.Add(0, 1000, std::span(&took, 1));
  }
  return trainer;
}

class ValuesDetectorTest : public ::testing::Test {
 protected:
  ValuesDetectorTest() : catalog_(MakeCatalog(kTexts)) {}

  // One record of word `word` with these numbers, `gap` ms after the one before.
  Score ScoreRecord(Detector& detector, uint32_t word, std::vector<float> numbers,
                    int64_t gap = 1000, bool explain = true) {
    now_ += gap * 1000;
    Event before = MakeEvent(2), event = MakeEvent(word);
    before.time = FromMicros(now_ - gap * 1000);
    event.time = FromMicros(now_);
    event.numbers = 1;
    numbers.insert(numbers.begin(), static_cast<float>(numbers.size()));
    const std::vector<Event> events = {before, event};
    const Window window = testing::MakeWindow(events);
    ScoreContext context{catalog_, explain};
    context.numbers = numbers;
    std::vector<Score> scores(1);
    detector.ScoreBatch(context, std::span(&window, 1), scores);
    return std::move(scores[0]);
  }
  static std::unique_ptr<Detector> Make(const ValueTrainer& trainer) {
    return MakeValuesDetector(trainer.Finish(nullptr), kTexts, {});
  }

  Catalog catalog_;
  int64_t now_ = 1'000'000'000;
};

TEST_F(ValuesDetectorTest, NineSecondsWhereMillisecondsAreUsual) {
  const auto detector = Make(Requests(2000));
  for (const float usual : {8.5f, 12.0f, 19.5f})
    EXPECT_LT(ScoreRecord(*detector, 0, {usual}).raw, 4) << usual;
  const Score score = ScoreRecord(*detector, 0, {9000});
  EXPECT_GT(score.raw, 15);
  ASSERT_TRUE(score.evidence);
  EXPECT_EQ(score.evidence->detector, "values");
  // 8 to 20 in training; the interval of a Gaussian on their logarithm is somewhat wider.
  EXPECT_TRUE(score.evidence->summary.starts_with("'request took <*> ms': 9,000 where "))
      << score.evidence->summary;
  EXPECT_GT(ScoreRecord(*detector, 0, {0.1f}).raw, 8);
}

TEST_F(ValuesDetectorTest, TheTimeBeforeARecord) {
  const auto detector = Make(Requests(2000));
  const Score score = ScoreRecord(*detector, 0, {12}, 400'000);
  // asinh(400 s / 1 s) - asinh(1 s / 1 s) = 6.685 - 0.881, in deviations of 0.5
  EXPECT_NEAR(score.raw, 11.6, 0.1);
  EXPECT_LT(ScoreRecord(*detector, 0, {12}, 3000).raw, 4);  // late by two seconds
  EXPECT_TRUE(score.evidence->summary.starts_with(
      "'request took <*> ms' came 6.67 min after the record before it, where "))
      << score.evidence->summary;
}

TEST_F(ValuesDetectorTest, NoOpinion) {
  const auto detector = Make(Requests(2000));
  EXPECT_TRUE(std::isnan(ScoreRecord(*detector, 0, {1, 2}).raw));  // as many numbers never came
  EXPECT_TRUE(std::isnan(ScoreRecord(*detector, 2, {9000}).raw));  // not modelled
  EXPECT_EQ(NumberWords(Requests(2000).Finish(nullptr), 3),
            (std::vector<bool>{true, false, false}));
}

TEST(ValueTrainerTest, TooFewRecordsTeachNothing) {
  EXPECT_TRUE(Requests(499).Finish(nullptr).templates.empty());
  EXPECT_EQ(Requests(500).Finish(nullptr).templates.size(), 1u);
}

// 0, 10, 0, 10 ...: the next is told by the last, and a wrong turn is far out of the interval.
TEST_F(ValuesDetectorTest, TheNetworkKnowsTheOrder) {
  ValueTrainer trainer({}, 1);
  std::mt19937 random(3);
  for (size_t i = 0; i < 3000; ++i) {
    const float value = static_cast<float>(i % 2 == 0 ? 10 : 1000) *
                        (1 + static_cast<float>(random() % 100) / 1000);
    trainer.Add(0, 1000, std::span(&value, 1));
  }
  const ValueModel model = trainer.Finish(nullptr);
  ASSERT_EQ(model.templates.size(), 1u);
  EXPECT_FALSE(model.templates[0].lstm.empty());
  const auto detector = MakeValuesDetector(model, kTexts, {});
  for (size_t i = 0; i < 20; ++i) ScoreRecord(*detector, 0, {i % 2 == 0 ? 10.5f : 1050.0f});
  EXPECT_LT(ScoreRecord(*detector, 0, {10.5f}).raw, 4);
  EXPECT_GT(ScoreRecord(*detector, 0, {10.5f}).raw, 8);
}

// Independent values: a network that says no more than the mean is left out.
TEST(ValueTrainerTest, WhatTheMeanSaysNeedsNoNetwork) {
  EXPECT_TRUE(Requests(2000).Finish(nullptr).templates[0].lstm.empty());
}

// A counter is beyond what training saw as soon as training is over.
TEST(ValueTrainerTest, WhatDriftsIsLeftOut) {
  ValueTrainer trainer({}, 1);
  for (size_t i = 0; i < 2000; ++i) {
    const float numbers[] = {static_cast<float>(1000 + 10 * i), 5};
    trainer.Add(1, 1000, numbers);
  }
  const ValueModel model = trainer.Finish(nullptr);
  ASSERT_EQ(model.templates.size(), 1u);
  for (const ValuePlace& place : model.templates[0].places) EXPECT_NE(place.number, 1u);
  EXPECT_EQ(model.templates[0].places.back().number, 2u);
}

TEST(ValueTrainerTest, SameSeedSameBits) {
  const auto weights = [](uint64_t seed) {
    ValueTrainer trainer({}, seed);
    for (size_t i = 0; i < 1000; ++i) {
      const float value = i % 2 == 0 ? 10.0f : 1000.0f;
      trainer.Add(0, 1000, std::span(&value, 1));
    }
    return ToTensors(trainer.Finish(nullptr)).at("weights").data;
  };
  EXPECT_EQ(weights(1), weights(1));
  EXPECT_NE(weights(1), weights(2));
}

TEST_F(ValuesDetectorTest, MemorySurvivesARestart) {
  ValueTrainer trainer({}, 1);
  for (size_t i = 0; i < 1000; ++i) {
    const float value = i % 2 == 0 ? 10.0f : 1000.0f;
    trainer.Add(0, 1000, std::span(&value, 1));
  }
  const ValueModel model = trainer.Finish(nullptr);
  const auto first = MakeValuesDetector(model, kTexts, {});
  for (size_t i = 0; i < 7; ++i) ScoreRecord(*first, 0, {i % 2 == 0 ? 10.0f : 1000.0f});
  std::string snapshot = StateOf(*first), changes;
  const auto second = MakeValuesDetector(model, kTexts, {});
  ASSERT_TRUE(LoadState(*second, snapshot));
  StateWriter drain(&changes);
  first->SaveChanges(drain);
  changes.clear();
  ScoreRecord(*first, 0, {1000});
  StateWriter out(&changes);
  first->SaveChanges(out);
  StateReader in(changes);
  ASSERT_TRUE(second->ApplyChanges(in));
  EXPECT_EQ(StateOf(*first), StateOf(*second));
  EXPECT_EQ(ScoreRecord(*first, 0, {300}).raw, ScoreRecord(*second, 0, {300}).raw);
}

// Another bundle's memory, or a damaged one, is begun anew.
TEST_F(ValuesDetectorTest, ForeignMemoryIsRefused) {
  const ValueModel model = Requests(2000).Finish(nullptr);
  const auto one = MakeValuesDetector(model, kTexts, {});
  const auto other = MakeValuesDetector(model, std::vector<std::string>{"other <*>"}, {});
  EXPECT_FALSE(LoadState(*other, StateOf(*one)));
  const std::string state = StateOf(*one);
  for (size_t length = 0; length < state.size(); ++length)
    EXPECT_FALSE(LoadState(*one, state.substr(0, length))) << length;
}

TEST(ValuesTensorsTest, RoundTripAndWhatDoesNotFit) {
  ValueTrainer trainer({}, 1);
  for (size_t i = 0; i < 1000; ++i) {
    const float numbers[] = {i % 2 == 0 ? 10.0f : 1000.0f, 5};
    trainer.Add(1, 1000, numbers);
  }
  const ValueModel model = trainer.Finish(nullptr);
  const TensorMap good = ToTensors(model);
  const auto back = ValuesFrom(good, 3);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(SerializeTensors(ToTensors(*back)), SerializeTensors(good));
  EXPECT_FALSE(ValuesFrom(good, 1).ok());  // a word beyond the vocabulary
  for (const auto& [name, tensor] : good) {
    TensorMap missing = good;
    missing.erase(name);
    EXPECT_FALSE(ValuesFrom(missing, 3).ok()) << name;
    TensorMap torn = good;
    torn[name].data.pop_back();
    EXPECT_FALSE(ValuesFrom(torn, 3).ok()) << name;
    for (size_t i = 0; i < tensor.data.size() && name != "weights"; ++i) {
      TensorMap odd = good;
      odd[name].data[i] = -1e9f;
      if (name == "places" && (i % 6 == 2 || i % 6 == 4)) continue;  // means may be anything
      EXPECT_FALSE(ValuesFrom(odd, 3).ok()) << name << " " << i;
    }
  }
}

}  // namespace
}  // namespace alogd
