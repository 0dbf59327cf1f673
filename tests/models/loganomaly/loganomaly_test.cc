// SPDX-License-Identifier: MIT
// LogAnomaly against a naive computation in double, and what it says about its findings.
#include "models/loganomaly/loganomaly.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "testing/models_windows.h"

namespace alogd {
namespace {

using testing::MakeCatalog;
using testing::MakeEvent;
using testing::MakeWindow;
using testing::ScoreOne;

const std::vector<std::string> kTexts = {
    "Receiving block <*> from <*>", "PacketResponder <*> for block <*> terminating",
    "Verification succeeded for <*>", "Deleting block <*> file <*>", "disk error on volume <*>"};
const std::vector<uint64_t> kCounts = {600, 300, 90, 9, 1};

class LogAnomalyTest : public ::testing::Test {
 protected:
  LogAnomalyTest() : catalog_(MakeCatalog(kTexts)) {
    // Not in the vocabulary; live.
    similar_ = catalog_.Create("disk error on device <*>", false, Time{});
    alien_ = catalog_.Create("qwerty uiop", false, Time{});
  }

  // 40,000 random records of words 0 to 3, as stride-1 windows of stream "s".
  LogAnomalyModel Train(std::vector<std::string> own = {}) {
    LogAnomalyTrainer trainer({}, kTexts, kCounts, std::move(own));
    const std::vector<Event> events = Normal(40'000, 1);
    for (size_t i = 15; i <= events.size(); ++i) {
      Window window;
      window.events = std::span(events).subspan(i - 15, 15);
      window.stream = "s";
      trainer.Add(window);
    }
    return trainer.Finish();
  }
  static std::vector<Event> Normal(size_t n, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<Event> events;
    for (size_t i = 0; i < n; ++i) {
      const auto r = static_cast<uint32_t>(random() % 1000);
      events.push_back(MakeEvent(r < 600 ? 0 : r < 900 ? 1 : r < 990 ? 2 : 3));
    }
    return events;
  }
  static Calibration From(double threshold) {
    return {.median = 1, .threshold = threshold, .top = 2 * threshold, .held_out_windows = 1};
  }
  std::unique_ptr<Detector> Make(double threshold) {
    return MakeLogAnomalyDetector(Train(), kTexts, From(threshold));
  }
  Event Live(TemplateId id) {
    Event event = MakeEvent(Index(id));
    event.word = kUnknownWord;
    return event;
  }
  Catalog catalog_;
  TemplateId similar_, alien_;
};

// The same in double, term by term, from the texts.
TEST_F(LogAnomalyTest, ScoreByANaiveLoop) {
  const LogAnomalyModel model = Train();
  const TermVectors vectors(model.terms, kTexts);
  const auto detector = Make(1e9);
  const std::vector<Event> events = Normal(15, 77);
  double highest = 0;
  for (size_t t = 0; t < model.terms.terms.size(); ++t) {
    double mean = 0;
    for (const Event& event : events) {
      for (const auto& [term, value] : vectors.Vector(kTexts[event.word]))
        if (term == t) mean += static_cast<double>(value) / kTermOne / 15;
    }
    const double z =
        (mean - static_cast<double>(model.mean[t])) / static_cast<double>(model.deviation[t]);
    highest = std::max(highest, std::abs(z));
  }
  EXPECT_NEAR(ScoreOne(*detector, catalog_, MakeWindow(events)).raw, highest, 1e-3 * highest);
}

// Of independent records the deviation of a mean of 15 is that of one record by sqrt(15). Term
// "receiving" is in 60% of the records with one weight v: sqrt(.6 x .4 / 15) v = 0.126 v.
TEST_F(LogAnomalyTest, DeviationIsThatOfWindowMeans) {
  const LogAnomalyModel model = Train();
  const TermVectors vectors(model.terms, kTexts);
  const auto it = std::find(model.terms.terms.begin(), model.terms.terms.end(), "receiving");
  ASSERT_NE(it, model.terms.terms.end());
  const size_t term = static_cast<size_t>(it - model.terms.terms.begin());
  double weight = 0;
  for (const auto& [t, value] : vectors.of(0))
    if (t == term) weight = static_cast<double>(value) / kTermOne;
  EXPECT_NEAR(model.mean[term], 0.6 * weight, 0.02 * weight);
  EXPECT_NEAR(model.deviation[term], 0.1265 * weight, 0.01 * weight);
}

// "disk error" never came in a window: its deviation is the floor, a fifth of a record.
TEST_F(LogAnomalyTest, VarianceFloor) {
  const LogAnomalyModel model = Train();
  for (const float deviation : model.deviation) EXPECT_GE(deviation, 0.2f / 15 - 1e-6f);
  const auto it = std::find(model.terms.terms.begin(), model.terms.terms.end(), "disk error");
  ASSERT_NE(it, model.terms.terms.end());
  EXPECT_NEAR(model.deviation[static_cast<size_t>(it - model.terms.terms.begin())], 0.2f / 15,
              1e-6f);
}

TEST_F(LogAnomalyTest, FaultStandsOut) {
  const auto detector = Make(5);
  std::vector<Event> events = Normal(15, 5);
  events[10] = events[11] = events[12] = MakeEvent(4);
  const Score score = ScoreOne(*detector, catalog_, MakeWindow(events));
  ASSERT_GT(score.anomaly, 0.0f);
  ASSERT_TRUE(score.evidence);
  EXPECT_EQ(score.evidence->unit, "z");
  EXPECT_NEAR(score.evidence->found[0].second, score.raw, 1e-3f);
  EXPECT_EQ(score.evidence->first, 12u);
  EXPECT_NE(score.evidence->summary.find("disk error on volume <*>"), std::string::npos)
      << score.evidence->summary;
  EXPECT_FALSE(ScoreOne(*detector, catalog_, MakeWindow(Normal(15, 6))).evidence);
}

TEST_F(LogAnomalyTest, UnseenTemplateTakesTheNearest) {
  const auto detector = Make(5);
  std::vector<Event> known = Normal(15, 5), unseen = known;
  for (size_t i = 10; i < 13; ++i) known[i] = MakeEvent(4), unseen[i] = Live(similar_);
  const Score a = ScoreOne(*detector, catalog_, MakeWindow(known));
  const Score b = ScoreOne(*detector, catalog_, MakeWindow(unseen));
  EXPECT_EQ(a.raw, b.raw);
  EXPECT_NE(b.evidence->summary.find(
                "'disk error on device <*>' was taken for 'disk error on volume <*>'"),
            std::string::npos)
      << b.evidence->summary;
}

TEST_F(LogAnomalyTest, UnseenTemplateLikeNothing) {
  const auto detector = Make(0.5);
  std::vector<Event> events = Normal(15, 5);
  for (Event& event : events) event = Live(alien_);
  const Score score = ScoreOne(*detector, catalog_, MakeWindow(events));
  ASSERT_TRUE(score.evidence);
  EXPECT_NE(score.evidence->summary.find("resembles nothing known"), std::string::npos);
}

TEST_F(LogAnomalyTest, WidenedTemplateIsLookedUpAgain) {
  const auto detector = Make(1e9);
  const std::vector<Event> events(15, Live(similar_));
  const float before = ScoreOne(*detector, catalog_, MakeWindow(events)).raw;
  catalog_.Widen(similar_, "Receiving block <*> from device");
  const float after = ScoreOne(*detector, catalog_, MakeWindow(events)).raw;
  EXPECT_NE(before, after);
  EXPECT_EQ(after, ScoreOne(*Make(1e9), catalog_, MakeWindow(events)).raw);
}

// Bit for bit the same alone, in a batch, in another order, and whichever window came before.
TEST_F(LogAnomalyTest, BatchesDoNotMatter) {
  const auto detector = Make(3);
  std::vector<Event> events = Normal(400, 9);
  for (size_t i = 0; i < events.size(); i += 37) events[i] = Live(i % 2 ? similar_ : alien_);
  std::vector<Window> windows;
  for (size_t i = 15; i <= events.size(); ++i) {
    Window window;
    window.events = std::span(std::as_const(events)).subspan(i - 15, 15);
    window.stream = "s";
    windows.push_back(window);
  }
  std::vector<Score> batch(windows.size());
  detector->ScoreBatch({catalog_, false}, windows, batch);
  std::vector<Window> shuffled = windows;
  std::mt19937 random(2);
  std::vector<size_t> order(windows.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), random);
  for (size_t i = 0; i < order.size(); ++i) shuffled[i] = windows[order[i]];
  std::vector<Score> other(windows.size());
  Make(3)->ScoreBatch({catalog_, false}, shuffled, other);
  for (size_t i = 0; i < order.size(); ++i) {
    const Score& one = batch[order[i]];
    EXPECT_EQ(one.raw, other[i].raw);
    EXPECT_EQ(one.raw, ScoreOne(*detector, catalog_, windows[order[i]]).raw);
    EXPECT_EQ(one.evidence != nullptr, one.anomaly > 0);
  }
}

TEST_F(LogAnomalyTest, ShortWindowsAndSessions) {
  const auto detector = Make(3);
  const std::vector<Event> seven = Normal(7, 3), eight = Normal(8, 3);
  EXPECT_TRUE(std::isnan(ScoreOne(*detector, catalog_, MakeWindow(seven)).raw));
  EXPECT_FALSE(std::isnan(ScoreOne(*detector, catalog_, MakeWindow(eight)).raw));
  // What a pause cut short spreads more than whole windows, and is judged so.
  const std::vector<Event> half = Normal(8, 5);
  const float cut = ScoreOne(*detector, catalog_, MakeWindow(half)).raw;
  const float as_session = ScoreOne(*detector, catalog_, MakeWindow(half, "s", true)).raw;
  EXPECT_NEAR(cut, as_session * std::sqrt(8.0f / 15), 1e-4);
  const std::vector<Event> one = {MakeEvent(4)};
  EXPECT_GT(ScoreOne(*detector, catalog_, MakeWindow(one, "s", true)).anomaly, 0.0f);
}

// Stream "b" only ever writes word 2: for it that is normal, for the group it is not.
TEST_F(LogAnomalyTest, StreamsWithStatisticsOfTheirOwn) {
  LogAnomalyTrainer trainer({}, kTexts, kCounts, {"b"});
  const std::vector<Event> a = Normal(15, 8);
  const std::vector<Event> b(15, MakeEvent(2));
  for (int i = 0; i < 100; ++i) trainer.Add(MakeWindow(a, "a"));
  trainer.Add(MakeWindow(b, "b"));
  trainer.Add(MakeWindow(b, "b"));
  const LogAnomalyModel model = trainer.Finish();
  const auto detector = MakeLogAnomalyDetector(model, kTexts, From(3));
  EXPECT_LT(ScoreOne(*detector, catalog_, MakeWindow(b, "b")).raw, 1e-3f);
  EXPECT_GT(ScoreOne(*detector, catalog_, MakeWindow(b, "a")).raw, 3.0f);
}

TEST_F(LogAnomalyTest, ModelRoundTrip) {
  const LogAnomalyModel model = Train({"s"});
  const auto json = nlohmann::json::parse(Parameters(model).dump());
  const Result<LogAnomalyModel> read = LogAnomalyFrom(ToTensors(model), json);
  ASSERT_TRUE(read) << read.error().message;
  const std::vector<Event> events = Normal(15, 4);
  EXPECT_EQ(
      ScoreOne(*MakeLogAnomalyDetector(model, kTexts, From(3)), catalog_, MakeWindow(events)).raw,
      ScoreOne(*MakeLogAnomalyDetector(*read, kTexts, From(3)), catalog_, MakeWindow(events)).raw);
}

TEST_F(LogAnomalyTest, ForeignModels) {
  const LogAnomalyModel model = Train();
  const TensorMap tensors = ToTensors(model);
  const nlohmann::json good = Parameters(model);
  for (const char* key : {"window", "stride", "ngram_min", "ngram_max", "terms", "streams"}) {
    nlohmann::json bad = good;
    bad.erase(key);
    EXPECT_FALSE(LogAnomalyFrom(tensors, bad)) << key;
    bad[key] = "x";
    EXPECT_FALSE(LogAnomalyFrom(tensors, bad)) << key;
    bad[key] = 0;
    EXPECT_FALSE(LogAnomalyFrom(tensors, bad)) << key;
  }
  for (const auto& [name, tensor] : tensors) {
    TensorMap bad = tensors;
    bad.erase(name);
    EXPECT_FALSE(LogAnomalyFrom(bad, good)) << name;
    bad[name] = {{1}, {0}};
    EXPECT_FALSE(LogAnomalyFrom(bad, good)) << name;
  }
  TensorMap zero = tensors;
  zero["deviation"].data[0] = 0;
  EXPECT_FALSE(LogAnomalyFrom(zero, good));
}

}  // namespace
}  // namespace alogd
