// SPDX-License-Identifier: MIT
// How many alerts a sink is given: fewer than it takes, with a share for CRITICAL.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "core/detection/anomaly.h"

namespace alogd {

// journald drops, unseen, all that comes after 10,000 entries of a service in 30 s
// (RateLimitBurst=, RateLimitIntervalSec=), whatever their priority: a flood of HIGH ones would
// take the CRITICAL one with it. What is held back here stands in the database and is counted.
//
// Considered: waiting with everything until there is room. A flood of an hour would then be told
// for hours after it.
class AlertLimit {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Verdict : uint8_t {
    kSend,  // and counted as sent
    kHold,  // leave it out
    kWait,  // ask again: CRITICAL ones are never left out
  };

  struct Options {
    std::chrono::seconds interval{60};
    size_t most = 0;    // in any interval, so in those that a journald counts as well
    size_t others = 0;  // of them for levels below CRITICAL
  };
  // The rest up to 10,000 is for what alogd says besides alerts.
  static constexpr Options kJournald{std::chrono::seconds(30), 9'000, 6'000};

  explicit AlertLimit(const Options& options) : options_(options) {}
  const Options& options() const { return options_; }

  Verdict Ask(RiskLevel level, Clock::time_point now);
  // How many were held back and not told of yet, where that is due; else 0.
  uint64_t TakeUntold(Clock::time_point now);

 private:
  struct Sent {
    Clock::time_point at;
    bool critical;
  };
  Options options_;
  std::deque<Sent> sent_;  // in the last interval
  size_t others_ = 0;      // of them
  uint64_t untold_ = 0;
  Clock::time_point untold_since_{};
};

}  // namespace alogd
