// SPDX-License-Identifier: MIT
// A few threads that give turns to many groups, never two to one group at once.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include "daemon/heartbeat.h"

namespace alogd {

// Groups take turns in the order in which they were woken; one with more to do goes to the back.
class WorkerPool {
 public:
  // A stretch of a group's work. True if it wants another turn.
  using Turn = std::function<bool()>;
  // A group's place in the pool. Owned by the pool until Remove.
  struct Slot;

  // At most `max_threads` threads; they are begun as slots are added.
  WorkerPool(size_t max_threads, Heartbeats* beats);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Not run until woken.
  Slot* Add(Turn turn);
  // Waits for a turn that runs now; there are none afterwards. Not from within a turn.
  void Remove(Slot* slot);
  // Gives the slot a turn soon; if one runs now, another after it. From any thread.
  void Wake(Slot* slot);
  // Lets the running turns end, gives no more, ends the threads.
  void Stop();

 private:
  void Run(Heartbeat* beat);

  size_t max_threads_;
  Heartbeats* beats_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Slot> slots_;
  std::deque<Slot*> ready_;
  std::vector<std::thread> threads_;
  bool stop_ = false;
};

struct WorkerPool::Slot {
  Turn turn;
  bool ready = false;  // stands in ready_
  bool running = false;
  bool again = false;    // woken while it ran
  bool removed = false;  // gets no turn any more
};

}  // namespace alogd
