// SPDX-License-Identifier: MIT
// One client of the control socket: its bytes in both directions, within limits, never blocking.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/event_loop.h"

namespace alogd {

// Reads requests while it owes nothing, writes answers while the client takes them. Not both: what
// a client sends ahead waits in the kernel's buffer.
class ControlConnection {
 public:
  explicit ControlConnection(int fd) : fd_(fd) {}
  ~ControlConnection();
  ControlConnection(const ControlConnection&) = delete;
  ControlConnection& operator=(const ControlConnection&) = delete;

  void set_source(EventLoop::Source source) { source_ = std::move(source); }

  // Moves bytes. False: the connection is over (closed, broken, or a line over the limit).
  bool OnReady(uint32_t events);
  // The next whole line, unless an answer is owed or not yet written. The caller owes one then.
  std::optional<std::string> NextRequest();
  // Writes what is owed, as far as the client takes it now. False: the connection is over.
  bool Answer(std::string line);
  // The client sends no more and is owed nothing more.
  bool ended() const { return end_of_input_ && !owing_ && out_.empty(); }
  // One more sweep without traffic; returns how many there were. None while we owe the answer.
  size_t IdleRound() { return owing_ ? (idle_rounds_ = 0) : ++idle_rounds_; }

 private:
  bool Receive();
  bool Flush();
  void SetEvents();

  int fd_;
  std::optional<EventLoop::Source> source_;
  std::string in_;
  std::string out_;
  size_t written_ = 0;  // of out_
  bool owing_ = false;  // a request was taken and not yet answered
  bool end_of_input_ = false;
  size_t idle_rounds_ = 0;
};

}  // namespace alogd
