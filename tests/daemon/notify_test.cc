// SPDX-License-Identifier: MIT
// What arrives at the service manager's socket.
#include "daemon/notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "testing/service_harness.h"

namespace alogd {
namespace {

class NotifierTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string path = directory_ / "notify";
    fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    ASSERT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("NOTIFY_SOCKET");
    close(fd_);
  }
  std::string Next() {
    char buffer[4096];
    const ssize_t n = recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
    return n > 0 ? std::string(buffer, static_cast<size_t>(n)) : "";
  }
  TemporaryDirectory directory_;
  int fd_ = -1;
  Notifier notifier_;
};

TEST_F(NotifierTest, ReadyIsOneLineOfStatus) {
  notifier_.Ready("2 groups\nWATCHDOG=trigger");
  EXPECT_EQ(Next(), "READY=1\nSTATUS=2 groups WATCHDOG=trigger");
}

TEST_F(NotifierTest, ReloadingCarriesTheMonotonicTime) {
  timespec before{}, after{};
  clock_gettime(CLOCK_MONOTONIC, &before);
  notifier_.Reloading();
  clock_gettime(CLOCK_MONOTONIC, &after);
  const std::string message = Next();
  const std::string prefix = "RELOADING=1\nMONOTONIC_USEC=";
  ASSERT_EQ(message.substr(0, prefix.size()), prefix);
  const int64_t us = std::stoll(message.substr(prefix.size()));
  EXPECT_GE(us, before.tv_sec * 1'000'000 + before.tv_nsec / 1000);
  EXPECT_LE(us, after.tv_sec * 1'000'000 + after.tv_nsec / 1000);
}

TEST_F(NotifierTest, StoppingAndWatchdog) {
  notifier_.Stopping();
  EXPECT_EQ(Next().substr(0, 10), "STOPPING=1");
  notifier_.FeedWatchdog();
  EXPECT_EQ(Next(), "WATCHDOG=1");
}

TEST_F(NotifierTest, WatchdogIntervalFromTheEnvironment) {
  EXPECT_EQ(Notifier::WatchdogInterval().count(), 0);
  setenv("WATCHDOG_USEC", "60000000", 1);
  EXPECT_EQ(Notifier::WatchdogInterval(), std::chrono::seconds(60));
  setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(Notifier::WatchdogInterval().count(), 0) << "another process is watched";
  unsetenv("WATCHDOG_USEC");
  unsetenv("WATCHDOG_PID");
}

}  // namespace
}  // namespace alogd
