// SPDX-License-Identifier: MIT
// Training from a corpus to a bundle that finds faults and leaves normal records alone.
#include "models/training/trainer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "models/bundle/golden.h"
#include "models/corpus/training_windows.h"
#include "models/training/training_calibrate.h"
#include "testing/models_corpus.h"

namespace alogd {
namespace {

using testing::ServiceCorpus;
using testing::SessionCorpus;
using testing::SmallGroup;

GroupConfig SessionGroup() {
  GroupConfig group = SmallGroup();
  group.stream.kind = StreamOptions::Kind::kSession;
  group.stream.session = "blk_-?\\d+";
  return group;
}

// Anomalies by detector over all windows of another corpus, as scan would see them.
std::map<std::string, size_t> Anomalies(const Bundle& bundle, const GroupConfig& group,
                                        const Corpus& corpus) {
  Result<ModelSet> set = MakeModelSet(group, &bundle);
  EXPECT_TRUE(set) << (set ? "" : set.error().message);
  const Result<TrainingSplit> split = SplitCorpus(corpus, group, 0.5);
  std::vector<uint32_t> words;
  for (const std::string& text : split->vocabulary) {
    const auto it = std::find(bundle.vocabulary.begin(), bundle.vocabulary.end(), text);
    words.push_back(it == bundle.vocabulary.end()
                        ? kUnknownWord
                        : static_cast<uint32_t>(it - bundle.vocabulary.begin()));
  }
  const Catalog catalog = CatalogOf(split->vocabulary);
  std::vector<WindowSpec> specs;
  for (const auto& detector : set->detectors) specs.push_back(detector->spec());
  std::map<std::string, size_t> found;
  const auto score = [&](std::span<const CorpusWindow> windows) {
    for (const CorpusWindow& item : windows) {
      Detector& detector = *set->detectors[item.spec];
      std::vector<Score> scores(1);
      detector.ScoreBatch({catalog, false}, std::span(&item.window, 1), scores);
      found[std::string(detector.name())] += scores[0].anomaly > 0;
    }
  };
  EXPECT_TRUE(RunWindows(corpus, *split, group, specs, words,
                         {.windows = score, .ended = {}, .progress = {}}));
  return found;
}

class TrainerTest : public ::testing::Test {
 protected:
  static Bundle Train(const Corpus& corpus, const GroupConfig& group, TrainOptions options = {}) {
    std::vector<std::string> remarks;
    Result<Bundle> bundle = TrainBundle(corpus, group, options, &remarks);
    EXPECT_TRUE(bundle) << (bundle ? "" : bundle.error().message);
    return bundle ? std::move(*bundle) : Bundle{};
  }
};

TEST_F(TrainerTest, NormalIsQuietAndFaultsAreFound) {
  const GroupConfig group = SmallGroup();
  const Bundle bundle = Train(ServiceCorpus(8000, 1), group);
  auto normal = Anomalies(bundle, group, ServiceCorpus(4000, 1000));
  EXPECT_EQ(normal["novelty"], 0u);
  EXPECT_LE(normal["baseline"], 4u);
  // The threshold is the highest of 1,600 dependent windows: some 3 of 4,000 independent ones may
  // be over it, and each takes up to 15 neighbours with it.
  EXPECT_LE(normal["loganomaly"], 90u);
  EXPECT_LE(normal["deeplog"], 40u);

  Corpus faulty = ServiceCorpus(4000, 1000);
  for (size_t i = 3000; i < 3010; ++i) faulty.records[i].word = 8;  // never trained
  auto found = Anomalies(bundle, group, faulty);
  EXPECT_GE(found["novelty"], 1u);
  EXPECT_GT(found["loganomaly"], normal["loganomaly"]);

  Corpus disorder = ServiceCorpus(4000, 1000);
  for (size_t i = 3000; i < 3040; ++i) disorder.records[i].word = 5;  // "closed" twenty times
  EXPECT_GT(Anomalies(bundle, group, disorder)["deeplog"], normal["deeplog"] + 5);
}

// The threshold was set with the trained part's estimate of how often new templates come; the
// bundle has the counts of the whole corpus, and must score by that same estimate.
TEST_F(TrainerTest, NewTemplatesReachHalfTheScale) {
  Corpus corpus = ServiceCorpus(4000, 1);
  for (uint32_t i = 0; i < 60; ++i) {  // singletons, most of them in the held-out part
    corpus.templates.push_back("odd event number <*> of kind " +
                               std::string(1 + i / 26, static_cast<char>('a' + i % 26)));
    corpus.records[i < 10 ? 100 + i : 3300 + 10 * i].word =
        static_cast<uint32_t>(corpus.templates.size() - 1);
  }
  TrainOptions options;
  options.detectors = {"novelty"};
  options.alarms_per_day = 1000;
  const Bundle bundle = Train(corpus, SmallGroup(), options);
  Result<ModelSet> set = MakeModelSet(SmallGroup(), &bundle);
  ASSERT_TRUE(set);
  std::vector<std::string> vocabulary = bundle.vocabulary;
  vocabulary.push_back("something else entirely");
  const Catalog catalog = CatalogOf(vocabulary);
  Event event = {};
  event.id = TemplateId{static_cast<uint32_t>(vocabulary.size() - 1)};
  event.created = true;
  Window window;
  window.events = std::span(&event, 1);
  window.stream = "s";
  std::vector<Score> scores(1);
  set->detectors[0]->ScoreBatch({catalog, false}, std::span(&window, 1), scores);
  EXPECT_GE(scores[0].anomaly, 49.9f);
}

// Where rare templates come all the time they are normal, and one that was never seen still stands
// out of them: what a detector is surest of must be able to alarm.
TEST_F(TrainerTest, RareTemplatesInAStreamLeaveRoomForNewOnes) {
  Corpus corpus = ServiceCorpus(6000, 1);
  for (uint32_t i = 0; i < 100; ++i) {  // each once while it trains, and once in what is held out
    corpus.templates.push_back(fmt::format("odd event number <*> of kind {}{}",
                                           static_cast<char>('a' + i / 26),
                                           static_cast<char>('a' + i % 26)));
    const auto word = static_cast<uint32_t>(corpus.templates.size() - 1);
    corpus.records[40 * i + 7].word = corpus.records[4800 + 12 * i + 7].word = word;
  }
  const Bundle bundle = Train(corpus, SmallGroup());
  const nlohmann::json& metrics = bundle.manifest["detectors"]["deeplog"]["metrics"];
  EXPECT_FALSE(metrics.contains("held_out_rare"));
  const Result<ModelSet> set = MakeModelSet(SmallGroup(), &bundle);
  ASSERT_TRUE(set);
  ASSERT_TRUE(set->joint);
  EXPECT_LT(set->joint->threshold, 10) << "not even two detectors reach more than 12";
}

TEST_F(TrainerTest, SessionsOfAnyLength) {
  const GroupConfig group = SessionGroup();
  const Bundle bundle = Train(SessionCorpus(600, 1), group);
  EXPECT_LE(Anomalies(bundle, group, SessionCorpus(400, 5000))["deeplog"], 20u);
  Corpus cut = SessionCorpus(400, 5000);  // every session ends after its first record
  std::vector<bool> seen(cut.streams.size(), false);
  std::erase_if(cut.records, [&](const CorpusRecord& record) {
    const bool again = seen[record.stream];
    seen[record.stream] = true;
    return again;
  });
  EXPECT_GT(Anomalies(bundle, group, cut)["deeplog"], 350u);
}

// Each part of few sessions is judged by what was trained on the others, so thresholds rest on all.
TEST_F(TrainerTest, SessionsAreCrossFitted) {
  const Bundle bundle = Train(SessionCorpus(300, 1), SessionGroup());
  EXPECT_EQ(bundle.manifest["options"]["folds"], 5);
  for (const char* name : {"counts", "length", "deeplog"})
    EXPECT_EQ(bundle.manifest["detectors"][name]["metrics"]["held_out_windows"], 300) << name;
  EXPECT_EQ(bundle.manifest["joint"]["metrics"]["held_out_moments"], 300);
  const Bundle stream = Train(ServiceCorpus(2000, 1), SmallGroup());
  EXPECT_EQ(stream.manifest["options"]["folds"], 1);
}

TEST_F(TrainerTest, SameSeedSameBundle) {
  const GroupConfig group = SmallGroup();
  const Corpus corpus = ServiceCorpus(3000, 1);
  const Bundle a = Train(corpus, group), b = Train(corpus, group);
  EXPECT_EQ(a.manifest, b.manifest);
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, tensors] : a.tensors)
    EXPECT_EQ(SerializeTensors(tensors), SerializeTensors(b.tensors.at(name))) << name;
  TrainOptions other;
  other.seed = 2;
  const Bundle c = Train(corpus, group, other);
  EXPECT_NE(SerializeTensors(a.tensors.at("deeplog")), SerializeTensors(c.tensors.at("deeplog")));
}

TEST_F(TrainerTest, ManifestSaysWhatItWasTrainedOn) {
  Corpus corpus = ServiceCorpus(3000, 1);
  corpus.records[10].word = 8;
  corpus.records_seen = 9000;
  const Bundle bundle = Train(corpus, SmallGroup());
  const nlohmann::json& m = bundle.manifest;
  EXPECT_EQ(m["trained_on"]["records"], 3000u);
  EXPECT_EQ(m["trained_on"]["records_seen"], 9000u);
  EXPECT_EQ(m["trained_on"]["held_out_records"], 600u);
  EXPECT_EQ(m["trained_on"]["files"][0], "/var/log/app.log");
  ASSERT_EQ(m["rare"].size(), 1u);
  EXPECT_EQ(m["rare"][0]["template"], "checksum of block <*> is wrong");
  EXPECT_EQ(m["rare"][0]["count"], 1u);
  for (const char* name : {"novelty", "baseline", "loganomaly", "deeplog"}) {
    const nlohmann::json& entry = m["detectors"][name];
    EXPECT_TRUE(entry.contains("calibration")) << name;
    EXPECT_LE(entry["metrics"]["held_out_alarms"].get<double>(),
              entry["metrics"]["alarms_allowed"].get<double>())
        << name;
  }
  EXPECT_GE(bundle.golden_windows.at("deeplog").size(), 8u);
  EXPECT_GE(bundle.golden_windows.at("loganomaly").size(), 8u);
}

TEST_F(TrainerTest, RemarksOnThinData) {
  std::vector<std::string> remarks;
  ASSERT_TRUE(TrainBundle(ServiceCorpus(2000, 1), SmallGroup(), {}, &remarks));
  const auto has = [&](const char* text) {
    return std::any_of(remarks.begin(), remarks.end(), [&](const std::string& remark) {
      return remark.find(text) != std::string::npos;
    });
  };
  EXPECT_TRUE(has("only 2000 records"));
  EXPECT_TRUE(has("the held-out part spans 1.1 hours: "));
  EXPECT_TRUE(has("with 95% confidence"));
  EXPECT_TRUE(has("the budget allows less than one alarm"));
}

// Trained, calibrated, brought to life again; it finds disorder.
TEST_F(TrainerTest, LogAnomalysNetwork) {
  GroupConfig group = SmallGroup();
  group.loganomaly_lstm.enabled = true;
  group.loganomaly_lstm.layers = {16};
  group.loganomaly_lstm.counts = 8;
  group.loganomaly_lstm.epochs = 30;
  TrainOptions options;
  options.detectors = {"loganomaly_lstm"};
  const Bundle bundle = Train(ServiceCorpus(8000, 1), group, options);
  EXPECT_GE(bundle.golden_windows.at("loganomaly_lstm").size(), 8u);
  const auto normal = Anomalies(bundle, group, ServiceCorpus(4000, 1000))["loganomaly_lstm"];
  EXPECT_LE(normal, 40u);
  Corpus disorder = ServiceCorpus(4000, 1000);
  for (size_t i = 3000; i < 3040; ++i) disorder.records[i].word = i % 4 < 2 ? 5 : 2;
  EXPECT_GT(Anomalies(bundle, group, disorder)["loganomaly_lstm"], normal + 5);
  group.loganomaly_lstm.enabled = false;
  EXPECT_TRUE(MakeModelSet(group, &bundle)->detectors.empty() ||
              MakeModelSet(group, &bundle)->detectors.back()->name() != "loganomaly_lstm");
}

TEST_F(TrainerTest, ChosenDetectorsOnly) {
  TrainOptions options;
  options.detectors = {"loganomaly"};
  const Bundle bundle = Train(ServiceCorpus(2000, 1), SmallGroup(), options);
  EXPECT_EQ(bundle.manifest["detectors"].size(), 1u);
  EXPECT_EQ(bundle.tensors.size(), 1u);
  Result<ModelSet> set = MakeModelSet(SmallGroup(), &bundle);
  ASSERT_TRUE(set);
  EXPECT_EQ(set->detectors.size(), 3u);  // novelty and baseline need no training
}

TEST_F(TrainerTest, UnknownDetector) {
  TrainOptions options;
  options.detectors = {"deeplog", "horoscope"};
  const Result<Bundle> bundle = TrainBundle(ServiceCorpus(2000, 1), SmallGroup(), options, nullptr);
  ASSERT_FALSE(bundle);
  EXPECT_NE(bundle.error().message.find("no detector 'horoscope'"), std::string::npos);
}

TEST_F(TrainerTest, InterruptedAtAnyStep) {
  const Corpus corpus = ServiceCorpus(2000, 1);
  int steps = 0;
  double last = 0;
  TrainOptions options;
  options.progress = [&](const std::string&, double done) {
    EXPECT_GE(done, last);
    EXPECT_LE(done, 1);
    last = done;
    ++steps;
    return true;
  };
  ASSERT_TRUE(TrainBundle(corpus, SmallGroup(), options, nullptr));
  ASSERT_GE(steps, 6);
  for (int stop = 0; stop < steps; stop += std::max(1, steps / 12)) {
    int step = 0;
    options.progress = [&](const std::string&, double) { return step++ < stop; };
    const Result<Bundle> bundle = TrainBundle(corpus, SmallGroup(), options, nullptr);
    ASSERT_FALSE(bundle) << stop;
    EXPECT_NE(bundle.error().message.find("interrupted"), std::string::npos);
  }
}

TEST_F(TrainerTest, FixedThresholds) {
  GroupConfig group = SmallGroup();
  group.loganomaly.threshold = 3.0;
  group.deeplog.threshold = 1.5;
  const Bundle bundle = Train(ServiceCorpus(2000, 1), group);
  EXPECT_EQ(bundle.manifest["detectors"]["loganomaly"]["calibration"]["threshold"], 3.0);
  EXPECT_EQ(bundle.manifest["detectors"]["deeplog"]["calibration"]["threshold"], 1.5);
}

// Tables of the chi-square distribution: half of its 95% quantile with 2 (n + 1) degrees of
// freedom.
TEST_F(TrainerTest, PoissonBounds) {
  EXPECT_NEAR(PoissonUpperBound(0), 2.996, 0.05);
  EXPECT_NEAR(PoissonUpperBound(1), 4.744, 0.05);
  EXPECT_NEAR(PoissonUpperBound(5), 10.513, 0.05);
  EXPECT_NEAR(PoissonUpperBound(20), 29.062, 0.05);
}

TEST_F(TrainerTest, MemoryEstimateGrows) {
  const auto estimate = [](uint64_t records, uint64_t templates, const GroupConfig& group) {
    return EstimateTrainingMemory({records, templates}, group).value();
  };
  const GroupConfig group = SmallGroup();
  EXPECT_LT(estimate(1000, 10, group), estimate(1'000'000, 10, group));
  EXPECT_LT(estimate(1000, 10, group), estimate(1000, 100'000, group));
  EXPECT_LT(estimate(500'000, 1000, GroupConfig{}), 400ull << 20);
}

TEST_F(TrainerTest, MemoryEstimateIsOfWhatIsTrained) {
  const GroupConfig group;
  const TrainingSize size{500'000, 1000};
  const std::vector<std::string> light = {"novelty"}, heavy = {"novelty", "deeplog"},
                                 wrong = {"deplog"};
  EXPECT_LT(EstimateTrainingMemory(size, group, light).value() + (10u << 20),
            EstimateTrainingMemory(size, group, heavy).value());
  EXPECT_FALSE(EstimateTrainingMemory(size, group, wrong).ok());
}

}  // namespace
}  // namespace alogd
