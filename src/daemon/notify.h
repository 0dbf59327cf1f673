// SPDX-License-Identifier: MIT
// What the service manager is told: ready, reloading, stopping, one line of status, the watchdog.
#pragma once

#include <chrono>
#include <string>

namespace alogd {

// sd_notify, in the words of systemd.service(5). Every call does nothing where NOTIFY_SOCKET is
// unset.
class Notifier {
 public:
  void Ready(const std::string& status) const;
  // Followed by Ready, whether the reload was refused or not.
  void Reloading() const;
  void Stopping() const;
  void StatusLine(const std::string& status) const;
  void FeedWatchdog() const;
  // How long the manager waits for FeedWatchdog; zero where it does not watch.
  static std::chrono::microseconds WatchdogInterval();
};

}  // namespace alogd
