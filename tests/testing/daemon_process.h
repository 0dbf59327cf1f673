// SPDX-License-Identifier: MIT
// alogd as a process, with a configuration, a log directory and a service manager of the test's
// own.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/control.h"
#include "testing/paths.h"
#include "testing/service_harness.h"

namespace alogd {

// One directory with log/, state/, alogd.yaml and what the daemon said (stderr.log, over all its
// runs).
class DaemonProcess {
 public:
  DaemonProcess() {
    std::filesystem::create_directory(directory_ / "log");
    const std::string path = directory_ / "notify";
    notify_fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    EXPECT_EQ(bind(notify_fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    drainer_ = std::thread([this] { Drain(); });
  }
  ~DaemonProcess() {
    if (pid_ > 0) Kill();
    drain_ = false;
    drainer_.join();
    close(notify_fd_);
    if (::testing::Test::HasFailure()) fprintf(stderr, "%s", said().c_str());
  }
  DaemonProcess(const DaemonProcess&) = delete;
  DaemonProcess& operator=(const DaemonProcess&) = delete;

  std::string Log(const std::string& name) const { return directory_ / ("log/" + name); }
  std::string state() const { return directory_ / state_; }
  // Another state directory from the next Configure on.
  void set_state(const std::string& name) { state_ = name; }
  std::string config_path() const { return directory_ / "alogd.yaml"; }
  std::string socket_path() const { return state() + "/control.sock"; }
  std::string said() const { return ReadAll(directory_ / "stderr.log"); }
  pid_t pid() const { return pid_; }

  // `rest` follows the state directory.
  void Configure(const std::string& rest) {
    WriteTo(config_path(), "state_dir: " + state() + "\n" + rest);
  }
  // A group that reads log/*.log from the beginning, and rules.
  static std::string OneGroup(const std::string& rules, const std::string& more = "") {
    return "rules:\n" + rules + "groups:\n  - name: app\n    paths: [" + "'LOGDIR/*.log'" +
           "]\n    from: beginning\n    stream: source\n" + more;
  }
  // `yaml` with LOGDIR for the log directory.
  void ConfigureWith(std::string yaml) {
    for (size_t at; (at = yaml.find("LOGDIR")) != std::string::npos;) {
      yaml.replace(at, 6, directory_ / "log");
    }
    Configure(yaml);
  }

  void set_environment(const std::string& name, const std::string& value) {
    environment_[name] = value;
  }

  // What the process does before it becomes alogd.
  void set_before(std::function<void()> before) { before_ = std::move(before); }

  void Spawn() {
    pid_ = fork();
    if (pid_ != 0) return;
    const std::string binary = testing::BinaryPath("alogd");
    const int fd = open((directory_ / "stderr.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(fd, STDERR_FILENO);
    dup2(fd, STDOUT_FILENO);
    setenv("NOTIFY_SOCKET", (directory_ / "notify").c_str(), 1);
    unsetenv("JOURNAL_STREAM");
    for (const auto& [name, value] : environment_) setenv(name.c_str(), value.c_str(), 1);
    if (before_) before_();
    execl(binary.c_str(), "alogd", "--config", config_path().c_str(), nullptr);
    _exit(127);
  }
  // False (and a failure) if it ended instead of getting ready.
  bool Start() {
    {
      const std::lock_guard lock(mutex_);
      notifications_.clear();  // of a run before
    }
    Spawn();
    const bool ready = WaitForNotification("READY=1") != "";
    EXPECT_TRUE(ready) << said() << WhereItWaits();
    return ready;
  }
  // The next notification that holds `text`, those before it are passed over. Empty where the
  // process ended first.
  std::string WaitForNotification(const std::string& text) {
    std::string found;
    const bool there = Eventually([&] {
      const std::lock_guard lock(mutex_);
      while (!notifications_.empty()) {
        std::string next = std::move(notifications_.front());
        notifications_.pop_front();
        if (next.find(text) == std::string::npos) continue;
        found = std::move(next);
        return true;
      }
      siginfo_t info{};
      return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
             info.si_pid != 0;
    });
    EXPECT_TRUE(there);
    return found;
  }

  void Signal(int number) const { kill(pid_, number); }
  // Its exit status, or minus the signal that ended it.
  int Wait() {
    int status = 0;
    const bool ended = Eventually([&] { return waitpid(pid_, &status, WNOHANG) == pid_; });
    EXPECT_TRUE(ended);
    if (!ended) return Kill();
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  int Kill() {
    Signal(SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return -SIGKILL;
  }
  int Terminate() {
    Signal(SIGTERM);
    return Wait();
  }

  nlohmann::json Ask(const std::string& command) const {
    const auto answer = ControlRequest(socket_path(), {{"command", command}}, 30'000);
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return answer.ok() ? *answer : nlohmann::json::object();
  }

  // First column of every row; short transactions, while the daemon runs too.
  std::vector<std::string> Query(const std::string& sql) const {
    std::vector<std::string> rows;
    sqlite3* db = nullptr;
    sqlite3_open_v2((state() + "/alogd.db").c_str(), &db, SQLITE_OPEN_READWRITE, nullptr);
    sqlite3_busy_timeout(db, 10'000);
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK) {
      while (sqlite3_step(statement) == SQLITE_ROW) {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
        rows.emplace_back(text != nullptr ? text : "");
      }
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return rows;
  }
  int64_t Number(const std::string& sql) const {
    const auto rows = Query(sql);
    return rows.empty() || rows[0].empty() ? 0 : std::stoll(rows[0]);
  }
  // Everything that stands in the log directory was read and committed.
  bool CaughtUp() const {
    int64_t bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory_ / "log")) {
      bytes += static_cast<int64_t>(entry.file_size());
    }
    return Number("SELECT sum(offset) FROM files") == bytes;
  }

  // What each thread is at, for tests that waited in vain.
  std::string WhereItWaits() const {
    std::string text;
    std::error_code error;
    const std::string tasks = "/proc/" + std::to_string(pid_) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks, error)) {
      text += task.path().filename().string() + ": " + ReadAll(task.path() / "wchan") + " " +
              ReadAll(task.path() / "syscall") + ReadAll(task.path() / "stack");
    }
    return text;
  }

 private:
  // As the service manager does: a daemon blocks where nobody takes its notifications.
  void Drain() {
    char buffer[8192];
    while (drain_) {
      pollfd waited{notify_fd_, POLLIN, 0};
      if (poll(&waited, 1, 20) <= 0) continue;
      const ssize_t n = recv(notify_fd_, buffer, sizeof buffer, MSG_DONTWAIT);
      if (n < 0) continue;
      const std::lock_guard lock(mutex_);
      notifications_.emplace_back(buffer, static_cast<size_t>(n));
    }
  }

  TemporaryDirectory directory_;
  std::string state_ = "state";
  std::map<std::string, std::string> environment_;
  std::function<void()> before_;
  std::mutex mutex_;
  std::deque<std::string> notifications_;  // guarded by mutex_
  std::atomic<bool> drain_{true};
  std::thread drainer_;
  int notify_fd_ = -1;
  pid_t pid_ = -1;
};

}  // namespace alogd
