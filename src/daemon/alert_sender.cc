// SPDX-License-Identifier: MIT
// Sends alerts one by one and tries again each second while the sink refuses them.
#include "daemon/alert_sender.h"

#include <spdlog/spdlog.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "core/text.h"
#include "daemon/alert_limit.h"
#include "daemon/journal_sender.h"

namespace alogd {
namespace {

// A sink that refused (no journald at the moment) is asked again so often.
constexpr std::chrono::milliseconds kRetry{1000};
// No wait is longer, so that the heartbeat stays fresh.
constexpr std::chrono::milliseconds kRound{1000};

}  // namespace

struct AlertSender::State {
  std::unique_ptr<AlertSink> sink;
  Heartbeat* beat;
  OnSent on_sent;
  AlertLimit limit;  // the thread's own

  mutable std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::vector<Alert>> batches;  // the first is being sent
  Stats stats;
  bool stop = false;
  bool ended = false;
  bool abandoned = false;  // Stop gave up waiting: `beat` and `on_sent` may be gone

  void Run();
  void SendBatch(const std::vector<Alert>& batch);
  bool SendOne(const Alert& alert);
  AlertLimit::Verdict Admit(const Alert& alert);
  void TellHeldBack(AlertLimit::Clock::time_point now);
  void Beat();
};

AlertSender::AlertSender(std::unique_ptr<AlertSink> sink, Heartbeat* beat, OnSent on_sent)
    : state_(std::make_shared<State>()) {
  state_->sink = std::move(sink);
  state_->beat = beat;
  state_->on_sent = std::move(on_sent);
  thread_ = std::thread([state = state_] { state->Run(); });
}

AlertSender::~AlertSender() { Stop(std::chrono::milliseconds(0)); }

void AlertSender::Send(std::vector<Alert> batch) {
  const std::lock_guard lock(state_->mutex);
  state_->stats.waiting += batch.size();
  state_->batches.push_back(std::move(batch));
  state_->changed.notify_all();
}

AlertSender::Stats AlertSender::stats() const {
  const std::lock_guard lock(state_->mutex);
  return state_->stats;
}

bool AlertSender::Stop(std::chrono::milliseconds patience) {
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

void AlertSender::State::Beat() {
  const std::lock_guard lock(mutex);
  if (!abandoned) beat->Beat();
}

void AlertSender::State::Run() {
  std::unique_lock lock(mutex);
  while (!stop) {
    if (!abandoned) beat->Beat();
    lock.unlock();
    TellHeldBack(AlertLimit::Clock::now());
    lock.lock();
    if (batches.empty()) {
      changed.wait_for(lock, kRound);
      continue;
    }
    const std::vector<Alert> batch = std::move(batches.front());
    batches.pop_front();
    lock.unlock();
    SendBatch(batch);
    lock.lock();
  }
  TellHeldBack(AlertLimit::Clock::time_point::max());
  if (!abandoned) beat->End();
  ended = true;
  changed.notify_all();
}

void AlertSender::State::TellHeldBack(AlertLimit::Clock::time_point now) {
  const uint64_t count = limit.TakeUntold(now);
  if (count == 0) return;
  spdlog::warn(
      "{} alerts below CRITICAL were held back from the journal, which would drop what comes after "
      "10,000 entries in 30 s; they are in the database: alogctl incidents list --since -1h",
      count);
}

// Waits for room for what may not be left out; kWait where it was told to stop meanwhile.
AlertLimit::Verdict AlertSender::State::Admit(const Alert& alert) {
  if (!sink->limited()) return AlertLimit::Verdict::kSend;
  std::unique_lock lock(mutex);
  for (;;) {
    const auto verdict = limit.Ask(alert.level, AlertLimit::Clock::now());
    if (verdict == AlertLimit::Verdict::kHold) {
      ++stats.held_back;
      --stats.waiting;
    }
    if (verdict != AlertLimit::Verdict::kWait || stop) return verdict;
    if (!abandoned) beat->Beat();
    changed.wait_for(lock, kRetry, [this] { return stop; });
  }
}

void AlertSender::State::SendBatch(const std::vector<Alert>& batch) {
  std::vector<int64_t> sent;
  sent.reserve(batch.size());
  for (const Alert& alert : batch) {
    const AlertLimit::Verdict verdict = Admit(alert);
    if (verdict == AlertLimit::Verdict::kWait) break;
    if (verdict == AlertLimit::Verdict::kSend && !SendOne(alert)) break;
    sent.push_back(alert.id);
  }
  OnSent call;
  {
    const std::lock_guard lock(mutex);
    if (!abandoned) call = on_sent;
  }
  if (call) call(std::move(sent));
}

// False when it was told to stop before the sink took the alert.
bool AlertSender::State::SendOne(const Alert& alert) {
  for (bool refused = false;; refused = true) {
    {
      const std::lock_guard lock(mutex);
      if (refused && stop) return false;
      if (!abandoned) beat->Rest();
    }
    const Status status = sink->Send(alert);
    Beat();
    std::unique_lock lock(mutex);
    if (status.ok()) {
      if (refused) spdlog::info("alerts reach their sink again");
      ++stats.sent;
      --stats.waiting;
      return true;
    }
    if (!refused) {
      spdlog::error("alert of anomaly {} was not taken and is tried again each second: {}",
                    alert.anomaly_id, EscapeForTerminal(status.error().message));
    }
    changed.wait_for(lock, kRetry, [this] { return stop; });
  }
}

}  // namespace alogd
