// SPDX-License-Identifier: MIT
// A detector that stands wholly under tests/ and in the table: trained, bundled, loaded, scoring.
#include "testing/toy_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "models/bundle/bundle.h"
#include "models/registry/detectors.h"
#include "models/training/trainer.h"
#include "testing/models_corpus.h"
#include "testing/pipeline_driver.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::ServiceCorpus;
using testing::ServiceTemplates;
using testing::SmallGroup;

class ToyDetectorTest : public ::testing::Test {
 protected:
  ToyDetectorTest() {
    std::string pattern = ::testing::TempDir() + "alogd-toy-XXXXXX";
    root_ = mkdtemp(pattern.data());
    models_ = (root_ / "models").string();
    group_.deeplog.enabled = false;  // for speed
    toy_.emplace(testing::kToyDetector);
  }
  ~ToyDetectorTest() override { fs::remove_all(root_); }

  std::string Train() {
    Corpus corpus = ServiceCorpus(3000, 1);
    corpus.golden_lines = {"request 17 started"};
    Result<Bundle> bundle = TrainBundle(corpus, group_, {}, nullptr);
    EXPECT_TRUE(bundle.ok()) << (bundle.ok() ? "" : bundle.error().message);
    bundle->name = "one";
    const Status written = WriteBundle(*bundle, models_, group_);
    EXPECT_TRUE(written.ok()) << (written.ok() ? "" : written.error().message);
    return models_ + "/one";
  }
  static std::vector<std::string> Names(const ModelSet& set) {
    std::vector<std::string> names;
    for (const auto& detector : set.detectors) names.emplace_back(detector->name());
    return names;
  }

  fs::path root_;
  std::string models_;
  GroupConfig group_ = SmallGroup();
  std::optional<AddedDetector> toy_;
};

TEST_F(ToyDetectorTest, IsTrainedBundledAndLoaded) {
  const std::string directory = Train();
  const Result<Bundle> bundle = LoadBundle(directory, group_);
  ASSERT_TRUE(bundle.ok()) << bundle.error().message;
  const nlohmann::json& entry = bundle->manifest["detectors"]["toy_runs"];
  EXPECT_GE(entry["parameters"]["longest"].get<int>(), 1);
  EXPECT_TRUE(entry.contains("calibration") && entry.contains("metrics"));
  EXPECT_FALSE(bundle->golden_windows.at("toy_runs").empty());
  EXPECT_TRUE(bundle->manifest["joint"]["curves"].contains("toy_runs"));
  const Result<ModelSet> set = MakeModelSet(group_, &*bundle);
  ASSERT_TRUE(set.ok()) << set.error().message;
  EXPECT_THAT(Names(*set), Contains("toy_runs"));
}

TEST_F(ToyDetectorTest, IsSwitchedOff) {
  const std::string directory = Train();
  const Result<Bundle> bundle = LoadBundle(directory, group_);
  ASSERT_TRUE(bundle.ok()) << bundle.error().message;
  testing::kToyDetector.info.enabled.set(group_, false);
  EXPECT_THAT(Names(*MakeModelSet(group_, &*bundle)), ::testing::Not(Contains("toy_runs")));
  const std::vector<std::string> others = {"novelty"};
  ASSERT_TRUE(SelectDetectors(others, &group_));
  EXPECT_THAT(Names(*MakeModelSet(group_, &*bundle)), ::testing::ElementsAre("novelty"));
}

TEST_F(ToyDetectorTest, ProgramsWithoutItRefuseItsBundle) {
  const std::string directory = Train();
  toy_.reset();
  const Result<Bundle> bundle = LoadBundle(directory, group_);
  ASSERT_FALSE(bundle.ok());
  EXPECT_THAT(bundle.error().message, HasSubstr("manifest.json: its detector \"toy_runs\" is not "
                                                "known here, \"alogd "));
  EXPECT_THAT(bundle.error().message, HasSubstr("train again with this one"));
}

// What the daemon and scan run: lines through a pipeline.
TEST_F(ToyDetectorTest, ScoresInThePipeline) {
  const std::string directory = Train();
  const Result<Bundle> bundle = LoadBundle(directory, group_);
  ASSERT_TRUE(bundle.ok()) << bundle.error().message;
  const std::vector<std::string> only = {"toy_runs"};
  ASSERT_TRUE(SelectDetectors(only, &group_));
  Result<ModelSet> set = MakeModelSet(group_, &*bundle);
  ASSERT_TRUE(set.ok()) << set.error().message;
  group_.stream.kind = StreamOptions::Kind::kSource;
  testing::PipelineDriver driver("app.log", {}, group_, std::move(*set));
  for (int i = 0; i < 40; ++i)
    driver.Feed(fmt::format("2026-01-01T00:{:02}:00Z request {} {}", i, i,
                            i < 20 && i % 2 == 0 ? "started" : "finished ok"));
  driver.Finish();
  ASSERT_EQ(driver.anomalies().size(), 1u);
  const Anomaly& anomaly = driver.anomalies().begin()->second;
  EXPECT_EQ(anomaly.detector, "toy_runs");
  EXPECT_THAT(anomaly.evidence.front().summary, HasSubstr("times in a row; training saw it"));
}

TEST_F(ToyDetectorTest, HasASectionInTheConfiguration) {
  const auto parse = [](const std::string& section) {
    return ParseConfig("groups: [{name: a, paths: [/a], detectors: {toy_runs: " + section + "}}]",
                       "a.yaml", AllDetectors());
  };
  const LoadedConfig given = parse("{window: 6}"), off = parse("off"), wrong = parse("{widow: 6}"),
                     unfit = parse("{window: 13}");
  ASSERT_TRUE(given.ok() && off.ok());
  EXPECT_EQ(given.config.groups[0].sections.Get<testing::ToyOptions>().window, 6u);
  EXPECT_FALSE(testing::kToyDetector.info.enabled.get(off.config.groups[0]));
  EXPECT_THAT(ShowConfig(given), HasSubstr("window: 6 "));
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.problems[0].message, HasSubstr("did you mean 'window'?"));
  ASSERT_FALSE(unfit.ok());
  EXPECT_EQ(unfit.problems[0].where, "a.yaml:1:64");
  EXPECT_THAT(unfit.problems[0].message, HasSubstr("groups.0.detectors.toy_runs: 13 records"));
  toy_.reset();
  EXPECT_FALSE(parse("off").ok());
}

// Groups are values: a copy has its own options.
TEST_F(ToyDetectorTest, OptionsAreCopiedAndComparedWithTheGroup) {
  GroupConfig one;
  one.sections.Get<testing::ToyOptions>().window = 6;
  GroupConfig two = one;
  EXPECT_TRUE(one.sections == two.sections);
  two.sections.Get<testing::ToyOptions>().window = 7;
  EXPECT_EQ(one.sections.Get<testing::ToyOptions>().window, 6u);
  EXPECT_FALSE(one.sections == two.sections);
  EXPECT_FALSE(one.sections == GroupConfig().sections);
  const GroupConfig defaults;
  EXPECT_EQ(defaults.sections.Get<testing::ToyOptions>().window, 12u);
}

TEST_F(ToyDetectorTest, IsInEveryList) {
  EXPECT_THAT(DetectorNames(AllDetectors()), Contains("toy_runs"));
  EXPECT_EQ(FindDetector("toy_runs"), &testing::kToyDetector);
  toy_.reset();
  EXPECT_EQ(FindDetector("toy_runs"), nullptr);
}

}  // namespace
}  // namespace alogd
