// SPDX-License-Identifier: MIT
// The thread that hands committed alerts to the sink, which may block.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "core/store/store.h"
#include "daemon/heartbeat.h"

namespace alogd {

class AlertSink;

// At least once: an alert is tried until the sink takes it, and its id is handed back only then. A
// sink that drops what is too much for it is given less than that, see AlertLimit.
// What was not handed back when the daemon ends stands in the outbox and goes out after the next
// start.
class AlertSender {
 public:
  // Called on the sender's thread with the ids of a whole batch, or of its part that was sent at
  // Stop.
  using OnSent = std::function<void(std::vector<int64_t>)>;

  struct Stats {
    uint64_t sent = 0;
    uint64_t waiting = 0;    // handed over, not yet sent
    uint64_t held_back = 0;  // by AlertLimit: they stand in the database only
  };

  // `beat` outlives the sender.
  AlertSender(std::unique_ptr<AlertSink> sink, Heartbeat* beat, OnSent on_sent);
  // Stop(0) where it was not called.
  ~AlertSender();
  AlertSender(const AlertSender&) = delete;
  AlertSender& operator=(const AlertSender&) = delete;

  void Send(std::vector<Alert> batch);
  Stats stats() const;

  // Ends the thread, waiting up to `patience` for a sink that blocks; false if it still did then.
  // The thread is left behind in that case, with all it uses, and `on_sent` is not called any more.
  bool Stop(std::chrono::milliseconds patience);

 private:
  struct State;
  // Shared with the thread, which may have to be left behind in a sink that never returns.
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace alogd
