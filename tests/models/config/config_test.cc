// SPDX-License-Identifier: MIT
// The configuration: values, merging, origins, and what is said about wrong ones.
#include "core/config/config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/config/units.h"
#include "models/registry/detectors.h"
#include "testing/config_equal.h"
#include "testing/paths.h"

namespace alogd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

LoadedConfig Parse(std::string_view yaml) { return ParseConfig(yaml, "a.yaml", AllDetectors()); }

std::vector<std::string> Problems(const LoadedConfig& loaded) {
  std::vector<std::string> lines;
  for (const ConfigProblem& p : loaded.problems)
    lines.push_back(p.where + ": " + (p.warning ? "warning: " : "") + p.message);
  return lines;
}

// A configuration in which no value is its default.
constexpr std::string_view kEverything = R"(
state_dir: /srv/alogd
control_socket: /run/alogd/control.sock
database: {keep: 36h, max_size: 1500M}
store: {min_level: LOW}
journal: {min_level: critical}
risk: {anomaly_weight: 0.7, severity_weight: 0.3, levels: {critical: 90, high: 70.5, medium: 50, low: 10}}
alerts: {budget_per_day: 7, incident_gap: 1min 30s, repeat_after: 6h, rule_repeat_after: 2h,
         cascade: 7s}
training: {automatic: no, after_records: 5000, after: 2h, every: 3d, max_records: 70000, min_quality: 50.5}
severity:
  levels: {trace: 1, debug: 2, info: 3, notice: 4, warning: 5, error: 6, critical: 7, alert: 8, emergency: 9}
  words: [{severity: 99, words: [boom]}]
  otherwise: 11
  exceptions: [{severity: 12, words: [A, B]}, {severity: 13, words: [C]}]
  other_exception: 14
  silence: 15
  rate: 16
rules:
  - {match: 'it''s "x" \d+', level: LOW, name: "bell\u00e9", ignore: false, enabled: false, count: 7, within: 9s,
     by: 'k=(\w+)', examples: ['it''s "x" 5 k=a', 'it''s "x" 6 k=b'], counterexamples: [y]}
  - {match: noise, ignore: true}
groups:
  - name: web-1
    journal: true
    journal_units: [ssh.service]
    journal_identifiers: [kernel]
    paths: [/srv/log/*.log, "/srv/**/x"]
    exclude: ['**/*.tmp', /srv/log/old]
    redact: ['password=(\S+)']
    from: beginning
    format: syslog
    time_zone: Europe/Berlin
    stream: {session: 'blk_-?\d+', idle: 5min, max: 50, max_records: 60}
    max_gap: 20min
    max_line: 128K
    partial_timeout: 2500ms
    state_budget: 16M
    parser:
      algorithm: classic
      masks: {paths: no, hex: off, ips: false, mac: false, uuid: false, pid: false, device: false, num: false, user: ['a+', 'b']}
      max_templates: 500
      max_tokens: 64
      merge_after: 9
      depth: 5
      similarity: 0.55
      max_children: 33
    detectors:
      novelty: {enabled: false, rare: 3, learn_records: 10, pairs: false}
      baseline: {enabled: false, window: 60, stride: 60, ewm_alpha: 1, quantile: 0.5}
      loganomaly: {enabled: false, window: 20, stride: 2, features: 50, ngrams: [2, 3], threshold: 3.25}
      deeplog: {enabled: false, window: 12, top: 9, layers: [32, 16, 8], embedding: 8, threshold: 2, dropout: 0.25,
                learning_rate: 0.001, learning_rate_decay: 1, epochs: 5, patience: 4}
      loganomaly_lstm: {enabled: true, window: 11, top: 8, layers: [32], counts: 16, features: 50, threshold: 3,
                        learning_rate: 0.002, learning_rate_decay: 0.99, epochs: 6, patience: 3}
      values: {enabled: false, history: 4, least: 100, threshold: 6.5}
      counts: {enabled: false, window: 30, stride: 15}
      length: {enabled: false}
      rate: {enabled: false, factor: 2.5, least: 7, learn: 3h}
      silence: {enabled: false, factor: 5, least: 20min, learn: 4h}
      followers: {enabled: false, least: 11, within: 45s}
      combinations: {enabled: false, least: 12}
    model: 20261122T013000Z
)";

TEST(ConfigTest, EmptyFileIsGood) {
  for (const char* text : {"", "\n", "# nothing\n", "---\n"}) {
    const LoadedConfig loaded = Parse(text);
    EXPECT_THAT(Problems(loaded), IsEmpty());
    EXPECT_TRUE(loaded.origins.empty());
    ASSERT_EQ(loaded.config.groups.size(), 1u);
    EXPECT_EQ(loaded.config.groups[0].name, "system");
    EXPECT_THAT(loaded.config.groups[0].paths,
                ElementsAre("/var/log/syslog", "/var/log/auth.log", "/var/log/dpkg.log"));
    EXPECT_EQ(loaded.config.DatabasePath(), "/var/lib/alogd/alogd.db");
    EXPECT_EQ(loaded.config.ControlPath(), "/var/lib/alogd/control.sock");
  }
}

TEST(ConfigTest, EveryKey) {
  const LoadedConfig loaded = Parse(kEverything);
  EXPECT_THAT(Problems(loaded), IsEmpty());
  const Config& c = loaded.config;
  EXPECT_EQ(c.state_dir, "/srv/alogd");
  EXPECT_EQ(c.ControlPath(), "/run/alogd/control.sock");
  EXPECT_EQ(c.keep, 36h);
  EXPECT_EQ(c.max_size, 1500ull << 20);
  EXPECT_EQ(c.store_min, RiskLevel::kLow);
  EXPECT_EQ(c.journal_min, RiskLevel::kCritical);
  EXPECT_EQ(c.risk.anomaly_weight, 0.7);
  EXPECT_EQ(c.risk.high, 70.5);
  EXPECT_EQ(c.budget_per_day, 7u);
  EXPECT_EQ(c.incident_gap, 90s);
  EXPECT_EQ(c.repeat_after, 6h);
  EXPECT_EQ(c.rule_repeat_after, 2h);
  EXPECT_EQ(c.cascade, 7s);
  EXPECT_EQ(c.severity.levels[static_cast<size_t>(Level::kTrace)], 1);
  EXPECT_EQ(c.severity.levels[static_cast<size_t>(Level::kWarning)], 5);
  EXPECT_EQ(c.severity.levels[static_cast<size_t>(Level::kEmergency)], 9);
  ASSERT_EQ(c.severity.words.size(), 1u);
  EXPECT_THAT(c.severity.words[0].words, ElementsAre("boom"));
  ASSERT_EQ(c.severity.exceptions.size(), 2u);
  EXPECT_EQ(c.severity.exceptions[1].severity, 13);
  ASSERT_EQ(c.rules.size(), 2u);
  EXPECT_EQ(c.rules[0].match, "it's \"x\" \\d+");
  EXPECT_EQ(c.rules[0].name, "bell\xc3\xa9");
  EXPECT_TRUE(c.rules[1].ignore);
  ASSERT_EQ(c.groups.size(), 1u);
  const GroupConfig& g = c.groups[0];
  EXPECT_EQ(g.journal, JournalUse::kOn);
  EXPECT_THAT(g.journal_units, ElementsAre("ssh.service"));
  EXPECT_THAT(g.journal_identifiers, ElementsAre("kernel"));
  EXPECT_THAT(g.exclude, ElementsAre("**/*.tmp", "/srv/log/old"));
  EXPECT_THAT(g.redact, ElementsAre("password=(\\S+)"));
  EXPECT_TRUE(g.from_beginning);
  EXPECT_EQ(g.stream.kind, StreamOptions::Kind::kSession);
  EXPECT_EQ(g.stream.idle, 5min);
  EXPECT_EQ(g.max_line, 128u << 10);
  EXPECT_EQ(g.partial_timeout, 2500ms);
  EXPECT_TRUE(g.drain.classic);
  EXPECT_FALSE(g.drain.masks.uuid);
  EXPECT_THAT(g.drain.masks.user, ElementsAre("a+", "b"));
  EXPECT_FALSE(g.novelty.enabled);
  EXPECT_EQ(g.loganomaly.ngram_min, 2u);
  EXPECT_EQ(g.loganomaly.ngram_max, 3u);
  EXPECT_EQ(g.loganomaly.threshold, 3.25);
  EXPECT_EQ(g.deeplog.top, 9u);
  EXPECT_THAT(g.deeplog.layers, ElementsAre(32, 16, 8));
  EXPECT_TRUE(g.loganomaly_lstm.enabled);
  EXPECT_EQ(g.loganomaly_lstm.counts, 16u);
  EXPECT_EQ(g.values.threshold, 6.5);
  EXPECT_EQ(g.model, "20261122T013000Z");
}

TEST(ConfigTest, ShownConfigurationLoadsAsTheSame) {
  for (const std::string_view text : {std::string_view(), kEverything}) {
    const LoadedConfig loaded = Parse(text);
    const LoadedConfig again = Parse(ShowConfig(loaded));
    EXPECT_THAT(Problems(again), IsEmpty());
    EXPECT_TRUE(Same(loaded.config, again.config)) << ShowConfig(loaded);
  }
}

// If a key were missing from what is shown, the round trip of a configuration full of other values
// would bring its default back; so each value has to differ from its default.
TEST(ConfigTest, ShownValuesNameTheirOrigin) {
  std::istringstream shown(ShowConfig(Parse(kEverything)));
  for (std::string line; std::getline(shown, line);) {
    if (line.ends_with(":")) continue;
    // A rule's other keys, session-less streams and sinks keep defaults; all else was given.
    const bool rule = line.starts_with("- match") || line.starts_with("  level") ||
                      line.starts_with("  ignore") || line.starts_with("  name: ''") ||
                      line.starts_with("  enabled: true") || line.starts_with("  count: 1 ") ||
                      line.starts_with("  within: 0s") || line.starts_with("  by: ''") ||
                      line.starts_with("  examples: []") ||
                      line.starts_with("  counterexamples: []") ||
                      line.starts_with("  program: []") || line.starts_with("sinks: []");
    if (!rule) {
      EXPECT_THAT(line, HasSubstr("# a.yaml:")) << line;
    }
  }
  std::istringstream defaults(ShowConfig(Parse("")));
  for (std::string line; std::getline(defaults, line);)
    if (!line.ends_with(":")) {
      EXPECT_THAT(line, ::testing::EndsWith("# default"));
    }
}

TEST(ConfigTest, OriginsOfWordsForMaps) {
  const LoadedConfig loaded =
      Parse("groups:\n- paths: [/a]\n  stream: source\n  detectors:\n    novelty: off\n");
  EXPECT_EQ(loaded.config.groups[0].stream.kind, StreamOptions::Kind::kSource);
  EXPECT_FALSE(loaded.config.groups[0].novelty.enabled);
  EXPECT_TRUE(loaded.config.groups[0].baseline.enabled);
  EXPECT_EQ(loaded.origins.at("groups.0.paths"), "a.yaml:2");
  EXPECT_EQ(loaded.origins.at("groups.0.stream.by"), "a.yaml:3");
  EXPECT_EQ(loaded.origins.at("groups.0.detectors.novelty.enabled"), "a.yaml:5");
}

TEST(ConfigTest, SystemGroupWithoutPathsHasTheDefaultOnes) {
  const LoadedConfig loaded = Parse("groups:\n- {name: web, paths: [/w]}\n- name: system\n");
  EXPECT_THAT(Problems(loaded), IsEmpty());
  ASSERT_EQ(loaded.config.groups.size(), 2u);
  EXPECT_EQ(loaded.config.groups[1].paths, SystemPaths());
}

TEST(ConfigTest, AllProblemsAreReportedInOrderOfPlace) {
  const LoadedConfig loaded = Parse(
      "databse: {keep: 5d}\n"
      "alerts:\n"
      "  budget_per_day: many\n"
      "groups:\n"
      "- name: Web\n"
      "  paths: [log/x, /ok]\n"
      "  detectors:\n"
      "    deeplog: {treshold: 3, layers: []}\n"
      "    baseline: {window: 10, stride: 11}\n");
  EXPECT_FALSE(loaded.ok());
  EXPECT_THAT(
      Problems(loaded),
      ElementsAre(
          "a.yaml:1:1: unknown key 'databse', did you mean 'database'?; known here: state_dir, "
          "control_socket, database, store, journal, sinks, risk, alerts, training, severity, "
          "rules, "
          "groups",
          "a.yaml:3:19: alerts.budget_per_day: 'many' is not a whole number from 0 to 100000",
          "a.yaml:5:9: groups.0.name: 'Web' cannot be the name of a directory; write 1 to 64 of "
          "a-z, "
          "0-9, _ and -, not beginning with -",
          "a.yaml:6:11: groups.0.paths.0: 'log/x' is not an absolute path; begin it with /, as in "
          "/var/log/app/*.log",
          "a.yaml:8:15: unknown key 'treshold' in groups.0.detectors.deeplog, did you mean "
          "'threshold'?; known here: enabled, window, top, layers, embedding, threshold, dropout, "
          "learning_rate, learning_rate_decay, epochs, patience",
          "a.yaml:8:36: groups.0.detectors.deeplog.layers: 0 in the list; it takes at least 1",
          "a.yaml:9:36: groups.0.detectors.baseline: stride 11 is over window 10, so records "
          "between "
          "windows would never be looked at; write 10 or less"));
}

TEST(ConfigTest, Warnings) {
  const LoadedConfig loaded = Parse(
      "risk: {anomaly_weight: 0.5}\n"
      "groups:\n"
      "- {name: a, paths: [/x], journal: true}\n"
      "- {name: b, paths: [/x], stream: {by: source, session: y}}\n");
  EXPECT_TRUE(loaded.ok());
  EXPECT_THAT(
      Problems(loaded),
      ElementsAre(
          "a.yaml:1:7: warning: risk: anomaly_weight 0.5 and severity_weight 0.4 add up to 0.9, "
          "not "
          "to 1; risks will not span 0 to 100",
          "a.yaml:4:20: warning: '/x' stands in group a already; its lines count twice",
          "a.yaml:4:56: warning: groups.1.stream.session has no effect; write by: session, or "
          "remove it"));
}

// The words are header_parser.cc's; here only that they come with their place.
TEST(ConfigTest, HeaderFormats) {
  const auto with = [](const std::string& format) {
    return Problems(Parse("groups: [{name: a, paths: [/x], format: '" + format + "'}]\n"));
  };
  EXPECT_THAT(with("nginx-error"), IsEmpty());
  EXPECT_THAT(with("<time:%Y-%m-%d %H:%M:%S> <level> [<program>] <message>"), IsEmpty());
  EXPECT_THAT(with("nginx-eror"),
              ElementsAre(HasSubstr("a.yaml:1:41: groups.0.format: unknown log format")));
  EXPECT_THAT(with("<tim:%Y> <message>"), ElementsAre(HasSubstr("<tim:%Y> is not known")));
  EXPECT_THAT(with(""), ElementsAre(HasSubstr("write auto")));
}

TEST(ConfigTest, YamlLimits) {
  const auto only = [](const std::string& yaml) {
    const LoadedConfig loaded = Parse(yaml);
    EXPECT_FALSE(loaded.ok());
    return loaded.problems.size() == 1 ? loaded.problems[0].message : "not one problem";
  };
  EXPECT_THAT(only(std::string((1 << 20) + 1, '#')), HasSubstr("larger than 1048576 bytes"));
  EXPECT_THAT(only(std::string(33, '[') + std::string(33, ']')),
              HasSubstr("nested deeper than 32"));
  EXPECT_THAT(only(std::string(500'000, '[')), HasSubstr("nested deeper"));
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    laughs += fmt::format("a{}: &a{} [", i, i);
    for (int k = 0; k < 10; ++k) laughs += fmt::format("{}*a{}", k == 0 ? "" : ", ", i - 1);
    laughs += "]\n";
  }
  EXPECT_THAT(only(laughs), HasSubstr("once aliases are written out"));
  EXPECT_THAT(only("a: &a [*a]\n"), HasSubstr("alias"));
  EXPECT_THAT(only("a: 1\n---\nb: 2\n"), HasSubstr("second document"));
  EXPECT_THAT(only("? [a, b]\n: 1\n"), HasSubstr("a key is one word"));
  EXPECT_THAT(only("rules: []\nrules: []\n"),
              HasSubstr("'rules' stands twice in this map, first in line 1"));
  EXPECT_THAT(only("- a\n"), HasSubstr("a list where keys belong"));
  EXPECT_THAT(only("alerts: {budget_per_day: 1\nstore: x"), HasSubstr("not YAML"));
}

TEST(ConfigTest, AliasesAreWrittenOut) {
  const LoadedConfig loaded = Parse(
      "groups:\n- {name: a, paths: [/a], stream: &s {session: x, idle: 3s}}\n"
      "- {name: b, paths: [/b], stream: *s}\n");
  EXPECT_THAT(Problems(loaded), IsEmpty());
  EXPECT_EQ(loaded.config.groups[1].stream.idle, 3s);
}

std::string ReadShipped() {
  std::ifstream in(testing::SourcePath("config/alogd.yaml"));
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(ShippedConfigTest, IsTheDefaults) {
  const std::string text = ReadShipped();
  ASSERT_THAT(text, HasSubstr("#state_dir:"));
  const LoadedConfig loaded = Parse(text);
  EXPECT_THAT(Problems(loaded), IsEmpty());
  EXPECT_TRUE(loaded.origins.empty());
}

// Prose stands behind ##, keys behind #: with one # taken off each line, every key is given.
TEST(ShippedConfigTest, UncommentedIsEveryKeyWithItsDefault) {
  std::istringstream in(ReadShipped());
  std::string text;
  for (std::string line; std::getline(in, line);)
    text += (line.starts_with('#') ? line.substr(1) : line) + "\n";
  const LoadedConfig loaded = Parse(text);
  EXPECT_THAT(Problems(loaded), IsEmpty());
  const LoadedConfig defaults = Parse("");
  EXPECT_TRUE(Same(loaded.config, defaults.config)) << ShowConfig(loaded);
  std::istringstream shown(ShowConfig(loaded));
  for (std::string line; std::getline(shown, line);) {
    if (line.ends_with(":") || line.starts_with("rules: []") || line.starts_with("sinks: []"))
      continue;  // an empty list has no entry to place
    EXPECT_THAT(line, HasSubstr("# a.yaml:"));
  }
}

class ConfigFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = ::testing::TempDir() + "alogd_config_" + std::to_string(getpid());
    std::filesystem::create_directories(directory_ + "/conf.d");
    chmod((directory_ + "/conf.d").c_str(), 0755);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string Write(const std::string& name, std::string_view text, mode_t mode = 0644) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    chmod(path.c_str(), mode);
    return path;
  }
  LoadedConfig Load() { return LoadConfig(directory_ + "/alogd.yaml", true, AllDetectors()); }
  std::string directory_;
};

TEST_F(ConfigFilesTest, LaterFilesMerge) {
  Write("alogd.yaml",
        "database: {keep: 5d, max_size: 1G}\nrules: [{match: one}]\n"
        "groups: [{name: web, paths: [/a, /b], detectors: {deeplog: {window: 7}}}]\n");
  Write("conf.d/20-b.yaml", "groups: [{name: db, paths: [/d]}]\nrules: [{match: three}]\n");
  Write("conf.d/10-a.yaml",
        "database: {keep: 6d}\nrules: [{match: two}]\n"
        "groups: [{name: web, paths: [/c], detectors: {deeplog: {top: 3}}}]\n");
  Write("conf.d/.hidden.yaml", "nonsense: 1\n");
  Write("conf.d/readme.txt", "nonsense: 1\n");
  const LoadedConfig loaded = Load();
  EXPECT_THAT(Problems(loaded), IsEmpty());
  EXPECT_EQ(loaded.config.keep, 24h * 6);
  EXPECT_EQ(loaded.config.max_size, 1ull << 30);
  ASSERT_EQ(loaded.config.rules.size(), 3u);
  EXPECT_EQ(loaded.config.rules[1].match, "two");
  EXPECT_EQ(loaded.config.rules[2].match, "three");
  ASSERT_EQ(loaded.config.groups.size(), 2u);
  EXPECT_THAT(loaded.config.groups[0].paths, ElementsAre("/c"));
  EXPECT_EQ(loaded.config.groups[0].deeplog.window, 7u);
  EXPECT_EQ(loaded.config.groups[0].deeplog.top, 3u);
  EXPECT_EQ(loaded.origins.at("database.keep"), directory_ + "/conf.d/10-a.yaml:1");
  EXPECT_EQ(loaded.origins.at("database.max_size"), directory_ + "/alogd.yaml:1");
  EXPECT_EQ(loaded.origins.at("groups.1.paths"), directory_ + "/conf.d/20-b.yaml:1");
}

TEST_F(ConfigFilesTest, MissingFile) {
  const std::string path = directory_ + "/alogd.yaml";
  EXPECT_THAT(
      Problems(LoadConfig(path, true, AllDetectors())),
      ElementsAre(path + ":1:1: cannot open " + path +
                  ": No such file or directory; name the configuration with --config FILE"));
  EXPECT_THAT(Problems(LoadConfig(path, false, AllDetectors())), IsEmpty());
  Write("conf.d/a.yaml", "database: {keep: 2d}\n");
  EXPECT_EQ(LoadConfig(path, false, AllDetectors()).config.keep, 48h);
}

TEST_F(ConfigFilesTest, FilesThatOthersMayWriteAreRefused) {
  const std::string path = Write("alogd.yaml", "database: {keep: 2d}\n", 0664);
  EXPECT_THAT(
      Problems(Load()),
      ElementsAre(path +
                  ":1:1: others than its owner may write it (mode 0664), and with it decide "
                  "what alogd reads; run: chmod go-w " +
                  path));
  chmod(path.c_str(), 0602);
  EXPECT_FALSE(Load().ok());
  chmod(path.c_str(), 0640);
  EXPECT_TRUE(Load().ok());
  const std::string more = Write("conf.d/a.yaml", "", 0646);
  EXPECT_THAT(Problems(Load()), ElementsAre(HasSubstr("chmod go-w " + more)));
  chmod(more.c_str(), 0644);
  chmod((directory_ + "/conf.d").c_str(), 0777);
  EXPECT_THAT(Problems(Load()), ElementsAre(HasSubstr("chmod go-w " + directory_ + "/conf.d")));
}

TEST_F(ConfigFilesTest, OddFiles) {
  Write("alogd.yaml", "");
  Write("conf.d/a.yml", "");
  EXPECT_THAT(Problems(Load()), ElementsAre(HasSubstr("warning: not read, because its name")));
  EXPECT_THAT(Problems(LoadConfig(directory_, true, AllDetectors())),
              ElementsAre(HasSubstr("not a regular file")));
  const std::string fifo = directory_ + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(Problems(LoadConfig(fifo, true, AllDetectors())).front(),
              HasSubstr("not a regular file"));
}

// A value that is wrong in one file must not hide that another file is fine, and the reverse.
TEST_F(ConfigFilesTest, BrokenFileAmongGoodOnes) {
  Write("alogd.yaml", "database: {keep: 2d}\n");
  Write("conf.d/a.yaml", "groups: [\n");
  Write("conf.d/b.yaml", "stor: 1\n");
  const std::vector<std::string> problems = Problems(Load());
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_THAT(problems[0], HasSubstr("a.yaml:2:1: not YAML"));
  EXPECT_THAT(problems[1], HasSubstr("did you mean 'store'?"));
}

TEST(UnitsTest, Durations) {
  const std::pair<const char*, Duration> good[] = {
      {"10min", 10min}, {"500 ms", 500ms}, {"90d", 24h * 90},         {"0", 0s},
      {"0s", 0s},       {"1.5h", 90min},   {"1h 30min", 90min},       {"1h30min", 90min},
      {"0.1s", 100ms},  {" 2s ", 2s},      {"0.25ms", Duration{250}}, {"36500d", 24h * 36500}};
  for (const auto& [text, value] : good) {
    const Result<Duration> parsed = ParseDuration(text);
    ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, value) << text;
    EXPECT_EQ(*ParseDuration(FormatDuration(value)), value) << FormatDuration(value);
  }
  const std::pair<const char*, const char*> bad[] = {{"", "'' is not a time;"},
                                                     {"10", "its unit is missing"},
                                                     {"-5s", "it is negative"},
                                                     {"5m", "write min"},
                                                     {"5 weeks", "unknown unit 'weeks'"},
                                                     {"five min", "'five min' is not a time"},
                                                     {"1..5s", "is not a time"},
                                                     {"36501d", "at most 100 years"},
                                                     {"99999999999999999999999d", "is not a time"},
                                                     {"18446744073709551615d", "is not a time"}};
  for (const auto& [text, why] : bad) {
    const Result<Duration> parsed = ParseDuration(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr(why));
    EXPECT_THAT(parsed.error().message, HasSubstr("such as 10min"));
  }
}

TEST(UnitsTest, Sizes) {
  const std::pair<const char*, uint64_t> good[] = {
      {"64K", 65536},    {"2G", 2ull << 30}, {"1.5M", 3 << 19},  {"100", 100}, {"0", 0},
      {"64 KiB", 65536}, {"5MB", 5 << 20},   {"1T", 1ull << 40}, {"7B", 7}};
  for (const auto& [text, value] : good) {
    const Result<uint64_t> parsed = ParseSize(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(*parsed, value) << text;
    EXPECT_EQ(*ParseSize(FormatSize(value)), value);
  }
  for (const char* text : {"", "K", "-1K", "1X", "1.5", "20000000T", "0x10", "1 G 2", "1e3"}) {
    EXPECT_FALSE(ParseSize(text).ok()) << text;
  }
}

}  // namespace
}  // namespace alogd
