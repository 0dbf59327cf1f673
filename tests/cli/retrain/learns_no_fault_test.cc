// SPDX-License-Identifier: MIT
// A fault on its way from a log through pipeline and database to `retrain`, which must not learn
// it.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <filesystem>
#include <functional>

#include "cli/cli.h"
#include "cli/log_reader.h"
#include "core/pipeline.h"
#include "core/store/history.h"
#include "core/store/store.h"
#include "models/bundle/bundle.h"
#include "models/registry/detectors.h"
#include "testing/service_harness.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class LearnsNoFaultTest : public ::testing::TestWithParam<const char*> {
 protected:
  static constexpr int kRecords = 4000;
  static constexpr int kFaultAt = 2000;

  LearnsNoFaultTest() {
    fs::create_directory(directory_ / "log");
    WriteTo(ConfigPath(), fmt::format("state_dir: {0}/state\n"
                                      "groups:\n"
                                      "  - name: shop\n"
                                      "    paths: ['{0}/log/*.log']\n"
                                      "    stream: {1}\n"
                                      "    detectors: {{deeplog: {{enabled: false}}}}\n",
                                      directory_.path(), GetParam()));
    fs::permissions(ConfigPath(), fs::perms(0644));
    fs::create_directory(directory_ / "state");
  }
  std::string ConfigPath() const { return directory_ / "alogd.yaml"; }
  std::string LogPath() const { return directory_ / "log/shop.log"; }
  std::string Models() const { return directory_ / "state/models/shop"; }

  // A record every half minute, four to an order; the fault is three records of one order, the
  // first of which is the usual one.
  static std::string Log(bool fault) {
    std::string text;
    const std::time_t end = std::time(nullptr);
    const auto add = [&](int i, const std::string& message) {
      text += fmt::format("{:%Y-%m-%dT%H:%M:%S}+00:00 web1 shopd[7]: order_{} {}\n",
                          fmt::gmtime(end - std::time_t{30} * (kRecords - i)), i / 4, message);
    };
    for (int i = 0; i < kRecords; ++i) {
      if (fault && i / 4 == kFaultAt / 4 && i % 4 > 0)
        add(i, i % 4 == 1 ? "FATAL quorble controller wedged"
                          : fmt::format("ERROR zarn {} refuses the spindle", i % 4));
      else if (i % 4 == 0)
        add(i, "taken");
      else if (i % 4 == 1)
        add(i, fmt::format("payment accepted in {} ms", i % 40));
      else if (i % 4 == 2)
        add(i, "packed by hand");
      else
        add(i, "sent away");
    }
    return text;
  }

  int Run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"alogctl", "--quiet", "--config", ConfigPath()});
    std::vector<const char*> argv;
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    return RunCli(static_cast<int>(argv.size()), argv.data(), {AddRetrainCommand, AddTrainCommand});
  }

  // What the service would have: the log scored by the running bundle, and committed.
  void Live() {
    const LoadedConfig loaded = LoadConfig(ConfigPath(), true, AllDetectors());
    ASSERT_TRUE(loaded.ok());
    const GroupConfig& group = loaded.config.groups.front();
    auto models = LoadModelSet(loaded.config, group);
    ASSERT_TRUE(models.ok()) << models.error().message;
    auto pipeline = Pipeline::Create(loaded.config, group, std::move(*models), nullptr);
    ASSERT_TRUE(pipeline.ok());
    auto store = Store::Open(loaded.config.DatabasePath(), {});
    ASSERT_TRUE(store.ok()) << store.error().message;
    LogReader reader({LogPath(), {LogPath()}}, group.max_line);
    const SourceId source = (*pipeline)->AddSource(LogPath(), Time(std::chrono::hours(24 * 20000)));
    while (const auto line = reader.Next()) (*pipeline)->Feed(source, FileId{1}, *line);
    (*pipeline)->Tick(kEndOfTime);
    ASSERT_TRUE(store->Commit((*pipeline)->TakeUnit()).ok());
  }

  // Every anomaly that `which` takes is given the state.
  size_t Say(AnomalyState state, const std::function<bool(const Anomaly&)>& which) {
    auto history = History::Open(directory_ / "state/alogd.db");
    auto store = Store::Open(directory_ / "state/alogd.db", {});
    EXPECT_TRUE(history.ok() && store.ok());
    VerdictTarget target;
    AnomalyFilter filter;
    filter.limit = 10'000;
    const auto all = history->Anomalies(filter);
    EXPECT_TRUE(all.ok());
    for (const StoredAnomaly& stored : *all)
      if (which(stored.anomaly)) target.anomalies.push_back(stored.id);
    if (target.anomalies.empty()) return 0;
    EXPECT_TRUE(store->SetStates(target, state, Time{}).ok());
    return target.anomalies.size();
  }
  static bool OfFault(const Anomaly& a) {
    return a.message.find("quorble") != std::string::npos ||
           a.message.find("zarn") != std::string::npos;
  }

  // The vocabulary of the bundle that `retrain` makes.
  std::string Retrained() const {
    std::string newest;
    const std::string before = *CurrentBundle(Models());
    EXPECT_EQ(Run({"retrain", "--now"}), 0);
    for (const auto& entry : fs::directory_iterator(Models()))
      if (!entry.is_symlink()) newest = std::max(newest, entry.path().filename().string());
    EXPECT_NE(newest, before);
    const std::string bundle = Models() + "/" + newest;
    EXPECT_TRUE(
        LoadBundle(bundle, LoadConfig(ConfigPath(), true, AllDetectors()).config.groups.front())
            .ok());
    return ReadAll(bundle + "/templates.json");
  }

  void LiveThroughTheFault() {
    WriteTo(LogPath(), Log(false));
    ASSERT_EQ(Run({"train", LogPath(), "--activate"}), 0);
    WriteTo(LogPath(), Log(true));
    Live();
  }

  const TemporaryDirectory directory_;
};

TEST_P(LearnsNoFaultTest, ConfirmedAtWhateverLevel) {
  LiveThroughTheFault();
  ASSERT_GT(Say(AnomalyState::kConfirmed, OfFault), 0u);
  Say(AnomalyState::kAcked, [](const Anomaly& a) { return !OfFault(a); });
  const std::string vocabulary = Retrained();
  EXPECT_THAT(vocabulary, Not(HasSubstr("quorble")));
  EXPECT_THAT(vocabulary, Not(HasSubstr("zarn")));
  EXPECT_THAT(vocabulary, HasSubstr("payment accepted"));
}

TEST_P(LearnsNoFaultTest, HighAndNotAcked) {
  LiveThroughTheFault();
  ASSERT_GT(Say(AnomalyState::kNew,
                [](const Anomaly& a) { return OfFault(a) && a.level >= RiskLevel::kHigh; }),
            0u);
  EXPECT_THAT(Retrained(), Not(HasSubstr("quorble")));
}

// What was acked is learned: without the history's verdict the fault would be, too.
TEST_P(LearnsNoFaultTest, AckedIsLearned) {
  LiveThroughTheFault();
  Say(AnomalyState::kAcked, [](const Anomaly&) { return true; });
  EXPECT_THAT(Retrained(), HasSubstr("quorble"));
}

INSTANTIATE_TEST_SUITE_P(Streams, LearnsNoFaultTest,
                         ::testing::Values("program", "source", "{session: 'order_\\d+'}"));

}  // namespace
}  // namespace alogd
