// SPDX-License-Identifier: MIT
// A group of the running daemon: its watcher on the event loop, its worker in the pool.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/journal/journal_reader.h"
#include "core/result.h"
#include "daemon/event_loop.h"
#include "daemon/files/source_watcher.h"
#include "daemon/group_worker.h"
#include "daemon/worker_pool.h"

namespace alogd {

// On the event loop's thread. What the watcher finds goes into the worker's inbox, then its slot is
// woken.
class Group {
 public:
  // `loop` and `pool` outlive the group.
  Group(EventLoop* loop, WorkerPool* pool, std::unique_ptr<GroupWorker> worker);
  // No turn runs afterwards; what was read since the last commit unit is dropped: Stop hands it on.
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  // What stands becomes sources, and turns begin.
  Status Start(std::unique_ptr<SourceWatcher> watcher);
  // Other paths from now on; the worker has been told of them by its swap.
  Status Rewatch(std::unique_ptr<SourceWatcher> watcher);
  // The last turn ends, and everything consumed so far goes to the committer.
  void Stop();

  void OnTick();    // each second
  void OnRescan();  // each two seconds
  void OnRoom();    // the committer has room
  void RequestSwap(GroupWorker::SwapRequest request);

  const std::string& name() const { return worker_->name(); }
  GroupStatus status() const { return worker_->status(); }
  uint64_t overflows() const { return watcher_ ? watcher_->overflows() : 0; }

 private:
  Status Poll();
  void WatchJournal();
  void HandOn();
  void TellProblems();

  EventLoop* loop_;
  WorkerPool* pool_;
  std::unique_ptr<GroupWorker> worker_;
  WorkerPool::Slot* slot_ = nullptr;
  std::unique_ptr<SourceWatcher> watcher_;
  std::optional<EventLoop::Source> events_;  // after watcher_: its descriptor goes last
  std::unique_ptr<JournalReader> journal_;   // reads nothing: says when there is something
  std::optional<EventLoop::Source> journal_events_;
};

}  // namespace alogd
