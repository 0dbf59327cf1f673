// SPDX-License-Identifier: MIT
// alogctl eval as a user calls it, on sessions of a small grammar.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "cli/cli.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct Outcome {
  int status = 0;
  std::string out, err;
};

// Sessions "1 2 3 3 ... 4": 3 comes two to four times. A faulty one ends early or holds 9.
std::string Sessions(int count, bool faulty, unsigned seed) {
  std::mt19937 random(seed);
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += "1 2";
    const bool breaks = faulty && random() % 2 == 0;
    if (faulty && !breaks) text += " 9";
    for (auto n = 2 + random() % 3; n > 0; --n) text += " 3";
    text += breaks ? "\n" : " 4\n";
  }
  return text;
}

class EvalCommandTest : public ::testing::Test {
 protected:
  EvalCommandTest() {
    std::string pattern = ::testing::TempDir() + "alogd-eval-XXXXXX";
    root_ = mkdtemp(pattern.data());
    Write("alogd.yaml",
          "groups: [{name: shop, paths: [/srv/shop.log],\n"
          "          detectors: {deeplog: {layers: [16], embedding: 8, epochs: 10}}}]\n");
    fs::permissions(root_ / "alogd.yaml", fs::perms(0644));
    Write("train", Sessions(400, false, 1));
    Write("normal", Sessions(200, false, 2));
    Write("abnormal", Sessions(100, true, 3));
  }
  ~EvalCommandTest() override { fs::remove_all(root_); }

  std::string Path(const std::string& name) const { return (root_ / name).string(); }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(root_ / name) << text;
  }
  Outcome Run(std::vector<std::string> arguments) {
    const std::string config = Path("alogd.yaml");
    std::vector<const char*> argv = {"alogctl", "--config", config.c_str()};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    Outcome outcome;
    outcome.status = RunCli(static_cast<int>(argv.size()), argv.data(),
                            {AddEvalCommand, AddGenerateCommand, AddTrainCommand});
    outcome.out = ::testing::internal::GetCapturedStdout();
    outcome.err = ::testing::internal::GetCapturedStderr();
    return outcome;
  }
  std::vector<std::string> OnSequences(std::vector<std::string> more) const {
    std::vector<std::string> all = {"eval",     "--sequences",  "--train",    Path("train"),
                                    "--normal", Path("normal"), "--abnormal", Path("abnormal")};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  fs::path root_;
};

TEST_F(EvalCommandTest, OneObjectADetectorAndSeed) {
  const Outcome got = Run(OnSequences({"--json", "--seeds", "2", "--natural", "2000,100"}));
  ASSERT_EQ(got.status, 0) << got.err;
  std::map<std::string, std::vector<nlohmann::json>> by_name;
  std::istringstream lines(got.out);
  for (std::string line; std::getline(lines, line);) {
    nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    ASSERT_TRUE(json.is_object()) << line;
    by_name[json["detector"].get<std::string>()].push_back(json);
  }
  ASSERT_EQ(by_name["count vector never seen"].size(), 1u);
  EXPECT_TRUE(by_name["count vector never seen"][0]["trivial"].get<bool>());
  EXPECT_EQ(by_name["count vector never seen"][0]["recall"], 1.0);
  EXPECT_EQ(by_name["count vector never seen"][0]["confusion"]["false_positives"], 0);
  ASSERT_EQ(by_name["deeplog"].size(), 2u);
  for (const nlohmann::json& json : by_name["deeplog"]) {
    EXPECT_GT(json["f1"].get<double>(), 0.6);  // trained for ten epochs
    EXPECT_EQ(json["confusion"]["true_positives"].get<int>() +
                  json["confusion"]["false_negatives"].get<int>(),
              100);
    EXPECT_LE(json["f1_interval"][0].get<double>(), json["f1"].get<double>());
  }
  EXPECT_FALSE(by_name.contains("baseline"));
}

TEST_F(EvalCommandTest, TableStatesItsProtocol) {
  const Outcome got = Run(OnSequences({"--seeds", "1", "--detectors", "novelty"}));
  ASSERT_EQ(got.status, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("trained on 400 of"));
  EXPECT_THAT(got.out, HasSubstr("judged on 200 normal and 100 abnormal"));
  EXPECT_THAT(got.out, HasSubstr("novelty\t"));
  EXPECT_THAT(got.out, HasSubstr("template never seen\t"));
}

TEST_F(EvalCommandTest, OptimizedThresholdsAreJudgedOnOtherSessions) {
  const Outcome got =
      Run(OnSequences({"--seeds", "1", "--detectors", "novelty", "--optimize-threshold", "0.25"}));
  ASSERT_EQ(got.status, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("judged on 150 normal and 75 abnormal"));
  EXPECT_THAT(got.out, HasSubstr("first 75 test sessions, which are not judged"));
}

// A bundle of 3,000 normal lines, and 1,000 later ones with labels.
class LabelledLogTest : public EvalCommandTest {
 protected:
  void SetUp() override {
    for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
             {"generate", "--lines", "3000", "--anomaly-rate", "0", "--seed", "1", "--out",
              Path("shop.log")},
             {"generate", "--lines", "1000", "--anomaly-rate", "0.1", "--seed", "2", "--out",
              Path("later.log"), "--labels", Path("labels.csv")},
             {"train", Path("shop.log"), "--out", Path("bundle")}})
      ASSERT_EQ(Run(command).status, 0);
  }
  // Results by detector.
  std::map<std::string, nlohmann::json> Judge(std::vector<std::string> more) {
    std::vector<std::string> all = {"eval",     "--json",      "--labels", Path("labels.csv"),
                                    "--bundle", Path("bundle")};
    all.insert(all.end(), more.begin(), more.end());
    const Outcome got = Run(all);
    EXPECT_EQ(got.status, 0) << got.err;
    std::map<std::string, nlohmann::json> by_name;
    std::istringstream lines(got.out);
    for (std::string line; std::getline(lines, line);) {
      nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
      by_name[json["detector"].get<std::string>()] = json;
    }
    return by_name;
  }
  static int Units(const nlohmann::json& result) {
    int units = 0;
    for (const auto& [outcome, count] : result["confusion"].items()) units += count.get<int>();
    return units;
  }
};

TEST_F(LabelledLogTest, ByLine) {
  auto by_name = Judge({"--by", "line", Path("later.log")});
  for (const char* name : {"grep for error words", "template never seen", "novelty", "deeplog",
                           "counts", "ensemble", "alert (HIGH or worse)"})
    ASSERT_TRUE(by_name.contains(name)) << name;
  EXPECT_GT(Units(by_name["ensemble"]), 900);  // continuation lines are no records
  EXPECT_LE(Units(by_name["ensemble"]), 1000);
  EXPECT_GT(by_name["ensemble"]["roc_auc"].get<double>(), 0.7);
}

// Ten lines a window; abnormal where one of them is. Labels of the windows themselves say the same.
TEST_F(LabelledLogTest, ByWindow) {
  auto folded = Judge({"--by", "line", "--window", "10", Path("later.log")});
  EXPECT_EQ(Units(folded["ensemble"]), 100);
  std::ifstream labels(Path("labels.csv"));
  std::vector<int> windows(100);
  for (std::string line; std::getline(labels, line);) {
    int number = 0, label = 0;
    if (std::sscanf(line.c_str(), "%d,%d", &number, &label) == 2)
      windows[static_cast<size_t>(number - 1) / 10] |= label;
  }
  labels.close();
  std::string text;
  for (size_t i = 0; i < windows.size(); ++i)
    text += std::to_string(i + 1) + "," + std::to_string(windows[i]) + "\n";
  Write("labels.csv", text);
  auto direct = Judge({"--by", "window", Path("later.log")});
  EXPECT_EQ(direct["ensemble"]["confusion"], folded["ensemble"]["confusion"]);
  EXPECT_GT(direct["ensemble"]["confusion"]["true_positives"].get<int>(), 0);
}

TEST_F(LabelledLogTest, OptimizedThresholdsAreJudgedOnLaterLines) {
  auto plain = Judge({"--by", "line", "--window", "5", Path("later.log")});
  auto tuned =
      Judge({"--by", "line", "--window", "5", "--optimize-threshold", "0.25", Path("later.log")});
  EXPECT_EQ(Units(plain["ensemble"]), 200);
  EXPECT_EQ(Units(tuned["ensemble"]), 150);
  EXPECT_NE(tuned["deeplog"]["threshold"], plain["deeplog"]["threshold"]);
}

TEST_F(LabelledLogTest, TableStatesItsProtocol) {
  const Outcome got = Run({"eval", "--labels", Path("labels.csv"), "--by", "line", "--window", "10",
                           "--bundle", Path("bundle"), Path("later.log")});
  ASSERT_EQ(got.status, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("records, of which the last 20% set thresholds, seed 1; windows "
                                 "of 50 records (baseline), 15 (loganomaly), 11 (deeplog)"));
  EXPECT_THAT(got.out, HasSubstr("100 labels by window of 10 lines, 0 of them without a record"));
}

// Two files have a line 1 each, so a number alone names neither.
TEST_F(LabelledLogTest, LinesOfSeveralFiles) {
  std::ifstream labels(Path("labels.csv"));
  std::string text;
  for (std::string line; std::getline(labels, line);)
    if (line[0] >= '0' && line[0] <= '9') text += "later.log:" + line + "\n";
  labels.close();
  EXPECT_EQ(Units(Judge({"--by", "line", Path("later.log"), Path("shop.log")})["ensemble"]), 0);
  Write("labels.csv", text);
  const int units = Units(Judge({"--by", "line", Path("later.log"), Path("shop.log")})["ensemble"]);
  EXPECT_GT(units, 900);
  EXPECT_LE(units, 1000);
}

TEST_F(EvalCommandTest, LabelsThatAreNone) {
  Write("labels.csv", "key,label\na,0\nb,perhaps\n");
  const Outcome got =
      Run({"eval", "--labels", Path("labels.csv"), "--bundle", Path("none"), Path("train")});
  EXPECT_EQ(got.status, kExitFailed);
  EXPECT_THAT(got.err, HasSubstr("labels.csv:3"));
  EXPECT_EQ(Run({"eval", "--labels", Path("labels.csv")}).status, kExitUsage);
}

TEST_F(EvalCommandTest, WrongUseAndWrongFiles) {
  EXPECT_EQ(Run({"eval"}).status, kExitUsage);
  EXPECT_EQ(Run({"eval", "--sequences", "--train", Path("train")}).status, kExitUsage);
  const Outcome missing = Run({"eval", "--sequences", "--train", Path("none"), "--normal",
                               Path("normal"), "--abnormal", Path("abnormal")});
  EXPECT_EQ(missing.status, kExitFailed);
  EXPECT_THAT(missing.err, HasSubstr("none"));
  Write("bad", "1 2\n3 x\n");
  const Outcome bad = Run({"eval", "--sequences", "--train", Path("bad"), "--normal",
                           Path("normal"), "--abnormal", Path("abnormal")});
  EXPECT_EQ(bad.status, kExitFailed);
  EXPECT_THAT(bad.err, HasSubstr("bad:2"));
}

}  // namespace
}  // namespace alogd
