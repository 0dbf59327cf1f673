// SPDX-License-Identifier: MIT
// --detectors of train, scan and eval, and a detector of the tests in all commands that know one.
#include "cli/detector_option.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/cli.h"
#include "models/registry/detectors.h"
#include "testing/toy_detector.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

struct Outcome {
  int status = 0;
  std::string out, err;
};

class DetectorOptionTest : public ::testing::Test {
 protected:
  DetectorOptionTest() {
    std::string pattern = ::testing::TempDir() + "alogd-detectors-XXXXXX";
    root_ = mkdtemp(pattern.data());
    std::ofstream(Path("alogd.yaml"))
        << "state_dir: " << root_.string() << "/state\n"
        << "groups: [{name: shop, paths: [/srv/shop.log], stream: source,\n"
        << "          detectors: {deeplog: off, novelty: {pairs: true}}}]\n";
    fs::permissions(Path("alogd.yaml"), fs::perms(0644));
    WriteLog("history.log", 2000, 0);
    WriteLog("today.log", 200, 9);
  }
  ~DetectorOptionTest() override { fs::remove_all(root_); }

  std::string Path(const std::string& name) const { return (root_ / name).string(); }
  // Requests that are opened, read and closed; one is read `stuck` times more.
  void WriteLog(const std::string& name, int requests, int stuck) const {
    std::ofstream log(Path(name));
    int64_t second = 0;
    const auto line = [&](const char* what, int number) {
      log << fmt::format("2026-03-{:02}T{:02}:{:02}:{:02}Z server {} {}\n", 1 + second / 86400,
                         second / 3600 % 24, second / 60 % 60, second % 60, what, number);
      second += 7;
    };
    for (int i = 0; i < requests; ++i) {
      line("opened request", i);
      line("read block", i * 3);
      if (i % 3 == 0) line("read block", i * 3 + 1);
      if (i == requests / 2)
        for (int n = 0; n < stuck; ++n) line("read block", i * 3 + n);
      line("closed request", i);
    }
  }
  Outcome Run(std::vector<std::string> arguments) const {
    const std::string config = Path("alogd.yaml");
    std::vector<const char*> argv = {"alogctl", "--config", config.c_str()};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    Outcome outcome;
    outcome.status = RunCli(static_cast<int>(argv.size()), argv.data(),
                            {AddConfigCommands, AddTrainCommand, AddScanCommand, AddExplainCommand,
                             AddEvalCommand, AddModelCommands, AddCompletionCommand});
    outcome.out = ::testing::internal::GetCapturedStdout();
    outcome.err = ::testing::internal::GetCapturedStderr();
    return outcome;
  }
  nlohmann::json Trained(const Outcome& outcome) const {
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out, nullptr, false)["detectors"];
  }

  fs::path root_;
};

// The log behind the list is a log.
TEST_F(DetectorOptionTest, TakesNoLogForADetector) {
  const nlohmann::json trained =
      Trained(Run({"--json", "train", "--detectors", "novelty,counts", Path("history.log")}));
  EXPECT_EQ(trained.size(), 2u);
  EXPECT_TRUE(trained.contains("novelty") && trained.contains("counts"));
}

TEST_F(DetectorOptionTest, WrongNamesAreRefusedBeforeAnythingIsRead) {
  const Outcome train = Run({"train", "--detectors", "foo", "/nowhere.log"});
  EXPECT_EQ(train.status, 2);
  EXPECT_THAT(train.err, HasSubstr("there is no detector 'foo'; there are novelty,"));
  const Outcome online = Run({"train", "--detectors", "rate", "/nowhere.log"});
  EXPECT_EQ(online.status, 2);
  EXPECT_THAT(online.err, HasSubstr("rate learns while alogd runs"));
  const Outcome scan = Run({"scan", "--detectors", "novelty,foo", "/nowhere.log"});
  EXPECT_EQ(scan.status, 2);
  EXPECT_THAT(scan.err, HasSubstr("there is no detector 'foo'"));
}

TEST_F(DetectorOptionTest, PairsAndNoveltyAreTwo) {
  ASSERT_EQ(Run({"train", "--activate", Path("history.log")}).status, 0);
  // A record that follows what it never followed is news to pairs alone.
  std::ofstream log(Path("odd.log"));
  for (int i = 0; i < 50; ++i)
    log << fmt::format("2026-03-09T00:00:{:02}Z server {} {}\n", i,
                       i % 2 == 0 ? "closed request" : "opened request", i);
  log << "2026-03-09T00:01:00Z server closed request 51\n"
      << "2026-03-09T00:01:01Z server closed request 52\n";
  log.close();
  const auto scores = [&](const std::string& detectors) {
    const Outcome scan = Run({"scan", "--detectors", detectors, "--all-scores", "--out",
                              Path("scores-" + detectors), Path("odd.log")});
    EXPECT_EQ(scan.status, 0) << scan.err;
    std::string all;
    for (const auto& entry : fs::directory_iterator(Path("scores-" + detectors))) {
      std::ifstream in(entry.path());
      if (entry.path().filename().string().find("score") != std::string::npos)
        all.append(std::istreambuf_iterator<char>(in), {});
    }
    return all;
  };
  const std::string pairs = scores("pairs"), novelty = scores("novelty");
  EXPECT_THAT(pairs, HasSubstr("pairs"));
  EXPECT_THAT(pairs, Not(HasSubstr("novelty")));
  EXPECT_THAT(novelty, HasSubstr("novelty"));
  EXPECT_THAT(novelty, Not(HasSubstr("pairs")));
}

TEST_F(DetectorOptionTest, ADetectorOfTheTestsWorksEverywhere) {
  std::optional<AddedDetector> toy(testing::kToyDetector);
  EXPECT_THAT(Run({"scan", "--help"}).out,
              HasSubstr("toy_runs (one template more often in a row than ever)"));
  for (const char* shell : {"bash", "zsh", "fish", "man"})
    EXPECT_THAT(Run({"completion", shell}).out, HasSubstr("toy_runs")) << shell;
  EXPECT_THAT(Run({"config", "show"}).out, HasSubstr("toy_runs:"));
  const Outcome train = Run({"--json", "train", "--activate", Path("history.log")});
  EXPECT_TRUE(Trained(train).contains("toy_runs"));

  const Outcome scan = Run({"--json", "scan", "--detectors", "toy_runs", Path("today.log")});
  ASSERT_EQ(scan.status, 0) << scan.err;
  EXPECT_THAT(scan.out, HasSubstr("\"detector\":\"toy_runs\""));
  EXPECT_THAT(scan.out, HasSubstr("times in a row; training saw it"));
  const Outcome explain = Run({"explain", Path("today.log")});
  EXPECT_THAT(explain.out, HasSubstr("toy_runs")) << explain.err;
  std::ofstream(Path("labels.csv")) << "150,1\n151,0\n";
  const std::string bundle = Path("state/models/shop/current");
  const Outcome eval = Run({"--json", "eval", "--labels", Path("labels.csv"), "--by", "line",
                            "--bundle", bundle, Path("today.log")});
  EXPECT_THAT(eval.out, HasSubstr("\"detector\":\"toy_runs\"")) << eval.err;

  toy.reset();
  const Outcome without = Run({"scan", Path("today.log")});
  EXPECT_EQ(without.status, 1);
  EXPECT_THAT(without.err, HasSubstr("its detector \"toy_runs\" is not known here"));
}

}  // namespace
}  // namespace alogd
