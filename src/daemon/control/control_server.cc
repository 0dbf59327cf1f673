// SPDX-License-Identifier: MIT
// Listening, admission by peer credentials and limits, and one request at a time per connection.
#include "daemon/control/control_server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "core/control.h"
#include "core/text.h"
#include "daemon/control/control_connection.h"
#include "daemon/control/peer.h"

namespace alogd {
namespace {

constexpr mode_t kSocketMode = 0660;
constexpr std::chrono::seconds kSweepPeriod{1};

// Somebody answers there: connect succeeds, or fails for another reason than that nobody listens.
bool Answers(const sockaddr_un& address) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  const int r = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const bool refused = r != 0 && (errno == ECONNREFUSED || errno == ENOENT);
  close(fd);
  return !refused;
}

// A socket file outlives its process. Anything else at that path is not ours to remove.
Status RemoveStale(const std::string& path, const sockaddr_un& address) {
  struct stat st {};
  if (lstat(path.c_str(), &st) != 0) return {};
  if (!S_ISSOCK(st.st_mode)) {
    return Error{
        fmt::format("{} stands where the control socket should be and is no socket; remove it "
                    "or set control_socket",
                    path),
        EEXIST};
  }
  if (Answers(address)) {
    return Error{fmt::format("another daemon listens on {}; stop it or set control_socket", path),
                 EADDRINUSE};
  }
  if (unlink(path.c_str()) != 0) return ErrnoError("remove the stale", path, errno);
  return {};
}

Result<int> ListenOn(const std::string& path) {
  const Result<sockaddr_un> address = ControlAddress(path);
  if (!address) return address.error();
  if (Status removed = RemoveStale(path, *address); !removed) return removed.error();
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return ErrnoError("make a socket for", path, errno);
  // The mode is set before listen: until then nobody can connect.
  if (bind(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 ||
      chmod(path.c_str(), kSocketMode) != 0 || listen(fd, 16) != 0) {
    const int err = errno;
    close(fd);
    return ErrnoError("listen on the control socket", path, err);
  }
  return fd;
}

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::Listen(EventLoop* loop,
                                                             const std::string& path,
                                                             Handler handler,
                                                             ControlLimits limits) {
  Result<int> fd = ListenOn(path);
  if (!fd) return fd.error();
  std::unique_ptr<ControlServer> server(
      new ControlServer(loop, path, *fd, std::move(handler), limits));
  ControlServer* raw = server.get();
  Result<EventLoop::Source> source = loop->AddIo(*fd, EPOLLIN, [raw](uint32_t) { raw->Accept(); });
  if (!source) return source.error();
  server->source_ = std::move(*source);
  Result<EventLoop::Source> sweep = loop->AddTimer(kSweepPeriod, [raw] { raw->Sweep(); });
  if (!sweep) return sweep.error();
  server->sweep_ = std::move(*sweep);
  return server;
}

ControlServer::ControlServer(EventLoop* loop, std::string path, int fd, Handler handler,
                             ControlLimits limits)
    : loop_(loop), path_(std::move(path)), fd_(fd), handler_(std::move(handler)), limits_(limits) {}

ControlServer::~ControlServer() {
  source_.reset();
  unlink(path_.c_str());
  close(fd_);
}

void ControlServer::Accept() {
  const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;  // gone again, or out of descriptors: the loop comes back
  if (!Admit(fd)) {
    ++refused_;
    close(fd);
    return;
  }
  const uint64_t id = next_id_++;
  auto connection = std::make_unique<ControlConnection>(fd);
  Result<EventLoop::Source> source =
      loop_->AddIo(fd, EPOLLIN, [this, id](uint32_t events) { OnReady(id, events); });
  if (!source) {
    ++refused_;
    return;
  }
  connection->set_source(std::move(*source));
  connections_.emplace(id, std::move(connection));
}

// Refusals are told in one line where the socket takes it at once.
bool ControlServer::Admit(int fd) {
  const auto refuse = [fd](const std::string& why) {
    const std::string line = nlohmann::json{{"ok", false}, {"error", why}}.dump() + "\n";
    [[maybe_unused]] const ssize_t n =
        send(fd, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return false;
  };
  if (connections_.size() >= limits_.connections) {
    return refuse(
        fmt::format("{} connections are open already; try again later", connections_.size()));
  }
  const Result<Peer> peer = PeerOf(fd);
  if (!peer) return refuse(peer.error().message);
  struct stat st {};
  if (stat(path_.c_str(), &st) != 0) return refuse("the control socket was removed; restart alogd");
  if (MayControl(*peer, geteuid(), st.st_gid, st.st_mode)) return true;
  spdlog::warn("refused a control connection of user {}: neither root nor in the group of {}",
               peer->uid, path_);
  return refuse("only root and members of the control socket's group may ask alogd");
}

void ControlServer::OnReady(uint64_t id, uint32_t events) {
  const auto it = connections_.find(id);
  if (it == connections_.end()) return;
  ControlConnection* connection = it->second.get();
  if (!connection->OnReady(events)) {
    connections_.erase(it);
    return;
  }
  Handle(id);
}

// One request a turn of the loop, whatever the client sent ahead: there are others to serve.
void ControlServer::Handle(uint64_t id) {
  const auto it = connections_.find(id);
  if (it == connections_.end()) return;
  const std::optional<std::string> line = it->second->NextRequest();
  if (!line) {
    if (it->second->ended()) connections_.erase(it);
    return;
  }
  const Answer answer = [this, id,
                         alive = std::weak_ptr<bool>(alive_)](const nlohmann::json& reply) {
    if (alive.expired()) return;
    Deliver(id, reply);
    loop_->Post([this, id, alive] {
      if (!alive.expired()) Handle(id);
    });
  };
  Result<nlohmann::json> request = ParseControlMessage(*line);
  if (!request) return answer({{"ok", false}, {"error", request.error().message}});
  handler_(*request, answer);
}

void ControlServer::Deliver(uint64_t id, const nlohmann::json& answer) {
  const auto it = connections_.find(id);
  if (it == connections_.end()) return;
  std::string line = answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  line += '\n';
  if (!it->second->Answer(std::move(line))) connections_.erase(it);
}

void ControlServer::Sweep() {
  std::erase_if(connections_, [this](const auto& entry) {
    return entry.second->IdleRound() > limits_.rounds_idle;
  });
}

}  // namespace alogd
