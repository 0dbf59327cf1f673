// SPDX-License-Identifier: MIT
// The table of all keys of the configuration: name, place, kind and limits of each, in one place.
#pragma once

#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/config/config_values.h"

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
inline constexpr NumberValue kWatchFactor{1.5, 1000};

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
void DescribeLogAnomaly(V& v, LogAnomalyOptions& options) {
  v.Key("window", &options.window, CountValue{1, 10'000});
  v.Key("stride", &options.stride, CountValue{1, 10'000});
  v.Key("features", &options.features, CountValue{1, 10'000});
  std::vector<uint32_t> ngrams = {options.ngram_min, options.ngram_max};
  v.Key("ngrams", &ngrams, ListValue<CountValue>{{1, 5}, 2, 2});
  options.ngram_min = ngrams[0];
  options.ngram_max = ngrams[1];
  v.Key("threshold", &options.threshold, AutoNumberValue{{0, 1e6, true, false}});
}

template <typename V>
void DescribeDeepLog(V& v, DeepLogOptions& options) {
  v.Key("window", &options.window, CountValue{1, 1000});
  v.Key("top", &options.top, AutoCountValue{{1, 10'000}});
  v.Key("layers", &options.layers, ListValue<CountValue>{{1, 1024}, 1, 8});
  v.Key("embedding", &options.embedding, CountValue{1, 1024});
  v.Key("threshold", &options.threshold, AutoNumberValue{{0, 1000, true, false}});
  v.Key("dropout", &options.dropout, NumberValue{0, 1, false, true});
  v.Key("learning_rate", &options.learning_rate, NumberValue{0, 1, true, false});
  v.Key("learning_rate_decay", &options.learning_rate_decay, NumberValue{0, 1, true, false});
  v.Key("epochs", &options.epochs, CountValue{1, 100'000});
  v.Key("patience", &options.patience, CountValue{1, 100'000});
}

template <typename V>
void DescribeLogAnomalyLstm(V& v, LogAnomalyLstmOptions& options) {
  v.Key("window", &options.window, CountValue{1, 256});
  v.Key("top", &options.top, AutoCountValue{{1, 10'000}});
  v.Key("layers", &options.layers, ListValue<CountValue>{{1, 1024}, 1, 4});
  v.Key("counts", &options.counts, CountValue{1, 1024});
  v.Key("features", &options.features, CountValue{1, 1000});
  v.Key("threshold", &options.threshold, AutoNumberValue{{0, 1000, true, false}});
  v.Key("learning_rate", &options.learning_rate, NumberValue{0, 1, true, false});
  v.Key("learning_rate_decay", &options.learning_rate_decay, NumberValue{0, 1, true, false});
  v.Key("epochs", &options.epochs, CountValue{1, 100'000});
  v.Key("patience", &options.patience, CountValue{1, 100'000});
}

template <typename V>
void DescribeWatches(V& v, GroupConfig& group) {
  v.Switch("rate", &group.rate.enabled, [&] {
    v.Key("factor", &group.rate.factor, kWatchFactor);
    v.Key("least", &group.rate.least, CountValue{5});
    v.Key("learn", &group.rate.learn, DurationValue{1h});
  });
  v.Switch("silence", &group.silence.enabled, [&] {
    v.Key("factor", &group.silence.factor, kWatchFactor);
    v.Key("least", &group.silence.least, DurationValue{5min});
    v.Key("learn", &group.silence.learn, DurationValue{1h});
  });
  v.Switch("followers", &group.followers.enabled, [&] {
    v.Key("least", &group.followers.least, CountValue{10});
    v.Key("within", &group.followers.within, DurationValue{1s});
  });
  v.Switch("combinations", &group.combinations.enabled,
           [&] { v.Key("least", &group.combinations.least, CountValue{10}); });
}

template <typename V>
void DescribeDetectors(V& v, GroupConfig& group) {
  v.Switch("novelty", &group.novelty.enabled, [&] {
    v.Key("rare", &group.novelty.rare, AutoCountValue{{1, 1'000'000'000}});
    v.Key("learn_records", &group.novelty.learn_records, CountValue{});
    v.Key("pairs", &group.novelty.pairs, FlagValue{});
  });
  v.Switch("baseline", &group.baseline.enabled, [&] {
    BaselineOptions& options = group.baseline;
    v.Key("window", &options.window, CountValue{2, 10'000});
    v.Key("stride", &options.stride, CountValue{1, 10'000});
    v.Key("ewm_alpha", &options.ewm_alpha, NumberValue{0, 1, true, false});
    v.Key("quantile", &options.quantile, NumberValue{0, 1, true, true});
  });
  v.Switch("loganomaly", &group.loganomaly.enabled,
           [&] { DescribeLogAnomaly(v, group.loganomaly); });
  v.Switch("deeplog", &group.deeplog.enabled, [&] { DescribeDeepLog(v, group.deeplog); });
  v.Switch("loganomaly_lstm", &group.loganomaly_lstm.enabled,
           [&] { DescribeLogAnomalyLstm(v, group.loganomaly_lstm); });
  v.Switch("values", &group.values.enabled, [&] {
    v.Key("history", &group.values.history, CountValue{1, 64});
    v.Key("least", &group.values.least, CountValue{50});
    v.Key("threshold", &group.values.threshold, AutoNumberValue{{0, 1e6, true, false}});
  });
  v.Switch("counts", &group.counts.enabled, [&] {
    v.Key("window", &group.counts.window, CountValue{2, 10'000});
    v.Key("stride", &group.counts.stride, CountValue{1, 10'000});
  });
  v.Switch("length", &group.length.enabled, [] {});
  DescribeWatches(v, group);
}

template <typename V>
void DescribeGroup(V& v, GroupConfig& group) {
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
  v.Map("detectors", [&] { DescribeDetectors(v, group); });
  v.Key("model", &group.model, TextValue{CheckModel});
}

template <typename V>
void DescribeConfig(V& v, Config& config) {
  v.Key("state_dir", &config.state_dir, TextValue{CheckAbsolute});
  v.Key("control_socket", &config.control_socket, TextValue{CheckSocket});
  v.Map("database", [&] {
    v.Key("keep", &config.keep, DurationValue{1h});
    v.Key("max_size", &config.max_size, SizeValue{16 * kMiB});
  });
  v.Map("store", [&] { v.Key("min_level", &config.store_min, LevelValue{}); });
  v.Map("journal", [&] { v.Key("min_level", &config.journal_min, LevelValue{}); });
  v.Map("risk", [&] { DescribeRisk(v, config.risk); });
  v.Map("alerts", [&] {
    v.Key("budget_per_day", &config.budget_per_day, CountValue{0, 100'000});
    v.Key("incident_gap", &config.incident_gap, DurationValue{});
    v.Key("repeat_after", &config.repeat_after, DurationValue{});
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
  v.Groups("groups", &config.groups, [&v](GroupConfig& group) { DescribeGroup(v, group); });
}

}  // namespace alogd
