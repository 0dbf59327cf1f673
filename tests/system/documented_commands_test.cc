// SPDX-License-Identifier: MIT
// Every alogctl command in the README and the manual pages runs as it stands there.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "testing/daemon_process.h"
#include "testing/paths.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;

// What stands in documents for something of the reader's.
std::string Filled(std::string command, const DaemonProcess& daemon, const std::string& out) {
  const std::string backup = (fs::path(daemon.state()).parent_path() / "backup.db").string();
  const std::pair<std::string, std::string> kPlaces[] = {
      {"/srv/backup/alogd.db", backup},
      {"restore FILE", "restore " + backup},
      {"/var/log/app.log", daemon.Log("app.log")},
      {"/var/log ", daemon.Log("app.log") + " "},
      {"LOG...", daemon.Log("app.log")},
      {"FILE", daemon.Log("app.log")},
      {"--out DIR", "--out " + out},
      {"ID", "1"},
      {"--group system", "--group app"},
      {"show 2", "show 1"},
      {"\\-", "-"}};
  for (const auto& [from, to] : kPlaces)
    for (size_t at = 0; (at = command.find(from, at)) != std::string::npos; at += to.size())
      command.replace(at, from.size(), to);
  return command;
}

std::set<std::string> Documented() {
  std::set<std::string> commands;
  const auto take = [&commands](std::string command) {
    command = command.substr(0, command.find(" && "));
    command = command.substr(0, command.find('#'));
    while (command.ends_with(' ')) command.pop_back();
    commands.insert(command);
  };
  const std::string readme = ReadAll(testing::SourcePath("README.md"));
  const std::regex quoted("`alogctl ([^`]+)`"),
      plain("(?:^|\n)(?:sudo -u alogd )?alogctl ([^\n]+)");
  for (const std::regex& pattern : {quoted, plain})
    for (std::sregex_iterator it(readme.begin(), readme.end(), pattern), end; it != end; ++it)
      take((*it)[1]);
  for (const auto& page : fs::directory_iterator(testing::SourcePath("doc/man"))) {
    const std::string text = ReadAll(page.path());
    const std::regex line("\n\\.Dl alogctl ([^\n]+)");
    for (std::sregex_iterator it(text.begin(), text.end(), line), end; it != end; ++it)
      take((*it)[1]);
  }
  return commands;
}

TEST(DocumentedCommandsTest, Run) {
  DaemonProcess daemon;
  daemon.ConfigureWith(DaemonProcess::OneGroup("  - {match: 'disk on fire', level: CRITICAL}\n"));
  std::string text;
  for (int i = 0; i < 3000; ++i)
    text += fmt::format("2026-11-20T{:02}:{:02}:{:02}.000000+00:00 host app[12]: {}\n", i / 3600,
                        i / 60 % 60, i % 60,
                        i == 2990    ? "disk on fire"
                        : i % 3 == 0 ? fmt::format("request {} took {} ms", i, i % 17)
                        : i % 3 == 1 ? fmt::format("user u{} logged in", i % 40)
                                     : "cache refreshed");
  WriteTo(daemon.Log("app.log"), text);
  ASSERT_TRUE(daemon.Start());
  ASSERT_TRUE(Eventually([&] { return daemon.CaughtUp(); }));
  const fs::path out = fs::path(daemon.state()).parent_path() / "out";
  const auto run = [&](const std::string& command) {
    const std::string line = fmt::format("{}/alogctl --config {} {} 2>&1 < /dev/null",
                                         testing::BinaryDir(), daemon.config_path(), command);
    FILE* pipe = popen(line.c_str(), "r");
    std::string said;
    char buffer[4096];
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) said.append(buffer, n);
    const int status = pclose(pipe);
    return std::pair(said, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  };
  // What others work on.
  ASSERT_EQ(
      run(Filled("train LOG... --group app --activate --detectors novelty", daemon, out)).second,
      0);
  ASSERT_EQ(run("reload --wait").second, 0);
  const std::set<std::string> commands = Documented();
  EXPECT_GE(commands.size(), 15u);
  const auto expect_runs = [&run](const std::string& command) {
    const auto [said, status] = run(command);
    EXPECT_THAT(status, ::testing::AnyOf(0, 3)) << "alogctl " << command << "\n" << said;
  };
  std::vector<std::string> while_stopped;
  for (const std::string& command : commands) {
    std::string filled = Filled(command, daemon, out);
    // What trains for minutes elsewhere trains one detector here.
    if (filled.starts_with("train"))
      filled = filled == "train" ? "train --help" : filled + " --detectors novelty";
    if (filled == "scan" || filled == "eval") filled += " --help";
    if (filled.starts_with("restore"))
      while_stopped.push_back(filled);
    else
      expect_runs(filled);
  }
  ASSERT_EQ(daemon.Terminate(), 0);
  EXPECT_FALSE(while_stopped.empty());
  for (const std::string& command : while_stopped) {
    fs::copy_file(fs::path(daemon.state()) / "alogd.db",
                  fs::path(daemon.state()).parent_path() / "backup.db",
                  fs::copy_options::overwrite_existing);
    expect_runs(command);
  }
}

TEST(DocumentedCommandsTest, Maintenance) {
  DaemonProcess daemon;
  daemon.ConfigureWith(DaemonProcess::OneGroup("  - {match: 'disk on fire', level: CRITICAL}\n"));
  WriteTo(daemon.Log("app.log"), "");
  ASSERT_TRUE(daemon.Start());
  const auto ask = [&](nlohmann::json request) {
    request["command"] = "maintenance";
    const auto answer = ControlRequest(daemon.socket_path(), request, 30'000);
    EXPECT_TRUE(answer.ok());
    return answer.ok() ? *answer : nlohmann::json::object();
  };
  EXPECT_EQ(ask({})["active"], false);
  EXPECT_EQ(ask({{"for_s", -5}})["ok"], false);
  EXPECT_EQ(ask({{"for_s", 3600}})["active"], true);
  AppendTo(daemon.Log("app.log"), "2026-11-20T10:00:00.000000+00:00 host app[12]: disk on fire\n");
  EXPECT_TRUE(Eventually([&] { return ask({})["held"] == 1; }));
  EXPECT_EQ(daemon.Number("SELECT count(*) FROM anomalies"), 1);
  EXPECT_EQ(daemon.said().find("disk on fire"), std::string::npos);
  EXPECT_EQ(ask({{"for_s", 0}})["active"], false);
  AppendTo(daemon.Log("app.log"), "2026-11-20T12:00:00.000000+00:00 host app[12]: disk on fire\n");
  EXPECT_TRUE(Eventually([&] { return daemon.said().find("disk on fire") != std::string::npos; }));
  EXPECT_EQ(ask({})["held"], 1);
}

TEST(DocumentedCommandsTest, Verdicts) {
  DaemonProcess daemon;
  daemon.ConfigureWith(DaemonProcess::OneGroup("  - {match: 'disk on fire', level: CRITICAL}\n"));
  const auto burn = [&](int hour) {
    AppendTo(daemon.Log("app.log"),
             fmt::format("2026-11-20T{}:00:00.000000+00:00 host app[12]: disk on fire\n", hour));
  };
  burn(10);
  ASSERT_TRUE(daemon.Start());
  const auto rows = [&](const std::string& state) {
    return daemon.Number("SELECT count(*) FROM anomalies WHERE state = '" + state + "'");
  };
  ASSERT_TRUE(Eventually([&] { return rows("new") == 1; }));
  const auto ask = [&](nlohmann::json request) {
    request["command"] = "verdict";
    const auto answer = ControlRequest(daemon.socket_path(), request, 30'000);
    EXPECT_TRUE(answer.ok());
    return answer.ok() ? *answer : nlohmann::json::object();
  };
  using Ids = std::vector<int>;
  EXPECT_EQ(ask({{"state", "gone"}, {"anomalies", Ids{1}}})["ok"], false);
  EXPECT_EQ(ask({{"state", "acked"}, {"anomalies", Ids{-1}}})["ok"], false);
  EXPECT_EQ(ask({{"state", "acked"}})["ok"], false);
  EXPECT_EQ(ask({{"state", "acked"}, {"anomalies", Ids{99}}})["error"], "there is no anomaly 99");
  EXPECT_EQ(ask({{"state", "suppressed"}, {"incidents", Ids{1}}})["changed"], 1);
  burn(12);
  EXPECT_TRUE(Eventually([&] { return rows("suppressed") == 2; }));
  EXPECT_EQ(ask({{"state", "new"}, {"anomalies", Ids{2}}})["changed"], 1);
  burn(14);
  EXPECT_TRUE(Eventually([&] { return daemon.said().find("Nov 20 14:00") != std::string::npos; }));
  EXPECT_EQ(daemon.said().find("Nov 20 12:00"), std::string::npos);
}

}  // namespace
}  // namespace alogd
