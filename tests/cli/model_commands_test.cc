// SPDX-License-Identifier: MIT
// The models commands as a user calls them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/cli.h"
#include "cli/model_view.h"
#include "models/bundle/bundle.h"
#include "models/training/trainer.h"
#include "testing/models_corpus.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct Outcome {
  int status;
  std::string out, err;
};

class ModelCommandsTest : public ::testing::Test {
 protected:
  ModelCommandsTest() {
    std::string pattern = ::testing::TempDir() + "alogd-models-XXXXXX";
    root_ = mkdtemp(pattern.data());
    config_ = root_ / "alogd.yaml";
    WriteConfig("groups: [{name: app, paths: [/var/log/app.log]}]\n");
    models_ = (root_ / "models" / "app").string();
  }
  ~ModelCommandsTest() override { fs::remove_all(root_); }

  void WriteConfig(const std::string& groups) {
    std::ofstream(config_) << "state_dir: " << root_.string() << "\n" << groups;
    fs::permissions(config_, fs::perms(0644));
  }

  Outcome Models(std::vector<std::string> arguments) {
    std::vector<const char*> argv = {"alogctl", "--config", config_.c_str(), "models"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int status = RunCli(static_cast<int>(argv.size()), argv.data(), {AddModelCommands});
    std::string out = ::testing::internal::GetCapturedStdout();
    return {status, std::move(out), ::testing::internal::GetCapturedStderr()};
  }

  static Bundle Train(size_t records) {
    Corpus corpus = testing::ServiceCorpus(records, 1);
    corpus.records[10].word = 8;
    corpus.golden_lines = {"request 17 started"};
    TrainOptions options;
    options.detectors = {"novelty", "baseline", "loganomaly"};
    Result<Bundle> bundle = TrainBundle(corpus, testing::SmallGroup(), options, nullptr);
    EXPECT_TRUE(bundle) << (bundle ? "" : bundle.error().message);
    return bundle ? std::move(*bundle) : Bundle{};
  }
  void Write(const std::string& name, size_t records = 2000) {
    Bundle bundle = Train(records);
    bundle.name = name;
    const Status status = WriteBundle(bundle, models_, testing::SmallGroup());
    ASSERT_TRUE(status) << status.error().message;
  }
  void Damage(const std::string& name) {
    std::ofstream(models_ + "/" + name + "/templates.json", std::ios::app) << " ";
  }

  fs::path root_, config_;
  std::string models_;
};

TEST_F(ModelCommandsTest, NothingThere) {
  EXPECT_EQ(Models({"list"}).status, 0);
  EXPECT_THAT(Models({"list"}).out, IsEmpty());
  const Outcome show = Models({"show"});
  EXPECT_EQ(show.status, 1);
  EXPECT_THAT(show.err, HasSubstr("alogctl train --group app --activate"));
  EXPECT_EQ(Models({"rollback"}).status, 1);
  EXPECT_EQ(Models({}).status, 2);
  EXPECT_EQ(Models({"activate"}).status, 2);
}

TEST_F(ModelCommandsTest, ListMarksTheActiveOne) {
  Write("20260101T000000Z");
  Write("20260201T000000Z", 3000);
  ASSERT_EQ(Models({"activate", "20260101T000000Z"}).status, 0);
  std::istringstream lines(Models({"list", "--json"}).out);
  std::vector<nlohmann::json> rows;
  for (std::string line; std::getline(lines, line);) rows.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["name"], "20260101T000000Z");
  EXPECT_EQ(rows[0]["active"], true);
  EXPECT_EQ(rows[0]["made_us"], 1'767'225'600'000'000);
  EXPECT_EQ(rows[0]["detectors"], "baseline, loganomaly, novelty");
  EXPECT_EQ(rows[1]["active"], false);
  EXPECT_EQ(rows[1]["records"], 3000);
  EXPECT_THAT(Models({"list"}).out, HasSubstr("*\t20260101T000000Z\tapp\t"));
}

TEST_F(ModelCommandsTest, DamagedBundleInTheList) {
  Write("a");
  std::ofstream(models_ + "/a/manifest.json") << "{}";
  const Outcome outcome = Models({"list"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("manifest.json"));
}

TEST_F(ModelCommandsTest, ShowSaysWhatItIs) {
  Write("20260101T000000Z");
  ASSERT_EQ(Models({"activate", "20260101T000000Z"}).status, 0);
  const Outcome outcome = Models({"show"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("20260101T000000Z (active)"));
  EXPECT_THAT(outcome.out, HasSubstr("trained on: 2000 of 2000 records"));
  EXPECT_THAT(outcome.out, HasSubstr("loganomaly   threshold "));
  EXPECT_THAT(outcome.out, HasSubstr("  checksum of block <*> is wrong\n"));
  EXPECT_THAT(outcome.out, HasSubstr("/var/log/app.log"));
  const nlohmann::json json = nlohmann::json::parse(Models({"show", "--json"}).out);
  EXPECT_EQ(json["trained_on"]["records"], 2000);
  EXPECT_FALSE(json.contains("golden"));
}

TEST_F(ModelCommandsTest, ValidateSaysNo) {
  Write("a");
  EXPECT_EQ(Models({"validate", "a"}).status, 0);
  EXPECT_THAT(Models({"validate", "a"}).out, HasSubstr("a: good; 7 templates, 1 golden lines"));
  EXPECT_EQ(Models({"validate", models_ + "/a"}).status, 0);
  EXPECT_EQ(Models({"validate", "b"}).status, 1);
  Damage("a");
  const Outcome outcome = Models({"validate", "a"});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_THAT(outcome.out, HasSubstr("templates.json: it does not match its checksum"));
  const nlohmann::json json = nlohmann::json::parse(Models({"validate", "a", "--json"}).out);
  EXPECT_EQ(json["valid"], false);
}

TEST_F(ModelCommandsTest, BrokenBundleIsNotActivated) {
  Write("a");
  Write("b");
  ASSERT_EQ(Models({"activate", "a"}).status, 0);
  Damage("b");
  const Outcome outcome = Models({"activate", "b"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("the active bundle stays"));
  EXPECT_EQ(*CurrentBundle(models_), "a");
  EXPECT_EQ(Models({"activate", models_ + "/a"}).status, 2);
}

TEST_F(ModelCommandsTest, RollbackGoesBackAndForth) {
  Write("a");
  Write("b");
  ASSERT_EQ(Models({"activate", "a"}).status, 0);
  const Outcome activate = Models({"activate", "b"});
  EXPECT_THAT(activate.out, HasSubstr("b is active for group app, a was"));
  EXPECT_THAT(activate.out, HasSubstr("alogctl reload"));
  EXPECT_EQ(Models({"rollback"}).status, 0);
  EXPECT_EQ(*CurrentBundle(models_), "a");
  EXPECT_EQ(Models({"rollback"}).status, 0);
  EXPECT_EQ(*CurrentBundle(models_), "b");
}

TEST_F(ModelCommandsTest, CompareFindsTheWorse) {
  Write("a", 2000);
  Write("b", 6000);
  const Outcome better = Models({"compare", "a", "b"});
  EXPECT_EQ(better.status, 0) << better.err << better.out;
  EXPECT_THAT(better.out, HasSubstr("records\t2000\t6000"));
  EXPECT_THAT(better.out, HasSubstr("b is no worse than a"));
  const Outcome worse = Models({"compare", "b", "a"});
  EXPECT_EQ(worse.status, 3);
  EXPECT_THAT(worse.out, HasSubstr("a is worse than b: it was trained on 2000 records"));
  const nlohmann::json json = nlohmann::json::parse(Models({"compare", "b", "a", "--json"}).out);
  EXPECT_EQ(json["worse"].size(), 1u);
}

TEST_F(ModelCommandsTest, CompareOfTemplatesAndDetectors) {
  Bundle a = Train(2000), b = a;
  b.vocabulary[0] = "another <*>";
  b.manifest["detectors"].erase("loganomaly");
  b.manifest["detectors"]["novelty"]["metrics"]["alarms_per_day"] = 5.0;
  const BundleComparison comparison = CompareBundles(a, b);
  EXPECT_EQ(comparison.gained, (std::vector<std::string>{"another <*>"}));
  EXPECT_EQ(comparison.lost, (std::vector<std::string>{a.vocabulary[0]}));
  ASSERT_EQ(comparison.worse.size(), 2u);
  EXPECT_EQ(comparison.worse[0], "it lacks loganomaly");
  EXPECT_THAT(comparison.worse[1], HasSubstr("novelty alarms 5 times a day"));
}

TEST_F(ModelCommandsTest, SeveralGroups) {
  WriteConfig("groups: [{name: app, paths: [/a]}, {name: web, paths: [/b]}]\n");
  Write("a");
  EXPECT_THAT(Models({"list"}).out, HasSubstr("\ta\tapp\t"));
  const Outcome show = Models({"show", "a"});
  EXPECT_EQ(show.status, 2);
  EXPECT_THAT(show.err, HasSubstr("--group; the configuration has app, web"));
  EXPECT_EQ(Models({"show", "a", "--group", "app"}).status, 0);
  EXPECT_EQ(Models({"show", "a", "--group", "web"}).status, 1);
  EXPECT_THAT(Models({"list", "--group", "web"}).out, Not(HasSubstr("app")));
  EXPECT_EQ(Models({"list", "--group", "nowhere"}).status, 2);
}

}  // namespace
}  // namespace alogd
