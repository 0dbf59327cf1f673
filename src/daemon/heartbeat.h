// SPDX-License-Identifier: MIT
// Signs of life: each stage stamps its own, the watchdog is fed while all are fresh.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

namespace alogd {

// Stamped by one stage each time it comes round its loop.
class Heartbeat {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Heartbeat(std::string name) : name_(std::move(name)) { Beat(); }

  void Beat() { last_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed); }
  // From here to the next Beat the stage waits for something that no restart of ours would mend (a
  // journald that does not read): that counts as coming round.
  void Rest() { last_.store(kResting, std::memory_order_relaxed); }
  // The stage has ended and is waited for no longer.
  void End() { Rest(); }

  bool FreshAt(Clock::time_point now, std::chrono::milliseconds limit) const {
    const int64_t last = last_.load(std::memory_order_relaxed);
    return last == kResting || now.time_since_epoch() - Clock::duration(last) <= limit;
  }
  const std::string& name() const { return name_; }

 private:
  static constexpr int64_t kResting = INT64_MAX;
  std::string name_;
  std::atomic<int64_t> last_{0};
};

// All stages of a daemon. Heartbeats live as long as this.
class Heartbeats {
 public:
  Heartbeat* Add(std::string_view name) {
    const std::lock_guard lock(mutex_);
    return &beats_.emplace_back(std::string(name));
  }
  // The name of a stage that has not come round for `limit`; empty where all have.
  std::string Stale(Heartbeat::Clock::time_point now, std::chrono::milliseconds limit) const {
    const std::lock_guard lock(mutex_);
    for (const Heartbeat& beat : beats_) {
      if (!beat.FreshAt(now, limit)) return beat.name();
    }
    return {};
  }

 private:
  mutable std::mutex mutex_;
  std::deque<Heartbeat> beats_;  // a deque: addresses stay
};

}  // namespace alogd
