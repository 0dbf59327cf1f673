// SPDX-License-Identifier: MIT
// The control socket: answers, limits, clients that do not read, stale and foreign sockets.
#include "daemon/control/control_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "core/control.h"
#include "daemon/control/peer.h"
#include "testing/service_harness.h"

namespace alogd {
namespace {

using nlohmann::json;

int ConnectTo(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return fd;
}

bool SendAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

// Everything until `lines` lines came or the other side closed; nothing beyond them.
std::string ReadLines(int fd, size_t lines) {
  std::string got;
  char buffer[65536];
  while (lines > 0) {
    const ssize_t peeked = recv(fd, buffer, sizeof buffer, MSG_PEEK);
    if (peeked <= 0) break;
    size_t take = 0;
    while (take < static_cast<size_t>(peeked) && lines > 0) lines -= buffer[take++] == '\n';
    if (recv(fd, buffer, take, 0) != static_cast<ssize_t>(take)) break;
    got.append(buffer, take);
  }
  return got;
}

// A server on a loop of its own thread.
class ControlServerTest : public ::testing::Test {
 protected:
  void Start(ControlLimits limits = {}) {
    auto loop = EventLoop::Create();
    ASSERT_TRUE(loop.ok());
    loop_ = std::move(*loop);
    auto server = ControlServer::Listen(
        loop_.get(), path_,
        [this](const json& request, ControlServer::Answer answer) { Handle(request, answer); },
        limits);
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = std::move(*server);
    thread_ = std::thread([this] { EXPECT_TRUE(loop_->Run().ok()); });
  }
  void TearDown() override {
    if (!loop_) return;
    loop_->Exit();
    thread_.join();
    server_.reset();
  }
  void Handle(const json& request, const ControlServer::Answer& answer) {
    const std::string command = request.value("command", "");
    if (command == "big") return answer({{"ok", true}, {"text", std::string(8 << 20, 'x')}});
    if (command == "later") {
      later_ = answer;
      return;
    }
    if (command == "now") later_({{"ok", true}, {"late", true}});
    answer({{"ok", true}, {"echo", request}});
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_ / "control.sock";
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<ControlServer> server_;
  std::thread thread_;
  ControlServer::Answer later_;
};

TEST_F(ControlServerTest, ModeIsForTheGroup) {
  Start();
  struct stat st {};
  ASSERT_EQ(stat(path_.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0660U);
}

TEST_F(ControlServerTest, ManyRequestsOnOneConnectionInOrder) {
  Start();
  const int fd = ConnectTo(path_);
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += "{\"command\":\"x\",\"n\":" + std::to_string(i) + "}\n";
  ASSERT_TRUE(SendAll(fd, requests));
  const std::string answers = ReadLines(fd, 100);
  size_t begin = 0;
  for (int i = 0; i < 100; ++i) {
    const size_t end = answers.find('\n', begin);
    ASSERT_NE(end, std::string::npos);
    EXPECT_EQ(json::parse(answers.substr(begin, end - begin))["echo"]["n"], i);
    begin = end + 1;
  }
  close(fd);
}

TEST_F(ControlServerTest, MalformedRequestIsAnswered) {
  Start();
  const int fd = ConnectTo(path_);
  ASSERT_TRUE(SendAll(fd, "nonsense\n{\"command\":\"x\"}\n"));
  const json first = json::parse(ReadLines(fd, 1));
  EXPECT_EQ(first["ok"], false);
  EXPECT_NE(first["error"].get<std::string>().find("JSON"), std::string::npos);
  EXPECT_EQ(json::parse(ReadLines(fd, 1))["ok"], true) << "the connection goes on";
  close(fd);
}

TEST_F(ControlServerTest, LineOverTheLimitEndsTheConnection) {
  Start();
  const int fd = ConnectTo(path_);
  SendAll(fd, std::string(kMaxControlMessage + 100'000, 'x'));
  EXPECT_EQ(ReadLines(fd, 1), "");
  close(fd);
  EXPECT_TRUE(ControlRequest(path_, {{"command", "x"}}, 10'000).ok());
}

TEST_F(ControlServerTest, AnswerThatComesLater) {
  Start();
  const int waiting = ConnectTo(path_);
  ASSERT_TRUE(SendAll(waiting, "{\"command\":\"later\"}\n{\"command\":\"x\"}\n"));
  ASSERT_TRUE(Eventually([&] {
    // Others are served meanwhile.
    return ControlRequest(path_, {{"command", "x"}}, 10'000).ok() && later_ != nullptr;
  }));
  EXPECT_TRUE(ControlRequest(path_, {{"command", "now"}}, 10'000).ok());
  EXPECT_EQ(json::parse(ReadLines(waiting, 1))["late"], true);
  EXPECT_EQ(json::parse(ReadLines(waiting, 1))["echo"]["command"], "x")
      << "asked ahead, answered after";
  close(waiting);
}

TEST_F(ControlServerTest, ClientThatWentBeforeItsAnswer) {
  Start();
  const int fd = ConnectTo(path_);
  ASSERT_TRUE(SendAll(fd, "{\"command\":\"later\"}\n"));
  ASSERT_TRUE(Eventually([&] {
    return ControlRequest(path_, {{"command", "x"}}, 10'000).ok() && later_ != nullptr;
  }));
  close(fd);
  EXPECT_TRUE(ControlRequest(path_, {{"command", "now"}}, 10'000).ok());
}

TEST_F(ControlServerTest, ClientThatDoesNotReadHoldsNobodyUp) {
  Start();
  const int lazy = ConnectTo(path_);
  ASSERT_TRUE(SendAll(lazy, "{\"command\":\"big\"}\n{\"command\":\"big\"}\n"));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(ControlRequest(path_, {{"command", "x"}}, 10'000).ok());
  // It gets both whole once it reads.
  EXPECT_EQ(ReadLines(lazy, 2).size(),
            2 * (json({{"ok", true}, {"text", ""}}).dump().size() + (8 << 20) + 1));
  close(lazy);
}

TEST_F(ControlServerTest, ConnectionsOverTheLimitAreToldSo) {
  Start({.connections = 2});
  const int a = ConnectTo(path_);
  const int b = ConnectTo(path_);
  const int c = ConnectTo(path_);
  const json refusal = json::parse(ReadLines(c, 1));
  EXPECT_EQ(refusal["ok"], false);
  EXPECT_NE(refusal["error"].get<std::string>().find("2 connections"), std::string::npos);
  close(a);
  close(c);
  EXPECT_TRUE(Eventually([&] {
    const auto answer = ControlRequest(path_, {{"command", "x"}}, 10'000);
    return answer.ok() && (*answer)["ok"] == true;
  }));
  close(b);
}

TEST_F(ControlServerTest, SilentClientIsDisconnected) {
  Start({.rounds_idle = 1});
  const int fd = ConnectTo(path_);
  EXPECT_EQ(ReadLines(fd, 1), "");
  close(fd);
}

TEST_F(ControlServerTest, StaleSocketIsReplacedALiveOneIsNot) {
  const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
  ASSERT_EQ(bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  close(dead);  // as a killed daemon leaves it
  Start();
  const auto second = ControlServer::Listen(loop_.get(), path_, {});
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("another daemon listens"), std::string::npos);
  EXPECT_TRUE(ControlRequest(path_, {{"command", "x"}}, 10'000).ok());
}

TEST_F(ControlServerTest, ForeignFileIsNotRemoved) {
  WriteTo(path_, "precious");
  auto loop = EventLoop::Create();
  ASSERT_TRUE(loop.ok());
  const auto server = ControlServer::Listen(loop->get(), path_, {});
  ASSERT_FALSE(server.ok());
  EXPECT_EQ(ReadAll(path_), "precious");
}

TEST(PeerTest, OwnCredentials) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const auto peer = PeerOf(ends[0]);
  ASSERT_TRUE(peer.ok()) << peer.error().message;
  EXPECT_EQ(peer->uid, geteuid());
  EXPECT_EQ(peer->gid, getegid());
  close(ends[0]);
  close(ends[1]);
}

TEST(PeerTest, WhoMayControl) {
  const uid_t own = 900;
  const gid_t group = 800;
  EXPECT_TRUE(MayControl({0, 0, {}}, own, group, 0600));
  EXPECT_TRUE(MayControl({own, 5, {}}, own, group, 0600));
  EXPECT_TRUE(MayControl({1000, group, {}}, own, group, 0660));
  EXPECT_TRUE(MayControl({1000, 1000, {4, group}}, own, group, 0660));
  EXPECT_FALSE(MayControl({1000, group, {group}}, own, group, 0640))
      << "the mode is for the owner only";
  EXPECT_FALSE(MayControl({1000, 1000, {4, 27}}, own, group, 0660));
  EXPECT_FALSE(MayControl({1000, 1000, {}}, own, group, 0666))
      << "whatever somebody made of the mode";
}

}  // namespace
}  // namespace alogd
