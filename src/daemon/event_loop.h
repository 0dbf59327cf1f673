// SPDX-License-Identifier: MIT
// The one event loop: descriptors, timers, signals, and calls posted from other threads.
#pragma once

#include <systemd/sd-event.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "core/result.h"

namespace alogd {

// sd-event owned as C++ does. Everything but Post and Exit is called from the loop's thread (or
// before Run). Callbacks must not block: inotify, timers and clients wait meanwhile.
class EventLoop {
 public:
  // Removes its event source when it goes; may go from within its own callback.
  class Source {
   public:
    struct Impl;
    explicit Source(std::unique_ptr<Impl> impl);
    Source(Source&&) noexcept;
    Source& operator=(Source&&) noexcept;
    ~Source();

    // For descriptors: the epoll events that are waited for from now on.
    void SetEvents(uint32_t events);

   private:
    std::unique_ptr<Impl> impl_;
  };

  static Result<std::unique_ptr<EventLoop>> Create();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // `on_ready(events)` while `fd` is ready; the descriptor stays the caller's and outlives the
  // source.
  Result<Source> AddIo(int fd, uint32_t events, std::function<void(uint32_t)> on_ready);
  // Every `period` from now on (monotonic); a late one is not made up for.
  Result<Source> AddTimer(std::chrono::microseconds period, std::function<void()> on_tick);
  // The signal must be blocked in every thread.
  Result<Source> AddSignal(int signal, std::function<void()> on_signal);

  // Runs `call` on the loop, soon. From any thread; calls run in order. Calls that have not run
  // when the loop exits never do.
  void Post(std::function<void()> call);

  // Until Exit.
  Status Run();
  // From any thread, also before Run, which then returns at once.
  void Exit();

 private:
  EventLoop(sd_event* event, int wake_fd);
  void RunPosted();

  struct EventDeleter {
    void operator()(sd_event* e) const { sd_event_unref(e); }
  };
  std::unique_ptr<sd_event, EventDeleter> event_;
  int wake_fd_;
  std::unique_ptr<Source> wake_source_;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // guarded by mutex_
};

}  // namespace alogd
