// SPDX-License-Identifier: MIT
// The thread that writes alogd's own messages to the journal, which may not read them.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "core/result.h"
#include "daemon/message_budget.h"

namespace alogd {

// Whoever has something to say leaves it here and goes on: the event loop, workers and the
// committer never wait for journald. What it does not take stays queued within MessageBudget.
class MessageWriter {
 public:
  // May block, and may fail while journald is away: then the message is tried again.
  using Write = std::function<Status(const OwnMessage&)>;

  explicit MessageWriter(Write write);
  // Stop(0) where it was not called.
  ~MessageWriter();
  MessageWriter(const MessageWriter&) = delete;
  MessageWriter& operator=(const MessageWriter&) = delete;

  // From any thread; never blocks.
  void Add(OwnMessage message);
  // Writes what is queued, but waits no longer than `patience`. False if a write did not return:
  // its thread is left behind, and the process must end by _exit.
  bool Stop(std::chrono::milliseconds patience);

 private:
  struct State;
  // Shared with the thread, which may have to be left behind in a write that never returns.
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace alogd
