// SPDX-License-Identifier: MIT
// Entries for the journal, lines for a terminal, and sending both.
#include "daemon/journal_sender.h"

// CODE_FILE and the like would name this file for every entry.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <fmt/format.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "daemon/message_ids.h"

namespace alogd {
namespace {

constexpr const char* kSocket = "/run/systemd/journal/socket";

// Bytes of what came and of why it is abnormal: MESSAGE stays a line that can be read at a glance;
// the database has all of both.
constexpr size_t kMaxWhat = 400;
constexpr size_t kMaxWhy = 600;
constexpr size_t kMaxField = 2048;  // of any other field

std::string Safe(std::string_view text, size_t max = kMaxField) {
  return EscapeForTerminal(text, max);
}

// syslog's priorities: a level of ours is as urgent as that.
int Priority(RiskLevel level) { return 6 - static_cast<int>(level); }

// What came: the record, or what the incident is called where that is not kept any more.
std::string What(const Alert& alert) {
  const Anomaly& a = alert.anomaly;
  return Safe(a.message.empty() ? std::string_view(alert.title) : a.message, kMaxWhat);
}

// The strongest evidence, in words.
std::string Why(const Anomaly& a) {
  if (a.evidence.empty() || a.evidence[0].summary.empty()) return {};
  return Safe(a.evidence[0].summary, kMaxWhy);
}

std::string More(const Alert& alert) {
  if (alert.uncommitted) return "not yet in the database, which does not take commits";
  if (alert.anomaly_id != 0) return fmt::format("alogctl anomalies show {}", alert.anomaly_id);
  if (alert.incident_id == 0) return "alogctl incidents list --since -1d";
  return fmt::format("alogctl incidents show {}", alert.incident_id);
}

std::string Where(const Alert& alert) {
  const Anomaly& a = alert.anomaly;
  std::string where = Safe(a.source);
  if (!a.stream.empty() && a.stream != a.source) {
    where += (where.empty() ? "stream " : ", stream ") + Safe(a.stream);
  }
  return where.empty() ? "group " + Safe(alert.group) : where;
}

// How often its trouble came since it was told last; 0 where the body does not say.
uint64_t Again(const Alert& alert) {
  const auto body = nlohmann::json::parse(alert.body, nullptr, false);
  if (!body.is_object()) return 0;
  const auto again = body.find("again");
  return again != body.end() && again->is_number_unsigned() ? again->get<uint64_t>() : 0;
}

std::string Message(const Alert& alert) {
  if (alert.kind != AlertKind::kAnomaly)
    return fmt::format("{}: {} ({})", Name(alert.level), Safe(alert.title, kMaxWhat + kMaxWhy),
                       More(alert));
  const Anomaly& a = alert.anomaly;
  const bool rule = a.detector == kRuleDetector;
  std::string out =
      fmt::format("{} {}: {}", Name(alert.level), rule ? "rule match" : "anomaly", What(alert));
  if (const std::string why = Why(a); !why.empty())
    out += fmt::format(" - {}: {}", Safe(a.evidence[0].detector), why);
  if (const uint64_t again = Again(alert); again > 0)
    out += fmt::format(" - it came {} more time{} since it was told", again, again == 1 ? "" : "s");
  return out + fmt::format(" ({}; risk {:.0f}; {})", Where(alert), a.risk, More(alert));
}

const char* AlertId(const Alert& alert) {
  if (alert.kind == AlertKind::kIncidentClosed) return kIncidentClosedId;
  if (alert.kind != AlertKind::kAnomaly) return kListAlertId;
  return alert.anomaly.detector == kRuleDetector ? kRuleAlertId : kAnomalyAlertId;
}

class Fields {
 public:
  void Add(std::string_view key, std::string_view value) {
    all_.push_back(fmt::format("{}={}", key, value));
  }
  // Fields without a value are left out.
  void AddText(std::string_view key, std::string_view value) {
    if (!value.empty()) Add(key, Safe(value));
  }
  void AddNumber(std::string_view key, int64_t value) { Add(key, fmt::format("{}", value)); }
  void AddFloat(std::string_view key, float value) { Add(key, fmt::format("{}", value)); }
  std::vector<std::string> Take() { return std::move(all_); }

 private:
  std::vector<std::string> all_;
};

struct NoticeKind {
  const char* id;
  int priority;
};

NoticeKind KindOf(Notice::Kind kind) {
  switch (kind) {
    case Notice::Kind::kStarted:
      return {kStartedId, 6};
    case Notice::Kind::kStopped:
      return {kStoppedId, 6};
    case Notice::Kind::kReloadDone:
      return {kReloadDoneId, 6};
    case Notice::Kind::kReloadRefused:
      return {kReloadRefusedId, 3};
    case Notice::Kind::kDatabaseTrouble:
      return {kDatabaseTroubleId, 3};
    case Notice::Kind::kSourceTrouble:
      return {kSourceTroubleId, 4};
  }
  return {kStartedId, 6};
}

Status SendFields(const std::vector<std::string>& fields) {
  // sd_journal_sendv takes a missing socket for success, and the alert would be lost.
  if (access(kSocket, F_OK) != 0) {
    return ErrnoError("journald is not there:", kSocket, errno);
  }
  std::vector<iovec> parts;
  for (const std::string& field : fields) {
    parts.push_back({const_cast<char*>(field.data()), field.size()});
  }
  const int code = sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
  if (code < 0) return ErrnoError("cannot send to journald at", kSocket, -code);
  return {};
}

const char* Color(RiskLevel level) {
  switch (level) {
    case RiskLevel::kCritical:
      return "\x1b[1;97;41m";
    case RiskLevel::kHigh:
      return "\x1b[1;31m";
    case RiskLevel::kMedium:
      return "\x1b[33m";
    case RiskLevel::kLow:
      return "\x1b[36m";
    case RiskLevel::kInfo:
      return "\x1b[2m";
  }
  return "";
}

// Event time on the host's clock: "Nov 22 10:00:00".
std::string TimeText(Time time) {
  if (time == kNoTime) return {};
  const time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[64];
  return {text, strftime(text, sizeof text, "%b %d %H:%M:%S", &local)};
}

}  // namespace

std::vector<std::string> JournalFields(const Alert& alert) {
  const Anomaly& a = alert.anomaly;
  Fields fields;
  fields.Add("MESSAGE", Message(alert));
  fields.Add("MESSAGE_ID", AlertId(alert));
  fields.AddNumber("PRIORITY", Priority(alert.level));
  fields.Add("SYSLOG_IDENTIFIER", "alogd");
  if (alert.anomaly_id != 0) fields.AddNumber("ALOGD_ANOMALY_ID", alert.anomaly_id);
  if (alert.incident_id != 0) fields.AddNumber("ALOGD_INCIDENT_ID", alert.incident_id);
  if (alert.uncommitted) fields.Add("ALOGD_UNCOMMITTED", "1");
  fields.Add("ALOGD_LEVEL", Name(alert.level));
  fields.AddText("ALOGD_GROUP", alert.group);
  if (alert.anomaly_id == 0 && !alert.uncommitted) return fields.Take();
  fields.AddFloat("ALOGD_RISK", a.risk);
  fields.AddFloat("ALOGD_SCORE", a.score);
  fields.AddNumber("ALOGD_SEVERITY", a.severity);
  fields.AddText("ALOGD_DETECTOR", a.detector);
  fields.AddText("ALOGD_SOURCE", a.source);
  if (a.template_id != kNoTemplate) fields.AddNumber("ALOGD_TEMPLATE_ID", Index(a.template_id));
  fields.AddText("ALOGD_TEMPLATE", a.template_text);
  fields.AddText("ALOGD_BUNDLE", a.bundle);
  return fields.Take();
}

OwnMessage MessageOf(const Notice& notice) {
  const NoticeKind kind = KindOf(notice.kind);
  return {kind.priority, Safe(notice.text), kind.id, notice.group, notice.bundle, notice.source};
}

std::vector<std::string> JournalFields(const OwnMessage& message) {
  Fields fields;
  fields.Add("MESSAGE", message.text);
  if (message.message_id != nullptr) fields.Add("MESSAGE_ID", message.message_id);
  fields.AddNumber("PRIORITY", message.priority);
  fields.Add("SYSLOG_IDENTIFIER", "alogd");
  fields.AddText("ALOGD_GROUP", message.group);
  fields.AddText("ALOGD_BUNDLE", message.bundle);
  fields.AddText("ALOGD_SOURCE", message.source);
  return fields.Take();
}

Status JournalSink::Send(const Alert& alert) { return SendFields(JournalFields(alert)); }

Status SendMessage(const OwnMessage& message) { return SendFields(JournalFields(message)); }

std::string AlertText(const Alert& alert, bool color) {
  const Anomaly& a = alert.anomaly;
  const auto styled = [&](const char* code, std::string_view text) {
    return color ? fmt::format("{}{}\x1b[0m", code, text) : std::string(text);
  };
  const std::string level = styled(Color(alert.level), fmt::format(" {} ", Name(alert.level)));
  if (alert.kind != AlertKind::kAnomaly)
    return fmt::format("{} {}\n    {} {}\n", level,
                       styled("\x1b[1m", Safe(alert.title, kMaxWhat + kMaxWhy)),
                       styled("\x1b[2m", "more: "), More(alert));
  std::string out = fmt::format("{} {}\n", level, styled("\x1b[1m", What(alert)));
  if (const std::string why = Why(a); !why.empty()) {
    out += fmt::format("    {} {} ({})\n", styled("\x1b[2m", "why: "), why,
                       Safe(a.evidence[0].detector));
  }
  const std::string time = TimeText(a.time);
  out += fmt::format("    {} {}{}{}, risk {:.0f}; more: {}\n", styled("\x1b[2m", "where:"),
                     Where(alert), time.empty() ? "" : " at ", time, a.risk, More(alert));
  return out;
}

StderrSink::StderrSink(int descriptor)
    : StderrSink(descriptor, isatty(descriptor) == 1 && getenv("NO_COLOR") == nullptr) {}

Status StderrSink::Send(const Alert& alert) {
  // As one write, so that lines of the log do not come between.
  const std::string text = AlertText(alert, color_);
  for (size_t done = 0; done < text.size();) {
    const ssize_t n = write(descriptor_, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError("cannot write an alert to", "standard error", errno);
    done += static_cast<size_t>(n);
  }
  return {};
}

}  // namespace alogd
