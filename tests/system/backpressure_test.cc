// SPDX-License-Identifier: MIT
// A database or a scorer that stands for half a minute at 100,000 lines/s: the file is the queue.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "testing/daemon_process.h"
#include "testing/sanitized.h"
#include "testing/tail_cases.h"
#include "testing/tail_events.h"

namespace alogd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr int kLinesPerTick = 1000;  // each 10 ms

int64_t ResidentKiB(pid_t pid) {
  const std::string status = ReadAll(fmt::format("/proc/{}/status", pid));
  return std::atoll(status.c_str() + status.find("VmRSS:") + 6);
}

class BackpressureTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "memory and speed are the sanitizer's here";
  }
  void Write(seconds duration) {
    const OpenLog writer(log_);
    Clock::time_point due = Clock::now();
    for (auto passed = milliseconds(0); passed < duration; passed += milliseconds(10)) {
      writer.Write(EventLines(written_, written_ + kLinesPerTick));
      written_ += kLinesPerTick;
      Measure();
      std::this_thread::sleep_until(due += milliseconds(10));
    }
  }
  void Measure() { most_ = std::max(most_, ResidentKiB(daemon_.pid())); }
  bool CaughtUp() {
    return Eventually(
        [&] {
          Measure();
          std::this_thread::sleep_for(milliseconds(50));
          return daemon_.CaughtUp();
        },
        seconds(600));
  }
  // Every hundredth line is a row. Starts, and reads a second's lines, which sets `before_`.
  void StartAndWarm() {
    daemon_.ConfigureWith(DaemonProcess::OneGroup("  - {match: 'event [0-9]*00 ', level: LOW}\n"));
    WriteTo(log_, "");
    ASSERT_TRUE(daemon_.Start());
    Write(seconds(1));
    ASSERT_TRUE(CaughtUp());
    before_ = most_;
  }
  void WriteMeanwhile() { Write(seconds(std::getenv("ALOGD_FULL_SIZE") != nullptr ? 30 : 4)); }
  // Within the memory that a stall may take.
  void ExpectAllRead() {
    EXPECT_TRUE(CaughtUp());
    EXPECT_EQ(daemon_.Number(kCountRows), written_ / 100 - 1) << "from event 100 on";
    ExpectChains(daemon_, log_);
    fmt::print("{} lines; resident {:.1f} MiB, at most {:.1f} MiB more\n", written_,
               static_cast<double>(before_) / 1024, static_cast<double>(most_ - before_) / 1024);
    EXPECT_LT(most_ - before_, 64 << 10);
    EXPECT_EQ(daemon_.Terminate(), 0);
  }

  DaemonProcess daemon_;
  std::string log_ = daemon_.Log("a.log");
  int written_ = 0;
  int64_t most_ = 0, before_ = 0;  // KiB
};

TEST_F(BackpressureTest, DatabaseStalledAtAHundredThousandLinesASecond) {
  StartAndWarm();
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((daemon_.state() + "/alogd.db").c_str(), &db), SQLITE_OK);
  sqlite3_busy_timeout(db, 10'000);
  ASSERT_EQ(sqlite3_exec(db, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  WriteMeanwhile();
  EXPECT_TRUE(Eventually([&] { return daemon_.Ask("status")["groups"][0]["waiting"] == true; }));
  const auto read = daemon_.Ask("status")["groups"][0].value("lines", int64_t{0});
  EXPECT_LT(read, written_) << "it went on reading without committing";
  ASSERT_EQ(sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  ExpectAllRead();
}

// A group is read and scored by one thread, so a scorer that stands is a reader that stands. Here
// all of the process does, and the kernel's queue of events fills meanwhile.
TEST_F(BackpressureTest, ScoringStalledAtAHundredThousandLinesASecond) {
  StartAndWarm();
  daemon_.Signal(SIGSTOP);
  WriteMeanwhile();
  daemon_.Signal(SIGCONT);
  ExpectAllRead();
}

// Jobs come and go while the database stands: what was opened is read when it moves again.
TEST_F(BackpressureTest, ShortLivedFilesWhileTheDatabaseStands) {
  const bool full = std::getenv("ALOGD_FULL_SIZE") != nullptr;
  const int jobs = full ? 9'000 : 900;  // 300 a second
  constexpr int kLife = 600;            // two seconds
  daemon_.ConfigureWith(DaemonProcess::OneGroup(kEveryEvent));
  ASSERT_TRUE(daemon_.Start());
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((daemon_.state() + "/alogd.db").c_str(), &db), SQLITE_OK);
  sqlite3_busy_timeout(db, 10'000);
  ASSERT_EQ(sqlite3_exec(db, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  Clock::time_point due = Clock::now();
  const auto job = [&](int number) { return daemon_.Log(fmt::format("job{}.log", number)); };
  for (int i = 0; i < jobs + kLife; ++i) {
    if (i < jobs) AppendTo(job(i), EventLine(i));
    if (i >= kLife) std::filesystem::remove(job(i - kLife));
    if (i % 3 == 2) std::this_thread::sleep_until(due += milliseconds(10));
  }
  ASSERT_EQ(sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  EXPECT_TRUE(Eventually([&] { return daemon_.Number(kCountRows) >= jobs; }, seconds(300)));
  EXPECT_EQ(daemon_.Ask("status")["limits"]["unseen_files"], 0);
  EXPECT_EQ(daemon_.Terminate(), 0);
  ExpectEachOnce(daemon_, jobs);
}

}  // namespace
}  // namespace alogd
