// SPDX-License-Identifier: MIT
// The thread that hands committed alerts to one sink, which may block or fail.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/store/alert.h"
#include "daemon/alert_limit.h"
#include "daemon/heartbeat.h"
#include "daemon/sinks/alert_sink.h"

namespace alogd {

// What a sender says to the committer.
struct Delivery {
  std::vector<int64_t> taken;  // ids of alerts that leave the outbox
  std::optional<RefusedAlert> refused{};
  bool ready = false;  // for a batch: one that was given before is done with
};

// At least once: an alert is tried until the sink takes it, and its id is handed back only then. A
// sink that drops what is too much for it is given less than that, see AlertLimit.
//
// A batch is given back after kTurn at the latest, sent or not: the next one begins with the
// highest level that waits by then. After a failure the sink rests, longer each time; what waits
// for it stands in the outbox.
class AlertSender {
 public:
  static constexpr std::chrono::milliseconds kTurn{250};

  struct Options {
    std::string name;                            // of the sink
    std::optional<AlertLimit::Options> limit{};  // unset: the sink's own
    // Called on the sender's thread.
    std::function<void(Delivery)> on_delivery;
  };

  struct Stats {
    uint64_t sent = 0;
    uint64_t held_back = 0;  // by AlertLimit: they stand in the database only
    uint64_t failures = 0;   // tries
    std::string last_error;  // escaped; empty once a try succeeded
  };

  // `beat` outlives the sender.
  AlertSender(std::unique_ptr<AlertSink> sink, Heartbeat* beat, Options options);
  // Stop(0) where it was not called.
  ~AlertSender();
  AlertSender(const AlertSender&) = delete;
  AlertSender& operator=(const AlertSender&) = delete;

  // A batch from the outbox, at most one between two deliveries that are ready; or alerts that are
  // not committed, at any time: these are kept here until the sink takes them.
  void Send(std::vector<Alert> alerts);
  // Sink::Reopen, on the sender's thread.
  void Reopen();
  Stats stats() const;

  // Ends the thread, waiting up to `patience` for a sink that blocks; false if it still did then.
  // The thread is left behind in that case, with all it uses, and calls nobody any more.
  bool Stop(std::chrono::milliseconds patience);

 private:
  struct State;
  // Shared with the thread, which may have to be left behind in a sink that never returns.
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace alogd
