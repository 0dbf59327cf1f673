// SPDX-License-Identifier: MIT
// Hours in minutes: rotations, files that come and go, floods of templates; memory has to stay
// level.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <deque>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "testing/daemon_process.h"
#include "testing/tail_events.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kTicksPerSecond = 20;
constexpr int kFilesPerTick = 17;  // 400,000 in 20 minutes
constexpr auto kLife = seconds(5);

struct Sample {
  double hours;
  double mib;
  int64_t checkpoints;
};

double ResidentMiB(pid_t pid) {
  const std::string status = ReadAll(fmt::format("/proc/{}/status", pid));
  return static_cast<double>(std::atoll(status.c_str() + status.find("VmRSS:") + 6)) / 1024;
}

// Least squares, in MiB an hour.
double Slope(const std::vector<Sample>& samples) {
  double t = 0, m = 0, tt = 0, tm = 0;
  for (const Sample& s : samples) {
    t += s.hours;
    m += s.mib;
    tt += s.hours * s.hours;
    tm += s.hours * s.mib;
  }
  const auto n = static_cast<double>(samples.size());
  return (n * tm - t * m) / (n * tt - t * t);
}

class Soak {
 public:
  int Run(seconds duration) {
    daemon_.ConfigureWith(DaemonProcess::OneGroup("  - {match: 'event [0-9]*000 ', level: LOW}\n"));
    if (!daemon_.Start()) return 1;
    const Clock::time_point begin = Clock::now();
    const int ticks = static_cast<int>(duration.count()) * kTicksPerSecond;
    for (int tick = 0; tick < ticks; ++tick) {
      Tick(tick);
      if (tick % (5 * kTicksPerSecond) == 0) Take(begin);
      std::this_thread::sleep_until(begin + milliseconds(1000 / kTicksPerSecond) * (tick + 1));
    }
    const bool all = Eventually([&] { return Lines() >= lines_; }, seconds(60));
    std::this_thread::sleep_for(milliseconds(500));
    const int64_t read = Lines();
    cpu_percent_ = CpuPercent(begin);
    Report(read);
    return all && read == lines_ && daemon_.Terminate() == 0 ? 0 : 1;
  }

 private:
  void Append(const std::string& name, const std::string& text, int lines) {
    AppendTo(daemon_.Log(name), text);
    lines_ += lines;
  }
  void Tick(int tick) {
    Append("app.log", EventLines(event_, event_ + 50), 50);
    event_ += 50;
    std::string flood;
    for (int i = 0; i < 20; ++i) {
      flood += fmt::format("2026-11-20T10:00:00+00:00 host flood: {}\n", Words(3 + i % 9));
    }
    Append("copied.log", flood, 20);
    for (int i = 0; i < kFilesPerTick; ++i) {
      jobs_.push_back({fmt::format("job{}.log", files_++), Clock::now()});
      Append(jobs_.back().name, EventLines(event_, event_ + 1), 1);
    }
    while (!jobs_.empty() && Clock::now() - jobs_.front().made > kLife) {
      fs::remove(daemon_.Log(jobs_.front().name));
      jobs_.pop_front();
    }
    if (tick % (3 * kTicksPerSecond) == 0) Rename("app.log");
    if (tick % (4 * kTicksPerSecond) == 0) CopyTruncate("copied.log");
  }
  void Shift(const std::string& name) {
    fs::remove(daemon_.Log(name + ".5"));
    for (int i = 4; i > 0; --i) {
      std::error_code none_yet;
      fs::rename(daemon_.Log(fmt::format("{}.{}", name, i)),
                 daemon_.Log(fmt::format("{}.{}", name, i + 1)), none_yet);
    }
  }
  void Rename(const std::string& name) {
    Shift(name);
    fs::rename(daemon_.Log(name), daemon_.Log(name + ".1"));
    ++rotations_;
  }
  void CopyTruncate(const std::string& name) {
    Shift(name);
    fs::copy_file(daemon_.Log(name), daemon_.Log(name + ".1"));
    WriteTo(daemon_.Log(name), "");
    ++rotations_;
  }
  std::string Words(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) {
      text += i > 0 ? " " : "";
      for (auto left = 3 + random_() % 6; left > 0; --left)
        text += static_cast<char>('a' + random_() % 26);
    }
    return text;
  }
  int64_t Lines() const {
    const nlohmann::json status = daemon_.Ask("status");
    return status["groups"][0].value("lines", int64_t{0});
  }
  // Of one core, since the begin.
  double CpuPercent(Clock::time_point begin) const {
    std::istringstream stat(ReadAll(fmt::format("/proc/{}/stat", daemon_.pid())));
    std::string field;
    double ticks = 0;
    for (int i = 1; i <= 15 && stat >> field; ++i) ticks += i >= 14 ? std::stod(field) : 0;
    const std::chrono::duration<double> passed = Clock::now() - begin;
    return 100 * ticks / static_cast<double>(sysconf(_SC_CLK_TCK)) / passed.count();
  }
  void Take(Clock::time_point begin) {
    const double hours =
        std::chrono::duration<double, std::ratio<3600>>(Clock::now() - begin).count();
    samples_.push_back(
        {hours, ResidentMiB(daemon_.pid()), daemon_.Number("SELECT count(*) FROM files")});
  }
  void Report(int64_t read) const {
    fmt::print("{:>8} {:>10} {:>12}\n", "seconds", "RSS MiB", "checkpoints");
    for (size_t i = 0; i < samples_.size(); i += std::max<size_t>(samples_.size() / 12, 1)) {
      const Sample& s = samples_[i];
      fmt::print("{:>8.0f} {:>10.1f} {:>12}\n", s.hours * 3600, s.mib, s.checkpoints);
    }
    // The limits are reached after 5 minutes (100,000 streams) and 9 (200,000 template ids), and
    // the allocator is level after some 20: a slope wants 50 minutes.
    const std::vector<Sample> warm(
        samples_.begin() + static_cast<std::ptrdiff_t>(samples_.size() / 2), samples_.end());
    fmt::print(
        "{} lines written, {} read; {} short-lived files, {} rotations; {:.1f}% of a core; in the "
        "second half {:+.2f} MiB an hour\n",
        lines_, read, files_, rotations_, cpu_percent_, Slope(warm));
  }

  struct Job {
    std::string name;
    Clock::time_point made;
  };
  DaemonProcess daemon_;
  std::mt19937 random_{7};
  std::deque<Job> jobs_;
  std::vector<Sample> samples_;
  int64_t lines_ = 0;
  double cpu_percent_ = 0;
  int event_ = 0, files_ = 0, rotations_ = 0;
};

}  // namespace
}  // namespace alogd

// soak [MINUTES]: 20 where none are given.
int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  const int minutes = argc > 1 ? std::atoi(argv[1]) : 20;
  return alogd::Soak().Run(std::chrono::seconds(60 * std::max(minutes, 1)));
}
