// SPDX-License-Identifier: MIT
// Each finding of doctor: its condition is made, seen, mended, and gone.
#include "cli/doctor/doctor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "core/store/store.h"
#include "models/registry/detectors.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class FakeHost : public Host {
 public:
  using Host::Host;
  Time Now() const override { return now; }
  std::optional<DiskSpace> Space(const std::string&) const override { return space; }
  bool ClockSynchronised() const override { return synchronised; }
  Result<json> DaemonStatus(const std::string&) const override {
    if (status_errno != 0) return Error{"alogd does not run", status_errno};
    return status;
  }

  Time now = FromMicros(1'795'000'000'000'000);
  DiskSpace space{100ull << 30, 50ull << 30, 1'000'000, 900'000};
  bool synchronised = true;
  int status_errno = 0;
  json status = {{"ok", true},
                 {"uptime_s", 10.0},
                 {"groups", json::array({{{"name", "system"},
                                          {"bundle", "b"},
                                          {"bundle_age_s", 86400},
                                          {"records", 50'000},
                                          {"templates", 100},
                                          {"new_templates", 3}}})},
                 {"sources", json::array({{{"path", "/var/log/x"}, {"lag_bytes", 0}}})},
                 {"drops", {{"lost_bytes", 0}}},
                 {"commit", {{"last_error", ""}}},
                 {"journal", {{"pending", 0}}},
                 {"last_reload", json::object()}};
};

// A host on which nothing is wrong, in a directory of its own.
class DoctorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "alogd_doctor_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir_ = name;
    chmod(dir_.c_str(), 0755);
    uid_ = geteuid() == 0 ? 61'999 : geteuid();
    host_ = std::make_unique<FakeHost>(dir_ + "/root");
    System("/etc/passwd", fmt::format("alogd:x:{}:61999::/:/usr/sbin/nologin\n", uid_));
    System("/etc/group", "adm:x:4:\nsystemd-journal:x:101:\nalogd:x:61999:\n");
    System("/lib/systemd/system/alogd.service",
           "[Service]\nUser=alogd\nSupplementaryGroups=adm systemd-journal\nNice=5\n");
    System("/lib/systemd/system/alogd-train.timer", "[Timer]\n");
    System("/etc/systemd/system/multi-user.target.wants/alogd.service", "");
    System("/etc/systemd/system/timers.target.wants/alogd-train.timer", "");
    System("/proc/sys/fs/inotify/max_user_watches", "65536\n");
    System("/proc/sys/fs/inotify/max_user_instances", "128\n");
    System("/var/log/journal/x", "");
    Write(dir_ + "/log/app.log", "a line\n");
    Write(dir_ + "/log/kern.log", "another\n");
    fs::create_directories(dir_ + "/state");
    Owned(dir_ + "/state", 0750);
    config_ = fmt::format(
        "state_dir: {0}/state\ngroups:\n  - {{name: system, paths: ['{0}/log/*.log']}}\n", dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }

  void Write(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
  }
  void System(const std::string& path, const std::string& text) {
    Write(dir_ + "/root" + path, text);
  }
  void Remove(const std::string& path) { fs::remove_all(dir_ + "/root" + path); }
  void Owned(const std::string& path, mode_t mode) {
    if (geteuid() == 0) {
      ASSERT_EQ(chown(path.c_str(), uid_, 61'999), 0);
    }
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
  }
  void Database(std::function<void(Store*)> fill = nullptr) {
    const std::string path = dir_ + "/state/alogd.db";
    {
      auto store = Store::Open(path, {});
      ASSERT_TRUE(store.ok()) << store.error().message;
      if (fill) fill(&*store);
    }
    for (const char* suffix : {"", "-wal", "-shm"})
      if (fs::exists(path + suffix)) Owned(path + suffix, 0640);
  }

  Obstacles Examined() {
    Write(dir_ + "/alogd.yaml", config_);
    chmod((dir_ + "/alogd.yaml").c_str(), 0644);
    const timespec times[2] = {{config_time_, 0}, {config_time_, 0}};
    utimensat(AT_FDCWD, (dir_ + "/alogd.yaml").c_str(), times, 0);
    return Examine(LoadConfig(dir_ + "/alogd.yaml", true, AllDetectors()), dir_ + "/alogd.yaml",
                   *host_);
  }
  std::string Names() {
    std::string names;
    for (const Obstacle& f : Examined()) {
      names += (names.empty() ? "" : " ") + f.name;
      EXPECT_FALSE(f.what.empty());
      EXPECT_FALSE(f.fix.empty()) << f.name;
    }
    return names;
  }
  // Nothing is found; then that alone; then nothing again.
  void Expect(const std::string& name, const std::function<void()>& broken,
              const std::function<void()>& mended) {
    ASSERT_EQ(Names(), "");
    broken();
    EXPECT_EQ(Names(), name);
    mended();
    EXPECT_EQ(Names(), "") << "after mending " << name;
  }

  std::string dir_, config_;
  time_t config_time_ = 1'700'000'000;
  uid_t uid_ = 0;
  std::unique_ptr<FakeHost> host_;
};

TEST_F(DoctorTest, Configuration) {
  const std::string good = config_;
  Expect(
      "config-wrong", [&] { config_ += "jurnal: {}\n"; }, [&] { config_ = good; });
  Expect(
      "config-odd", [&] { config_ += "risk: {severity_weight: 0.5}\n"; }, [&] { config_ = good; });
  Expect(
      "config-not-loaded", [&] { config_time_ = 1'795'000'000; },
      [&] {
        host_->status["last_reload"] = {{"at_us", 1'795'000'001'000'000}, {"ok", true}};
      });
}

TEST_F(DoctorTest, Service) {
  Expect(
      "service-down", [&] { host_->status_errno = ECONNREFUSED; },
      [&] { host_->status_errno = 0; });
  Expect(
      "not-allowed", [&] { host_->status_errno = EACCES; }, [&] { host_->status_errno = 0; });
  const std::string wants = "/etc/systemd/system/multi-user.target.wants/alogd.service";
  Expect(
      "service-disabled", [&] { Remove(wants); }, [&] { System(wants, ""); });
  const std::string timer = "/etc/systemd/system/timers.target.wants/alogd-train.timer";
  Expect(
      "timer-disabled", [&] { Remove(timer); }, [&] { System(timer, ""); });
  Expect(
      "user-missing", [&] { System("/etc/passwd", "root:x:0:0::/:/bin/sh\n"); },
      [&] { System("/etc/passwd", fmt::format("alogd:x:{}:61999::/:/x\n", uid_)); });
}

TEST_F(DoctorTest, DropIns) {
  const std::string file = "/etc/systemd/system/alogd.service.d/local.conf";
  for (const char* line : {"User=root", "NoNewPrivileges=no", "ProtectSystem=false",
                           "PrivateNetwork=no", "CapabilityBoundingSet=CAP_SYS_ADMIN",
                           "SystemCallFilter=", "WatchdogSec=0", "Restart=no", "Nice=19"}) {
    SCOPED_TRACE(line);
    const bool root = std::string_view(line) == "User=root";
    if (root) System("/etc/passwd", fmt::format("alogd:x:{0}:1::/:/x\nroot:x:{0}:1::/:/x\n", uid_));
    Expect(
        "unit-weakened", [&] { System(file, fmt::format("[Service]\n{}\n", line)); },
        [&] { Remove(file); });
  }
  // Reading everything is what the shipped drop-in gives, and other sections are other matters.
  System(file,
         "[Service]\nAmbientCapabilities=CAP_DAC_READ_SEARCH\nCapabilityBoundingSet=CAP_DAC_READ_"
         "SEARCH\nMemoryMax=2G\n[Unit]\nRestart=no\n");
  EXPECT_EQ(Names(), "");
  Remove(file);
  const std::string whole = "/etc/systemd/system/alogd.service";
  Expect(
      "unit-replaced", [&] { System(whole, "[Service]\nUser=alogd\n"); }, [&] { Remove(whole); });
}

TEST_F(DoctorTest, Daemon) {
  const json good = host_->status;
  const auto mended = [&] { host_->status = good; };
  json& status = host_->status;
  Expect(
      "behind", [&] { status["sources"][0]["lag_bytes"] = 100 << 20; }, mended);
  Expect(
      "dropped", [&] { status["drops"]["lost_bytes"] = 7; }, mended);
  Expect(
      "commit-failing", [&] { status["commit"]["last_error"] = "disk is full"; }, mended);
  Expect(
      "alerts-waiting", [&] { status["journal"]["pending"] = 500; }, mended);
  Expect(
      "no-bundle", [&] { status["groups"][0]["bundle"] = ""; }, mended);
  Expect(
      "bundle-old", [&] { status["groups"][0]["bundle_age_s"] = 40 * 86400; }, mended);
  Expect(
      "bundle-unfit", [&] { status["groups"][0]["new_templates"] = 30; }, mended);
  Expect(
      "reload-refused",
      [&] {
        status["last_reload"] = {{"at_us", 1}, {"ok", false}, {"message", "no"}};
      },
      mended);
}

// The templates of a fault are not to be learned.
TEST_F(DoctorTest, NoRetrainingRightAfterAnIncident) {
  host_->status["groups"][0]["new_templates"] = 30;
  EXPECT_EQ(Names(), "bundle-unfit");
  CommitUnit unit;
  unit.group = "system";
  unit.state_seq = 1;
  unit.delta = "x";
  Incident& incident = unit.incidents.emplace_back();
  incident.seq = 1;
  incident.level = RiskLevel::kHigh;
  incident.first = incident.last = host_->now - std::chrono::hours(1);
  Anomaly& anomaly = unit.anomalies.emplace_back();
  anomaly.seq = anomaly.incident_seq = 1;
  anomaly.level = RiskLevel::kHigh;
  anomaly.time = anomaly.last_time = incident.last;
  Database([&](Store* store) { ASSERT_TRUE(store->Commit(unit, host_->now).ok()); });
  EXPECT_EQ(Names(), "");
  const auto say = [&](AnomalyState state) {
    Database([&](Store* store) {
      ASSERT_TRUE(store->SetStates({{1}, {}}, state, host_->now).ok());
    });
  };
  say(AnomalyState::kAcked);
  EXPECT_EQ(Names(), "bundle-unfit");
  say(AnomalyState::kNew);
  EXPECT_EQ(Names(), "");
  host_->now += std::chrono::hours(24);
  EXPECT_EQ(Names(), "bundle-unfit");
}

// A program that keeps its file open would write to the rotated copy after such advice.
TEST_F(DoctorTest, NoCommandThatPutsCreateForCopytruncate) {
  System("/etc/logrotate.d/app", fmt::format("{}/log/app.log {{\n copytruncate\n}}\n", dir_));
  const Obstacles found = Examined();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].name, "copytruncate");
  EXPECT_THAT(found[0].fix, ::testing::HasSubstr("keep it unless the program opens its log anew"));
}

TEST_F(DoctorTest, ReadableFiles) {
  const std::string log = dir_ + "/log/app.log", directory = dir_ + "/log";
  Expect(
      "log-unreadable", [&] { Owned(log, 0000); }, [&] { Owned(log, 0640); });
  if (geteuid() != 0) GTEST_SKIP() << "only root sees what is in a closed directory";
  Expect(
      "directory-unreadable", [&] { chmod(directory.c_str(), 0700); },
      [&] { chmod(directory.c_str(), 0755); });
  // By group, and no further: what the account's own groups may.
  ASSERT_EQ(chown(log.c_str(), 0, 4), 0);
  ASSERT_EQ(chmod(log.c_str(), 0640), 0);
  EXPECT_EQ(Names(), "");
  ASSERT_EQ(chown(log.c_str(), 0, 7), 0);
  EXPECT_EQ(Names(), "log-unreadable");
  System("/etc/systemd/system/alogd.service.d/all.conf",
         "[Service]\nAmbientCapabilities=CAP_DAC_READ_SEARCH\n");
  EXPECT_EQ(Names(), "");
}

TEST_F(DoctorTest, WhatIsRead) {
  const std::string good = config_;
  Expect(
      "no-files", [&] { config_ += fmt::format("  - {{name: web, paths: ['{}/www/*']}}\n", dir_); },
      [&] { Write(dir_ + "/www/access.log", ""); });
  config_ = good;
  Expect(
      "read-twice", [&] { fs::create_hard_link(dir_ + "/log/app.log", dir_ + "/log/b.log"); },
      [&] { fs::remove(dir_ + "/log/b.log"); });
  Expect(
      "config-wrong",  // its own state
      [&] {
        Write(dir_ + "/own.log", "");
        Owned(dir_ + "/own.log", 0644);
        config_ +=
            fmt::format("  - {{name: own, paths: ['{0}/own.log', '{0}/state/*.db']}}\n", dir_);
      },
      [&] { config_ = good; });
}

TEST_F(DoctorTest, Rotation) {
  const auto block = [&](const std::string& line) {
    System("/etc/logrotate.d/app",
           fmt::format("# x\n{}/log/app.log\n{{\n  weekly\n  {}\n  postrotate\n    copytruncate\n  "
                       "endscript\n}}\n/other {{\n copytruncate\n}}\n",
                       dir_, line));
  };
  Expect(
      "copytruncate", [&] { block("copytruncate"); }, [&] { block("create"); });
  Expect(
      "rotation-closes", [&] { block("create 0640 root root"); },
      [&] { block("create 0640 root adm"); });
}

TEST_F(DoctorTest, Syslog) {
  const auto route = [&](const std::string& all) {
    System("/etc/rsyslog.conf", fmt::format("module(load=\"imuxsock\")\n{1}\t-{0}/log/app.log\n"
                                            "kern.*\t\t\t-{0}/log/kern.log\n",
                                            dir_, all));
  };
  Expect(
      "syslog-twice", [&] { route("*.*;auth,authpriv.none"); },
      [&] { route("*.*;auth,authpriv,kern.none"); });
  const std::string good = config_;
  const std::string journal = "  - {name: all, journal: true";
  Expect(
      "journal-twice", [&] { config_ = good + journal + "}\n"; },
      [&] { config_ = good + journal + ", journal_units: [x.service]}\n"; });
  config_ = good;
  const auto journald = [&](const std::string& line) {
    System("/etc/systemd/journald.conf.d/x.conf", "[Journal]\n" + line + "\n");
  };
  Expect(
      "journal-off", [&] { journald("Storage=none"); }, [&] { journald("Storage=auto"); });
  Expect(
      "journal-volatile", [&] { journald("Storage=volatile"); },
      [&] { journald("Storage=persistent"); });
  journald("");
  Expect(
      "journal-volatile", [&] { Remove("/var/log/journal"); },
      [&] { System("/var/log/journal/x", ""); });
  Expect(
      "journal-rate-limit", [&] { journald("RateLimitBurst=20"); },
      [&] { journald("RateLimitBurst=0"); });
}

TEST_F(DoctorTest, System) {
  const DiskSpace good = host_->space;
  const auto mended = [&] { host_->space = good; };
  Expect(
      "disk-full", [&] { host_->space.free_bytes = 10 << 20; }, mended);
  Expect(
      "inodes-full", [&] { host_->space.free_inodes = 3; }, mended);
  Expect(
      "database-may-fill", [&] { host_->space.bytes = 3ull << 30; }, mended);
  Expect(
      "clock-free", [&] { host_->synchronised = false; }, [&] { host_->synchronised = true; });
  const std::string watches = "/proc/sys/fs/inotify/max_user_watches";
  Expect(
      "watch-limit", [&] { System(watches, "8\n"); }, [&] { System(watches, "8192\n"); });
  const std::string instances = "/proc/sys/fs/inotify/max_user_instances";
  Expect(
      "watch-instances", [&] { System(instances, "1\n"); }, [&] { System(instances, "128\n"); });
}

TEST_F(DoctorTest, StateDirectory) {
  const std::string state = dir_ + "/state";
  Expect(
      "state-missing", [&] { fs::remove(state); },
      [&] { fs::create_directory(state), Owned(state, 0750); });
  Expect(
      "state-open", [&] { Owned(state, 0755); }, [&] { Owned(state, 0750); });
  if (geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  Expect(
      "state-owner", [&] { ASSERT_EQ(chown(state.c_str(), 0, 0), 0); },
      [&] { Owned(state, 0750); });
}

TEST_F(DoctorTest, DatabaseFile) {
  const std::string path = dir_ + "/state/alogd.db";
  Database();
  if (geteuid() == 0)
    Expect(
        "database-owner", [&] { ASSERT_EQ(chown(path.c_str(), 0, 0), 0); },
        [&] { Owned(path, 0640); });
  Expect(
      "wal-large",
      [&] {
        fs::remove(path + "-wal");
        Write(path + "-wal", "");
        fs::resize_file(path + "-wal", 300ull << 20);  // a hole
      },
      [&] { fs::remove(path + "-wal"); });
  const auto overwrite = [&](std::streamoff at, const std::string& bytes) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file << bytes;
  };
  const auto anew = [&] {
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(path + suffix);
    Database();
  };
  Expect(
      "database-version", [&] { overwrite(60, std::string("\0\0\0\x63", 4)); }, anew);
  Expect(
      "database-damaged", [&] { overwrite(4096 * 2, std::string(300, '\xff')); }, anew);
  Expect(
      "database-unreadable", [&] { overwrite(0, std::string(64, 'x')); }, anew);
}

TEST_F(DoctorTest, DatabaseContent) {
  const auto unit = [&](uint64_t seq, Time time, const std::string& stream) {
    CommitUnit made;
    made.group = "system";
    made.state_seq = seq;
    made.delta = "x";
    made.sources.push_back({"/var/log/far.log", "syslog", 5, time});
    Incident& incident = made.incidents.emplace_back();
    incident.seq = incident.top_anomaly = seq;
    incident.first = incident.last = time;
    Anomaly& anomaly = made.anomalies.emplace_back();
    anomaly.seq = anomaly.incident_seq = seq;
    anomaly.time = anomaly.last_time = time;
    anomaly.stream = stream;
    return made;
  };
  Time time = host_->now;
  std::string stream = "sshd";
  const auto fill = [&](Store* store) {
    for (uint64_t i = 1; i <= 12; ++i) ASSERT_TRUE(store->Commit(unit(i, time, stream)).ok());
  };
  Database(fill);
  const auto anew = [&] {
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(dir_ + "/state/alogd.db" + suffix);
    Database(fill);
  };
  Expect(
      "time-zone", [&] { time += 1h, anew(); }, [&] { time -= 1h, anew(); });
  Expect(
      "reads-itself", [&] { stream = "alogd", anew(); }, [&] { stream = "sshd", anew(); });
}

TEST(ShellWordTest, OneWord) {
  EXPECT_EQ(ShellWord("/var/log/a-b_c.log"), "/var/log/a-b_c.log");
  EXPECT_EQ(ShellWord("a b; rm -rf '$x'"), "'a b; rm -rf '\\''$x'\\'''");
  EXPECT_EQ(ShellWord(""), "''");
}

}  // namespace
}  // namespace alogd
