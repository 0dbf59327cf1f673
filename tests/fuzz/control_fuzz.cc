// SPDX-License-Identifier: MIT
// Fuzzes the control socket: any bytes in any pieces give requests that are one JSON object each,
// or an end of the connection.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "core/control.h"
#include "daemon/control/control_connection.h"
#include "fuzz.h"

namespace {

using namespace alogd;

// False: the connection is over.
bool Serve(ControlConnection* connection, int client) {
  char answer[4096];
  while (const std::optional<std::string> line = connection->NextRequest()) {
    fuzz::Require(line->size() <= kMaxControlMessage && line->find('\n') == std::string::npos);
    const Result<nlohmann::json> request = ParseControlMessage(*line);
    nlohmann::json reply = {{"ok", request.ok()}};
    if (request) {
      fuzz::Require(request->is_object());
      reply["echo"] = *request;
    } else {
      fuzz::Require(!request.error().message.empty());
      reply["error"] = request.error().message;
    }
    if (!connection->Answer(reply.dump() + "\n")) return false;
    while (::recv(client, answer, sizeof answer, MSG_DONTWAIT) > 0) {
      if (!connection->OnReady(EPOLLOUT)) return false;
    }
  }
  return true;
}

}  // namespace

// The first byte is the size of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  int ends[2];
  fuzz::Require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  ControlConnection connection(ends[0]);
  const size_t piece = 1 + data[0] * size_t{16};
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  bool open = true;
  while (open && !input.empty()) {
    const std::string_view part = input.substr(0, piece);
    input.remove_prefix(part.size());
    fuzz::Require(::send(ends[1], part.data(), part.size(), MSG_NOSIGNAL) ==
                  static_cast<ssize_t>(part.size()));
    open = connection.OnReady(EPOLLIN) && Serve(&connection, ends[1]);
  }
  ::close(ends[1]);
  if (open && connection.OnReady(EPOLLIN)) fuzz::Require(connection.ended() || size > 1);
  return 0;
}
