// SPDX-License-Identifier: MIT
// The detector "deeplog": which positions it judges, how, what it says, and its weights as tensors.
#include "models/sequence/sequence_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/templates/catalog.h"
#include "models/deeplog/deeplog.h"
#include "models/sequence/next_word.h"
#include "testing/lstm_reference.h"

namespace alogd {
namespace {

using ::testing::HasSubstr;

constexpr uint32_t kWindow = 3;

// A model with random weights: what it says of each window is worked out by the plain loop.
DeepLogModel RandomModel(uint32_t words, bool sessions) {
  DeepLogModel model;
  model.options.window = kWindow;
  model.options.layers = {10, 6};
  model.options.embedding = 4;
  model.words = words;
  model.sessions = sessions;
  model.top = 2;
  model.end_shift = 0.25f;
  model.common.assign(words + 1, 0.125f);
  model.layout = MakeLstmLayout(words, 4, model.options.layers.data(), 2);
  model.parameters = testing::RandomParameters(model.layout, 43, 2.0);
  return model;
}

std::vector<Event> Events(std::vector<uint32_t> words) {
  std::vector<Event> events;
  for (const uint32_t word : words) {
    Event event{};
    event.word = word;
    event.id = TemplateId{word};
    events.push_back(event);
  }
  return events;
}

Window Full(const std::vector<Event>& events) { return {events, "sshd", {}, false, false}; }
Window Session(const std::vector<Event>& events) { return {events, "blk_1", {}, true, false}; }
Window Tail(const std::vector<Event>& events) { return {events, "sshd", {}, false, true}; }

// The raw score of `target` after `history`, from the formulas of doc/detectors-networks.md.
double ExpectedRaw(const DeepLogModel& model, std::vector<uint32_t> history, uint32_t target) {
  const std::vector<double> wide(model.parameters.begin(), model.parameters.end());
  const std::vector<double> p = testing::ReferenceDistribution(model.layout, wide, history);
  const double share = static_cast<double>(kCommonShare);
  const double loss =
      -std::log10((1 - share) * p[target] + share * static_cast<double>(model.common[target]));
  if (target == model.words) return std::max(loss + static_cast<double>(model.end_shift), 0.0);
  size_t rank = 0;
  for (const double other : p) rank += other > p[target];
  return rank < model.top ? std::max(loss - static_cast<double>(kTopRelief), 0.0) : loss;
}

class DeepLogDetectorTest : public ::testing::Test {
 protected:
  std::vector<Score> Scores(Detector& detector, const std::vector<Window>& windows,
                            bool explain = false) {
    std::vector<Score> scores(windows.size());
    detector.ScoreBatch({catalog_, explain}, windows, scores);
    return scores;
  }
  std::unique_ptr<Detector> Make(const DeepLogModel& model, double threshold = 1e9,
                                 size_t cache = kSequenceCache) {
    Calibration calibration;
    calibration.threshold = threshold;
    calibration.top = threshold + 1;
    return MakeDeepLogDetector(model, calibration, 0, {"open <*>", "read <*>", "write", "close"},
                               cache);
  }
  Catalog catalog_;
};

TEST_F(DeepLogDetectorTest, WantsHistoryAndTarget) {
  const auto detector = Make(RandomModel(4, false));
  EXPECT_EQ(detector->name(), "deeplog");
  EXPECT_EQ(detector->spec().size, kWindow + 1);
  EXPECT_EQ(detector->spec().stride, 1u);
}

TEST_F(DeepLogDetectorTest, FullWindowIsJudgedByItsLastRecord) {
  const DeepLogModel model = RandomModel(4, false);
  const auto detector = Make(model);
  for (uint32_t last = 0; last < 4; ++last) {
    const auto events = Events({1, 3, 0, last});
    const double expected = ExpectedRaw(model, {1, 3, 0}, last);
    EXPECT_NEAR(static_cast<double>(Scores(*detector, {Full(events)})[0].raw), expected, 1e-4);
  }
}

// START stands before the first record; the highest of all positions and of END counts.
TEST_F(DeepLogDetectorTest, SessionIsJudgedAtEveryPositionAndItsEnd) {
  const DeepLogModel model = RandomModel(4, true);
  const auto detector = Make(model);
  const auto events = Events({2, 0, 1, 1, 3});
  double highest = 0;
  const std::vector<std::vector<uint32_t>> histories = {{4, 4, 4}, {4, 4, 2}, {4, 2, 0},
                                                        {2, 0, 1}, {0, 1, 1}, {1, 1, 3}};
  const uint32_t targets[] = {2, 0, 1, 1, 3, 4};
  for (size_t i = 0; i < histories.size(); ++i)
    highest = std::max(highest, ExpectedRaw(model, histories[i], targets[i]));
  const Score score = std::move(Scores(*detector, {Session(events)})[0]);
  EXPECT_NEAR(static_cast<double>(score.raw), highest, 1e-4);
}

TEST_F(DeepLogDetectorTest, SessionOfOneRecordHasAScore) {
  const DeepLogModel model = RandomModel(4, true);
  const auto detector = Make(model);
  const auto events = Events({2});
  const double expected =
      std::max(ExpectedRaw(model, {4, 4, 4}, 2), ExpectedRaw(model, {4, 4, 2}, 4));
  EXPECT_NEAR(static_cast<double>(Scores(*detector, {Session(events)})[0].raw), expected, 1e-4);
}

// What a pause cut short is judged at every position, but no END: streams do not end.
TEST_F(DeepLogDetectorTest, TailIsJudgedWithoutAnEnd) {
  const DeepLogModel model = RandomModel(4, false);
  const auto detector = Make(model);
  const auto events = Events({2, 3});
  const double expected =
      std::max(ExpectedRaw(model, {4, 4, 4}, 2), ExpectedRaw(model, {4, 4, 2}, 3));
  EXPECT_NEAR(static_cast<double>(Scores(*detector, {Tail(events)})[0].raw), expected, 1e-4);
}

TEST_F(DeepLogDetectorTest, NoOpinionOnUnknownWords) {
  const auto detector = Make(RandomModel(4, false));
  for (const uint32_t unknown : {kUnknownWord, 4u, 1000u}) {
    for (size_t at = 0; at < 4; ++at) {
      auto events = Events({1, 2, 3, 0});
      events[at].word = unknown;
      EXPECT_TRUE(std::isnan(Scores(*detector, {Full(events)})[0].raw)) << "at " << at;
    }
  }
}

// The unknown word takes the positions out that it would be in; those before it still count.
TEST_F(DeepLogDetectorTest, SessionWithAnUnknownWordIsJudgedElsewhere) {
  const DeepLogModel model = RandomModel(4, true);
  const auto detector = Make(model);
  const auto events = Events({2, kUnknownWord, 1, 3});
  EXPECT_NEAR(static_cast<double>(Scores(*detector, {Session(events)})[0].raw),
              ExpectedRaw(model, {4, 4, 4}, 2), 1e-4);
  const auto unknown = Events({kUnknownWord, 1});
  EXPECT_TRUE(std::isnan(Scores(*detector, {Session(unknown)})[0].raw));
}

TEST_F(DeepLogDetectorTest, RankIsLenientUntilTheLikelihoodIsFarTooSmall) {
  EXPECT_EQ(DeepLogRaw(0.5f, 0, 2), 0.0f);               // likely, among the top
  EXPECT_EQ(DeepLogRaw(4.0f, 1, 2), 4.0f - kTopRelief);  // among the top, and yet absurd
  EXPECT_EQ(DeepLogRaw(2.0f, 2, 2), 2.0f);               // beyond the top
  EXPECT_EQ(DeepLogRaw(0.3f, 5, 2), 0.3f);               // beyond, where many are alike
}

// Of two words that the model holds for impossible, the common one is bounded by 1e-4 of its share.
TEST_F(DeepLogDetectorTest, CommonWordsAreNeverAbsurd) {
  EXPECT_NEAR(DeepLogLoss(60.0f, 0.1f), 5.0f, 1e-4f);
  EXPECT_NEAR(DeepLogLoss(60.0f, 0.0001f), 8.0f, 1e-4f);
  EXPECT_NEAR(DeepLogLoss(std::log(100.0f), 0.1f), 2.0f, 1e-3f);  // p = 0.01: no matter
  EXPECT_TRUE(std::isfinite(DeepLogLoss(300.0f, 0.0f)));
}

TEST_F(DeepLogDetectorTest, GivenTopOverridesTheModels) {
  const DeepLogModel model = RandomModel(4, false);
  const auto lenient = MakeDeepLogDetector(model, {}, 5, {});
  DeepLogModel same = model;
  same.top = 5;
  for (uint32_t last = 0; last < 4; ++last) {
    const auto events = Events({1, 3, 0, last});
    EXPECT_NEAR(static_cast<double>(Scores(*lenient, {Full(events)})[0].raw),
                ExpectedRaw(same, {1, 3, 0}, last), 1e-4);
  }
}

// Streams and sessions of all lengths, in batches of all sizes, with and without a cache (a tiny
// one, too): bit for bit the same.
TEST_F(DeepLogDetectorTest, BatchAndCacheChangeNothing) {
  const DeepLogModel model = RandomModel(4, true);
  std::vector<std::vector<Event>> events;
  uint32_t random = 1;
  for (uint32_t i = 0; i < 300; ++i) {
    std::vector<uint32_t> words;
    for (uint32_t k = 0; k <= i % 9; ++k) {
      random = random * 1664525u + 1013904223u;
      words.push_back((random >> 24) % 5);  // 4 is unknown
    }
    events.push_back(Events(words));
  }
  std::vector<Window> windows;
  for (const auto& list : events)
    windows.push_back(list.size() == kWindow + 1 ? Full(list) : Session(list));
  const auto plain = Make(model, 1e9, 0);
  const std::vector<Score> expected = Scores(*plain, windows);
  for (const size_t cache : {size_t{2}, size_t{64}, kSequenceCache}) {
    const auto cached = Make(model, 1e9, cache);
    for (const size_t batch : {1u, 7u, 64u, 300u}) {
      for (size_t begin = 0; begin < windows.size(); begin += batch) {
        const auto end = std::min(windows.size(), begin + batch);
        const std::vector<Score> scores =
            Scores(*cached, {windows.begin() + static_cast<ptrdiff_t>(begin),
                             windows.begin() + static_cast<ptrdiff_t>(end)});
        for (size_t i = 0; i < scores.size(); ++i) {
          const float want = expected[begin + i].raw;
          ASSERT_TRUE(scores[i].raw == want || (std::isnan(scores[i].raw) && std::isnan(want)))
              << "window " << begin + i << " cache " << cache << " batch " << batch;
        }
      }
    }
  }
}

TEST_F(DeepLogDetectorTest, CalibrationMakesTheAnomalyScore) {
  const DeepLogModel model = RandomModel(4, false);
  const auto events = Events({1, 3, 0, 2});
  const double raw = ExpectedRaw(model, {1, 3, 0}, 2);
  ASSERT_GT(raw, 0.1);
  const auto under = Make(model, raw + 0.01);
  const auto over = Make(model, raw - 0.5);
  const Score quiet = std::move(Scores(*under, {Full(events)})[0]);
  EXPECT_EQ(quiet.anomaly, 0.0f);
  EXPECT_EQ(quiet.evidence, nullptr);
  const Score loud = std::move(Scores(*over, {Full(events)})[0]);
  EXPECT_NEAR(loud.anomaly, 50.0f, 0.1f);  // half way from threshold to top
  EXPECT_NE(loud.evidence, nullptr);
}

// Weights that make the output a bias alone: probabilities known by hand.
DeepLogModel KnownProbabilities(bool sessions) {
  DeepLogModel model = RandomModel(4, sessions);
  std::fill(model.parameters.begin(), model.parameters.end(), 0.0f);
  model.common.assign(5, 0.0f);
  const double p[] = {0.62, 0.20, 0.0001, 0.09, 0.0899};
  for (size_t k = 0; k < 5; ++k)
    model.parameters[model.layout.bo + k] = static_cast<float>(std::log(p[k]));
  return model;
}

TEST_F(DeepLogDetectorTest, EvidenceSaysWhatWasExpectedAndWhatCame) {
  const auto detector = Make(KnownProbabilities(false), 3.0);
  const auto events = Events({1, 3, 0, 2});
  const Score score = std::move(Scores(*detector, {Full(events)})[0]);
  ASSERT_NE(score.evidence, nullptr);
  const Evidence& evidence = *score.evidence;
  EXPECT_EQ(evidence.detector, "deeplog");
  EXPECT_NEAR(evidence.raw, 4.0f, 1e-4f);
  EXPECT_EQ(evidence.threshold, 3.0f);
  EXPECT_EQ(evidence.summary,
            "after 'open <*>' expected 'open <*>' (62%), 'read <*>' (20%), 'close' (9%); "
            "came 'write' (0.01%, rank 5)");
  ASSERT_EQ(evidence.expected.size(), 3u);
  EXPECT_EQ(evidence.expected[0].first, "open <*>");
  EXPECT_NEAR(evidence.expected[0].second, 0.62f, 1e-5f);
  ASSERT_EQ(evidence.found.size(), 1u);
  EXPECT_EQ(evidence.found[0].first, "write");
  EXPECT_EQ(evidence.first, 3u);
  EXPECT_EQ(evidence.last, 3u);
}

TEST_F(DeepLogDetectorTest, EvidenceBlamesTheRecordWithinTheSession) {
  const auto detector = Make(KnownProbabilities(true), 3.0);
  const auto events = Events({0, 2, 1, 0, 2, 0});
  const Score score = std::move(Scores(*detector, {Session(events)})[0]);
  ASSERT_NE(score.evidence, nullptr);
  EXPECT_EQ(score.evidence->first, 1u);  // the earlier of two that are alike
  EXPECT_THAT(score.evidence->summary, HasSubstr("came 'write'"));
}

TEST_F(DeepLogDetectorTest, EvidenceOfAnEarlyEndBlamesTheLastRecord) {
  DeepLogModel model = KnownProbabilities(true);
  model.parameters[model.layout.bo + 4] = static_cast<float>(std::log(1e-6));
  const auto detector = Make(model, 3.0);
  const auto events = Events({0, 1});
  const Score score = std::move(Scores(*detector, {Session(events)})[0]);
  ASSERT_NE(score.evidence, nullptr);
  EXPECT_EQ(score.evidence->first, 1u);
  EXPECT_EQ(score.evidence->last, 1u);
  EXPECT_THAT(score.evidence->summary, HasSubstr("after 'read <*>' expected 'open <*>'"));
  EXPECT_THAT(score.evidence->summary, HasSubstr("the session ended (0.00011%)"));
  EXPECT_EQ(score.evidence->found[0].first, "(the end of the session)");
}

TEST_F(DeepLogDetectorTest, EvidenceOfTheFirstRecordNamesTheStart) {
  const auto detector = Make(KnownProbabilities(true), 3.0);
  const auto events = Events({2});
  const Score score = std::move(Scores(*detector, {Session(events)})[0]);
  ASSERT_NE(score.evidence, nullptr);
  EXPECT_THAT(score.evidence->summary, HasSubstr("at the start of the session expected"));
}

TEST_F(DeepLogDetectorTest, EvidenceWhereItWasAskedFor) {
  const auto detector = Make(KnownProbabilities(false));
  const auto events = Events({1, 3, 0, 0});
  EXPECT_EQ(Scores(*detector, {Full(events)})[0].evidence, nullptr);
  EXPECT_NE(Scores(*detector, {Full(events)}, true)[0].evidence, nullptr);
}

TEST_F(DeepLogDetectorTest, HostileTemplateTextIsEscaped) {
  const auto detector =
      MakeDeepLogDetector(KnownProbabilities(false), {}, 0, {"a\x1b[31m\n", "b", "c", "d"});
  const auto events = Events({1, 3, 0, 2});
  const Score score = std::move(Scores(*detector, {Full(events)}, true)[0]);
  EXPECT_EQ(score.evidence->summary.find('\x1b'), std::string::npos);
  EXPECT_EQ(score.evidence->summary.find('\n'), std::string::npos);
}

TEST(DeepLogTensorsTest, RoundTripIsExact) {
  const DeepLogModel model = RandomModel(7, true);
  const TensorMap tensors = ToTensors(model);
  EXPECT_EQ(tensors.at("embedding").shape, (std::vector<size_t>{8, 4}));
  EXPECT_EQ(tensors.at("layer1.wx").shape, (std::vector<size_t>{24, 10}));
  const auto back = DeepLogFromTensors(tensors, 7);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->parameters, model.parameters);
  EXPECT_EQ(back->options.window, kWindow);
  EXPECT_EQ(back->options.layers, model.options.layers);
  EXPECT_EQ(back->options.embedding, 4u);
  EXPECT_EQ(back->top, 2u);
  EXPECT_EQ(back->end_shift, 0.25f);
  EXPECT_EQ(back->common, model.common);
  EXPECT_TRUE(back->sessions);
}

TEST(DeepLogTensorsTest, WhatDoesNotFitIsRefused) {
  const TensorMap good = ToTensors(RandomModel(7, true));
  EXPECT_FALSE(DeepLogFromTensors(good, 8).ok());  // another vocabulary
  EXPECT_FALSE(DeepLogFromTensors({}, 7).ok());
  for (const auto& [name, tensor] : good) {
    TensorMap missing = good;
    missing.erase(name);
    EXPECT_FALSE(DeepLogFromTensors(missing, 7).ok()) << name;
    TensorMap reshaped = good;
    reshaped[name].shape.push_back(1);
    EXPECT_FALSE(DeepLogFromTensors(reshaped, 7).ok()) << name;
    TensorMap torn = good;
    torn[name].data.pop_back();
    EXPECT_FALSE(DeepLogFromTensors(torn, 7).ok()) << name;
    TensorMap infinite = good;
    infinite[name].data[0] = std::numeric_limits<float>::infinity();
    EXPECT_FALSE(DeepLogFromTensors(infinite, 7).ok()) << name;
  }
  TensorMap more = good;
  more["more"] = {{1}, {0}};
  EXPECT_FALSE(DeepLogFromTensors(more, 7).ok());
  for (const float window : {0.0f, 2.5f, -3.0f, 1e9f}) {
    TensorMap odd = good;
    odd["settings"].data[0] = window;
    EXPECT_FALSE(DeepLogFromTensors(odd, 7).ok()) << window;
  }
  TensorMap huge = good;
  huge["layer0.wh"] = {{40, size_t{1} << 62}, {}};
  EXPECT_FALSE(DeepLogFromTensors(huge, 7).ok());
}

}  // namespace
}  // namespace alogd
