// SPDX-License-Identifier: MIT
// The stage for cases: a daemon whose rule matches every line, one log, and the account at the end.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "testing/daemon_process.h"
#include "testing/tail_events.h"

namespace alogd {

// A program that keeps its log open.
class OpenLog {
 public:
  explicit OpenLog(const std::string& path, int flags = O_APPEND)
      : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644)) {}
  ~OpenLog() { ::close(fd_); }
  OpenLog(const OpenLog&) = delete;
  OpenLog& operator=(const OpenLog&) = delete;
  void Write(const std::string& text) const {
    EXPECT_EQ(::write(fd_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

 private:
  int fd_;
};

class TailCase : public ::testing::Test {
 protected:
  void Begin(const std::string& more = "") {
    daemon_.ConfigureWith(DaemonProcess::OneGroup(kEveryEvent, more));
    ASSERT_TRUE(daemon_.Start());
  }
  // The next events: appended, or as a text.
  void Write(int count, const std::string& tail = "") { AppendTo(log_, Next(count, tail)); }
  std::string Next(int count, const std::string& tail = "") {
    written_ += count;
    return EventLines(written_ - count, written_, tail);
  }
  // Waits until all that was written is committed.
  void WaitForAll() {
    const int64_t rows = int64_t{written_} * copies_;
    ASSERT_TRUE(Eventually([&] { return daemon_.Number(kCountRows) >= rows; }))
        << daemon_.Number(kCountRows) << " of " << rows << " rows";
  }
  // What alogd does not see step by step: it is stopped meanwhile, as by a busy machine.
  template <typename Action>
  void BetweenTwoReads(Action action) {
    daemon_.Signal(SIGSTOP);
    action();
    daemon_.Signal(SIGCONT);
  }
  template <typename Action>
  void WhileDown(Action action) {
    daemon_.Kill();
    action();
    ASSERT_TRUE(daemon_.Start());
  }
  // Waits for the rows, leaves time for some too many, ends alogd and counts in the database.
  void ExpectAllOnce(std::chrono::seconds limit = std::chrono::seconds(30)) {
    const int64_t rows = int64_t{written_} * copies_;
    EXPECT_TRUE(Eventually([&] { return daemon_.Number(kCountRows) >= rows; }, limit));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(daemon_.Terminate(), 0);
    const Account account = AccountOf(EventRows(daemon_), written_, copies_);
    fmt::print("{:<44} {:>8} lines: {} lost, {} duplicated\n",
               ::testing::UnitTest::GetInstance()->current_test_info()->name(), rows, account.lost,
               account.duplicated);
    EXPECT_EQ(account.lost, 0) << account.gaps;
    EXPECT_EQ(account.duplicated, 0);
    EXPECT_EQ(account.foreign, 0);
    EXPECT_EQ(daemon_.said().find(": lost "), std::string::npos) << "nothing to complain of";
  }
  std::string Rotated(const std::string& suffix) const { return log_ + suffix; }
  // ALOGD_FULL_SIZE plays the large cases in their full size.
  static int Sized(int full, int quick) {
    return std::getenv("ALOGD_FULL_SIZE") != nullptr ? full : quick;
  }

  DaemonProcess daemon_;
  const std::string log_ = daemon_.Log("app.log");
  int written_ = 0;
  int copies_ = 1;  // rows that each event is to have
};

}  // namespace alogd
