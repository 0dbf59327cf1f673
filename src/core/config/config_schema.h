// SPDX-License-Identifier: MIT
// The table of all keys of the configuration: name, place, kind and limits of each, in one place.
#pragma once

#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/config/config_values.h"
#include "core/config/option_visitor.h"
#include "core/config/sink_schema.h"
#include "core/detection/detector_info.h"

namespace alogd {

// A visitor walks the table: ConfigReader fills a Config from YAML, ConfigWriter shows one. Each
// has
//   Key(name, T*, kind)             a scalar, or a list of scalars where kind is a ListValue
//   KeyUnless(absent, name, T*, kind)  the same; not shown where *absent, which a reader may yet
//   set Map(name, visit_keys)           a map; visit_keys() visits what is in it Rows(name,
//   vector<T>*, visit)   a list of maps that replaces an earlier one; visit(T&) Appended(name,
//   vector<T>*, visit)  a list of maps that is added to an earlier one Groups(name, vector<T>*,
//   visit)    the same, but those of one name merge Switch(name, bool*, visit_keys) a map that can
//   also be just `off` Stream(name, StreamOptions*, visit_keys)  a map, or just program or source
//
// Rejected: a table of member pointers and function pointers, because nested maps and lists need a
// type for every struct; here the compiler checks that each kind fits its field.

inline constexpr uint64_t kMiB = 1 << 20;
inline constexpr NumberValue kShare{0, 1};
inline constexpr NumberValue kRiskValue{0, 100};
inline constexpr CountValue kSeverityValue{0, 100};

template <typename V>
void DescribeRisk(V& v, RiskOptions& risk) {
  v.Key("anomaly_weight", &risk.anomaly_weight, kShare);
  v.Key("severity_weight", &risk.severity_weight, kShare);
  v.Map("levels", [&] {
    v.Key("critical", &risk.critical, kRiskValue);
    v.Key("high", &risk.high, kRiskValue);
    v.Key("medium", &risk.medium, kRiskValue);
    v.Key("low", &risk.low, kRiskValue);
  });
}

template <typename V>
void DescribeSeverity(V& v, SeverityOptions& severity) {
  const auto words = [&v](SeverityOptions::Words& row) {
    v.Key("severity", &row.severity, kSeverityValue);
    v.Key("words", &row.words, ListValue<TextValue>{{}, 1});
  };
  v.Map("levels", [&] {
    constexpr std::string_view kNames[] = {"trace", "debug",    "info",  "notice",   "warning",
                                           "error", "critical", "alert", "emergency"};
    for (size_t i = 0; i < std::size(kNames); ++i)
      v.Key(kNames[i], &severity.levels[i + 1], kSeverityValue);  // 0 is Level::kNone
  });
  v.Rows("words", &severity.words, words);
  v.Key("otherwise", &severity.otherwise, kSeverityValue);
  v.Rows("exceptions", &severity.exceptions, words);
  v.Key("other_exception", &severity.other_exception, kSeverityValue);
  v.Key("silence", &severity.silence, kSeverityValue);
  v.Key("rate", &severity.rate, kSeverityValue);
}

template <typename V>
void DescribeRule(V& v, RuleConfig& rule) {
  v.Key("match", &rule.match, TextValue{CheckPattern});
  v.Key("program", &rule.programs, ListValue<TextValue>{{}, 0, 50, true});
  v.KeyUnless(&rule.ignore, "level", &rule.level, LevelValue{});
  v.Key("ignore", &rule.ignore, FlagValue{});
  v.Key("name", &rule.name, TextValue{});
  v.Key("enabled", &rule.enabled, FlagValue{});
  v.Key("count", &rule.count, CountValue{1, 1000});
  v.Key("within", &rule.within, DurationValue{});
  v.Key("by", &rule.by, TextValue{CheckPattern});
  v.Key("examples", &rule.examples, ListValue<TextValue>{{}, 0, 100});
  v.Key("counterexamples", &rule.counterexamples, ListValue<TextValue>{{}, 0, 100});
}

// What a file of rules.d may hold.
template <typename V>
void DescribeRules(V& v, std::vector<RuleConfig>& rules) {
  v.Appended("rules", &rules, [&v](RuleConfig& rule) { DescribeRule(v, rule); });
}

template <typename V>
void DescribeStream(V& v, StreamOptions& stream) {
  using Kind = StreamOptions::Kind;
  v.Key("by", &stream.kind,
        ChoiceValue<Kind>{
            {{"program", Kind::kProgram}, {"source", Kind::kSource}, {"session", Kind::kSession}}});
  v.Key("session", &stream.session, TextValue{CheckPattern});
  v.Key("idle", &stream.idle, DurationValue{1s});
  v.Key("max", &stream.max, CountValue{1, 10'000'000});
  v.Key("max_records", &stream.max_records, CountValue{1, 1'000'000});
}

template <typename V>
void DescribeParser(V& v, DrainOptions& drain) {
  v.Key("algorithm", &drain.classic, ChoiceValue<bool>{{{"merge", false}, {"classic", true}}});
  v.Map("masks", [&] {
    MaskOptions& masks = drain.masks;
    v.Key("paths", &masks.paths, FlagValue{});
    v.Key("hex", &masks.hex, FlagValue{});
    v.Key("ips", &masks.ips, FlagValue{});
    v.Key("mac", &masks.mac, FlagValue{});
    v.Key("uuid", &masks.uuid, FlagValue{});
    v.Key("pid", &masks.pid, FlagValue{});
    v.Key("device", &masks.device, FlagValue{});
    v.Key("num", &masks.num, FlagValue{});
    v.Key("user", &masks.user, ListValue<TextValue>{{CheckPattern}, 0, 100});
  });
  v.Key("max_templates", &drain.max_templates, CountValue{100, 10'000'000});
  v.Key("max_tokens", &drain.max_tokens, CountValue{8, 65'536});
  v.Key("merge_after", &drain.merge_after, CountValue{2, 10'000});
  v.Key("depth", &drain.depth, CountValue{3, 32});
  v.Key("similarity", &drain.similarity, NumberValue{0, 1, true, false});
  v.Key("max_children", &drain.max_children, CountValue{2, 100'000});
}

template <typename V>
void DescribeDetectors(V& v, DetectorList detectors, GroupConfig& group) {
  for (const DetectorInfo* detector : detectors) {
    if (!detector->describe) continue;
    bool enabled = detector->enabled.get(group);
    v.Switch(detector->name, &enabled, [&] {
      OptionVisitorOf<V> options(&v);
      detector->describe(options, group);
    });
    detector->enabled.set(group, enabled);
  }
}

template <typename V>
void DescribeGroup(V& v, DetectorList detectors, GroupConfig& group) {
  v.Key("name", &group.name, TextValue{CheckGroupName});
  v.Key("journal", &group.journal,
        ChoiceValue<JournalUse>{
            {{"auto", JournalUse::kAuto}, {"true", JournalUse::kOn}, {"false", JournalUse::kOff}}});
  v.Key("journal_units", &group.journal_units, ListValue<TextValue>{});
  v.Key("journal_identifiers", &group.journal_identifiers, ListValue<TextValue>{});
  v.Key("paths", &group.paths, ListValue<TextValue>{{CheckGlob}});
  v.Key("exclude", &group.exclude, ListValue<TextValue>{{CheckExclude}});
  v.Key("redact", &group.redact, ListValue<TextValue>{{CheckPattern}, 0, 100});
  v.Key("from", &group.from_beginning, ChoiceValue<bool>{{{"end", false}, {"beginning", true}}});
  v.Key("format", &group.format, TextValue{CheckFormat});
  v.Key("time_zone", &group.time_zone, TextValue{CheckTimeZone});
  v.Stream("stream", &group.stream, [&] { DescribeStream(v, group.stream); });
  v.Key("max_gap", &group.max_gap, DurationValue{1s});
  v.Key("max_line", &group.max_line, SizeValue{256, 64 * kMiB});
  v.Key("partial_timeout", &group.partial_timeout, DurationValue{100ms});
  v.Key("state_budget", &group.state_budget, SizeValue{kMiB});
  v.Map("parser", [&] { DescribeParser(v, group.drain); });
  v.Map("detectors", [&] { DescribeDetectors(v, detectors, group); });
  v.Key("model", &group.model, TextValue{CheckModel});
}

template <typename V>
void DescribeConfig(V& v, DetectorList detectors, Config& config) {
  v.Key("state_dir", &config.state_dir, TextValue{CheckAbsolute});
  v.Key("control_socket", &config.control_socket, TextValue{CheckSocket});
  v.Map("database", [&] {
    v.Key("keep", &config.keep, DurationValue{1h});
    v.Key("max_size", &config.max_size, SizeValue{16 * kMiB});
  });
  v.Map("store", [&] { v.Key("min_level", &config.store_min, LevelValue{}); });
  v.Map("journal", [&] { v.Key("min_level", &config.journal_min, LevelValue{}); });
  v.Appended("sinks", &config.sinks, [&v](SinkConfig& sink) { DescribeSink(v, sink); });
  v.Map("risk", [&] { DescribeRisk(v, config.risk); });
  v.Map("alerts", [&] {
    v.Key("budget_per_day", &config.budget_per_day, CountValue{0, 100'000});
    v.Key("incident_gap", &config.incident_gap, DurationValue{});
    v.Key("repeat_after", &config.repeat_after, DurationValue{});
    v.Key("rule_repeat_after", &config.rule_repeat_after, DurationValue{});
    v.Key("cascade", &config.cascade, DurationValue{});
  });
  v.Map("training", [&] {
    TrainingOptions& training = config.training;
    v.Key("automatic", &training.automatic, FlagValue{});
    v.Key("after_records", &training.after_records, CountValue{1000});
    v.Key("after", &training.after, DurationValue{});
    v.Key("every", &training.every, DurationValue{1h});
    v.Key("max_records", &training.max_records, CountValue{1000, 10'000'000});
    v.Key("min_quality", &training.min_quality, kRiskValue);
  });
  v.Map("severity", [&] { DescribeSeverity(v, config.severity); });
  DescribeRules(v, config.rules);
  v.Groups("groups", &config.groups,
           [&](GroupConfig& group) { DescribeGroup(v, detectors, group); });
}

}  // namespace alogd
