// SPDX-License-Identifier: MIT
// Figures of the running service: latency, start after a kill, idle cost, memory with a model.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "testing/daemon_process.h"
#include "testing/paths.h"
#include "testing/tail_events.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

double Milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

// A stand-in for journald: takes entries at its socket, which the daemon sees in a mount namespace
// of its own, and stamps those that tell of an alarm.
class StandInJournal {
 public:
  StandInJournal() {
    fs::create_directories(directory_ / "journal");
    const std::string path = directory_ / "journal/socket";
    fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int size = 8 << 20;
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    reader_ = std::thread([this] { Read(); });
  }
  ~StandInJournal() {
    stop_ = true;
    reader_.join();
    close(fd_);
  }
  StandInJournal(const StandInJournal&) = delete;
  StandInJournal& operator=(const StandInJournal&) = delete;

  // In the process that becomes alogd.
  void Enter() const {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount(directory_.path().c_str(), "/run/systemd", nullptr, MS_BIND, nullptr) != 0) {
      fmt::print(stderr, "no mount namespace: run as root\n");
      _exit(1);
    }
    struct stat st {};
    fstat(STDERR_FILENO, &st);
    setenv("JOURNAL_STREAM", fmt::format("{}:{}", st.st_dev, st.st_ino).c_str(), 1);
  }
  std::map<int, Clock::time_point> alarms() {
    const std::lock_guard lock(mutex_);
    return alarms_;
  }

 private:
  void Read() {
    std::vector<char> buffer(256 * 1024);
    while (!stop_) {
      pollfd waited{fd_, POLLIN, 0};
      if (poll(&waited, 1, 50) <= 0) continue;
      const ssize_t n = recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
      const Clock::time_point now = Clock::now();
      if (n <= 0) continue;
      const std::string_view entry(buffer.data(), static_cast<size_t>(n));
      const size_t at = entry.find("alarm number ");
      if (at == std::string_view::npos) continue;
      const std::lock_guard lock(mutex_);
      alarms_.emplace(std::atoi(entry.data() + at + 13), now);
    }
  }

  TemporaryDirectory directory_;
  int fd_ = -1;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::map<int, Clock::time_point> alarms_;  // guarded by mutex_
  std::thread reader_;
};

// With the time of the event before it, so that each alarm is an incident of its own.
std::string AlarmLine(int number, int event) {
  const std::string line = EventLine(event);
  return line.substr(0, line.find("event ")) + fmt::format("alarm number {}\n", number);
}

// From the write of a line to the entry at journald's socket, committed before.
void Latency(int rate, seconds duration) {
  StandInJournal journal;
  DaemonProcess daemon;
  daemon.set_before([&] { journal.Enter(); });
  daemon.ConfigureWith(
      "alerts: {incident_gap: 1ms}\n" +
      DaemonProcess::OneGroup("  - {match: 'alarm number', level: CRITICAL, name: alarm}\n"));
  WriteTo(daemon.Log("app.log"), EventLines(0, 1000));
  if (!daemon.Start()) return;
  std::vector<Clock::time_point> written;
  const Clock::time_point begin = Clock::now();
  const int ticks = static_cast<int>(duration / milliseconds(10));
  int event = 1000;
  for (int tick = 0; tick < ticks; ++tick) {
    std::string lines = EventLines(event, event + rate / 100);
    event += rate / 100;
    const bool alarm = tick % 10 == 9;
    if (alarm) lines += AlarmLine(static_cast<int>(written.size()), event - 1);
    AppendTo(daemon.Log("app.log"), lines);
    if (alarm) written.push_back(Clock::now());
    std::this_thread::sleep_until(begin + milliseconds(10) * (tick + 1));
  }
  Eventually([&] { return journal.alarms().size() >= written.size(); }, seconds(10));
  std::vector<double> times;
  for (const auto& [number, at] : journal.alarms()) {
    times.push_back(Milliseconds(at - written[static_cast<size_t>(number)]));
  }
  daemon.Terminate();
  if (times.empty()) return fmt::print("no alert came\n");
  std::sort(times.begin(), times.end());
  fmt::print(
      "append to journal, {:>6} lines/s: {} of {} alerts, p50 {:.1f} ms, p99 {:.1f} ms, max {:.1f} "
      "ms\n",
      rate, times.size(), written.size(), times[times.size() / 2], times[times.size() * 99 / 100],
      times.back());
}

int64_t ResidentKiB(pid_t pid) {
  const std::string status = ReadAll(fmt::format("/proc/{}/status", pid));
  return std::atoll(status.c_str() + status.find("VmRSS:") + 6);
}

// Nanoseconds on a processor, over all threads.
int64_t CpuNanoseconds(pid_t pid) {
  int64_t sum = 0;
  for (const auto& task : fs::directory_iterator(fmt::format("/proc/{}/task", pid))) {
    sum += std::atoll(ReadAll(task.path() / "schedstat").c_str());
  }
  return sum;
}

void Sources(DaemonProcess* daemon, int sources, int lines) {
  daemon->ConfigureWith(DaemonProcess::OneGroup(kEveryEvent));
  for (int i = 0; i < sources; ++i) {
    WriteTo(daemon->Log(fmt::format("s{}.log", i)), EventLines(i * lines, (i + 1) * lines));
  }
}

void Recovery(int sources) {
  DaemonProcess daemon;
  Sources(&daemon, sources, 3);
  if (!daemon.Start()) return;
  Eventually([&] { return daemon.Number(kCountRows) >= 3 * sources; }, seconds(120));
  std::this_thread::sleep_for(seconds(2));
  daemon.Kill();
  for (int i = 0; i < sources; i += 10) {
    AppendTo(daemon.Log(fmt::format("s{}.log", i)),
             EventLines(3 * sources + i, 3 * sources + i + 1));
  }
  const Clock::time_point begin = Clock::now();
  if (!daemon.Start()) return;
  const Clock::time_point ready = Clock::now();
  const int64_t all = 3 * sources + (sources + 9) / 10;
  Eventually([&] { return daemon.Number(kCountRows) >= all; }, seconds(60));
  const Clock::time_point caught_up = Clock::now();
  fmt::print(
      "after a kill with {} open sources: ready after {:.0f} ms, what was missed ({} lines in {} "
      "files) is committed after {:.0f} ms; {} KiB resident\n",
      sources, Milliseconds(ready - begin), all - 3 * sources, (sources + 9) / 10,
      Milliseconds(caught_up - begin), ResidentKiB(daemon.pid()));
  daemon.Terminate();
}

void Idle(int sources, seconds duration) {
  DaemonProcess daemon;
  Sources(&daemon, sources, 10);
  if (!daemon.Start()) return;
  Eventually([&] { return daemon.Number(kCountRows) >= 10 * sources; });
  std::this_thread::sleep_for(seconds(10));  // what is at work after a start comes to rest
  const int64_t before = CpuNanoseconds(daemon.pid());
  std::this_thread::sleep_for(duration);
  const double used = static_cast<double>(CpuNanoseconds(daemon.pid()) - before) / 1e9;
  fmt::print("idle with {} quiet sources: {:.3f}% of a core over {} s; {} KiB resident\n", sources,
             100 * used / static_cast<double>(duration.count()), duration.count(),
             ResidentKiB(daemon.pid()));
  daemon.Terminate();
}

// A bundle with all detectors, trained on a generated log, and the log that goes on.
void Memory() {
  DaemonProcess daemon;
  daemon.ConfigureWith(
      "groups:\n  - {name: app, paths: ['LOGDIR/*.log'], from: beginning, stream: source}\n");
  const std::string ctl =
      fmt::format(testing::BinaryPath("alogctl --quiet --config {} "), daemon.config_path());
  const std::string normal = daemon.state() + "-normal.txt";
  const auto run = [](const std::string& command) { return std::system(command.c_str()) == 0; };
  if (!run(ctl + "generate --lines 30000 --anomaly-rate 0 --seed 7 > " + normal) ||
      !run(ctl + "train --group app --activate " + normal + " > /dev/null") || !daemon.Start()) {
    return fmt::print("memory with a model: not measured\n");
  }
  const std::string log = ReadAll(normal);
  for (int i = 0; i < 10; ++i) AppendTo(daemon.Log("app.log"), log);
  Eventually([&] { return daemon.CaughtUp(); }, seconds(300));
  const nlohmann::json status = daemon.Ask("status");
  fmt::print("resident with a model ({}) after {} lines: {:.1f} MiB\n",
             status["groups"][0]["bundle"].dump(), status["groups"][0]["lines"].dump(),
             static_cast<double>(ResidentKiB(daemon.pid())) / 1024);
  daemon.Terminate();
}

}  // namespace
}  // namespace alogd

// service_figures [latency] [recovery] [idle] [memory]: all without an argument.
int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  const auto wanted = [&](const char* name) {
    return argc < 2 || std::any_of(argv + 1, argv + argc,
                                   [&](const char* arg) { return std::string_view(arg) == name; });
  };
  if (wanted("latency")) {
    alogd::Latency(1'000, std::chrono::seconds(20));
    alogd::Latency(10'000, std::chrono::seconds(20));
  }
  if (wanted("recovery")) alogd::Recovery(10'000);
  if (wanted("idle")) alogd::Idle(200, std::chrono::seconds(60));
  if (wanted("memory")) alogd::Memory();
  return ::testing::Test::HasFailure() ? 1 : 0;
}
