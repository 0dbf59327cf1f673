// SPDX-License-Identifier: MIT
// How many entries alogd gives the journal: fewer than journald takes, with a share for CRITICAL.
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

  static constexpr std::chrono::seconds kInterval{30};
  // In any 30 s, so in those that journald counts as well. The rest up to 10,000 is for what alogd
  // says besides alerts.
  static constexpr size_t kMost = 9'000;
  // Of them for levels below CRITICAL.
  static constexpr size_t kOthers = 6'000;

  Verdict Ask(RiskLevel level, Clock::time_point now);
  // How many were held back and not told of yet, where that is due; else 0.
  uint64_t TakeUntold(Clock::time_point now);

 private:
  struct Sent {
    Clock::time_point at;
    bool critical;
  };
  std::deque<Sent> sent_;  // in the last kInterval
  size_t others_ = 0;      // of them
  uint64_t untold_ = 0;
  Clock::time_point untold_since_{};
};

}  // namespace alogd
