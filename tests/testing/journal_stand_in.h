// SPDX-License-Identifier: MIT
// A journald of the test's own: a socket that a daemon finds in its place, read or never read.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "testing/service_harness.h"

namespace alogd {

class JournalStandIn {
 public:
  JournalStandIn() {
    const std::string path = directory_ / "socket";
    fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~JournalStandIn() { close(fd_); }
  JournalStandIn(const JournalStandIn&) = delete;
  JournalStandIn& operator=(const JournalStandIn&) = delete;

  // Whether Enter can work: it takes root.
  static bool Possible() { return geteuid() == 0 && access("/run", W_OK) == 0; }

  // In the process that becomes the daemon: a /run of its own with the socket in it, and standard
  // error as a stream of the journal's.
  void Enter() const {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", "/run", "tmpfs", 0, nullptr) != 0)
      _exit(126);
    mkdir("/run/systemd", 0755);
    mkdir("/run/systemd/journal", 0755);
    if (symlink((directory_ / "socket").c_str(), "/run/systemd/journal/socket") != 0) _exit(126);
    struct stat info {};
    fstat(STDERR_FILENO, &info);
    setenv("JOURNAL_STREAM", fmt::format("{}:{}", info.st_dev, info.st_ino).c_str(), 1);
  }

  // All entries that have come, without waiting for more.
  std::vector<std::string> Take() const {
    std::vector<std::string> entries;
    std::string buffer(64 * 1024, '\0');
    for (ssize_t n; (n = recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT)) >= 0;)
      entries.push_back(buffer.substr(0, static_cast<size_t>(n)));
    return entries;
  }

 private:
  TemporaryDirectory directory_;
  int fd_ = -1;
};

}  // namespace alogd
