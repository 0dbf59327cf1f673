// SPDX-License-Identifier: MIT
// Control messages taken apart within limits, and the client side of the control socket.
#include "core/control.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace alogd {
namespace {

// Requests are flat; what nests deeper than this was made to cost stack, not to ask something.
constexpr int kMaxNesting = 32;

// An answer comes from the daemon, which is trusted more than its clients: a status of 10,000
// sources takes some 3 MB.
constexpr size_t kMaxAnswer = 64u << 20;

// Looks at brackets outside of strings only; what is wrong otherwise is the parser's to find.
bool NestsTooDeep(std::string_view line) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxNesting) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

// A descriptor that closes itself.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// Milliseconds that are left of a wait.
class Deadline {
 public:
  explicit Deadline(int timeout_ms)
      : end_(std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms)) {}
  int left_ms() const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end_ - std::chrono::steady_clock::now());
    return left.count() > 0 ? static_cast<int>(left.count()) : 0;
  }

 private:
  std::chrono::steady_clock::time_point end_;
};

Error ConnectError(const std::string& path, int err) {
  switch (err) {
    case ENOENT:
    case ECONNREFUSED:
      return Error{fmt::format("alogd does not run: nobody listens on {}; start it with 'systemctl "
                               "start alogd'",
                               path),
                   err};
    case EACCES:
    case EPERM:
      return Error{fmt::format("may not ask alogd on {}: run this as root or as a member of the "
                               "socket's group (usually alogd)",
                               path),
                   err};
    default:
      return ErrnoError("connect to", path, err);
  }
}

Status Connect(int fd, const std::string& path) {
  const Result<sockaddr_un> address = ControlAddress(path);
  if (!address) return address.error();
  if (connect(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return ConnectError(path, errno);
  }
  return {};
}

Status WaitFor(int fd, int16_t events, const Deadline& deadline) {
  pollfd waited{fd, events, 0};
  for (;;) {
    const int n = poll(&waited, 1, deadline.left_ms());
    if (n > 0) return {};
    if (n == 0)
      return Error{"alogd did not answer in time; is it stopped or overloaded?", ETIMEDOUT};
    if (errno != EINTR) return ErrnoError("wait for", "the control socket", errno);
  }
}

Status SendAll(int fd, std::string_view bytes, const Deadline& deadline) {
  while (!bytes.empty()) {
    if (Status ready = WaitFor(fd, POLLOUT, deadline); !ready) return ready;
    const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      bytes.remove_prefix(static_cast<size_t>(n));
    } else if (errno != EINTR && errno != EAGAIN) {
      return ErrnoError("send to", "the control socket", errno);
    }
  }
  return {};
}

Result<std::string> ReceiveLine(int fd, const Deadline& deadline) {
  std::string answer;
  char buffer[16384];
  while (answer.size() <= kMaxAnswer) {
    if (Status ready = WaitFor(fd, POLLIN, deadline); !ready) return ready.error();
    const ssize_t n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n > 0) {
      const std::string_view got(buffer, static_cast<size_t>(n));
      const size_t end = got.find('\n');
      answer.append(got.substr(0, end));
      if (end != std::string_view::npos) return answer;
    } else if (n == 0) {
      return Error{"alogd closed the connection without an answer; its journal may say why", EPIPE};
    } else if (errno != EINTR && errno != EAGAIN) {
      return ErrnoError("receive from", "the control socket", errno);
    }
  }
  return Error{"alogd's answer is longer than 64 MiB", EMSGSIZE};
}

}  // namespace

Result<sockaddr_un> ControlAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error{fmt::format("the control socket's path {} is longer than the {} bytes that Unix "
                             "sockets take; set control_socket to a shorter one",
                             path, sizeof address.sun_path - 1),
                 ENAMETOOLONG};
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Result<nlohmann::json> ParseControlMessage(std::string_view line) {
  if (line.size() > kMaxControlMessage) {
    return Error{fmt::format("a message of over {} bytes is not taken", kMaxControlMessage),
                 EMSGSIZE};
  }
  if (NestsTooDeep(line)) {
    return Error{fmt::format("a message that nests deeper than {} is not taken", kMaxNesting)};
  }
  nlohmann::json message = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (message.is_discarded()) return Error{"not JSON; send one JSON object a line"};
  if (!message.is_object()) return Error{"not a JSON object; send {\"command\": ...}"};
  return message;
}

Result<nlohmann::json> ControlRequest(const std::string& socket_path, const nlohmann::json& request,
                                      int timeout_ms) {
  const Deadline deadline(timeout_ms);
  const Socket socket_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket_fd.get() < 0) return ErrnoError("make a socket for", socket_path, errno);
  if (Status connected = Connect(socket_fd.get(), socket_path); !connected)
    return connected.error();
  const std::string line =
      request.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  if (Status sent = SendAll(socket_fd.get(), line, deadline); !sent) return sent.error();
  Result<std::string> answer = ReceiveLine(socket_fd.get(), deadline);
  if (!answer) return answer.error();
  nlohmann::json parsed = nlohmann::json::parse(*answer, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return Error{"alogd's answer is not a JSON object; versions may differ"};
  return parsed;
}

}  // namespace alogd
