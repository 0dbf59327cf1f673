// SPDX-License-Identifier: MIT
// alogd as the service manager starts it: with a wrong configuration, and beside its own words.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "testing/daemon_process.h"

namespace alogd {
namespace {

using ::testing::HasSubstr;

constexpr char kRule[] = "  - {match: 'out of cheese', level: CRITICAL}\n";
constexpr char kRuleRows[] = "SELECT count(*) FROM anomalies WHERE detector = 'rule'";

TEST(ServiceTest, StartsOnTheLastGoodConfigurationIfTheNewOneIsWrong) {
  DaemonProcess daemon;
  daemon.set_environment("STATE_DIRECTORY", daemon.state());
  daemon.ConfigureWith(DaemonProcess::OneGroup(kRule));
  ASSERT_TRUE(daemon.Start());
  EXPECT_EQ(daemon.Terminate(), 0);
  daemon.ConfigureWith("rulez: []\n");
  ASSERT_TRUE(daemon.Start());
  EXPECT_THAT(daemon.said(), HasSubstr("runs on the last good one"));
  EXPECT_THAT(daemon.said(), HasSubstr("rulez"));
  const nlohmann::json status = daemon.Ask("status");
  EXPECT_EQ(status["last_reload"]["ok"], false);
  EXPECT_EQ(status["config"], daemon.config_path());
  AppendTo(daemon.Log("app.log"), "2026-11-20T10:00:00+00:00 host app[1]: out of cheese\n");
  EXPECT_TRUE(Eventually([&] { return daemon.Number(kRuleRows) == 1; }));
  // A reload reads the configuration itself again.
  EXPECT_EQ(daemon.Ask("reload")["ok"], false);
  daemon.ConfigureWith(DaemonProcess::OneGroup(""));
  EXPECT_EQ(daemon.Ask("reload")["ok"], true);
  EXPECT_EQ(daemon.Terminate(), 0);
}

TEST(ServiceTest, EndsWithTwoIfThereNeverWasAGoodOne) {
  DaemonProcess daemon;
  daemon.set_environment("STATE_DIRECTORY", daemon.state());
  daemon.ConfigureWith("rulez: []\n");
  daemon.Spawn();
  EXPECT_EQ(daemon.Wait(), 2);
}

TEST(ServiceTest, ATypoOnATerminalIsTold) {
  DaemonProcess daemon;
  daemon.ConfigureWith(DaemonProcess::OneGroup(kRule));
  ASSERT_TRUE(daemon.Start());
  EXPECT_EQ(daemon.Terminate(), 0);
  daemon.ConfigureWith("rulez: []\n");
  daemon.Spawn();
  EXPECT_EQ(daemon.Wait(), 2);
}

TEST(ServiceTest, ItsOwnWordsInALogAreNotReadAndOthersUnderItsNameAre) {
  DaemonProcess daemon;
  daemon.ConfigureWith(DaemonProcess::OneGroup(kRule));
  ASSERT_TRUE(daemon.Start());
  const auto line = [](int pid) {
    return fmt::format("2026-11-20T10:00:00+00:00 host alogd[{}]: CRITICAL  out of cheese\n", pid);
  };
  AppendTo(daemon.Log("app.log"), line(daemon.pid()) + line(daemon.pid() + 1));
  EXPECT_TRUE(Eventually([&] { return daemon.CaughtUp() && daemon.Number(kRuleRows) > 0; }));
  EXPECT_EQ(daemon.Number(kRuleRows), 1);
  EXPECT_TRUE(
      Eventually([&] { return daemon.Ask("status")["groups"][0]["own_records"].get<int>() == 1; }));
  // After a restart, too: the ids of earlier runs are known.
  const int earlier = daemon.pid();
  EXPECT_EQ(daemon.Terminate(), 0);
  AppendTo(daemon.Log("app.log"), line(earlier));
  ASSERT_TRUE(daemon.Start());
  EXPECT_TRUE(Eventually([&] { return daemon.CaughtUp(); }));
  EXPECT_EQ(daemon.Number(kRuleRows), 1);
}

}  // namespace
}  // namespace alogd
