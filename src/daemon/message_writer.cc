// SPDX-License-Identifier: MIT
// Writes messages one by one; a failed one is tried again each second.
#include "daemon/message_writer.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace alogd {
namespace {

using Clock = MessageBudget::Clock;

constexpr std::chrono::milliseconds kRetry{1000};

}  // namespace

struct MessageWriter::State {
  Write write;
  std::mutex mutex;
  std::condition_variable changed;
  MessageBudget budget;
  std::optional<OwnMessage> failed;  // written first
  bool stop = false;
  bool ended = false;

  void Run();
  std::optional<OwnMessage> Next();
};

MessageWriter::MessageWriter(Write write) : state_(std::make_shared<State>()) {
  state_->write = std::move(write);
  thread_ = std::thread([state = state_] { state->Run(); });
}

MessageWriter::~MessageWriter() { Stop(std::chrono::milliseconds(0)); }

void MessageWriter::Add(OwnMessage message) {
  const std::lock_guard lock(state_->mutex);
  state_->budget.Add(std::move(message), Clock::now());
  state_->changed.notify_all();
}

std::optional<OwnMessage> MessageWriter::State::Next() {
  if (failed) return std::exchange(failed, std::nullopt);
  return budget.Take(Clock::now(), stop);
}

void MessageWriter::State::Run() {
  std::unique_lock lock(mutex);
  for (;;) {
    std::optional<OwnMessage> message = Next();
    if (!message) {
      if (stop) break;
      changed.wait_until(lock, std::min(budget.due(), Clock::now() + kRetry));
      continue;
    }
    lock.unlock();
    const bool written = write(*message).ok();
    lock.lock();
    if (written) continue;
    if (stop) break;
    failed = std::move(message);
    changed.wait_for(lock, kRetry, [this] { return stop; });
  }
  ended = true;
  changed.notify_all();
}

bool MessageWriter::Stop(std::chrono::milliseconds patience) {
  if (!thread_.joinable()) return true;
  bool ended = false;
  {
    std::unique_lock lock(state_->mutex);
    state_->stop = true;
    state_->changed.notify_all();
    ended = state_->changed.wait_for(lock, patience, [this] { return state_->ended; });
  }
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
  return ended;
}

}  // namespace alogd
