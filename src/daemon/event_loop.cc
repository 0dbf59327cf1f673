// SPDX-License-Identifier: MIT
// sd-event wrapped: sources that remove themselves, calls from other threads by eventfd.
#include "daemon/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace alogd {

struct EventLoop::Source::Impl {
  sd_event_source* source = nullptr;
  // Callbacks are shared with the call that runs them: a source may go from within its own
  // callback. (shared_ptr for that reason.)
  std::shared_ptr<std::function<void(uint32_t)>> on_ready;
  std::shared_ptr<std::function<void()>> on_event;
  uint64_t period_us = 0;

  ~Impl() {
    if (source == nullptr) return;
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    sd_event_source_unref(source);
  }

  static int OnIo(sd_event_source*, int, uint32_t events, void* data) {
    const auto call = static_cast<Impl*>(data)->on_ready;
    (*call)(events);
    return 0;
  }
  static int OnTimer(sd_event_source* source, uint64_t, void* data) {
    const Impl* impl = static_cast<Impl*>(data);
    // Armed again before the call, which may remove the source.
    sd_event_source_set_time_relative(source, impl->period_us);
    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    const auto call = impl->on_event;
    (*call)();
    return 0;
  }
  static int OnSignal(sd_event_source*, const struct signalfd_siginfo*, void* data) {
    const auto call = static_cast<Impl*>(data)->on_event;
    (*call)();
    return 0;
  }
};

EventLoop::Source::Source(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventLoop::Source::Source(Source&&) noexcept = default;
EventLoop::Source& EventLoop::Source::operator=(Source&&) noexcept = default;
EventLoop::Source::~Source() = default;

void EventLoop::Source::SetEvents(uint32_t events) {
  sd_event_source_set_io_events(impl_->source, events);
}

Result<std::unique_ptr<EventLoop>> EventLoop::Create() {
  sd_event* event = nullptr;
  if (const int r = sd_event_new(&event); r < 0) return ErrnoError("make", "an event loop", -r);
  const int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd < 0) {
    const int err = errno;
    sd_event_unref(event);
    return ErrnoError("make", "an event descriptor", err);
  }
  std::unique_ptr<EventLoop> loop(new EventLoop(event, wake_fd));
  Result<Source> wake =
      loop->AddIo(wake_fd, EPOLLIN, [l = loop.get()](uint32_t) { l->RunPosted(); });
  if (!wake) return wake.error();
  loop->wake_source_ = std::make_unique<Source>(std::move(*wake));
  return loop;
}

EventLoop::EventLoop(sd_event* event, int wake_fd) : event_(event), wake_fd_(wake_fd) {}

EventLoop::~EventLoop() {
  wake_source_.reset();
  close(wake_fd_);
}

Result<EventLoop::Source> EventLoop::AddIo(int fd, uint32_t events,
                                           std::function<void(uint32_t)> on_ready) {
  auto impl = std::make_unique<Source::Impl>();
  impl->on_ready = std::make_shared<std::function<void(uint32_t)>>(std::move(on_ready));
  const int r =
      sd_event_add_io(event_.get(), &impl->source, fd, events, Source::Impl::OnIo, impl.get());
  if (r < 0) return ErrnoError("watch", "a descriptor", -r);
  return Source(std::move(impl));
}

Result<EventLoop::Source> EventLoop::AddTimer(std::chrono::microseconds period,
                                              std::function<void()> on_tick) {
  auto impl = std::make_unique<Source::Impl>();
  impl->on_event = std::make_shared<std::function<void()>>(std::move(on_tick));
  impl->period_us = static_cast<uint64_t>(period.count());
  // An accuracy of a tenth lets the kernel join the wake-ups of a quiet host.
  const int r =
      sd_event_add_time_relative(event_.get(), &impl->source, CLOCK_MONOTONIC, impl->period_us,
                                 impl->period_us / 10, Source::Impl::OnTimer, impl.get());
  if (r < 0) return ErrnoError("make", "a timer", -r);
  return Source(std::move(impl));
}

Result<EventLoop::Source> EventLoop::AddSignal(int signal, std::function<void()> on_signal) {
  auto impl = std::make_unique<Source::Impl>();
  impl->on_event = std::make_shared<std::function<void()>>(std::move(on_signal));
  const int r =
      sd_event_add_signal(event_.get(), &impl->source, signal, Source::Impl::OnSignal, impl.get());
  if (r < 0) return ErrnoError("watch", "a signal", -r);
  return Source(std::move(impl));
}

void EventLoop::Post(std::function<void()> call) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(call));
  }
  const uint64_t one = 1;
  // It cannot fail but by a full counter, and then the loop is awake anyway.
  [[maybe_unused]] const ssize_t n = write(wake_fd_, &one, sizeof one);
}

void EventLoop::RunPosted() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t n = read(wake_fd_, &count, sizeof count);
  std::vector<std::function<void()>> calls;
  {
    const std::lock_guard lock(mutex_);
    calls.swap(posted_);
  }
  for (const auto& call : calls) call();
}

Status EventLoop::Run() {
  const int r = sd_event_loop(event_.get());
  if (r < 0) return ErrnoError("run", "the event loop", -r);
  return {};
}

void EventLoop::Exit() {
  Post([this] { sd_event_exit(event_.get(), 0); });
}

}  // namespace alogd
