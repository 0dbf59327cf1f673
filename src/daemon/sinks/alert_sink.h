// SPDX-License-Identifier: MIT
// A way out of the host for alerts: what every sink does.
#pragma once

#include <chrono>
#include <optional>

#include "core/result.h"
#include "core/store/alert.h"
#include "daemon/alert_limit.h"

namespace alogd {

// The edge of the world: tests stand in for it. A sink has a thread of its own (AlertSender), which
// alone calls it.
class AlertSink {
 public:
  virtual ~AlertSink() = default;
  // May block and may fail: it is called again until it succeeds, so that an alert arrives at least
  // once; Alert::id tells repeats. The error says what to do.
  virtual Status Send(const Alert& alert) = 0;
  // SIGHUP: what it has open is opened anew, as logrotate expects.
  virtual void Reopen() {}
  // What it takes before it drops what comes too fast, as journald does.
  virtual std::optional<AlertLimit::Options> limit() const { return {}; }
  // The longest pause between two tries while it fails; the first is a second, then twice as long.
  virtual std::chrono::milliseconds max_pause() const { return std::chrono::seconds(30); }
};

}  // namespace alogd
