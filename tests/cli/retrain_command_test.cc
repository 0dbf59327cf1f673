// SPDX-License-Identifier: MIT
// retrain as the timer calls it: what is due, what is activated, and what is kept aside.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/cli.h"
#include "models/bundle/bundle.h"
#include "testing/service_harness.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RetrainCommandTest : public ::testing::Test {
 protected:
  RetrainCommandTest() {
    fs::create_directory(directory_ / "log");
    Configure("");
  }

  void Configure(const std::string& training) {
    WriteTo(Config(), fmt::format("state_dir: {}/state\n"
                                  "training: {{after_records: 3000, after: 1d, {}}}\n"
                                  "groups:\n"
                                  "  - name: shop\n"
                                  "    paths: ['{}/log/*.log']\n"
                                  "    stream: source\n"
                                  "    detectors: {{deeplog: {{enabled: false}}}}\n",
                                  directory_.path(), training, directory_.path()));
    fs::permissions(Config(), fs::perms(0644));
  }
  std::string Config() const { return directory_ / "alogd.yaml"; }
  std::string Models() const { return directory_ / "state/models/shop"; }

  // A record a minute, the last one now; those behind `strange` of them are of other programs.
  void WriteLog(int records, int strange = 0) const {
    std::string text;
    const std::time_t end = std::time(nullptr);
    for (int i = 0; i < records; ++i) {
      text += fmt::format("{:%Y-%m-%dT%H:%M:%S}+00:00 web1 shopd[7]: ",
                          fmt::gmtime(end - std::time_t{60} * (records - i)));
      if (i >= records - strange)
        text += fmt::format("gateway {} refused card of customer\n", std::string(1 + i % 40, 'x'));
      else if (i % 3 == 0)
        text += fmt::format("order {} taken\n", i);
      else if (i % 3 == 1)
        text += fmt::format("payment of order {} accepted in {} ms\n", i - 1, i % 40);
      else
        text += fmt::format("order {} packed and sent\n", i - 2);
    }
    WriteTo(directory_ / "log/shop.log", text);
  }

  struct Outcome {
    int status;
    std::string out, err;
  };
  Outcome Run(std::vector<std::string> arguments) const {
    std::vector<const char*> argv = {"alogctl", "--config"};
    const std::string config = Config();
    argv.push_back(config.c_str());
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int status = RunCli(static_cast<int>(argv.size()), argv.data(),
                              {AddRetrainCommand, AddTrainCommand, AddModelCommands});
    std::string out = ::testing::internal::GetCapturedStdout();
    return {status, std::move(out), ::testing::internal::GetCapturedStderr()};
  }
  json Retrained(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--json", "retrain"});
    const Outcome outcome = Run(std::move(arguments));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return json::parse(outcome.out, nullptr, false);
  }
  std::set<std::string> Bundles() const {
    std::set<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(Models(), error))
      if (!entry.is_symlink()) names.insert(entry.path().filename());
    return names;
  }
  std::string Current() const {
    const Result<std::string> current = CurrentBundle(Models());
    return current ? *current : "";
  }

  const TemporaryDirectory directory_;
};

TEST_F(RetrainCommandTest, TrainsOnceThereIsEnough) {
  WriteLog(2999);
  Outcome outcome = Run({"retrain"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("shop: not yet: 2999 records over"));
  EXPECT_THAT(Bundles(), IsEmpty());

  WriteLog(4000);
  outcome = Run({"retrain"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("; active"));
  ASSERT_THAT(Bundles(), SizeIs(1));
  EXPECT_EQ(Current(), *Bundles().begin());

  outcome = Run({"retrain"});
  EXPECT_THAT(outcome.out, HasSubstr("is not due before 7d"));
  EXPECT_THAT(Bundles(), SizeIs(1));
}

TEST_F(RetrainCommandTest, RecordsMustSpanTheTimeToo) {
  WriteLog(4000);
  WriteTo(Config(),
          fmt::format("state_dir: {0}/state\ntraining: {{after_records: 3000, after: 30d}}\n"
                      "groups: [{{name: shop, paths: ['{0}/log/*.log']}}]\n",
                      directory_.path()));
  EXPECT_THAT(Run({"retrain"}).out, HasSubstr("over 30d are wanted"));
  EXPECT_THAT(Bundles(), IsEmpty());
}

TEST_F(RetrainCommandTest, QualityStandsInTheManifest) {
  WriteLog(4000);
  const json said = Retrained({});
  ASSERT_TRUE(said.is_object());
  EXPECT_EQ(said["activated"], true);
  EXPECT_EQ(said["bundle"], Current());
  EXPECT_GE(said["quality"]["score"], 60);
  EXPECT_EQ(json::parse(ReadAll(Models() + "/" + Current() + "/manifest.json"))["quality"],
            said["quality"]);
}

TEST_F(RetrainCommandTest, WhatIsUnderTheLeastQualityIsKeptAside) {
  WriteLog(4000);
  Configure("min_quality: 100");
  const json said = Retrained({});
  EXPECT_EQ(said["activated"], false);
  EXPECT_THAT(said["reason"], HasSubstr("under training.min_quality 100"));
  EXPECT_THAT(Bundles(), SizeIs(1));
  EXPECT_EQ(Current(), "");
}

// The new one learns from what came before the last fifth, and is measured on that; what runs knows
// both.
TEST_F(RetrainCommandTest, WhatIsWorseThanTheRunningOneIsKeptAside) {
  WriteLog(4000, 700);
  ASSERT_EQ(Run({"--quiet", "train", directory_ / "log/shop.log", "--activate"}).status, 0);
  const std::string running = Current();
  Configure("min_quality: 0");
  const json said = Retrained({"--now"});
  ASSERT_TRUE(said.is_object());
  EXPECT_EQ(said["activated"], false) << said.dump(1);
  EXPECT_GT(said["running"], said["quality"]["score"]);
  EXPECT_THAT(said["reason"], HasSubstr(running + ", which runs"));
  EXPECT_EQ(Current(), running);
  EXPECT_THAT(Bundles(), SizeIs(2));
}

TEST_F(RetrainCommandTest, DamagedRunningBundleIsReplaced) {
  WriteLog(4000);
  ASSERT_EQ(Retrained({})["activated"], true);
  const std::string damaged = Current();
  std::ofstream(Models() + "/" + damaged + "/templates.json", std::ios::app) << " ";
  const json said = Retrained({"--now"});
  EXPECT_EQ(said["activated"], true) << said.dump(1);
  EXPECT_NE(Current(), damaged);
}

TEST_F(RetrainCommandTest, AutomaticOffIsOffForTheTimerOnly) {
  WriteLog(4000);
  Configure("automatic: false");
  EXPECT_THAT(Run({"retrain"}).out, IsEmpty());
  EXPECT_THAT(Bundles(), IsEmpty());
  EXPECT_THAT(Run({"retrain", "--now"}).out, HasSubstr("; active"));
}

TEST_F(RetrainCommandTest, UnknownGroup) {
  const Outcome outcome = Run({"retrain", "--group", "web"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("no group named 'web'"));
}

}  // namespace
}  // namespace alogd
