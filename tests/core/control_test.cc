// SPDX-License-Identifier: MIT
// Control messages within limits, and the client against servers that misbehave.
#include "core/control.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

namespace alogd {
namespace {

TEST(ParseControlMessageTest, OneObject) {
  const auto message = ParseControlMessage(R"({"command": "status", "n": [1, {"a": "}]"}]})");
  ASSERT_TRUE(message.ok());
  EXPECT_EQ((*message)["command"], "status");
  EXPECT_EQ((*message)["n"][1]["a"], "}]");
}

TEST(ParseControlMessageTest, AnythingElse) {
  for (const char* line : {"", "status", "[]", "\"status\"", "1", "{", "{} {}", "{\"a\": }",
                           "\xff\xfe", "{\"command\": \"\xff\"}"}) {
    EXPECT_FALSE(ParseControlMessage(line).ok()) << line;
  }
}

TEST(ParseControlMessageTest, DeepNesting) {
  const std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  const auto message = ParseControlMessage(deep);
  ASSERT_FALSE(message.ok());
  EXPECT_NE(message.error().message.find("nests deeper"), std::string::npos);
  // Brackets in strings, escaped quotes among them, are no nesting.
  EXPECT_TRUE(ParseControlMessage("{\"a\": \"\\\"" + std::string(100, '[') + "\"}").ok());
}

TEST(ParseControlMessageTest, LengthLimit) {
  const std::string fits = "{\"a\":\"" + std::string(kMaxControlMessage - 8, 'x') + "\"}";
  ASSERT_EQ(fits.size(), kMaxControlMessage);
  EXPECT_TRUE(ParseControlMessage(fits).ok());
  EXPECT_FALSE(ParseControlMessage(fits + " ").ok());
}

// Listens on a socket of its own and answers one connection as the test says.
class OneShotServer {
 public:
  explicit OneShotServer(std::function<void(int)> answer) {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "alogd-control-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    path_ = directory_ + "/s";
    fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(fd_, 1), 0);
    thread_ = std::thread([this, answer] {
      const int connection = accept(fd_, nullptr, nullptr);
      char buffer[4096];
      for (;;) {
        const ssize_t n = read(connection, buffer, sizeof buffer);
        if (n <= 0) break;
        got_.append(buffer, static_cast<size_t>(n));
        if (got_.back() == '\n') break;
      }
      answer(connection);
      close(connection);
    });
  }
  ~OneShotServer() {
    thread_.join();
    close(fd_);
    std::filesystem::remove_all(directory_);
  }
  const std::string& path() const { return path_; }
  const std::string& got() const { return got_; }

 private:
  std::string directory_, path_, got_;
  int fd_ = -1;
  std::thread thread_;
};

void Write(int fd, std::string_view text) {
  EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

TEST(ControlRequestTest, AnswerInPieces) {
  const OneShotServer server([](int fd) {
    Write(fd, "{\"ok\": tr");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    Write(fd, "ue}\n{\"next\": 1}\n");
  });
  const auto answer = ControlRequest(server.path(), {{"command", "ping"}}, 5000);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(*answer, nlohmann::json({{"ok", true}}));
  EXPECT_EQ(server.got(), "{\"command\":\"ping\"}\n");
}

TEST(ControlRequestTest, ClosedWithoutAnswer) {
  const OneShotServer server([](int) {});
  const auto answer = ControlRequest(server.path(), {{"command", "ping"}}, 5000);
  ASSERT_FALSE(answer.ok());
  EXPECT_NE(answer.error().message.find("without an answer"), std::string::npos);
}

TEST(ControlRequestTest, NoAnswerInTime) {
  const OneShotServer server(
      [](int) { std::this_thread::sleep_for(std::chrono::milliseconds(200)); });
  const auto answer = ControlRequest(server.path(), {{"command", "ping"}}, 50);
  ASSERT_FALSE(answer.ok());
  EXPECT_NE(answer.error().message.find("did not answer in time"), std::string::npos);
}

TEST(ControlRequestTest, NobodyListens) {
  const auto absent = ControlRequest("/nonexistent/control.sock", {}, 100);
  ASSERT_FALSE(absent.ok());
  EXPECT_NE(absent.error().message.find("alogd does not run"), std::string::npos);
  const auto too_long = ControlRequest("/" + std::string(200, 'x'), {}, 100);
  ASSERT_FALSE(too_long.ok());
  EXPECT_NE(too_long.error().message.find("longer than"), std::string::npos);
}

}  // namespace
}  // namespace alogd
