// SPDX-License-Identifier: MIT
// Hands what the watcher found to the worker.
#include "daemon/group.h"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <utility>
#include <vector>

#include "daemon/logging.h"

namespace alogd {

Group::Group(EventLoop* loop, WorkerPool* pool, std::unique_ptr<GroupWorker> worker)
    : loop_(loop), pool_(pool), worker_(std::move(worker)) {
  slot_ = pool_->Add([w = worker_.get()] { return w->Turn(); });
}

Group::~Group() {
  if (slot_ != nullptr) pool_->Remove(slot_);
}

Status Group::Start(std::unique_ptr<SourceWatcher> watcher) {
  watcher_ = std::move(watcher);
  worker_->Start(watcher_->TakeDirty());
  TellProblems();
  WatchJournal();
  pool_->Wake(slot_);
  return Poll();
}

Status Group::Rewatch(std::unique_ptr<SourceWatcher> watcher) {
  events_.reset();
  watcher_ = std::move(watcher);
  HandOn();
  return Poll();
}

Status Group::Poll() {
  Result<EventLoop::Source> source = loop_->AddIo(watcher_->fd(), EPOLLIN, [this](uint32_t) {
    watcher_->OnReadable();
    HandOn();
  });
  if (!source) return source.error();
  events_ = std::move(*source);
  return {};
}

// The worker's own reader cannot be asked here, on another thread. Where this fails, the worker
// looks at each tick and says what is wrong.
void Group::WatchJournal() {
  const auto selection = worker_->journal();
  if (!selection) return;
  auto reader = JournalReader::Open(*selection, "", 0);
  if (!reader) return;
  const Result<int> fd = (*reader)->fd();
  if (!fd) return;
  journal_ = std::move(*reader);
  Result<EventLoop::Source> source = loop_->AddIo(*fd, EPOLLIN, [this](uint32_t) {
    journal_->Refresh();
    worker_->MarkJournal();
    pool_->Wake(slot_);
  });
  if (source) journal_events_ = std::move(*source);
}

void Group::Stop() {
  events_.reset();
  journal_events_.reset();
  if (slot_ == nullptr) return;
  pool_->Remove(std::exchange(slot_, nullptr));
  worker_->Finish();
}

void Group::OnTick() {
  worker_->MarkTick();
  pool_->Wake(slot_);
}

void Group::OnRescan() {
  watcher_->Rescan();
  HandOn();
}

void Group::OnRoom() { pool_->Wake(slot_); }

void Group::RequestSwap(GroupWorker::SwapRequest request) {
  worker_->RequestSwap(std::move(request));
  pool_->Wake(slot_);
}

void Group::HandOn() {
  const std::vector<std::string> dirty = watcher_->TakeDirty();
  if (!dirty.empty()) {
    worker_->MarkDirty(dirty);
    pool_->Wake(slot_);
  }
  TellProblems();
}

void Group::TellProblems() {
  for (const std::string& problem : watcher_->TakeProblems()) {
    Announce({Notice::Kind::kSourceTrouble, fmt::format("group {}: {}", name(), problem), name(),
              "", ""});
  }
}

}  // namespace alogd
