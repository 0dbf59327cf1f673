// SPDX-License-Identifier: MIT
// alogd as a process: alerts, exactly once across kills, a locked database, start and end.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <random>
#include <thread>

#include "testing/daemon_process.h"
#include "testing/paths.h"
#include "testing/tail_events.h"

namespace alogd {
namespace {

TEST(DaemonTest, RuleAlertsAndIsStored) {
  DaemonProcess daemon;
  daemon.ConfigureWith(DaemonProcess::OneGroup(
      "  - {match: 'Out of memory: Killed process', level: CRITICAL, name: oom}\n"));
  WriteTo(daemon.Log("a.log"), EventLines(0, 50));
  ASSERT_TRUE(daemon.Start());
  AppendTo(daemon.Log("a.log"),
           "2026-11-20T10:00:00.000000+00:00 host kernel: Out of memory: Killed process 17 "
           "(evil\x1b[2J)\n");
  EXPECT_TRUE(Eventually([&] {
    return daemon.Number("SELECT count(*) FROM anomalies WHERE level = 'CRITICAL'") == 1;
  }));
  EXPECT_TRUE(Eventually([&] { return daemon.said().find("Out of memory") != std::string::npos; }));
  EXPECT_EQ(daemon.said().find('\x1b'), std::string::npos)
      << "escapes of log text reach no terminal";
  EXPECT_TRUE(Eventually([&] { return daemon.Number("SELECT count(*) FROM outbox") == 0; }))
      << "sent alerts leave the outbox";
  EXPECT_EQ(daemon.Terminate(), 0);
}

TEST(DaemonTest, FromTheEndReadsWhatComesAfterReady) {
  DaemonProcess daemon;
  daemon.ConfigureWith(
      "rules:\n" + std::string(kEveryEvent) +
      "groups:\n  - {name: app, paths: ['LOGDIR/*.log'], from: end, stream: source}\n");
  WriteTo(daemon.Log("a.log"), EventLines(1000, 1100));
  ASSERT_TRUE(daemon.Start());
  AppendTo(daemon.Log("a.log"), EventLines(0, 10));
  WriteTo(daemon.Log("later.log"), EventLines(10, 20));
  EXPECT_TRUE(Eventually([&] { return daemon.Number(kCountRows) == 20; }));
  daemon.Kill();
  AppendTo(daemon.Log("a.log"), EventLines(20, 30));
  WriteTo(daemon.Log("while-down.log"), EventLines(30, 40));
  ASSERT_TRUE(daemon.Start());
  EXPECT_TRUE(Eventually([&] { return daemon.Number(kCountRows) == 40; }));
  EXPECT_EQ(daemon.Terminate(), 0);
  ExpectEachOnce(daemon, 40);
}

// A writer that never stops; the daemon is killed at random points. Each line becomes one row.
TEST(DaemonTest, ExactlyOnceAcrossKills) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  DaemonProcess daemon;
  daemon.ConfigureWith(DaemonProcess::OneGroup(kEveryEvent));
  EventWriter writer([&](int i) {
    // Lines are cut at any byte by what is flushed when.
    const std::string lines = EventLines(i, i + 10);
    AppendTo(daemon.Log("a.log"), lines.substr(0, lines.size() / 2));
    AppendTo(daemon.Log("a.log"), lines.substr(lines.size() / 2));
    return i + 10;
  });
  // How soon a start commits differs by machine and build; kills come before, amid and after it.
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(daemon.Start());
  ASSERT_TRUE(Eventually([&] { return daemon.Number(kCountRows) > 0; }));
  const auto to_commit = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begin);
  daemon.Kill();
  std::uniform_int_distribution<int64_t> wait(0, to_commit.count());
  constexpr int kKills = 12;
  for (int kill = 0; kill < kKills; ++kill) {
    if (kill % 3 == 0) {
      daemon.Spawn();  // not waited for: the start is killed, too
    } else {
      ASSERT_TRUE(daemon.Start());
    }
    std::this_thread::sleep_for(std::chrono::microseconds(wait(random)));
    daemon.Kill();
  }
  const int written = writer.Stop();
  ASSERT_TRUE(daemon.Start());
  EXPECT_TRUE(Eventually([&] { return daemon.CaughtUp(); }));
  EXPECT_EQ(daemon.Terminate(), 0);
  ExpectEachOnce(daemon, written);
  ExpectChains(daemon, daemon.Log("a.log"));
}

TEST(DaemonTest, ExactlyOnceAcrossRotationsAndTerminations) {
  DaemonProcess daemon;
  daemon.ConfigureWith(DaemonProcess::OneGroup(kEveryEvent));
  AppendTo(daemon.Log("a.log"), EventLines(0, 20));
  // What is rotated away before a log was ever read is history, not a log.
  ASSERT_TRUE(daemon.Start());
  ASSERT_TRUE(Eventually([&] { return daemon.Number(kCountRows) == 20; }));
  EXPECT_EQ(daemon.Terminate(), 0);
  // A slow daemon must catch up in the time that Eventually gives it.
  constexpr int kMostLines = 30'000;
  EventWriter writer([&](int i) {
    i = std::max(i, 20);
    if (i >= kMostLines) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return i;
    }
    AppendTo(daemon.Log("a.log"), EventLines(i, i + 20));
    if (i % 1000 == 980) {
      std::filesystem::rename(daemon.Log("a.log"),
                              daemon.Log(fmt::format("a.log.{}", i / 1000 + 1)));
    }
    return i + 20;
  });
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(daemon.Start());
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    EXPECT_EQ(daemon.Terminate(), 0);
  }
  const int written = writer.Stop();
  ASSERT_TRUE(daemon.Start());
  EXPECT_TRUE(Eventually([&] { return daemon.Number(kCountRows) >= written; }));
  EXPECT_EQ(daemon.Terminate(), 0);
  ExpectEachOnce(daemon, written);
}

TEST(DaemonTest, UnfinishedLineIsLeftForTheNextStart) {
  DaemonProcess daemon;
  daemon.ConfigureWith(DaemonProcess::OneGroup(kEveryEvent, "    partial_timeout: 1h\n"));
  const std::string whole = EventLines(0, 3);
  WriteTo(daemon.Log("a.log"), whole + EventLine(3).substr(0, 50));
  ASSERT_TRUE(daemon.Start());
  EXPECT_TRUE(Eventually([&] { return daemon.Number(kCountRows) == 3; }));
  EXPECT_EQ(daemon.Terminate(), 0);
  EXPECT_EQ(daemon.Number("SELECT offset FROM files"), static_cast<int64_t>(whole.size()));
  AppendTo(daemon.Log("a.log"), EventLine(3).substr(50));
  ASSERT_TRUE(daemon.Start());
  EXPECT_TRUE(Eventually([&] { return daemon.Number(kCountRows) == 4; }));
  EXPECT_EQ(daemon.Terminate(), 0);
  ExpectEachOnce(daemon, 4);
}

int64_t ResidentBytes(pid_t pid) {
  long long total = 0, resident = 0;
  const std::string statm = ReadAll(fmt::format("/proc/{}/statm", pid));
  EXPECT_EQ(std::sscanf(statm.c_str(), "%lld %lld", &total, &resident), 2);
  return resident * sysconf(_SC_PAGESIZE);
}

// The reader waits while the database is locked, memory does not grow with the backlog, and
// everything is there afterwards.
TEST(DaemonTest, LockedDatabaseHoldsTheReaderUp) {
  DaemonProcess daemon;
  daemon.ConfigureWith(DaemonProcess::OneGroup("  - {match: 'event [0-9]*000 ', level: LOW}\n"));
  WriteTo(daemon.Log("a.log"), EventLines(0, 1));
  ASSERT_TRUE(daemon.Start());
  EXPECT_TRUE(Eventually([&] { return daemon.CaughtUp(); }));
  const int64_t memory_before = ResidentBytes(daemon.pid());

  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((daemon.state() + "/alogd.db").c_str(), &db), SQLITE_OK);
  sqlite3_busy_timeout(db, 10'000);
  ASSERT_EQ(sqlite3_exec(db, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  // 60 MB: more than the units that may wait can hold.
  for (int i = 0; i < 60; ++i)
    AppendTo(daemon.Log("a.log"), EventLines(1 + i * 12'000, 1 + (i + 1) * 12'000));
  ASSERT_TRUE(Eventually([&] { return daemon.Ask("status")["groups"][0]["waiting"] == true; }));
  const nlohmann::json status = daemon.Ask("status");
  EXPECT_NE(status["commit"]["last_error"], nullptr);
  EXPECT_LT(status["groups"][0]["lines"], 720'001) << "it went on reading without committing";
  EXPECT_LT(ResidentBytes(daemon.pid()) - memory_before, 64 << 20);
  ASSERT_EQ(sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);

  EXPECT_TRUE(Eventually([&] { return daemon.CaughtUp(); }, std::chrono::seconds(120)));
  EXPECT_EQ(daemon.Number(kCountRows), 720);
  EXPECT_EQ(daemon.Terminate(), 0);
  const std::string said = daemon.said();
  EXPECT_EQ(said.find("SQLITE_BUSY"), said.rfind("SQLITE_BUSY")) << "said once";
  EXPECT_NE(said.find("takes commits again"), std::string::npos);
}

TEST(DaemonTest, TerminationWithALockedDatabaseLosesNothing) {
  DaemonProcess daemon;
  daemon.ConfigureWith(DaemonProcess::OneGroup(kEveryEvent));
  WriteTo(daemon.Log("a.log"), EventLines(0, 100));
  ASSERT_TRUE(daemon.Start());
  EXPECT_TRUE(Eventually([&] { return daemon.CaughtUp(); }));
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((daemon.state() + "/alogd.db").c_str(), &db), SQLITE_OK);
  sqlite3_busy_timeout(db, 10'000);
  ASSERT_EQ(sqlite3_exec(db, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  AppendTo(daemon.Log("a.log"), EventLines(100, 200));
  EXPECT_TRUE(Eventually([&] { return daemon.said().find("locked") != std::string::npos; }));
  EXPECT_EQ(daemon.Terminate(), 0);
  EXPECT_NE(daemon.said().find("read again at the next start"), std::string::npos);
  sqlite3_close(db);
  ASSERT_TRUE(daemon.Start());
  EXPECT_TRUE(Eventually([&] { return daemon.CaughtUp(); }));
  EXPECT_EQ(daemon.Terminate(), 0);
  ExpectEachOnce(daemon, 200);
}

TEST(DaemonTest, NotificationsOfALife) {
  DaemonProcess daemon;
  daemon.set_environment("WATCHDOG_USEC", "400000");
  daemon.ConfigureWith(DaemonProcess::OneGroup(kEveryEvent));
  ASSERT_TRUE(daemon.Start());
  EXPECT_NE(daemon.WaitForNotification("WATCHDOG=1"), "");
  EXPECT_NE(daemon.WaitForNotification("WATCHDOG=1"), "");
  daemon.Signal(SIGHUP);
  EXPECT_NE(daemon.WaitForNotification("RELOADING=1\nMONOTONIC_USEC="), "");
  EXPECT_NE(daemon.WaitForNotification("READY=1"), "");
  WriteTo(daemon.config_path(), "nonsense: 1\n");
  daemon.Signal(SIGHUP);
  EXPECT_NE(daemon.WaitForNotification("RELOADING=1"), "");
  EXPECT_NE(daemon.WaitForNotification("READY=1"), "") << "refused, and ready all the same";
  daemon.Signal(SIGINT);
  EXPECT_NE(daemon.WaitForNotification("STOPPING=1"), "");
  EXPECT_EQ(daemon.Wait(), 0);
}

TEST(DaemonTest, SecondDaemonOnOneStateDirectory) {
  DaemonProcess daemon;
  daemon.ConfigureWith(DaemonProcess::OneGroup(kEveryEvent));
  ASSERT_TRUE(daemon.Start());
  const std::string command = fmt::format("{}/alogd --config {} 2>&1; echo \"status $?\"",
                                          testing::BinaryDir(), daemon.config_path());
  FILE* second = popen(command.c_str(), "r");
  char buffer[4096] = {};
  const size_t n = fread(buffer, 1, sizeof buffer - 1, second);
  pclose(second);
  const std::string said(buffer, n);
  EXPECT_NE(said.find(fmt::format("another alogd (pid {})", daemon.pid())), std::string::npos)
      << said;
  EXPECT_NE(said.find("status 1"), std::string::npos) << said;
  EXPECT_EQ(daemon.Ask("ping")["ok"], true) << "the first one's socket is untouched";
  EXPECT_EQ(daemon.Terminate(), 0);
}

TEST(DaemonTest, WrongConfigurationAtStart) {
  DaemonProcess daemon;
  daemon.Configure("rulez: []\n");
  daemon.Spawn();
  EXPECT_EQ(daemon.Wait(), 2);
  EXPECT_NE(daemon.said().find("alogd.yaml:2:1"), std::string::npos) << daemon.said();
  EXPECT_NE(daemon.said().find("rules"), std::string::npos)
      << "the nearest known key: " << daemon.said();
  std::filesystem::remove(daemon.config_path());
  daemon.Spawn();
  EXPECT_EQ(daemon.Wait(), 2) << "a file that was asked for must be there";
}

TEST(DaemonTest, WhatIsNoDatabaseIsSetAside) {
  DaemonProcess daemon;
  daemon.ConfigureWith(DaemonProcess::OneGroup(kEveryEvent));
  std::filesystem::create_directory(daemon.state());
  WriteTo(daemon.state() + "/alogd.db", std::string(100'000, 'x'));
  ASSERT_TRUE(daemon.Start());
  EXPECT_NE(daemon.said().find("it was set aside as"), std::string::npos) << daemon.said();
  EXPECT_EQ(daemon.Terminate(), 0);
}

TEST(DaemonTest, AnotherProgramsDatabaseAtStart) {
  DaemonProcess daemon;
  daemon.ConfigureWith(DaemonProcess::OneGroup(kEveryEvent));
  std::filesystem::create_directory(daemon.state());
  sqlite3* theirs = nullptr;
  ASSERT_EQ(sqlite3_open((daemon.state() + "/alogd.db").c_str(), &theirs), SQLITE_OK);
  sqlite3_exec(theirs, "CREATE TABLE theirs (x)", nullptr, nullptr, nullptr);
  sqlite3_close(theirs);
  daemon.Spawn();
  EXPECT_EQ(daemon.Wait(), 1);
  EXPECT_NE(daemon.said().find("not one of alogd"), std::string::npos) << daemon.said();
}

}  // namespace
}  // namespace alogd
