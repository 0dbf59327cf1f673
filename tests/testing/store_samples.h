// SPDX-License-Identifier: MIT
// Databases in temporary directories, and units to commit to them.
#pragma once

#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/commit_unit.h"
#include "core/store/store.h"

namespace alogd::testing {

// A directory that goes with its test.
class StoreDir {
 public:
  StoreDir() {
    std::string name = (std::filesystem::temp_directory_path() / "alogd-store-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  StoreDir(const StoreDir&) = delete;
  StoreDir& operator=(const StoreDir&) = delete;
  ~StoreDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  std::string db() const { return path_ + "/alogd.db"; }

 private:
  std::string path_;
};

// The anomalies that the alerts of the outbox name; marks these as sent.
inline std::vector<int64_t> TakeAlerts(Store* store) {
  const Result<std::vector<Alert>> alerts = store->Outbox(kJournalSink, 10'000);
  EXPECT_TRUE(alerts.ok());
  if (!alerts.ok()) return {};
  std::vector<int64_t> anomalies, sent;
  for (const Alert& alert : *alerts) {
    anomalies.push_back(alert.anomaly_id);
    sent.push_back(alert.id);
  }
  EXPECT_TRUE(store->Sent(kJournalSink, sent).ok());
  return anomalies;
}

inline Time At(int64_t seconds) { return FromMicros(seconds * 1'000'000); }

inline Anomaly SampleAnomaly(uint64_t seq, uint64_t incident, RiskLevel level = RiskLevel::kHigh) {
  Anomaly a;
  a.seq = seq;
  a.incident_seq = incident;
  a.time = At(1'790'000'000 + static_cast<int64_t>(seq));
  a.last_time = a.time + std::chrono::seconds(2);
  a.level = level;
  a.risk = 20.0f * static_cast<float>(level) + 7.3f;
  a.score = 71.3f;
  a.severity = 80;
  a.detector = "deeplog";
  a.source = "/var/log/syslog";
  a.stream = "sshd";
  a.template_id = TemplateId{7};
  a.template_text = "Failed password for <*> from <*>";
  a.message = "Failed password for root from 192.0.2.7";
  Evidence e;
  e.detector = "deeplog";
  e.raw = 4.25f;
  e.threshold = 3.0f;
  e.anomaly = 71.3f;
  e.unit = "-log10 p";
  e.summary = "after 'Connection from <*>' came 'Failed password for <*> from <*>'";
  e.expected = {{"Accepted publickey for <*>", 0.93f}, {"Connection closed by <*>", 0.05f}};
  e.found = {{"Failed password for <*> from <*>", 0.0001f}};
  e.first = 9;
  e.last = 9;
  a.evidence = {e};
  a.ref = RecordRef{FileId{3}, 1000 + 100 * seq, 40};
  a.first_offset = 900;
  a.last_offset = 1000 + 100 * seq;
  a.windows = 2;
  a.bundle = "20261122T013000Z";
  return a;
}

inline Incident SampleIncident(uint64_t seq, uint64_t top, RiskLevel level = RiskLevel::kHigh) {
  Incident i;
  i.seq = seq;
  i.first = At(1'790'000'000 + static_cast<int64_t>(top));
  i.last = i.first + std::chrono::seconds(2);
  i.level = level;
  i.risk = 20.0f * static_cast<float>(level) + 7.3f;
  i.anomalies = 1;
  i.top_anomaly = top;
  i.title = "sshd: Failed password for <*> from <*>";
  return i;
}

// One anomaly in an incident of its own, both numbered `seq`.
inline CommitUnit SampleUnit(uint64_t seq, RiskLevel level = RiskLevel::kHigh) {
  CommitUnit unit;
  unit.group = "system";
  unit.anomalies = {SampleAnomaly(seq, seq, level)};
  unit.incidents = {SampleIncident(seq, seq, level)};
  return unit;
}

// Runs `body` in a child process that is user and group nobody (65534), and returns what it
// printed; a test that calls it runs as root.
template <typename Body>
std::string AsNobody(Body body) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    std::string said = "cannot become nobody";
    if (setgroups(0, nullptr) == 0 && setgid(65534) == 0 && setuid(65534) == 0) said = body();
    const ssize_t written = write(ends[1], said.data(), said.size());
    _exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;) {
    said.append(buffer, static_cast<size_t>(n));
  }
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return said;
}

// Makes the directory and the files in it readable for group nobody and nothing more: how a member
// of group alogd finds /var/lib/alogd.
inline void GiveToGroupNobody(const StoreDir& dir) {
  ASSERT_EQ(chown(dir.path().c_str(), 0, 65534), 0);
  ASSERT_EQ(chmod(dir.path().c_str(), 0750), 0);
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    ASSERT_EQ(chown(entry.path().c_str(), 0, 65534), 0);
  }
}

// A store that must open.
inline Store OpenStore(const std::string& path, StorePolicy policy = {},
                       Duration busy = std::chrono::milliseconds(50)) {
  Result<Store> store = Store::Open(path, policy, busy);
  if (!store.ok()) {
    ADD_FAILURE() << store.error().message;
    std::abort();
  }
  return std::move(*store);
}

}  // namespace alogd::testing
