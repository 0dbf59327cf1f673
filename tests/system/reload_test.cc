// SPDX-License-Identifier: MIT
// Reloads of a running daemon: put in force between two lines, or refused and nothing changed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "models/bundle/bundle.h"
#include "testing/daemon_process.h"
#include "testing/paths.h"

namespace alogd {
namespace {

std::string Event(int number) {
  return fmt::format("2026-11-20T10:{:02}:{:02}.000000+00:00 host app[12]: event {} took 3 ms\n",
                     number / 60 % 60, number % 60, number);
}

std::string Rule(const std::string& pattern, const std::string& level = "LOW") {
  return "  - {match: '" + pattern + "', level: " + level + "}\n";
}

// What alogctl says and its exit status.
std::pair<std::string, int> Alogctl(const DaemonProcess& daemon, const std::string& arguments) {
  const std::string command = fmt::format("{}/alogctl --config {} {} 2>&1", testing::BinaryDir(),
                                          daemon.config_path(), arguments);
  FILE* run = popen(command.c_str(), "r");
  std::string said;
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, run)) > 0;) said.append(buffer, n);
  const int status = pclose(run);
  return {said, WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

class ReloadTest : public ::testing::Test {
 protected:
  std::string models() const { return daemon_.state() + "/models/app"; }
  std::string LastBundle() const {
    const auto rows = daemon_.Query("SELECT bundle FROM anomalies ORDER BY id DESC LIMIT 1");
    return rows.empty() ? "" : rows[0];
  }
  int64_t Rows() const {
    return daemon_.Number("SELECT count(*) FROM anomalies WHERE detector = 'rule'");
  }
  void AppendEvent() { AppendTo(daemon_.Log("a.log"), Event(next_++)); }
  // One more event, and its row.
  void ExpectRowFromBundle(const std::string& bundle) {
    AppendEvent();
    const int64_t rows = next_;
    EXPECT_TRUE(Eventually([&] { return Rows() == rows; }));
    EXPECT_EQ(LastBundle(), bundle);
  }
  // A bundle that knows templates and has nothing to train.
  void Publish(const std::string& name) {
    GroupConfig group;
    group.name = "app";
    group.stream.kind = StreamOptions::Kind::kSource;
    Bundle bundle;
    bundle.name = name;
    bundle.vocabulary = {"event <*> took <*> ms", "nothing happened"};
    bundle.counts = {100'000, 5'000};
    bundle.rare = {false, false};
    bundle.manifest = {{"detectors", nlohmann::json::object()}};
    std::filesystem::create_directories(models());
    const Status written = WriteBundle(bundle, models(), group);
    ASSERT_TRUE(written.ok()) << written.error().message;
    const auto activated = ActivateBundle(models(), name);
    ASSERT_TRUE(activated.ok()) << activated.error().message;
  }
  void StartWith(const std::string& rules) {
    daemon_.ConfigureWith(DaemonProcess::OneGroup(rules));
    WriteTo(daemon_.Log("a.log"), "");
    ASSERT_TRUE(daemon_.Start());
  }
  DaemonProcess daemon_;
  int next_ = 0;
};

TEST_F(ReloadTest, BundleIsNamedOnTheNextAnomaly) {
  StartWith(Rule("event [0-9]+"));
  ExpectRowFromBundle("");
  Publish("20261101T000000Z");
  ExpectRowFromBundle("");
  const auto [said, status] = Alogctl(daemon_, "reload --wait");
  EXPECT_EQ(status, 0) << said;
  EXPECT_NE(said.find("app: 20261101T000000Z"), std::string::npos) << said;
  ExpectRowFromBundle("20261101T000000Z");
  Publish("20261102T000000Z");
  daemon_.Signal(SIGHUP);
  EXPECT_TRUE(Eventually([&] {
    return daemon_.said().find("reloaded (app: 20261102T000000Z)") != std::string::npos;
  }));
  ExpectRowFromBundle("20261102T000000Z");
  // The state goes with the new bundle over a restart.
  daemon_.Kill();
  ASSERT_TRUE(daemon_.Start());
  ExpectRowFromBundle("20261102T000000Z");
  EXPECT_EQ(daemon_.Terminate(), 0);
}

TEST_F(ReloadTest, CorruptedBundleIsRefused) {
  StartWith(Rule("event [0-9]+"));
  Publish("20261101T000000Z");
  ASSERT_EQ(daemon_.Ask("reload")["ok"], true);
  ExpectRowFromBundle("20261101T000000Z");
  Publish("20261102T000000Z");
  const std::string file = models() + "/20261102T000000Z/templates.json";
  std::string bytes = ReadAll(file);
  bytes[bytes.size() / 2] ^= 1;
  WriteTo(file, bytes);
  const auto [said, status] = Alogctl(daemon_, "reload --wait");
  EXPECT_EQ(status, 1) << said;
  EXPECT_NE(said.find("templates.json"), std::string::npos) << said;
  EXPECT_NE(daemon_.said().find("reload refused, everything stays as it was"), std::string::npos);
  ExpectRowFromBundle("20261101T000000Z");
  // The same bundle at a start: it goes on without, and says so.
  EXPECT_EQ(daemon_.Terminate(), 0);
  ASSERT_TRUE(daemon_.Start());
  EXPECT_NE(daemon_.said().find("runs without its bundle"), std::string::npos) << daemon_.said();
  ExpectRowFromBundle("");
  EXPECT_EQ(daemon_.Terminate(), 0);
}

TEST_F(ReloadTest, DeletedBundleIsRefused) {
  StartWith(Rule("event [0-9]+"));
  Publish("20261101T000000Z");
  ASSERT_EQ(daemon_.Ask("reload")["ok"], true);
  std::filesystem::remove_all(models() + "/20261101T000000Z");
  EXPECT_EQ(daemon_.Ask("reload")["ok"], false);
  ExpectRowFromBundle("20261101T000000Z");
  std::filesystem::remove_all(models());
  const nlohmann::json refused = daemon_.Ask("reload");
  EXPECT_EQ(refused["ok"], false);
  EXPECT_NE(refused["error"].get<std::string>().find("none is activated any more"),
            std::string::npos)
      << refused;
  ExpectRowFromBundle("20261101T000000Z");
  EXPECT_EQ(daemon_.Terminate(), 0);
}

TEST_F(ReloadTest, WrongConfigurationIsRefused) {
  StartWith(Rule("event [0-9]+"));
  ExpectRowFromBundle("");
  const std::string good = ReadAll(daemon_.config_path());
  WriteTo(daemon_.config_path(), good + "rulez: 1\n");
  const auto [said, status] = Alogctl(daemon_, "reload --wait");
  EXPECT_NE(status, 0);
  const nlohmann::json refused = daemon_.Ask("reload");
  EXPECT_EQ(refused["ok"], false);
  EXPECT_NE(refused["error"].get<std::string>().find("rulez"), std::string::npos) << refused;
  ExpectRowFromBundle("");
  // A pattern that does not compile, a state directory elsewhere: refused as well.
  daemon_.ConfigureWith(DaemonProcess::OneGroup(Rule("event ([0-9]+")));
  EXPECT_EQ(daemon_.Ask("reload")["ok"], false);
  std::string moved = good;
  moved.replace(moved.find("/state"), 6, "/other");
  WriteTo(daemon_.config_path(), moved);
  const nlohmann::json other = daemon_.Ask("reload");
  EXPECT_EQ(other["ok"], false);
  EXPECT_NE(other["error"].get<std::string>().find("needs a restart"), std::string::npos) << other;
  ExpectRowFromBundle("");
  const nlohmann::json reload = daemon_.Ask("status")["last_reload"];
  EXPECT_EQ(reload["ok"], false);
  WriteTo(daemon_.config_path(), good);
  EXPECT_EQ(daemon_.Ask("reload")["ok"], true);
  EXPECT_EQ(daemon_.Terminate(), 0);
}

TEST_F(ReloadTest, RulesChangeBetweenTwoLines) {
  StartWith(Rule("event [0-9]+", "LOW"));
  ExpectRowFromBundle("");
  daemon_.ConfigureWith(DaemonProcess::OneGroup(Rule("event [0-9]+", "CRITICAL")));
  ASSERT_EQ(daemon_.Ask("reload")["ok"], true);
  ExpectRowFromBundle("");
  EXPECT_EQ(daemon_.Query("SELECT level FROM anomalies ORDER BY id"),
            (std::vector<std::string>{"LOW", "CRITICAL"}));
  EXPECT_EQ(daemon_.Terminate(), 0);
}

TEST_F(ReloadTest, GroupsAndPathsComeAndGo) {
  const std::string rules = "rules:\n" + Rule("event [0-9]+") + "groups:\n";
  const std::string a = "  - {name: a, paths: ['LOGDIR/a.log'], from: beginning}\n";
  const std::string ab =
      "  - {name: a, paths: ['LOGDIR/a.log', 'LOGDIR/b.log'], from: beginning}\n";
  const std::string c = "  - {name: c, paths: ['LOGDIR/c.log'], from: beginning}\n";
  WriteTo(daemon_.Log("a.log"), Event(0));
  WriteTo(daemon_.Log("b.log"), Event(1));
  WriteTo(daemon_.Log("c.log"), Event(2));
  daemon_.ConfigureWith(rules + a);
  ASSERT_TRUE(daemon_.Start());
  EXPECT_TRUE(Eventually([&] { return Rows() == 1; }));
  // A path and a group more.
  daemon_.ConfigureWith(rules + ab + c);
  ASSERT_EQ(daemon_.Ask("reload")["ok"], true);
  EXPECT_TRUE(Eventually([&] { return Rows() == 3; }));
  // Both gone: what is written there waits.
  daemon_.ConfigureWith(rules + a);
  ASSERT_EQ(daemon_.Ask("reload")["ok"], true);
  AppendTo(daemon_.Log("b.log"), Event(3));
  AppendTo(daemon_.Log("c.log"), Event(4));
  AppendTo(daemon_.Log("a.log"), Event(5));
  EXPECT_TRUE(Eventually([&] { return Rows() == 4; }));
  EXPECT_EQ(daemon_.Ask("status")["groups"].size(), 1U);
  // And back: they go on where they were.
  daemon_.ConfigureWith(rules + ab + c);
  ASSERT_EQ(daemon_.Ask("reload")["ok"], true);
  EXPECT_TRUE(Eventually([&] { return Rows() == 6; }));
  AppendTo(daemon_.Log("b.log"), Event(6));
  AppendTo(daemon_.Log("c.log"), Event(7));
  EXPECT_TRUE(Eventually([&] { return Rows() == 8; }));
  EXPECT_EQ(daemon_.Terminate(), 0);
  EXPECT_EQ(daemon_.Number("SELECT count(DISTINCT message) FROM anomalies WHERE detector = 'rule'"),
            8);
}

TEST_F(ReloadTest, StormOfSignalsUnderLoad) {
  StartWith(Rule("event [0-9]+"));
  Publish("20261101T000000Z");
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    while (!stop) {
      for (int i = 0; i < 10; ++i) AppendEvent();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  for (int i = 0; i < 100; ++i) {
    daemon_.Signal(SIGHUP);
    if (i % 10 == 0) {
      Publish(fmt::format("202611{:02}T000000Z", 2 + i / 10));
      EXPECT_EQ(daemon_.Ask("reload")["ok"], true);
    }
  }
  stop = true;
  writer.join();
  EXPECT_TRUE(Eventually([&] { return Rows() == next_; }));
  ExpectRowFromBundle("20261111T000000Z");
  EXPECT_EQ(daemon_.Terminate(), 0);
  EXPECT_EQ(daemon_.Number("SELECT count(DISTINCT message) FROM anomalies WHERE detector = 'rule'"),
            next_);
  EXPECT_TRUE(daemon_.CaughtUp());
}

TEST_F(ReloadTest, StatusForPeopleAndPrograms) {
  StartWith(Rule("event [0-9]+"));
  ExpectRowFromBundle("");
  EXPECT_TRUE(Eventually([&] { return daemon_.Ask("status")["groups"][0]["lines"] == 1; }));
  const auto [table, ok] = Alogctl(daemon_, "status");
  EXPECT_EQ(ok, 0);
  EXPECT_NE(table.find(daemon_.Log("a.log")), std::string::npos) << table;
  EXPECT_NE(table.find("lost_bytes 0"), std::string::npos) << table;
  const auto [json, json_ok] = Alogctl(daemon_, "--json status");
  EXPECT_EQ(json_ok, 0);
  const auto status = nlohmann::json::parse(json);
  EXPECT_EQ(status["pid"], daemon_.pid());
  EXPECT_EQ(status["sources"][0]["lag_bytes"], 0);
  EXPECT_EQ(status["sources"][0]["offset"], Event(0).size());
  EXPECT_EQ(daemon_.Terminate(), 0);
  const auto [down, failed] = Alogctl(daemon_, "status");
  EXPECT_EQ(failed, 1);
  EXPECT_NE(down.find("alogd does not run"), std::string::npos) << down;
}

}  // namespace
}  // namespace alogd
