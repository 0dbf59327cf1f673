// SPDX-License-Identifier: MIT
// Defaults of groups, and the checks across keys.
#include "core/config/config_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/config/option_visitor.h"
#include "core/config/path_set.h"
#include "core/detection/detector_info.h"

namespace alogd {
namespace {

// What Debian's rsyslog writes, nothing twice: syslog holds all but auth and authpriv, so kern.log,
// mail.log, user.log, cron.log, daemon.log and messages repeat it.
const std::vector<std::string> kSyslogFiles = {"/var/log/syslog", "/var/log/auth.log"};
// ... and the one log of a Debian host that explains the others: what was installed when.
const std::vector<std::string> kSystemPaths = {"/var/log/syslog", "/var/log/auth.log",
                                               "/var/log/dpkg.log"};
constexpr size_t kLongestSocket = 107;  // sun_path with its NUL

bool ReadsSyslog(const GroupConfig& group) {
  return std::any_of(group.paths.begin(), group.paths.end(), [](const std::string& path) {
    return std::find(kSyslogFiles.begin(), kSyslogFiles.end(), path) != kSyslogFiles.end();
  });
}

class Checker {
 public:
  Checker(const Config& config, DetectorList detectors, ConfigNotes* notes)
      : config_(config), detectors_(detectors), notes_(notes) {}

  void Run() {
    CheckRisk();
    CheckRules();
    CheckSinks();
    std::map<std::string, std::string> paths;  // glob to group
    for (size_t i = 0; i < config_.groups.size(); ++i)
      CheckGroup(config_.groups[i], fmt::format("groups.{}", i), &paths);
    if (config_.ControlPath().size() > kLongestSocket)
      Error("state_dir",
            fmt::format("the control socket {} is longer than the {} bytes that a socket's name "
                        "may have; set control_socket to a shorter path",
                        config_.ControlPath(), kLongestSocket));
  }

 private:
  void Error(std::string key, const std::string& message) {
    notes_->AddAt(std::move(key), message);
  }
  void Warn(std::string key, const std::string& message) {
    notes_->AddAt(std::move(key), message, true);
  }

  void CheckRisk() {
    const RiskOptions& risk = config_.risk;
    if (!(risk.critical > risk.high && risk.high > risk.medium && risk.medium > risk.low))
      Error("risk.levels",
            fmt::format("risk.levels: critical {}, high {}, medium {}, low {} do not fall; each "
                        "has to be above the next",
                        risk.critical, risk.high, risk.medium, risk.low));
    const double sum = risk.anomaly_weight + risk.severity_weight;
    if (std::abs(sum - 1) > 1e-6)
      Warn("risk",
           fmt::format(
               "risk: anomaly_weight {} and severity_weight {} add up to {}, not to 1; risks "
               "will not span 0 to 100",
               risk.anomaly_weight, risk.severity_weight, sum));
  }

  void CheckSinks() {
    constexpr size_t kMostSinks = 16;  // each has a thread and a row in the outbox for each alert
    if (config_.sinks.size() > kMostSinks)
      Error("sinks",
            fmt::format("sinks: {} of them; alogd takes {}", config_.sinks.size(), kMostSinks));
    std::map<std::string, std::string> names, targets;
    names.emplace("journal", "the journal, which is set by journal.min_level");
    for (size_t i = 0; i < config_.sinks.size(); ++i)
      CheckSink(config_.sinks[i], fmt::format("sinks.{}", i), &names, &targets);
  }

  void CheckSink(const SinkConfig& sink, const std::string& key,
                 std::map<std::string, std::string>* names,
                 std::map<std::string, std::string>* targets) {
    if (notes_->Refused(key)) return;
    if (sink.kind.empty()) {
      std::string known;
      for (const SinkKind& kind : SinkKinds())
        known += fmt::format("{}{}: {}", known.empty() ? "" : " or ", kind.name, kind.example);
      return Error(key, fmt::format("{} says not where its alerts go; add {}", key, known));
    }
    if (const auto [other, is_new] = names->emplace(sink.name, key); !is_new)
      Error(key, fmt::format("{}: the name '{}' is that of {} already; add name: ANOTHER", key,
                             sink.name, other->second));
    if (const auto [other, is_new] = targets->emplace(sink.kind + ' ' + sink.target, key); !is_new)
      Error(key, fmt::format("{}: {} is written by {} already; name another", key, sink.target,
                             other->second));
  }

  void CheckRules() {
    constexpr size_t kMostRules =
        256;  // times what RE2 may take for each: 128 MiB at the very worst
    if (config_.rules.size() > kMostRules)
      Error("rules", fmt::format("rules: {} of them; alogd takes {}: join some with |",
                                 config_.rules.size(), kMostRules));
    for (size_t i = 0; i < config_.rules.size(); ++i) {
      CheckRule(config_.rules[i], fmt::format("rules.{}", i));
    }
  }

  void CheckRule(const RuleConfig& rule, const std::string& key) {
    if (rule.match.empty())
      return Error(key, key + " has no match, and would apply to every line; add match: 'PATTERN'");
    if (notes_->Refused(key)) return;
    if (rule.count > 1 && rule.within == Duration{0})
      Error(key + ".count",
            fmt::format("{}: count {} without a time; add within: 1min", key, rule.count));
    if (rule.count > 1 && rule.ignore)
      Error(key + ".count", key + ": a rule that ignores counts nothing; remove count or ignore");
    if (rule.ignore && notes_->marks.contains(key + ".level"))
      Error(key + ".level",
            key + ".level: a rule that ignores has no level; remove level or ignore");
    if (rule.count == 1 && rule.within > Duration{0})
      Warn(key + ".within", key + ": within has no effect without count; add count: 10");
    if (rule.count == 1 && !rule.by.empty())
      Warn(key + ".by", key + ": by has no effect without count; add count: 10 and within: 1min");
  }

  void CheckGroup(const GroupConfig& group, const std::string& key,
                  std::map<std::string, std::string>* paths) {
    if (group.paths.empty() && group.journal != JournalUse::kOn)
      Error(key + ".paths",
            fmt::format("group {} reads nothing; add paths: ['/var/log/...']", group.name));
    const bool selects = !group.journal_units.empty() || !group.journal_identifiers.empty();
    if (selects && group.journal != JournalUse::kOn)
      Warn(
          key + (group.journal_units.empty() ? ".journal_identifiers" : ".journal_units"),
          fmt::format("group {} selects from the journal, but may not read it; write journal: true",
                      group.name));
    if (group.journal == JournalUse::kOn && !selects && ReadsSyslog(group))
      Warn(key + ".journal",
           fmt::format("group {} reads the journal and the files that syslog writes of it; its "
                       "records count twice: remove one of them",
                       group.name));
    for (const std::string& path : group.paths)
      if (const auto [other, is_new] = paths->emplace(path, group.name); !is_new)
        Warn(key + ".paths", fmt::format("'{}' stands in group {} already; its lines count twice",
                                         path, other->second));
    CheckState(group, key + ".paths");
    CheckStream(group.stream, key + ".stream");
    for (const DetectorInfo* detector : detectors_) {
      if (!detector->check) continue;
      SectionChecks checks(fmt::format("{}.detectors.{}", key, detector->name), notes_);
      detector->check(group, checks);
    }
  }

  void CheckState(const GroupConfig& group, const std::string& key) {
    for (const std::string& glob : group.paths) {
      const std::string own = TakesInState(PathSet({glob}, group.exclude), config_.state_dir);
      if (own.empty()) continue;
      Error(key, fmt::format("'{}' takes in alogd's own state ({}); add exclude: ['{}']", glob, own,
                             config_.state_dir));
    }
  }

  void CheckStream(const StreamOptions& stream, const std::string& key) {
    const bool session = stream.kind == StreamOptions::Kind::kSession;
    if (session && stream.session.empty())
      Error(key, key + " has no pattern for its key; add session: 'PATTERN'");
    if (!session && !stream.session.empty())
      Warn(key + ".session", key + ".session has no effect; write by: session, or remove it");
  }

  const Config& config_;
  DetectorList detectors_;
  ConfigNotes* notes_;
};

}  // namespace

void CompleteConfig(DetectorList detectors, Config* config) {
  for (SinkConfig& sink : config->sinks)
    if (sink.name.empty()) sink.name = sink.kind;
  if (config->groups.empty()) config->groups.emplace_back();
  for (GroupConfig& group : config->groups) {
    for (const DetectorInfo* detector : detectors)
      if (detector->complete) detector->complete(group);
    if (group.paths.empty() && group.name == GroupConfig{}.name && group.journal != JournalUse::kOn)
      group.paths = kSystemPaths;
  }
}

const std::vector<std::string>& SystemPaths() { return kSystemPaths; }
const std::vector<std::string>& SyslogFiles() { return kSyslogFiles; }

void CheckConfig(const Config& config, DetectorList detectors, ConfigNotes* notes) {
  Checker(config, detectors, notes).Run();
}

}  // namespace alogd
