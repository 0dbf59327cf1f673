// SPDX-License-Identifier: MIT
// The threads' loop: take the longest waiting slot, run its turn, put it back if it wants more.
#include "daemon/worker_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace alogd {
namespace {

// No wait is longer, so that the heartbeat stays fresh.
constexpr std::chrono::seconds kRound{1};

}  // namespace

WorkerPool::WorkerPool(size_t max_threads, Heartbeats* beats)
    : max_threads_(std::max<size_t>(max_threads, 1)), beats_(beats) {}

WorkerPool::~WorkerPool() { Stop(); }

WorkerPool::Slot* WorkerPool::Add(Turn turn) {
  const std::lock_guard lock(mutex_);
  Slot* slot = &slots_.emplace_back();
  slot->turn = std::move(turn);
  if (threads_.size() < max_threads_ && threads_.size() < slots_.size() && !stop_) {
    Heartbeat* beat = beats_->Add(fmt::format("worker {}", threads_.size() + 1));
    threads_.emplace_back([this, beat] { Run(beat); });
  }
  return slot;
}

void WorkerPool::Remove(Slot* slot) {
  std::unique_lock lock(mutex_);
  slot->removed = true;
  std::erase(ready_, slot);
  changed_.wait(lock, [slot] { return !slot->running; });
  slots_.remove_if([slot](const Slot& other) { return &other == slot; });
}

void WorkerPool::Wake(Slot* slot) {
  const std::lock_guard lock(mutex_);
  if (slot->removed) return;
  if (slot->running) {
    slot->again = true;
  } else if (!slot->ready) {
    slot->ready = true;
    ready_.push_back(slot);
    changed_.notify_all();
  }
}

void WorkerPool::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void WorkerPool::Run(Heartbeat* beat) {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    beat->Beat();
    if (ready_.empty()) {
      changed_.wait_for(lock, kRound, [this] { return stop_ || !ready_.empty(); });
      continue;
    }
    Slot* slot = ready_.front();
    ready_.pop_front();
    slot->ready = false;
    slot->running = true;
    slot->again = false;
    lock.unlock();
    const bool more = slot->turn();
    lock.lock();
    slot->running = false;
    if (slot->removed) {
      changed_.notify_all();
    } else if (more || slot->again) {
      slot->ready = true;
      ready_.push_back(slot);
    }
  }
  beat->End();
}

}  // namespace alogd
