// SPDX-License-Identifier: MIT
// The thread that owns the store: commit units in, alerts out, nothing dropped.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/commit_unit.h"
#include "core/store/store.h"
#include "daemon/alert_sender.h"
#include "daemon/heartbeat.h"

namespace alogd {

// A unit that cannot be committed (locked, full) is tried again until it can; what waits behind it
// stays where it is, so the workers stop reading and the files are the queue. Alternative: set a
// failing unit aside and go on with the next; then a restart would find a hole in the middle of a
// file.
class Committer {
 public:
  // Units of one group that wait or are being committed: one to work on, one ready behind it.
  static constexpr size_t kMaxUnits = 2;

  struct Hooks {
    // A unit of the group was committed: there is room for another. On the committer's thread.
    std::function<void(const std::string& group)> on_room;
    // Alerts for a sink that said it is ready; answered by Delivered. Those that are not committed
    // come at any time. On the committer's thread.
    std::function<void(const std::string& sink, std::vector<Alert>)> on_alerts;
    // The database is damaged: trying again is useless. Once, on the committer's thread.
    std::function<void()> on_damage;
    // Alerts wait so long for a database that does not take their commit, then they go out before
    // it.
    std::chrono::milliseconds alert_after = std::chrono::seconds(10);
  };

  struct Stats {
    uint64_t units = 0;
    uint64_t failures = 0;  // attempts
    uint64_t queued = 0;
    uint64_t repeats = 0;    // anomalies whose trouble was told lately; see Notifier
    std::string last_error;  // of the latest failure, escaped; empty once a commit succeeded
    std::map<std::string, uint64_t> waiting;  // alerts in the outbox, by sink; a second old at most
  };

  Committer(Store store, Heartbeat* beat, Hooks hooks);
  // Finish(0) where it was not called.
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Begins the thread; what was offered before waits for it. Once, when the hooks may be called.
  void Start();

  // Whether Offer would take a unit of this group. Only the group's own offers can change true to
  // false.
  bool HasRoom(const std::string& group) const;
  // Queues the unit; a group's units are committed in order. `force` passes over kMaxUnits: a
  // group's last unit, when nobody may wait.
  void Offer(CommitUnit unit, bool force = false);
  // What a sink's sender says: what it sent, and whether it takes a batch. The outbox of another
  // sink does not wait for it.
  void Delivered(const std::string& sink, Delivery delivery);
  // The sink has no sender any more.
  void ForgetSink(const std::string& sink);
  // Runs `call` with the store, after the units that were offered before.
  void Call(std::function<void(Store&)> call);

  Stats stats() const;

  // Commits what is queued, sends what it alerts and waits for it, but no longer than `patience`;
  // then ends the thread. False if something was left: it will be read again at the next start.
  bool Finish(std::chrono::milliseconds patience);

 private:
  using Clock = std::chrono::steady_clock;

  void Run();
  bool DoOne(std::unique_lock<std::mutex>& lock);
  void CommitFront(std::unique_lock<std::mutex>& lock);
  void DeleteSent(std::unique_lock<std::mutex>& lock);
  void ReadOutbox(std::unique_lock<std::mutex>& lock, std::string sink);
  void CountWaiting(std::unique_lock<std::mutex>& lock);
  void KeepPlace(std::unique_lock<std::mutex>& lock);
  void KeepHouse(std::unique_lock<std::mutex>& lock, bool idle);
  void Failed(const Error& error);
  void AlertUncommitted(std::unique_lock<std::mutex>& lock);
  void TellDue(std::unique_lock<std::mutex>& lock);
  void TellRepeats();
  bool call_due() const { return !calls_.empty() && calls_.front().after_units <= stats_.units; }
  void LookInOutboxes();
  // The sink that can be given a batch; empty where none can.
  std::string ReadySink() const;
  bool drained() const;

  Store store_;  // the thread's own
  Heartbeat* beat_;
  Hooks hooks_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<CommitUnit> units_;            // the first may be under way: it is not moved
  std::map<std::string, size_t> of_group_;  // units in units_
  struct WaitingCall {
    uint64_t after_units;  // committed in all
    std::function<void(Store&)> call;
  };
  std::deque<WaitingCall> calls_;
  struct Outlet {
    bool out = false;    // a batch is with its sender
    bool ready = false;  // it takes one
    bool look = true;    // its outbox may hold something; at start: what the last run left there
  };
  std::map<std::string, Outlet> outlets_;  // by sink
  std::deque<std::pair<std::string, Delivery>> delivered_;
  bool count_waiting_ = true;  // the outbox changed
  bool finishing_ = false;
  Clock::time_point finish_by_{};
  Clock::time_point retry_at_{};  // nothing touches the database before, after a failure
  bool failing_ = false;
  Clock::time_point failing_since_{};
  std::set<std::pair<std::string, std::string>>
      alerted_uncommitted_;  // group, trouble; this outage
  bool damaged_ = false;
  Stats stats_;

  // The thread's own.
  Clock::time_point next_place_{};
  bool placeless_ = false;  // told
  Clock::time_point next_retention_;
  Clock::time_point next_checkpoint_;
  uint64_t since_checkpoint_ = 0;  // units
  bool house_failing_ = false;
  uint64_t told_repeats_ = 0;
  Clock::time_point next_tell_{};   // of repeats
  Clock::time_point next_count_{};  // of what waits

  std::thread thread_;
};

}  // namespace alogd
