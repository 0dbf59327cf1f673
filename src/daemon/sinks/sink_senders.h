// SPDX-License-Identifier: MIT
// The senders of all sinks: started, exchanged at a reload, ended.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/config/sink_config.h"
#include "daemon/alert_sender.h"
#include "daemon/heartbeat.h"

namespace alogd {

// The journal's, then those of `sinks`.
std::vector<SinkConfig> AllSinks(const Config& config);

struct SinkStatus {
  std::string name;
  std::string kind;
  std::string target;  // empty: the journal's
  AlertSender::Stats stats;
  uint64_t waiting = 0;  // in the outbox
};

class SinkSenders {
 public:
  struct Hooks {
    std::function<std::unique_ptr<AlertSink>(const SinkConfig&)> make;
    // What a sink's sender says; on its thread.
    std::function<void(const std::string& sink, Delivery)> on_delivery;
    // The sink has no sender any more; on the thread that calls Apply.
    std::function<void(const std::string& sink)> on_removed;
  };

  // `beats` outlives this.
  SinkSenders(Heartbeats* beats, Hooks hooks);
  SinkSenders(const SinkSenders&) = delete;
  SinkSenders& operator=(const SinkSenders&) = delete;

  // Ends the senders of sinks that are not wanted as they are, each within `patience`, and starts
  // those that are missing. What was not taken stays in the outbox, for the new sender of its name
  // if there is one. False if a thread was left behind.
  bool Apply(const std::vector<SinkConfig>& wanted, std::chrono::milliseconds patience);
  // From any thread. Given back at once where the sink has gone meanwhile.
  void Send(const std::string& sink, std::vector<Alert> alerts);
  void Reopen();
  std::vector<SinkStatus> status() const;
  // False if a thread was left behind.
  bool Stop(std::chrono::milliseconds patience);

 private:
  struct Running {
    SinkConfig config;
    std::unique_ptr<AlertSender> sender;
  };
  void Start(const SinkConfig& config);

  Heartbeats* beats_;
  Hooks hooks_;
  mutable std::mutex mutex_;
  std::map<std::string, Running> running_;  // by name
};

}  // namespace alogd
