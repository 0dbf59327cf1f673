// SPDX-License-Identifier: MIT
// Sends alerts one by one; a sink that fails rests before it is tried again.
#include "daemon/alert_sender.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "core/text.h"

namespace alogd {
namespace {

using std::chrono::milliseconds;
using Clock = AlertLimit::Clock;

constexpr milliseconds kFirstPause{1000};
// No wait is longer, so that the heartbeat stays fresh.
constexpr milliseconds kRound{1000};

}  // namespace

struct AlertSender::State {
  std::unique_ptr<AlertSink> sink;
  Heartbeat* beat;
  Options options;
  std::optional<AlertLimit> limit;   // the thread's own, as the next two
  std::vector<Alert> uncommitted;    // sent before anything else
  milliseconds pause = kFirstPause;  // after the next failure

  mutable std::mutex mutex;
  std::condition_variable changed;
  std::vector<Alert> incoming;
  Stats stats;
  bool reopen = false;
  bool stop = false;
  bool ended = false;
  bool abandoned = false;  // Stop gave up waiting: `beat` and on_delivery may be gone

  void Run();
  void SendAll(std::vector<Alert> batch);
  bool SendUncommitted(Delivery* delivery);
  enum class Outcome : uint8_t { kDone, kFailed, kNoRoom };
  Outcome SendOne(const Alert& alert, Delivery* delivery);
  void Failed(const Alert& alert, const Error& error);
  void Deliver(Delivery delivery);
  void Rest(milliseconds time);
  void TellHeldBack(Clock::time_point now);
  bool stopped() {
    const std::lock_guard lock(mutex);
    return stop;
  }
};

AlertSender::AlertSender(std::unique_ptr<AlertSink> sink, Heartbeat* beat, Options options)
    : state_(std::make_shared<State>()) {
  const auto limit = options.limit ? options.limit : sink->limit();
  if (limit) state_->limit.emplace(*limit);
  state_->sink = std::move(sink);
  state_->beat = beat;
  state_->options = std::move(options);
  thread_ = std::thread([state = state_] { state->Run(); });
}

AlertSender::~AlertSender() { Stop(milliseconds(0)); }

void AlertSender::Send(std::vector<Alert> alerts) {
  const std::lock_guard lock(state_->mutex);
  std::ranges::move(alerts, std::back_inserter(state_->incoming));
  state_->changed.notify_all();
}

void AlertSender::Reopen() {
  const std::lock_guard lock(state_->mutex);
  state_->reopen = true;
  state_->changed.notify_all();
}

AlertSender::Stats AlertSender::stats() const {
  const std::lock_guard lock(state_->mutex);
  return state_->stats;
}

bool AlertSender::Stop(milliseconds patience) {
  if (!thread_.joinable()) return true;
  bool ended = false;
  {
    std::unique_lock lock(state_->mutex);
    state_->stop = true;
    state_->changed.notify_all();
    ended = state_->changed.wait_for(lock, patience, [this] { return state_->ended; });
    if (!ended) {
      state_->abandoned = true;
      state_->beat->End();
    }
  }
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
  return ended;
}

void AlertSender::State::Run() {
  Deliver({.taken = {}, .ready = true});
  std::unique_lock lock(mutex);
  while (!stop) {
    if (!abandoned) beat->Beat();
    std::vector<Alert> batch;
    batch.swap(incoming);
    const bool anew = std::exchange(reopen, false);
    lock.unlock();
    if (anew) sink->Reopen();
    TellHeldBack(Clock::now());
    if (!batch.empty() || !uncommitted.empty()) SendAll(std::move(batch));
    lock.lock();
    if (incoming.empty() && uncommitted.empty() && !reopen && !stop) changed.wait_for(lock, kRound);
  }
  lock.unlock();
  TellHeldBack(Clock::time_point::max());
  lock.lock();
  if (!abandoned) beat->End();
  ended = true;
  changed.notify_all();
}

void AlertSender::State::TellHeldBack(Clock::time_point now) {
  const uint64_t count = limit ? limit->TakeUntold(now) : 0;
  if (count == 0) return;
  spdlog::warn(
      "{} alerts below CRITICAL were held back from the sink {}, which takes {} in {} s; they are "
      "in the database: alogctl incidents list --since -1h",
      count, options.name, limit->options().others, limit->options().interval.count());
}

// Uncommitted alerts have id 0 and no place but this one.
bool AlertSender::State::SendUncommitted(Delivery* delivery) {
  while (!uncommitted.empty()) {
    if (SendOne(uncommitted.front(), delivery) != Outcome::kDone) return false;
    uncommitted.erase(uncommitted.begin());
  }
  return true;
}

void AlertSender::State::SendAll(std::vector<Alert> batch) {
  // Not of std::ranges: clang 14 cannot compile the subrange of g++ 12.
  const auto committed =
      std::stable_partition(batch.begin(), batch.end(), [](const Alert& a) { return a.id == 0; });
  std::move(batch.begin(), committed, std::back_inserter(uncommitted));
  batch.erase(batch.begin(), committed);
  const Clock::time_point end = Clock::now() + kTurn;
  Delivery delivery;
  bool good = SendUncommitted(&delivery);
  bool failed = !good;
  for (const Alert& alert : batch) {
    if (!good || stopped() || Clock::now() >= end) break;
    const Outcome outcome = SendOne(alert, &delivery);
    good = outcome == Outcome::kDone;
    failed = outcome == Outcome::kFailed;
  }
  const bool of_outbox = !batch.empty();
  delivery.ready = of_outbox && good;
  std::erase(delivery.taken, 0);
  if (of_outbox || delivery.refused) Deliver(std::move(delivery));
  if (good) return;
  Rest(failed ? std::exchange(pause, std::min(2 * pause, sink->max_pause())) : kFirstPause);
  if (of_outbox) Deliver({.taken = {}, .ready = true});
}

AlertSender::State::Outcome AlertSender::State::SendOne(const Alert& alert, Delivery* delivery) {
  const auto verdict = limit ? limit->Ask(alert.level, Clock::now()) : AlertLimit::Verdict::kSend;
  if (verdict == AlertLimit::Verdict::kWait) return Outcome::kNoRoom;
  if (verdict == AlertLimit::Verdict::kSend) {
    {
      const std::lock_guard lock(mutex);
      if (!abandoned) beat->Rest();
    }
    const Status status = sink->Send(alert);
    const std::lock_guard lock(mutex);
    if (!abandoned) beat->Beat();
    if (!status.ok()) {
      if (alert.id != 0) delivery->refused = RefusedAlert{alert.id, status.error().message};
      Failed(alert, status.error());
      return Outcome::kFailed;
    }
    if (!stats.last_error.empty()) spdlog::info("the sink {} takes alerts again", options.name);
    stats.last_error.clear();
    ++stats.sent;
    pause = kFirstPause;
  } else {
    const std::lock_guard lock(mutex);
    ++stats.held_back;
  }
  delivery->taken.push_back(alert.id);
  return Outcome::kDone;
}

// Said once for as long as it fails.
void AlertSender::State::Failed(const Alert& alert, const Error& error) {
  ++stats.failures;
  const bool first = stats.last_error.empty();
  stats.last_error = EscapeForTerminal(error.message);
  if (first)
    spdlog::error("the sink {} did not take alert {}, which is tried again: {}", options.name,
                  alert.id, stats.last_error);
}

void AlertSender::State::Deliver(Delivery delivery) {
  std::function<void(Delivery)> call;
  {
    const std::lock_guard lock(mutex);
    if (!abandoned) call = options.on_delivery;
  }
  if (call) call(std::move(delivery));
}

void AlertSender::State::Rest(milliseconds time) {
  const Clock::time_point end = Clock::now() + time;
  std::unique_lock lock(mutex);
  while (!stop && Clock::now() < end) {
    if (!abandoned) beat->Beat();
    changed.wait_until(lock, std::min(end, Clock::now() + kRound), [this] { return stop; });
  }
}

}  // namespace alogd
