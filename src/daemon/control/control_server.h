// SPDX-License-Identifier: MIT
// The control socket: requests of operators in, answers out, on the event loop and never blocking
// it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/result.h"
#include "daemon/control/control_connection.h"
#include "daemon/event_loop.h"

namespace alogd {

struct ControlLimits {
  size_t connections =
      32;  // at once; operators are few, and each may hold kMaxControlMessage bytes
  size_t rounds_idle = 60;  // sweeps (seconds) without a byte either way, unless we owe the answer
};

// The protocol of core/control.h. A connection's next request is looked at when its answer before
// is wholly written, so a client that does not read holds one answer at most, and nobody else up.
class ControlServer {
 public:
  // Sends the answer; once, now or later, from the loop's thread. Nothing happens if the client has
  // gone.
  using Answer = std::function<void(const nlohmann::json&)>;
  using Handler = std::function<void(const nlohmann::json& request, Answer answer)>;

  // Listens on `path` (0660). A socket that a dead daemon left there is replaced; one that somebody
  // listens on is an error. `loop` outlives the server.
  static Result<std::unique_ptr<ControlServer>> Listen(EventLoop* loop, const std::string& path,
                                                       Handler handler, ControlLimits limits = {});
  // Closes all connections and removes the socket.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  size_t connections() const { return connections_.size(); }
  uint64_t refused() const { return refused_; }  // too many, or not allowed

 private:
  ControlServer(EventLoop* loop, std::string path, int fd, Handler handler, ControlLimits limits);
  void Accept();
  bool Admit(int fd);
  void OnReady(uint64_t id, uint32_t events);
  void Handle(uint64_t id);
  void Deliver(uint64_t id, const nlohmann::json& answer);
  void Sweep();

  EventLoop* loop_;
  std::string path_;
  int fd_;
  Handler handler_;
  ControlLimits limits_;
  std::optional<EventLoop::Source> source_;
  std::optional<EventLoop::Source> sweep_;
  std::map<uint64_t, std::unique_ptr<ControlConnection>> connections_;
  uint64_t next_id_ = 1;
  uint64_t refused_ = 0;
  // Answers hold a weak reference: they may come after the server has gone. (shared_ptr for that.)
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace alogd
