// SPDX-License-Identifier: MIT
// config show and check as a user calls them, and the frame of alogctl.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/cli.h"
#include "models/registry/detectors.h"
#include "testing/config_equal.h"

namespace alogd {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

struct Outcome {
  int status;
  std::string out, err;
};

void AddTestCommand(CLI::App* app, CliContext* context) {
  CLI::App* fail = app->add_subcommand("fail");
  fail->callback([context] { Fail(context, "bad \x1b[31mthing\n"); });
  CLI::App* load = app->add_subcommand("load");
  load->callback([context] {
    Config config;
    if (LoadCliConfig(context, &config)) std::printf("%s\n", config.state_dir.c_str());
  });
}

Outcome Alogctl(std::vector<std::string> arguments) {
  std::vector<const char*> argv = {"alogctl"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int status =
      RunCli(static_cast<int>(argv.size()), argv.data(), {AddConfigCommands, AddTestCommand});
  std::string out = testing::internal::GetCapturedStdout();
  return {status, std::move(out), testing::internal::GetCapturedStderr()};
}

class ConfigCommandsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = ::testing::TempDir() + "alogd_cli_" + std::to_string(getpid());
    std::filesystem::create_directories(path_);
    path_ += "/alogd.yaml";
  }
  void TearDown() override {
    std::filesystem::remove_all(std::filesystem::path(path_).parent_path());
  }
  void Write(std::string_view text) {
    std::ofstream(path_) << text;
    chmod(path_.c_str(), 0644);
  }
  std::string path_;
};

TEST_F(ConfigCommandsTest, CheckOfAGoodFile) {
  Write("rules: [{match: x}]\n");
  for (const std::vector<std::string>& command : {std::vector<std::string>{"check", path_},
                                                  {"config", "check", path_},
                                                  {"--config", path_, "check"},
                                                  {"config", "check", "--config", path_}}) {
    const Outcome outcome = Alogctl(command);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.out, path_ + ": good (rules: 1, their examples: 0, groups: 1)\n");
    EXPECT_THAT(outcome.err, IsEmpty());
  }
  EXPECT_THAT(Alogctl({"check", path_, "--quiet"}).out, IsEmpty());
  EXPECT_THAT(Alogctl({"check", path_, "--json"}).out, IsEmpty());
}

TEST_F(ConfigCommandsTest, CheckOfAWrongFile) {
  Write("risk: {severity_weight: 0.5}\nstor: 1\n");
  const Outcome outcome = Alogctl({"check", path_});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(
      outcome.out,
      path_ +
          ":1:7: warning: risk: anomaly_weight 0.6 and severity_weight 0.5 add up to 1.1, not to "
          "1; "
          "risks will not span 0 to 100\n" +
          path_ +
          ":2:1: error: unknown key 'stor', did you mean 'store'?; known here: state_dir, "
          "control_socket, database, store, journal, sinks, risk, alerts, training, severity, "
          "rules, "
          "groups\n");
  std::istringstream lines(Alogctl({"--json", "check", path_}).out);
  std::vector<nlohmann::json> problems;
  for (std::string line; std::getline(lines, line);)
    problems.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0]["severity"], "warning");
  EXPECT_EQ(problems[1]["severity"], "error");
  EXPECT_EQ(problems[1]["where"], path_ + ":2:1");
}

TEST_F(ConfigCommandsTest, CheckOfAMissingFile) {
  const Outcome outcome = Alogctl({"check", path_ + ".no"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.out, HasSubstr("No such file"));
}

TEST_F(ConfigCommandsTest, ShowLoadsAgain) {
  Write("database: {keep: 3d}\nrules: [{match: \"a\\e[31m 'b'\"}]\n");
  EXPECT_EQ(Alogctl({"check", path_}).status, 2);  // a control character in a pattern
  Write("database: {keep: 3d}\nrules: [{match: \"a  # 'b'\"}]\n");
  const Outcome outcome = Alogctl({"config", "show", "--config", path_});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("  keep: 3d"));
  EXPECT_THAT(outcome.out, HasSubstr("# " + path_ + ":1\n"));
  EXPECT_TRUE(Same(ParseConfig(outcome.out, "shown", AllDetectors()).config,
                   LoadConfig(path_, true, AllDetectors()).config));
}

TEST_F(ConfigCommandsTest, ShowAsJson) {
  Write("groups: [{name: web, paths: [/w/1, '2'], stream: source}]\n");
  EXPECT_EQ(Alogctl({"config", "show", "--config", path_}).status, 2);
  Write("groups: [{name: web, paths: [/w/1], stream: source, model: '12'}]\n");
  std::istringstream lines(Alogctl({"config", "show", "--json", "--config", path_}).out);
  std::map<std::string, nlohmann::json> values;
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json value = nlohmann::json::parse(line);
    values[value["key"]] = value;
  }
  EXPECT_EQ(values["groups.0.paths"]["value"], nlohmann::json::array({"/w/1"}));
  EXPECT_EQ(values["groups.0.paths"]["origin"], path_ + ":1");
  EXPECT_EQ(values["groups.0.model"]["value"], "12");
  EXPECT_EQ(values["groups.0.detectors.deeplog.layers"]["value"], nlohmann::json::array({64, 64}));
  EXPECT_EQ(values["groups.0.detectors.deeplog.top"]["value"], "auto");
  EXPECT_EQ(values["risk.anomaly_weight"]["value"], 0.6);
  EXPECT_EQ(values["risk.anomaly_weight"]["origin"], "default");
  EXPECT_EQ(values["severity.words.0.words"]["value"][0], "panic");
  EXPECT_EQ(values["rules"]["value"], nlohmann::json::array());
}

TEST_F(ConfigCommandsTest, CommandsLoadWhatTheOptionNames) {
  Write("state_dir: /srv/alogd\n");
  EXPECT_EQ(Alogctl({"load", "--config", path_}).out, "/srv/alogd\n");
  Write("state_dir: alogd\n");
  const Outcome outcome = Alogctl({"load", "--config", path_});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err,
            path_ + ":1:12: state_dir: 'alogd' is not an absolute path; begin it with /\n");
  EXPECT_EQ(Alogctl({"load", "--config", path_ + ".no"}).status, 2);
}

TEST(CliTest, ExitStatuses) {
  EXPECT_EQ(Alogctl({"--help"}).status, 0);
  EXPECT_THAT(Alogctl({"config", "--help"}).out, HasSubstr("show"));
  EXPECT_EQ(Alogctl({"--version"}).out, "alogctl " ALOGD_VERSION "\n");
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{},
                                                {"nonsense"},
                                                {"config"},
                                                {"check", "a", "b"},
                                                {"--nonsense", "check"}}) {
    const Outcome outcome = Alogctl(wrong);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_THAT(outcome.err, HasSubstr("--help"));
    EXPECT_THAT(outcome.out, IsEmpty());
  }
  EXPECT_THAT(Alogctl({"nonsense"}).err, HasSubstr("nonsense"));
}

TEST(CliTest, FailureIsEscaped) {
  const Outcome outcome = Alogctl({"fail"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, StartsWith("alogctl: bad \\x1B[31mthing"));
  EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1);
}

}  // namespace
}  // namespace alogd
