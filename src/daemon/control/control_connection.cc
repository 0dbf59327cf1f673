// SPDX-License-Identifier: MIT
// Non-blocking reads and writes of one control connection.
#include "daemon/control/control_connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/control.h"

namespace alogd {

ControlConnection::~ControlConnection() {
  source_.reset();  // before its descriptor goes
  close(fd_);
}

bool ControlConnection::OnReady(uint32_t events) {
  idle_rounds_ = 0;
  if ((events & EPOLLERR) != 0) return false;
  if ((events & EPOLLOUT) != 0 && !Flush()) return false;
  if ((events & EPOLLIN) != 0 && !Receive()) return false;
  // Hung up in both directions: nobody would read an answer.
  if ((events & EPOLLHUP) != 0) return false;
  SetEvents();
  return true;
}

bool ControlConnection::Receive() {
  // One buffer a turn: the loop has others to serve.
  char buffer[16384];
  const ssize_t n = recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  if (n == 0) {
    end_of_input_ = true;
    return true;
  }
  in_.append(buffer, static_cast<size_t>(n));
  return in_.size() <= kMaxControlMessage || in_.find('\n') <= kMaxControlMessage;  // npos is more
}

std::optional<std::string> ControlConnection::NextRequest() {
  if (owing_ || !out_.empty()) return std::nullopt;
  const size_t end = in_.find('\n');
  if (end == std::string::npos) {
    SetEvents();
    return std::nullopt;
  }
  std::string line = in_.substr(0, end);
  in_.erase(0, end + 1);
  owing_ = true;
  SetEvents();
  return line;
}

bool ControlConnection::Answer(std::string line) {
  owing_ = false;
  idle_rounds_ = 0;
  out_ += line;
  if (!Flush()) return false;
  SetEvents();
  return true;
}

bool ControlConnection::Flush() {
  while (written_ < out_.size()) {
    const ssize_t n =
        send(fd_, out_.data() + written_, out_.size() - written_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    written_ += static_cast<size_t>(n);
  }
  out_.clear();
  out_.shrink_to_fit();
  written_ = 0;
  return true;
}

void ControlConnection::SetEvents() {
  if (!source_) return;
  if (!out_.empty()) return source_->SetEvents(EPOLLOUT);
  const bool reads = !owing_ && !end_of_input_ && in_.find('\n') == std::string::npos;
  source_->SetEvents(reads ? uint32_t{EPOLLIN} : 0);
}

}  // namespace alogd
