// SPDX-License-Identifier: MIT
// LogAnomaly's network: what it learns, what stands for unseen templates, and its place in a
// bundle.
#include "models/loganomaly_lstm/loganomaly_lstm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "models/sequence/next_word.h"
#include "models/terms/term_fields.h"
#include "testing/models_windows.h"

namespace alogd {
namespace {

using testing::MakeCatalog;
using testing::MakeEvent;
using testing::MakeWindow;
using testing::ScoreOne;

const std::vector<std::string> kTexts = {"session opened for user <*>", "reading block <*> of file",
                                         "writing block <*> of file", "sync finished",
                                         "session closed for user <*>"};
const std::vector<uint64_t> kCounts = {40, 40, 40, 40, 40};

// Sessions 0 1 (2|3) (2|3) 4 END, three in four with 2 first.
SequenceSet Sessions(size_t count) {
  SequenceSet set{5, {}, true};
  for (size_t i = 0; i < count; ++i)
    set.sequences.push_back(i % 4 == 3 ? std::vector<uint32_t>{0, 1, 3, 2, 4}
                                       : std::vector<uint32_t>{0, 1, 2, 3, 4});
  return set;
}

LogAnomalyLstmOptions Small() {
  LogAnomalyLstmOptions options;
  options.window = 4;
  options.layers = {16};
  options.counts = 8;
  options.epochs = 200;
  options.patience = 200;
  options.learning_rate_decay = 1;
  return options;
}

const LogAnomalyLstmModel& Trained() {
  static const LogAnomalyLstmModel model = [] {
    Result<LogAnomalyLstmModel> trained = TrainLogAnomalyLstm(
        Sessions(40), Sessions(8), kTexts, kCounts, Small(), 1, nullptr, nullptr);
    EXPECT_TRUE(trained.ok()) << (trained.ok() ? "" : trained.error().message);
    return std::move(*trained);
  }();
  return model;
}

TEST(LogAnomalyLstmTest, LearnsProbabilitiesAndTheEnd) {
  const DeepLogModel& network = Trained().network;
  NextWordScorer scorer(network.layout, network.parameters, 4);
  constexpr uint32_t kStart = 5, kEnd = 5;
  const auto after = [&](std::vector<uint32_t> history) { return scorer.Distribution(history); };
  EXPECT_GT(after({kStart, kStart, kStart, kStart})[0], 0.97f);
  EXPECT_NEAR(after({kStart, kStart, 0, 1})[2], 0.75f, 0.05f);
  EXPECT_NEAR(after({kStart, kStart, 0, 1})[3], 0.25f, 0.05f);
  EXPECT_GT(after({1, 2, 3, 4})[kEnd], 0.97f);
}

// The vectors of the texts, worked out by TermVectors, are not learned; START has a component of
// its own.
TEST(LogAnomalyLstmTest, VectorsStayWhatTheTextsSay) {
  const LogAnomalyLstmModel& model = Trained();
  const TermVectors vectors(model.terms, kTexts);
  const size_t width = model.terms.terms.size() + 1;
  ASSERT_EQ(model.network.layout.embedding, width);
  for (uint32_t word = 0; word < 5; ++word) {
    std::vector<float> row(width, 0.0f);
    for (const auto& [term, value] : vectors.of(word))
      row[term] = static_cast<float>(value) / 65536.0f;
    for (size_t i = 0; i < width; ++i)
      EXPECT_EQ(model.network.parameters[word * width + i], row[i]) << word << " " << i;
  }
  for (size_t i = 0; i < width; ++i)
    EXPECT_EQ(model.network.parameters[5 * width + i], i + 1 == width ? 1.0f : 0.0f);
}

class LogAnomalyLstmDetectorTest : public ::testing::Test {
 protected:
  LogAnomalyLstmDetectorTest() : catalog_(MakeCatalog(kTexts)) {
    similar_ = catalog_.Create("writing block <*> of large file", false, Time{});
    alien_ = catalog_.Create("segfault at <*>", false, Time{});
    detector_ = MakeLogAnomalyLstmDetector(Trained(), {}, 0, kTexts);
  }
  float Raw(const std::vector<Event>& events) {
    return ScoreOne(*detector_, catalog_, MakeWindow(events, "s", true)).raw;
  }
  static Event Live(TemplateId id) {
    Event event = MakeEvent(Index(id));
    event.word = kUnknownWord;
    return event;
  }
  static std::vector<Event> Events(const std::vector<uint32_t>& words) {
    std::vector<Event> events;
    for (const uint32_t word : words) events.push_back(MakeEvent(word));
    return events;
  }

  Catalog catalog_;
  TemplateId similar_{}, alien_{};
  std::unique_ptr<Detector> detector_;
};

TEST_F(LogAnomalyLstmDetectorTest, DisorderScoresHigher) {
  EXPECT_EQ(detector_->name(), "loganomaly_lstm");
  const float normal = Raw(Events({0, 1, 2, 3, 4}));
  EXPECT_LT(normal, 0.5f);
  EXPECT_GT(Raw(Events({0, 4, 2, 3, 1})), normal + 1);
  EXPECT_GT(Raw(Events({0, 1, 2, 3})), normal + 1);  // it ends where sessions do not
}

TEST_F(LogAnomalyLstmDetectorTest, AnUnseenTemplateStandsForTheNearest) {
  std::vector<Event> events = Events({0, 1, 2, 3, 4});
  const float known = Raw(events);
  events[2] = Live(similar_);
  EXPECT_EQ(Raw(events), known);
  // In its wrong place it is as wrong as the one that it stands for, and the evidence says so.
  std::vector<Event> wrong = Events({2, 1, 0, 3, 4});
  const float of_known = Raw(wrong);
  wrong[0] = Live(similar_);
  const Score score =
      ScoreOne(*detector_, catalog_, MakeWindow(wrong, "s", true), /*explain_all=*/true);
  EXPECT_EQ(score.raw, of_known);
  EXPECT_EQ(score.evidence->detector, "loganomaly_lstm");
}

TEST_F(LogAnomalyLstmDetectorTest, EvidenceNamesWhatStandsForAnother) {
  const std::vector<Event> events = {Live(similar_)};
  const Score score = ScoreOne(*detector_, catalog_, MakeWindow(events, "s"), /*explain_all=*/true);
  ASSERT_TRUE(score.evidence);
  EXPECT_NE(score.evidence->summary.find("came 'writing block <*> of file'"), std::string::npos)
      << score.evidence->summary;
  EXPECT_NE(score.evidence->summary.find("it stands for 'writing block <*> of large file', which "
                                         "training did not know (similarity 0."),
            std::string::npos)
      << score.evidence->summary;
}

// What resembles nothing is novelty's to say: no history and no record with it is judged.
TEST_F(LogAnomalyLstmDetectorTest, AnAlienTemplateGetsNoOpinion) {
  EXPECT_TRUE(std::isnan(Raw({Live(alien_)})));
  std::vector<Event> events = Events({0, 1, 2, 3, 4});
  const float known = Raw(events);
  events.push_back(Live(alien_));
  EXPECT_LE(Raw(events), known);  // but for END
}

// A template that the network was not trained on has no class worth asking for.
TEST_F(LogAnomalyLstmDetectorTest, WhatTrainingLeftOutIsUnseenToo) {
  std::vector<std::string> texts = kTexts;
  texts.push_back("writing block <*> of large file");
  SequenceSet train = Sessions(40), held_out = Sessions(8);
  train.words = held_out.words = 6;
  std::vector<uint64_t> counts = kCounts;
  counts.push_back(0);
  Result<LogAnomalyLstmModel> model =
      TrainLogAnomalyLstm(train, held_out, texts, counts, Small(), 1, nullptr, nullptr);
  ASSERT_TRUE(model.ok());
  const auto detector = MakeLogAnomalyLstmDetector(std::move(*model), {}, 0, texts);
  const Catalog catalog = MakeCatalog(texts);
  std::vector<Event> events = Events({0, 1, 2, 3, 4});
  const float known = ScoreOne(*detector, catalog, MakeWindow(events, "s", true)).raw;
  events[2] = MakeEvent(5);
  EXPECT_EQ(ScoreOne(*detector, catalog, MakeWindow(events, "s", true)).raw, known);
}

TEST(LogAnomalyLstmTensorsTest, RoundTripIsExact) {
  const LogAnomalyLstmModel& model = Trained();
  const auto back = LogAnomalyLstmFrom(ToTensors(model), TermParameters(model.terms), 5);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->network.parameters, model.network.parameters);
  EXPECT_EQ(back->network.layout.counts, 1u);
  EXPECT_EQ(back->terms.terms, model.terms.terms);
  EXPECT_EQ(back->terms.idf, model.terms.idf);
}

TEST(LogAnomalyLstmTensorsTest, WhatDoesNotFitIsRefused) {
  const TensorMap good = ToTensors(Trained());
  const nlohmann::json parameters = TermParameters(Trained().terms);
  EXPECT_FALSE(LogAnomalyLstmFrom(good, parameters, 6).ok());
  EXPECT_FALSE(LogAnomalyLstmFrom(good, {}, 5).ok());
  nlohmann::json fewer = parameters;
  fewer["terms"].erase(0);
  EXPECT_FALSE(LogAnomalyLstmFrom(good, fewer, 5).ok());
  for (const auto& [name, tensor] : good) {
    if (name.starts_with("known.")) continue;  // may be missing together
    TensorMap missing = good;
    missing.erase(name);
    EXPECT_FALSE(LogAnomalyLstmFrom(missing, parameters, 5).ok()) << name;
    TensorMap reshaped = good;
    reshaped[name].shape.push_back(1);
    EXPECT_FALSE(LogAnomalyLstmFrom(reshaped, parameters, 5).ok()) << name;
  }
  TensorMap huge = good;
  huge["counts.wh"] = {{40, size_t{1} << 62}, {}};
  EXPECT_FALSE(LogAnomalyLstmFrom(huge, parameters, 5).ok());
}

}  // namespace
}  // namespace alogd
