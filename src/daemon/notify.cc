// SPDX-License-Identifier: MIT
// sd_notify messages as systemd wants them.
#include "daemon/notify.h"

#include <systemd/sd-daemon.h>
#include <time.h>

#include <algorithm>

namespace alogd {
namespace {

// A notification is one datagram of VAR=VALUE lines: a line break in a status would begin a
// variable.
std::string OneLine(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

void Notifier::Ready(const std::string& status) const {
  sd_notify(0, ("READY=1\nSTATUS=" + OneLine(status)).c_str());
}

void Notifier::Reloading() const {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t us = int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
  sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(us)).c_str());
}

void Notifier::Stopping() const { sd_notify(0, "STOPPING=1\nSTATUS=Committing what was read"); }

void Notifier::StatusLine(const std::string& status) const {
  sd_notify(0, ("STATUS=" + OneLine(status)).c_str());
}

void Notifier::FeedWatchdog() const { sd_notify(0, "WATCHDOG=1"); }

std::chrono::microseconds Notifier::WatchdogInterval() {
  uint64_t us = 0;
  return std::chrono::microseconds(sd_watchdog_enabled(0, &us) > 0 ? static_cast<int64_t>(us) : 0);
}

}  // namespace alogd
