// SPDX-License-Identifier: MIT
// The entries of the last interval, and who may add to them.
#include "daemon/alert_limit.h"

#include <utility>

namespace alogd {

AlertLimit::Verdict AlertLimit::Ask(RiskLevel level, Clock::time_point now) {
  for (; !sent_.empty() && now - sent_.front().at >= options_.interval; sent_.pop_front()) {
    if (!sent_.front().critical) --others_;
  }
  const bool critical = level == RiskLevel::kCritical;
  if (sent_.size() >= options_.most || (!critical && others_ >= options_.others)) {
    if (critical) return Verdict::kWait;
    if (untold_++ == 0) untold_since_ = now;
    return Verdict::kHold;
  }
  sent_.push_back({now, critical});
  if (!critical) ++others_;
  return Verdict::kSend;
}

uint64_t AlertLimit::TakeUntold(Clock::time_point now) {
  return now - untold_since_ >= options_.interval ? std::exchange(untold_, 0) : 0;
}

}  // namespace alogd
