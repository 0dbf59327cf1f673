// SPDX-License-Identifier: MIT
// The committer's loop: commits, outbox, calls, and housekeeping when nothing waits.
#include "daemon/committer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/detection/trouble.h"
#include "core/store/rescue.h"
#include "core/text.h"
#include "daemon/logging.h"

namespace alogd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// No wait is longer, so that the heartbeat stays fresh.
constexpr milliseconds kRound{1000};
// After a failure; the store itself waits for a lock before it fails.
constexpr milliseconds kRetry{200};
// Alerts of one batch: enough to keep a transaction's cost small beside them, few enough that what
// was sent twice after a crash is not a flood.
constexpr size_t kBatch = 64;
// A database that was deleted is missed so soon; one that cannot be written again is tried so
// often.
constexpr milliseconds kPlacePeriod{500};
constexpr seconds kPlaceRetry{10};
constexpr seconds kRetentionPeriod{60};
constexpr seconds kRetentionOverdue{600};
// The WAL is folded in when the thread is idle, and at the latest after so many units (of some 0.2
// MB).
constexpr seconds kCheckpointPeriod{10};
constexpr uint64_t kCheckpointUnits = 256;
// What waits in the outbox is counted no more often.
constexpr seconds kCountPeriod{1};
// Trouble that goes on repeats itself about once an hour.
constexpr std::chrono::hours kTellRepeats{1};

}  // namespace

Committer::Committer(Store store, Heartbeat* beat, Hooks hooks)
    : store_(std::move(store)),
      beat_(beat),
      hooks_(std::move(hooks)),
      next_retention_(Clock::now()),
      next_checkpoint_(Clock::now() + kCheckpointPeriod) {}

Committer::~Committer() { Finish(milliseconds(0)); }

void Committer::Start() {
  thread_ = std::thread([this] { Run(); });
}

bool Committer::HasRoom(const std::string& group) const {
  const std::lock_guard lock(mutex_);
  const auto it = of_group_.find(group);
  return it == of_group_.end() || it->second < kMaxUnits;
}

void Committer::Offer(CommitUnit unit, bool force) {
  const std::lock_guard lock(mutex_);
  size_t& count = of_group_[unit.group];
  assert(force || count < kMaxUnits);
  (void)force;
  ++count;
  units_.push_back(std::move(unit));
  changed_.notify_all();
}

void Committer::Delivered(const std::string& sink, Delivery delivery) {
  const std::lock_guard lock(mutex_);
  Outlet& outlet = outlets_[sink];
  outlet.out = false;
  outlet.ready = delivery.ready;
  if (!delivery.taken.empty() || delivery.refused) {
    outlet.look = true;
    delivered_.emplace_back(sink, std::move(delivery));
  }
  changed_.notify_all();
}

void Committer::ForgetSink(const std::string& sink) {
  const std::lock_guard lock(mutex_);
  outlets_.erase(sink);
  changed_.notify_all();
}

void Committer::LookInOutboxes() {
  for (auto& [sink, outlet] : outlets_) outlet.look = true;
  count_waiting_ = true;
}

std::string Committer::ReadySink() const {
  for (const auto& [sink, outlet] : outlets_)
    if (outlet.ready && outlet.look && !outlet.out) return sink;
  return {};
}

// A sink that rests after a failure is not waited for: the next start tries again.
bool Committer::drained() const {
  return units_.empty() && delivered_.empty() && ReadySink().empty() &&
         std::ranges::none_of(outlets_, [](const auto& o) { return o.second.out; });
}

void Committer::Call(std::function<void(Store&)> call) {
  const std::lock_guard lock(mutex_);
  calls_.push_back({stats_.units + units_.size(), std::move(call)});
  changed_.notify_all();
}

Committer::Stats Committer::stats() const {
  const std::lock_guard lock(mutex_);
  Stats stats = stats_;
  stats.queued = units_.size();
  return stats;
}

bool Committer::Finish(milliseconds patience) {
  if (!thread_.joinable()) return true;
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
    finish_by_ = Clock::now() + patience;
    changed_.notify_all();
  }
  thread_.join();
  const std::lock_guard lock(mutex_);
  return units_.empty();
}

void Committer::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    beat_->Beat();
    const Clock::time_point now = Clock::now();
    if (now >= next_place_) KeepPlace(lock);
    if (finishing_ && (drained() || now >= finish_by_)) break;
    const bool worked = now >= retry_at_ && DoOne(lock);
    if (!finishing_) KeepHouse(lock, !worked);
    if (failing_ && now >= failing_since_ + hooks_.alert_after) AlertUncommitted(lock);
    if (now >= next_tell_) TellRepeats();
    if (count_waiting_ && !failing_ && now >= next_count_) CountWaiting(lock);
    if (worked) continue;
    Clock::time_point until = Clock::now() + kRound;
    if (retry_at_ > now) until = std::min(until, retry_at_);
    if (finishing_) until = std::min(until, finish_by_);
    const auto something = [this, now] {
      return (finishing_ && (drained() || Clock::now() >= finish_by_)) ||
             (retry_at_ <= now &&
              (call_due() || !delivered_.empty() || !units_.empty() || !ReadySink().empty()));
    };
    changed_.wait_until(lock, until, something);
  }
  TellRepeats();
  next_place_ = {};
  KeepPlace(lock);  // what was deleted in the last moment
  beat_->End();
}

// The first thing there is to do, in the order in which others wait for it. False where there is
// none.
bool Committer::DoOne(std::unique_lock<std::mutex>& lock) {
  if (call_due()) {
    const auto call = std::move(calls_.front().call);
    calls_.pop_front();
    lock.unlock();
    call(store_);
    lock.lock();
  } else if (!delivered_.empty()) {
    DeleteSent(lock);
  } else if (std::string sink = ReadySink(); !sink.empty()) {
    ReadOutbox(lock, std::move(sink));
  } else if (!units_.empty()) {
    CommitFront(lock);
  } else {
    return false;
  }
  return true;
}

void Committer::CommitFront(std::unique_lock<std::mutex>& lock) {
  // A deque's elements stay where they are while others are pushed behind them.
  const CommitUnit& unit = units_.front();
  lock.unlock();
  const Status status =
      store_.Commit(unit, std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()));
  ++since_checkpoint_;
  lock.lock();
  if (!status.ok()) return Failed(status.error());
  if (std::exchange(failing_, false)) {
    alerted_uncommitted_.clear();
    spdlog::info("the database takes commits again; nothing was lost, reading goes on");
  }
  stats_.last_error.clear();
  ++stats_.units;
  stats_.repeats = store_.repeats();
  const std::string group = unit.group;
  if (!unit.anomalies.empty() || !unit.incidents.empty()) LookInOutboxes();
  units_.pop_front();
  if (const auto it = of_group_.find(group); --it->second == 0) of_group_.erase(it);
  if (!hooks_.on_room) return;
  lock.unlock();
  hooks_.on_room(group);
  lock.lock();
}

void Committer::DeleteSent(std::unique_lock<std::mutex>& lock) {
  // A deque's elements stay where they are while others are pushed behind them.
  const auto& [sink, delivery] = delivered_.front();
  lock.unlock();
  const Status status = store_.Sent(sink, delivery.taken, delivery.refused);
  lock.lock();
  if (!status.ok()) return Failed(status.error());
  delivered_.pop_front();
  count_waiting_ = true;
}

void Committer::ReadOutbox(std::unique_lock<std::mutex>& lock, std::string sink) {
  outlets_[sink].look = false;  // a commit meanwhile makes it true again
  lock.unlock();
  Result<std::vector<Alert>> alerts = store_.Outbox(sink, kBatch);
  lock.lock();
  const auto outlet = outlets_.find(sink);
  if (outlet == outlets_.end()) return;  // forgotten meanwhile
  if (!alerts) outlet->second.look = true;
  if (!alerts) return Failed(alerts.error());
  if (alerts->empty() || !hooks_.on_alerts) return;
  outlet->second.out = true;
  outlet->second.ready = false;
  lock.unlock();
  hooks_.on_alerts(sink, std::move(*alerts));
  lock.lock();
}

void Committer::CountWaiting(std::unique_lock<std::mutex>& lock) {
  count_waiting_ = false;
  next_count_ = Clock::now() + kCountPeriod;
  lock.unlock();
  Result<std::map<std::string, uint64_t>> waiting = store_.Waiting();
  lock.lock();
  if (waiting) stats_.waiting = std::move(*waiting);
}

void Committer::TellRepeats() {
  const uint64_t count = stats_.repeats - std::exchange(told_repeats_, stats_.repeats);
  if (count == 0) return;
  next_tell_ = Clock::now() + kTellRepeats;
  spdlog::info(
      "{} {} of trouble that alerted less than alerts.repeat_after before {} counted, not sent; "
      "all "
      "are in the database: alogctl incidents list --since -1d",
      count, count == 1 ? "anomaly" : "anomalies", count == 1 ? "was" : "were");
}

// A database that was deleted or replaced under us would take commits for as long as this process
// lives, and be gone with it.
void Committer::KeepPlace(std::unique_lock<std::mutex>& lock) {
  next_place_ = Clock::now() + kPlacePeriod;
  if (damaged_ || !store_.Displaced()) return;
  lock.unlock();
  beat_->Rest();  // as long as writing the whole file takes
  const auto now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  const Result<std::string> aside = store_.WriteAgain(now);
  beat_->Beat();
  std::string told = "the database was deleted or replaced while alogd had it open";
  if (aside) {
    told += "; it was written again, whole, and nothing is lost";
    if (!aside->empty()) told += ". What stood in its place is now " + *aside;
  } else {
    told +=
        " and cannot be written again, which is tried every 10 s; all of it is gone if alogd "
        "ends before: " +
        aside.error().message;
  }
  if (aside || !placeless_) Announce({Notice::Kind::kDatabaseTrouble, told, "", "", ""});
  lock.lock();
  placeless_ = !aside.ok();
  if (placeless_) next_place_ = Clock::now() + kPlaceRetry;
}

// At its periods when the thread is idle, and overdue also under a load that never lets it be.
void Committer::KeepHouse(std::unique_lock<std::mutex>& lock, bool idle) {
  const Clock::time_point now = Clock::now();
  if (failing_ || now < retry_at_) return;
  TellDue(lock);
  const bool fold = since_checkpoint_ >= kCheckpointUnits ||
                    (idle && since_checkpoint_ > 0 && now >= next_checkpoint_);
  const bool retain = idle ? now >= next_retention_ : now >= next_retention_ + kRetentionOverdue;
  if (!fold && !retain) return;
  lock.unlock();
  Status status;
  if (fold) {
    status = store_.CheckpointWal();
    since_checkpoint_ = 0;
    next_checkpoint_ = now + kCheckpointPeriod;
  } else {
    const auto today = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
    const Result<bool> more = store_.Retain(today);
    if (!more) status = more.error();
    if (!more || !*more) next_retention_ = now + kRetentionPeriod;
  }
  lock.lock();
  if (status.ok() == !house_failing_) return;
  house_failing_ = !status.ok();
  if (house_failing_) {
    spdlog::warn("housekeeping of the database failed and is tried again: {}",
                 EscapeForTerminal(status.error().message));
  } else {
    spdlog::info("housekeeping of the database succeeds again");
  }
}

// What is told later than its commit: lists, and that an incident is over.
void Committer::TellDue(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  const Result<bool> told =
      store_.Notify(std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()));
  lock.lock();
  if (!told)
    Failed(told.error());
  else if (*told)
    LookInOutboxes();
}

void Committer::Failed(const Error& error) {
  retry_at_ = Clock::now() + kRetry;
  ++stats_.failures;
  stats_.last_error = EscapeForTerminal(error.message);
  if (IsDamage(error) && !std::exchange(damaged_, true) && hooks_.on_damage) hooks_.on_damage();
  if (damaged_ || std::exchange(failing_, true)) return;
  failing_since_ = Clock::now();
  Announce({Notice::Kind::kDatabaseTrouble,
            error.message + "; reading waits, the commit is tried again until it succeeds", "", "",
            ""});
}

// What the waiting units would alert goes out now, and again with its id once it is committed.
void Committer::AlertUncommitted(std::unique_lock<std::mutex>& lock) {
  const std::vector<SinkPolicy> sinks = store_.policy().sinks;
  const RiskLevel least = store_.policy().alert_min();
  std::map<std::string, std::vector<Alert>> alerts;  // by sink
  for (const CommitUnit& unit : units_) {
    for (const Anomaly& anomaly : unit.anomalies) {
      const bool rule = anomaly.detector == kRuleDetector;
      if (!rule && anomaly.level < least) continue;
      if (!alerted_uncommitted_.emplace(unit.group, TroubleOf(anomaly).Key()).second) continue;
      Alert alert;
      alert.level = anomaly.level;
      alert.group = unit.group;
      alert.title = EscapeForTerminal(anomaly.stream + ": " + anomaly.message);
      alert.uncommitted = true;
      alert.anomaly = anomaly;
      for (const SinkPolicy& sink : sinks)
        if (rule || anomaly.level >= sink.min_level) alerts[sink.name].push_back(alert);
    }
  }
  if (alerts.empty() || !hooks_.on_alerts) return;
  lock.unlock();
  for (auto& [sink, batch] : alerts) hooks_.on_alerts(sink, std::move(batch));
  lock.lock();
}

}  // namespace alogd
