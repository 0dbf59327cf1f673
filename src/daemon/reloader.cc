// SPDX-License-Identifier: MIT
// The order of a reload: begin, load beside, apply on the loop, answer, and once more if asked.
#include "daemon/reloader.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace alogd {

struct Reloader::Run {
  Load load;
  std::atomic<bool> stop{false};
  std::optional<Result<PlanCandidate>> result;  // the loop's once it was told
  std::mutex mutex;
  std::condition_variable changed;
  bool ended = false;            // guarded by mutex
  EventLoop* loop = nullptr;     // guarded by mutex; null when the reloader has gone
  Reloader* reloader = nullptr;  // the loop's
};

Reloader::Reloader(EventLoop* loop, Hooks hooks) : loop_(loop), hooks_(std::move(hooks)) {}

Reloader::~Reloader() { Stop(std::chrono::milliseconds(0)); }

void Reloader::Request(Answer answer) {
  next_.push_back(std::move(answer));
  if (!run_) Begin();
}

void Reloader::Begin() {
  current_ = std::exchange(next_, {});
  hooks_.on_begin();
  if (thread_.joinable()) thread_.join();  // it has told its result: it ends
  run_ = std::make_shared<Run>();
  run_->load = hooks_.prepare();
  run_->loop = loop_;
  run_->reloader = this;
  thread_ = std::thread([run = run_] {
    run->result = run->load(run->stop);
    const std::lock_guard lock(run->mutex);
    run->ended = true;
    run->changed.notify_all();
    if (run->loop == nullptr) return;
    run->loop->Post([run] {
      if (run->reloader != nullptr) run->reloader->Loaded(run);
    });
  });
}

void Reloader::Loaded(std::shared_ptr<Run> run) {
  Result<PlanCandidate>& result = *run->result;
  if (!result) return Conclude(hooks_.refuse(result.error()));
  hooks_.apply(std::move(result).value(), [run](const ReloadVerdict& verdict) {
    if (run->reloader != nullptr) run->reloader->Conclude(verdict);
  });
}

void Reloader::Conclude(const ReloadVerdict& verdict) {
  run_.reset();
  hooks_.on_end(verdict);
  for (const Answer& answer : std::exchange(current_, {})) answer(verdict);
  if (!run_ && !next_.empty()) Begin();
}

bool Reloader::Stop(std::chrono::milliseconds patience) {
  bool ended = true;
  if (run_) {
    run_->reloader = nullptr;
    run_->stop = true;
    std::unique_lock lock(run_->mutex);
    ended = run_->changed.wait_for(lock, patience, [this] { return run_->ended; });
    run_->loop = nullptr;
  }
  run_.reset();
  if (!thread_.joinable()) return true;
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
  return ended;
}

}  // namespace alogd
