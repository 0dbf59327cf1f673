// SPDX-License-Identifier: MIT
// The configuration: every key with its default, loaded from YAML with the origin of each value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/detector_sections.h"
#include "core/config/sink_config.h"
#include "core/detection/anomaly.h"
#include "core/records/severity.h"
#include "core/result.h"
#include "core/templates/drain.h"
#include "core/types.h"

namespace alogd {

using namespace std::chrono_literals;  // durations of the defaults below

// A line that matches `match` (RE2, unanchored) is an anomaly of `level` by itself, or is ignored.
// With a count, so many lines within a time are one anomaly, by the key that `by` finds in them.
struct RuleConfig {
  std::string match;
  // Who may say it: names as in headers, "postfix/*" for all that begin so, "none" for records
  // whose header names none and continuation lines. Then `match` and `by` see the message first,
  // which ^ is the beginning of, and then the line. Empty: anyone; they see the line.
  std::vector<std::string> programs;
  RiskLevel level = RiskLevel::kHigh;
  bool ignore = false;  // the record takes no part in windows, learns its template only
  std::string name;     // shown in alerts; the pattern where empty
  bool enabled = true;
  uint32_t count = 1;  // matches that make an anomaly ...
  Duration within{0};  // ... when the last comes no later than this after the first (event time)
  std::string by;      // RE2; its first group, or all of it, is what is counted by; empty: together
  std::vector<std::string> examples;         // lines that it has to match, for `alogctl check`
  std::vector<std::string> counterexamples;  // lines near to them that it must not match
};

struct RiskOptions {
  double anomaly_weight = 0.6;
  double severity_weight = 0.4;
  double critical = 80, high = 60, medium = 40, low = 20;  // lowest risk of each level
};

// What makes a stream of the records of a group.
struct StreamOptions {
  enum class Kind : uint8_t { kProgram, kSource, kSession };
  Kind kind = Kind::kProgram;
  std::string session;     // RE2; the first match (its first group, if it has one) is the key
  Duration idle = 10min;   // a session with no record for so long has ended
  uint32_t max = 100'000;  // open streams or sessions; beyond it the longest idle one is ended
  uint32_t max_records = 10'000;  // of a session; it is scored and ended when it gets there
};

struct NoveltyOptions {
  bool enabled = true;
  bool pairs = true;  // also two known templates that never followed each other; trained only
  uint32_t rare =
      0;  // trained templates seen at most so often count as rare; 0: by support (design: 0.2%)
  uint32_t learn_records = 20'000;  // without a bundle: quiet until so many records were seen
};

struct BaselineOptions {
  bool enabled = true;
  uint32_t window = 50, stride = 25;
  double ewm_alpha = 0.3;
  double quantile = 0.95;
};

struct LogAnomalyOptions {
  bool enabled = true;
  uint32_t window = 15, stride = 1;
  uint32_t features = 100;
  uint32_t ngram_min = 1, ngram_max = 2;
  std::optional<double> threshold;  // in z; unset: auto
};

struct DeepLogOptions {
  bool enabled = true;
  uint32_t window = 10;
  uint32_t top = 0;  // g; 0: auto
  std::vector<uint32_t> layers = {64, 64};
  uint32_t embedding = 32;
  double dropout = 0.0;
  double learning_rate = 0.01;
  double learning_rate_decay = 0.97;  // a factor per epoch
  uint32_t epochs = 300;              // at the most
  uint32_t patience = 20;             // epochs without a better held-out loss
  std::optional<double> threshold;    // in -log10 p; unset: auto
};

// LogAnomaly's network: deeplog's on vectors of the templates' words, beside the counts of the
// window. As much again to train and to score, hence off unless wanted.
struct LogAnomalyLstmOptions {
  bool enabled = false;
  uint32_t window = 10;
  uint32_t top = 0;                         // g; 0: auto
  std::vector<uint32_t> layers = {64, 64};  // over the vectors
  uint32_t counts = 64;                     // units over the counts
  uint32_t features = 100;                  // terms of a vector
  double learning_rate = 0.01;
  double learning_rate_decay = 0.97;  // a factor per epoch
  uint32_t epochs = 300;              // at the most
  uint32_t patience = 20;             // epochs without a better held-out loss
  std::optional<double> threshold;    // in -log10 p; unset: auto
};

// Numbers in records and the time before them, by template.
struct ValuesOptions {
  bool enabled = true;
  uint32_t history = 5;             // records of the template before
  uint32_t least = 500;             // records of a template to learn from
  std::optional<double> threshold;  // in standard deviations; unset: auto
};

// Count vectors of whole sessions, or of windows where streams are not sessions.
struct CountsOptions {
  bool enabled = true;
  uint32_t window = 20, stride = 10;
};

// Lengths, durations and ends of sessions.
struct LengthOptions {
  bool enabled = true;
};

// Records of a template or of a source within five minutes, against what is usual at that hour of
// the week. Learns online.
struct RateOptions {
  bool enabled = true;
  double factor = 4;     // so many times the usual number and the highest so far is a burst
  uint32_t least = 30;   // records in five minutes; fewer are no burst
  Duration learn = 48h;  // of a series, before it may alarm: two days have shown each hour twice
};

// A source or stream that stops talking. Learns online.
struct SilenceOptions {
  bool enabled = true;
  double factor = 3;       // so many times the longest pause so far, by records that were to come
  Duration least = 15min;  // shorter pauses are none
  Duration learn = 48h;
};

// "A is followed by B" in a stream. Learns online.
struct FollowersOptions {
  bool enabled = true;
  uint32_t least =
      100;  // times that A was followed by B, without an exception, before B may be missed
  Duration within = 2min;  // the longest that B may take
};

// Values of a template that never went together. Learns online.
struct CombinationsOptions {
  bool enabled = true;
  uint32_t least = 1000;  // records of the template before a new combination is news
};

// Whether a group reads the journal. kAuto: where its paths are those of syslog (the default) and
// none of these files stands; kOn: beside its paths, if it has any.
enum class JournalUse : uint8_t { kAuto, kOn, kOff };

struct GroupConfig {
  std::string name = "system";
  JournalUse journal = JournalUse::kAuto;
  std::vector<std::string> journal_units;        // of the journal only these; with identifiers:
  std::vector<std::string> journal_identifiers;  // what either selects. Empty: all
  std::vector<std::string> paths;    // globs; ** crosses directories. Empty only with kOn
  std::vector<std::string> exclude;  // globs on the whole path
  std::vector<std::string> redact;   // RE2: what lines must not show; see core/records/redactor.h
  bool from_beginning = false;       // of files that stand when the group is first seen
  std::string format = "auto";       // see HeaderOptions
  std::string time_zone;             // IANA name; empty: the host's
  StreamOptions stream;
  Duration max_gap = 10min;
  uint32_t max_line = 64 * 1024;  // bytes
  Duration partial_timeout = 5s;  // an unfinished last line is emitted after so long without growth
  uint64_t state_budget = 32ull << 20;  // bytes
  DrainOptions drain;
  NoveltyOptions novelty;
  BaselineOptions baseline;
  LogAnomalyOptions loganomaly;
  DeepLogOptions deeplog;
  LogAnomalyLstmOptions loganomaly_lstm;
  ValuesOptions values;
  CountsOptions counts;
  LengthOptions length;
  RateOptions rate;
  SilenceOptions silence;
  FollowersOptions followers;
  CombinationsOptions combinations;
  DetectorSections sections;      // of all other detectors
  std::string model = "current";  // or the path of a bundle
};

// When `alogctl retrain`, which a timer starts, trains a group by itself.
struct TrainingOptions {
  bool automatic = true;
  uint64_t after_records = 20'000;  // in the logs on disk; fewer say too little of what is normal
  Duration after = 24h;             // from the first of them to the last: a host's day has a shape
  Duration every = 24h * 7;         // then again
  uint64_t max_records = 300'000;   // that a training reads; bounds its memory and time
  double min_quality = 60;          // a bundle that validates lower is never activated by itself
};

struct Config {
  std::string state_dir = "/var/lib/alogd";
  std::string control_socket;                // empty: <state_dir>/control.sock
  Duration keep = 24h * 90;                  // database.keep
  uint64_t max_size = 2ull << 30;            // database.max_size, bytes
  RiskLevel store_min = RiskLevel::kInfo;    // store.min_level
  RiskLevel journal_min = RiskLevel::kHigh;  // journal.min_level
  std::vector<SinkConfig> sinks;             // beside the journal
  RiskOptions risk;
  uint32_t budget_per_day = 1;      // alerts.budget_per_day: what is sent one by one
  Duration incident_gap = 60s;      // alerts.incident_gap
  Duration repeat_after = 24h;      // alerts.repeat_after; 0: every anomaly alerts
  Duration rule_repeat_after = 1h;  // alerts.rule_repeat_after; 0: every match alerts
  Duration cascade = 5s;            // alerts.cascade; 0: each alert goes at once
  TrainingOptions training;
  SeverityOptions severity;
  std::vector<RuleConfig> rules;
  std::vector<GroupConfig> groups;

  std::string DatabasePath() const { return state_dir + "/alogd.db"; }
  std::string ModelsPath(const std::string& group) const { return state_dir + "/models/" + group; }
  std::string ControlPath() const;
};

struct DetectorInfo;
// The detectors whose sections a configuration may have, see detector_info.h; it outlives what is
// loaded with it.
using DetectorList = std::span<const DetectorInfo* const>;

// What rsyslog writes each record to once: the paths of a group "system" that names none.
const std::vector<std::string>& SystemPaths();

// What is wrong with a configuration, or odd about it.
struct ConfigProblem {
  std::string where;     // FILE:LINE:COLUMN
  std::string message;   // what is wrong, what was meant, the fix
  bool warning = false;  // odd, but it loads
};

struct LoadedConfig {
  Config config;
  DetectorList detectors;
  // Dotted key ("groups.0.paths") to FILE:LINE, for keys that were given; all others are defaults.
  std::map<std::string, std::string> origins;
  std::vector<ConfigProblem> problems;  // all of them, in order of place
  bool ok() const {
    for (const ConfigProblem& p : problems)
      if (!p.warning) return false;
    return true;
  }
};

// Reads `path` and then conf.d/*.yaml beside it in order of name: maps merge, a later scalar or
// list replaces an earlier one, `rules` and `groups` append (groups of one name merge). The rules
// of rules.d/*.yaml beside it come last; a rule without `match` changes the one of its name there.
// A missing
// `path` is a problem only if `must_exist`. Files that others than their owner may write are
// refused. Where no group is given there is one, `system`, of what rsyslog writes. Never throws.
LoadedConfig LoadConfig(const std::string& path, bool must_exist, DetectorList detectors);
// The same from text, for tests and the fuzzer; `name` stands for the file. Without a list the
// detectors are those of core.
LoadedConfig ParseConfig(std::string_view yaml, const std::string& name);
LoadedConfig ParseConfig(std::string_view yaml, const std::string& name, DetectorList detectors);
// All values in force as YAML, each with a comment that says where it comes from. Loading it gives
// the same configuration.
std::string ShowConfig(const LoadedConfig& loaded);

// "10min", "500 ms", "90d"; "64K", "2G". Errors say what was expected.
Result<Duration> ParseDuration(std::string_view text);
Result<uint64_t> ParseSize(std::string_view text);

}  // namespace alogd
