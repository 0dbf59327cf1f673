// SPDX-License-Identifier: MIT
// The fields of journal entries, their catalog, lines for people, and a real entry to a stand-in
// journald.
#include "daemon/journal_sender.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "daemon/message_ids.h"
#include "testing/paths.h"
#include "testing/store_samples.h"

namespace alogd {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

Alert SampleAlert(RiskLevel level = RiskLevel::kHigh) {
  Alert alert;
  alert.id = 5;
  alert.anomaly_id = 12;
  alert.incident_id = 7;
  alert.level = level;
  alert.group = "system";
  alert.title = "sshd: Failed password for root from 192.0.2.7";
  alert.anomaly = testing::SampleAnomaly(1, 1, level);
  return alert;
}

std::map<std::string, std::string> Split(const std::vector<std::string>& fields) {
  std::map<std::string, std::string> out;
  for (const std::string& field : fields) {
    const size_t equals = field.find('=');
    EXPECT_NE(equals, std::string::npos) << field;
    EXPECT_TRUE(out.emplace(field.substr(0, equals), field.substr(equals + 1)).second) << field;
  }
  return out;
}

TEST(JournalSenderTest, FieldsOfAnAlert) {
  const std::map<std::string, std::string> expected = {
      {"MESSAGE",
       "HIGH anomaly: Failed password for root from 192.0.2.7 - deeplog: after 'Connection from "
       "<*>' "
       "came 'Failed password for <*> from <*>' (/var/log/syslog, stream sshd; risk 67; alogctl "
       "anomalies show 12)"},
      {"MESSAGE_ID", "f49d9d0f81e5475fae5e1010d3e21d6b"},
      {"PRIORITY", "3"},
      {"SYSLOG_IDENTIFIER", "alogd"},
      {"ALOGD_ANOMALY_ID", "12"},
      {"ALOGD_INCIDENT_ID", "7"},
      {"ALOGD_LEVEL", "HIGH"},
      {"ALOGD_GROUP", "system"},
      {"ALOGD_RISK", "67.3"},
      {"ALOGD_SCORE", "71.3"},
      {"ALOGD_SEVERITY", "80"},
      {"ALOGD_DETECTOR", "deeplog"},
      {"ALOGD_SOURCE", "/var/log/syslog"},
      {"ALOGD_TEMPLATE_ID", "7"},
      {"ALOGD_TEMPLATE", "Failed password for <*> from <*>"},
      {"ALOGD_BUNDLE", "20261122T013000Z"}};
  EXPECT_EQ(Split(JournalFields(SampleAlert())), expected);
}

TEST(JournalSenderTest, PriorityByLevel) {
  const std::map<RiskLevel, std::string> expected = {{RiskLevel::kCritical, "2"},
                                                     {RiskLevel::kHigh, "3"},
                                                     {RiskLevel::kMedium, "4"},
                                                     {RiskLevel::kLow, "5"},
                                                     {RiskLevel::kInfo, "6"}};
  for (const auto& [level, priority] : expected) {
    EXPECT_EQ(Split(JournalFields(SampleAlert(level)))["PRIORITY"], priority);
  }
}

TEST(JournalSenderTest, RuleMatchHasItsOwnId) {
  Alert alert = SampleAlert();
  alert.anomaly.detector = "rule";
  std::map<std::string, std::string> fields = Split(JournalFields(alert));
  EXPECT_EQ(fields["MESSAGE_ID"], kRuleAlertId);
  EXPECT_THAT(fields["MESSAGE"], StartsWith("HIGH rule match: Failed password"));
}

TEST(JournalSenderTest, AlertsThatTellSeveral) {
  Alert alert = SampleAlert();
  alert.kind = AlertKind::kCascade;
  alert.anomaly_id = 0;
  alert.anomaly = Anomaly();
  alert.title = "2 more troubles within seconds of 'a': b; c";
  EXPECT_EQ(Split(JournalFields(alert))["MESSAGE"],
            "HIGH: 2 more troubles within seconds of 'a': b; c (alogctl incidents show 7)");
  EXPECT_EQ(
      AlertText(alert, false),
      " HIGH  2 more troubles within seconds of 'a': b; c\n    more:  alogctl incidents show 7\n");
  alert.incident_id = 0;
  EXPECT_THAT(Split(JournalFields(alert))["MESSAGE"], HasSubstr("alogctl incidents list"));
}

TEST(JournalSenderTest, SaysHowOftenItCameSinceItWasTold) {
  Alert alert = SampleAlert();
  alert.body = R"({"again":41,"since_us":1})";
  EXPECT_THAT(Split(JournalFields(alert))["MESSAGE"],
              HasSubstr(" - it came 41 more times since it was told ("));
  alert.body = "[damaged";
  EXPECT_THAT(Split(JournalFields(alert))["MESSAGE"], Not(HasSubstr("more time")));
}

TEST(JournalSenderTest, AlertWhoseAnomalyIsGone) {
  Alert alert = SampleAlert();
  alert.anomaly_id = 0;
  alert.anomaly = Anomaly();
  std::map<std::string, std::string> fields = Split(JournalFields(alert));
  EXPECT_THAT(fields, Not(Contains(Key("ALOGD_ANOMALY_ID"))));
  EXPECT_EQ(fields["ALOGD_INCIDENT_ID"], "7");
  EXPECT_THAT(fields["MESSAGE"], AllOf(HasSubstr("HIGH anomaly: sshd: Failed password"),
                                       HasSubstr("group system"), HasSubstr("incidents show 7")));
}

TEST(JournalSenderTest, HostileTextStaysInItsField) {
  Alert alert = SampleAlert();
  alert.anomaly.message = fmt::format("a\nPRIORITY=0\nMESSAGE=fake \x1b[2J{:x<1048576}", "");
  alert.anomaly.evidence[0].summary = fmt::format("{:y<1048576}\n", "");
  alert.anomaly.source = "/var/log/\x1b]0;x\x07";
  alert.anomaly.template_text = "t\r\n\xff";
  for (const std::string& field : JournalFields(alert)) {
    EXPECT_EQ(field.find_first_of("\n\r\x1b\x07\xff"), std::string::npos) << field;
    EXPECT_LT(field.size(), 4096u);
  }
  EXPECT_EQ(AlertText(alert, false).find_first_of("\r\x1b\x07"), std::string::npos);
}

// The catalog: entries by id, as text.
std::map<std::string, std::string> Catalog() {
  std::ifstream in(testing::SourcePath("systemd/alogd.catalog"));
  EXPECT_TRUE(in.good());
  std::map<std::string, std::string> entries;
  std::string id;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#")) continue;
    if (line.starts_with("-- ")) {
      id = line.substr(3);
      EXPECT_THAT(id, MatchesRegex("[0-9a-f]{32}"));
      EXPECT_FALSE(entries.contains(id)) << id;
    } else if (!id.empty()) {
      entries[id] += line + "\n";
    }
  }
  return entries;
}

Notice SampleNotice(Notice::Kind kind) {
  return {kind, "it happened", "system", "B", "/var/log/syslog"};
}

constexpr Notice::Kind kKinds[] = {Notice::Kind::kStarted,         Notice::Kind::kStopped,
                                   Notice::Kind::kReloadDone,      Notice::Kind::kReloadRefused,
                                   Notice::Kind::kDatabaseTrouble, Notice::Kind::kSourceTrouble};

TEST(JournalSenderTest, NoticesHaveTheirIds) {
  std::set<std::string> ids;
  for (const Notice::Kind kind : kKinds) {
    std::map<std::string, std::string> fields = Split(JournalFields(MessageOf(SampleNotice(kind))));
    EXPECT_EQ(fields["MESSAGE"], "it happened");
    EXPECT_EQ(fields["ALOGD_GROUP"], "system");
    EXPECT_EQ(fields["SYSLOG_IDENTIFIER"], "alogd");
    ids.insert(fields["MESSAGE_ID"]);
  }
  EXPECT_EQ(ids.size(), std::size(kKinds));
  EXPECT_EQ(Split(JournalFields(MessageOf(SampleNotice(Notice::Kind::kReloadRefused))))["PRIORITY"],
            "3");
}

TEST(JournalSenderTest, CatalogExplainsEveryEntry) {
  const std::map<std::string, std::string> catalog = Catalog();
  Alert rule = SampleAlert();
  rule.anomaly.detector = "rule";
  std::vector<std::map<std::string, std::string>> entries = {Split(JournalFields(SampleAlert())),
                                                             Split(JournalFields(rule))};
  for (const AlertKind kind : {AlertKind::kCascade, AlertKind::kIncidentClosed}) {
    Alert list = SampleAlert();
    list.kind = kind;
    entries.push_back(Split(JournalFields(list)));
  }
  for (const Notice::Kind kind : kKinds)
    entries.push_back(Split(JournalFields(MessageOf(SampleNotice(kind)))));
  EXPECT_EQ(catalog.size(), entries.size());
  for (auto& entry : entries) {
    const auto found = catalog.find(entry["MESSAGE_ID"]);
    ASSERT_NE(found, catalog.end()) << entry["MESSAGE_ID"];
    EXPECT_THAT(found->second, AllOf(StartsWith("Subject: "), HasSubstr("\nDefined-By: alogd\n"),
                                     HasSubstr("\n\n")));
    // What it fills in is sent.
    std::istringstream text(found->second);
    std::string part;
    for (bool inside = false; std::getline(text, part, '@'); inside = !inside) {
      EXPECT_TRUE(!inside || entry.contains(part)) << part;
    }
  }
}

TEST(JournalSenderTest, LinesForPeople) {
  setenv("TZ", "UTC", 1);
  tzset();
  EXPECT_EQ(
      AlertText(SampleAlert(RiskLevel::kCritical), false),
      " CRITICAL  Failed password for root from 192.0.2.7\n"
      "    why:  after 'Connection from <*>' came 'Failed password for <*> from <*>' (deeplog)\n"
      "    where: /var/log/syslog, stream sshd at Sep 21 14:13:21, risk 87; more: alogctl "
      "anomalies show 12\n");
  unsetenv("TZ");
  tzset();
  EXPECT_THAT(AlertText(SampleAlert(RiskLevel::kCritical), true),
              HasSubstr("\x1b[1;97;41m CRITICAL \x1b[0m"));
}

TEST(JournalSenderTest, StderrSinkWritesToItsDescriptor) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  StderrSink sink(ends[1]);
  ASSERT_TRUE(sink.Send(SampleAlert()).ok());
  char text[4096];
  const ssize_t n = read(ends[0], text, sizeof text);
  EXPECT_EQ(std::string(text, static_cast<size_t>(n)), AlertText(SampleAlert(), false));
  close(ends[0]);
  std::signal(SIGPIPE, SIG_IGN);
  EXPECT_FALSE(sink.Send(SampleAlert()).ok());
  std::signal(SIGPIPE, SIG_DFL);
  close(ends[1]);
}

// Runs `body` in a child with a /run of its own, and returns what it says.
template <typename Body>
std::string WithOwnRun(Body body) {
  int ends[2];
  if (pipe(ends) != 0) return "skip";
  const pid_t child = fork();
  if (child == 0) {
    std::string said = "skip";
    if (unshare(CLONE_NEWNS) == 0 &&
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        mount("none", "/run", "tmpfs", 0, nullptr) == 0) {
      said = body();
    }
    const ssize_t written = write(ends[1], said.data(), said.size());
    _exit(written < 0 ? 1 : 0);
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

TEST(JournalSenderTest, EntryAsJournaldReceivesIt) {
  const std::string said = WithOwnRun([]() -> std::string {
    mkdir("/run/systemd", 0755);
    mkdir("/run/systemd/journal", 0755);
    const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "/run/systemd/journal/socket");
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return "cannot bind";
    JournalSink sink;
    if (const Status status = sink.Send(SampleAlert()); !status.ok()) return status.error().message;
    char text[8192];
    const ssize_t n = recv(fd, text, sizeof text, MSG_DONTWAIT);
    return n < 0 ? "nothing came" : std::string(text, static_cast<size_t>(n));
  });
  if (said == "skip") GTEST_SKIP() << "needs root, for a /run of its own";
  for (const std::string& field : JournalFields(SampleAlert())) {
    EXPECT_THAT("\n" + said, HasSubstr("\n" + field + "\n"));
  }
  EXPECT_THAT(said, Not(HasSubstr("CODE_FILE")));
}

TEST(JournalSenderTest, JournaldAwayIsAFailure) {
  const std::string said = WithOwnRun([]() -> std::string {
    JournalSink sink;
    const Status status = sink.Send(SampleAlert());
    return status.ok() ? "taken" : status.error().message;
  });
  if (said == "skip") GTEST_SKIP() << "needs root, for a /run of its own";
  EXPECT_THAT(said, HasSubstr("/run/systemd/journal/socket"));
}

}  // namespace
}  // namespace alogd
