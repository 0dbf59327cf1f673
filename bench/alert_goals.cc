// SPDX-License-Identifier: MIT
// What an operator hears: of a statement that nobody has ever seen, of a log in which nothing is
// wrong, and of a wave of failures. Made-up logs, the whole way from training to the alert.
//   alert_goals [--only never_seen|quiet|wave] [--most-records N] [--runs N]
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "cli/output.h"
#include "daemon/daemon.h"
#include "detection_quality/log_run.h"
#include "detection_quality/sections.h"
#include "testing/made_up_log.h"

namespace alogd {
namespace {

constexpr Duration kDay = std::chrono::hours(24);
constexpr size_t kUnitLines = 1000;

struct Arguments {
  std::vector<std::string> only;
  uint64_t most_records = 60'000;
  uint64_t runs = 1;
  uint64_t most_live = 400'000;  // lines of a quiet run after training
  bool list = false;
};

struct Span {
  const char* name;
  Duration length;
};
constexpr Span kSpans[] = {{"5 min", std::chrono::minutes(5)},
                           {"1 h", std::chrono::hours(1)},
                           {"1 d", kDay},
                           {"14 d", 14 * kDay}};
constexpr uint64_t kRecords[] = {1'000, 5'000, 20'000, 60'000, 500'000};

// A service that has learned `records` records over `length`, and lives on.
class Host {
 public:
  static Result<std::unique_ptr<Host>> Train(LogShape shape, uint64_t records, Duration length,
                                             uint64_t seed) {
    auto host = std::unique_ptr<Host>(new Host(shape, records, length, seed));
    LogLines log;
    log.source = "/var/log/shop.log";
    for (uint64_t i = 0; i < records; ++i) log.lines.push_back(host->log_.Next());
    log.reference = host->log_.now();
    std::vector<std::string> remarks;
    auto bundle =
        TrainOnSpan(host->config_, host->group(), {&log, 0, log.lines.size()}, {}, &remarks);
    if (!bundle) return bundle.error();
    auto models = MakeModelSet(host->group(), &*bundle);
    if (!models) return models.error();
    auto run = LogRun::Create(host->config_, host->group(), std::move(*models), log, nullptr);
    if (!run) return run.error();
    host->run_.emplace(std::move(*run));
    auto store = Store::Open(host->config_.DatabasePath(), PolicyOf(host->config_));
    if (!store) return store.error();
    host->store_.emplace(std::move(*store));
    return host;
  }

  MadeUpLog& log() { return log_; }
  Status Feed(const std::string& line) {
    run_->Feed(line);
    if (!run_->urgent() && ++fed_ % kUnitLines != 0) return {};
    return Commit();
  }
  Status Commit() {
    const CommitUnit unit = run_->Take();
    for (const Anomaly& anomaly : unit.anomalies) anomalies_[anomaly.seq] = anomaly;
    auto alerts = CommitAndSend(&*store_, unit);
    if (!alerts) return alerts.error();
    std::move(alerts->begin(), alerts->end(), std::back_inserter(alerts_));
    return {};
  }
  const std::map<uint64_t, Anomaly>& anomalies() const { return anomalies_; }
  const std::vector<Alert>& alerts() const { return alerts_; }

 private:
  Host(LogShape shape, uint64_t records, Duration length, uint64_t seed)
      : log_((shape.records_per_second =
                  static_cast<double>(records) / std::chrono::duration<double>(length).count(),
              shape),
             Time(std::chrono::sys_days(std::chrono::year(2026) / 3 / 2).time_since_epoch()) +
                 std::chrono::hours(9),
             seed) {
    config_.state_dir = scratch_.path().string();
    config_.groups = {GroupConfig()};
  }
  const GroupConfig& group() const { return config_.groups.front(); }

  ScratchDirectory scratch_;
  Config config_;
  MadeUpLog log_;
  std::optional<LogRun> run_;
  std::optional<Store> store_;
  uint64_t fed_ = 0;
  std::map<uint64_t, Anomaly> anomalies_;
  std::vector<Alert> alerts_;
};

struct Odd {
  const char* level;
  const char* message;
};
constexpr Odd kOdd[] = {
    {"FATAL", "cannot open ledger: giving up"}, {"ERROR", "stock database answered with garbage"},
    {"ERROR", "refund rejected by the bank"},   {"WARN", "falling back to the spare printer"},
    {"INFO", "nightly price list imported"},
};

// Of never-seen lines: how many came, and the levels that they got.
struct Heard {
  int lines = 0, enough = 0, high = 0;
};

// The worst level of an anomaly about that text; nothing where there is none.
std::optional<RiskLevel> LevelOf(const Host& host, std::string_view text) {
  std::optional<RiskLevel> worst;
  for (const auto& [seq, a] : host.anomalies())
    if (a.message.find(text) != std::string::npos)
      worst = std::max(worst.value_or(RiskLevel::kInfo), a.level);
  return worst;
}

RiskLevel Due(std::string_view level) {
  if (level == "FATAL") return RiskLevel::kCritical;
  if (level == "ERROR") return RiskLevel::kHigh;
  return level == "WARN" ? RiskLevel::kMedium : RiskLevel::kLow;
}

Status TryOddLines(const LogShape& shape, uint64_t records, Duration length, uint64_t seed,
                   bool list, std::map<std::string, Heard>* heard) {
  auto host = Host::Train(shape, records, length, seed);
  if (!host) return host.error();
  for (const Odd& odd : kOdd) {
    for (int i = 0; i < 200; ++i)
      if (Status fed = (*host)->Feed((*host)->log().Next()); !fed) return fed;
    if (Status fed = (*host)->Feed((*host)->log().Line(odd.level, odd.message)); !fed) return fed;
  }
  for (int i = 0; i < 200; ++i)
    if (Status fed = (*host)->Feed((*host)->log().Next()); !fed) return fed;
  if (Status done = (*host)->Commit(); !done) return done;
  if (list)
    for (const auto& [seq, a] : (*host)->anomalies())
      fmt::print("  {} {} {} x{} '{}': {}\n", seq, Name(a.level), a.detector, a.windows, a.message,
                 a.evidence.empty() ? "" : a.evidence.front().summary);
  for (const Odd& odd : kOdd) {
    const auto level = LevelOf(**host, odd.message);
    Heard& h = (*heard)[odd.level];
    ++h.lines;
    h.enough += level && *level >= Due(odd.level);
    h.high += level && *level >= RiskLevel::kHigh;
    const bool wrong = !level || *level < Due(odd.level) ||
                       (std::string_view(odd.level) == "INFO" && *level >= RiskLevel::kHigh);
    if (wrong && list)
      fmt::print("  {} '{}' got {}\n", odd.level, odd.message, level ? Name(*level) : "nothing");
  }
  return {};
}

std::string Share(int part, int whole) {
  return fmt::format("{:.2f}", whole == 0 ? 0.0 : static_cast<double>(part) / whole);
}

Status NeverSeen(const Arguments& args, const CliContext& context) {
  fmt::print(
      "\nnever_seen: a statement that never came, after a history without fault; share of lines "
      "that got their level: FATAL CRITICAL, ERROR HIGH, WARN MEDIUM, INFO LOW\n");
  Table table(context, {{"log"},
                        {"records", true},
                        {"over"},
                        {"FATAL", true},
                        {"ERROR", true},
                        {"WARN", true},
                        {"INFO", true},
                        {"INFO as HIGH", true}});
  for (const LogForm form : {LogForm::kService, LogForm::kSyslog})
    for (const uint64_t records : kRecords)
      for (const Span& span : kSpans) {
        if (records > args.most_records) continue;
        std::map<std::string, Heard> heard;
        for (uint64_t run = 0; run < args.runs; ++run) {
          const LogShape shape{run % 2 == 0 ? Order::kRandom : Order::kFixed, Pace::kEven, form, 1};
          if (Status s = TryOddLines(shape, records, span.length, 100 + run, args.list, &heard); !s)
            return s;
        }
        const auto share = [&](const char* level) {
          return Share(heard[level].enough, heard[level].lines);
        };
        table.Add({{std::string(Name(form))},
                   std::to_string(records),
                   {span.name},
                   share("FATAL"),
                   share("ERROR"),
                   share("WARN"),
                   share("INFO"),
                   std::to_string(heard["INFO"].high)});
      }
  table.Print();
  return {};
}

Status Quiet(const Arguments& args, const CliContext&) {
  fmt::print(
      "\nquiet: logs in which nothing is wrong, for as long as the history and half a day at the "
      "least ({} lines at the most); anomalies of HIGH or worse, and what the journal got\n",
      args.most_live);
  static constexpr char kRow[] = "{:<7} {:<7} {:>7} {:<6} {:>5} {:>5} {:>6}  {}\n";
  fmt::print(kRow, "order", "pace", "records", "over", "days", "HIGH", "alerts", "by");
  int runs = 0, within = 0;
  for (const Order order : {Order::kFixed, Order::kRandom})
    for (const Pace pace : {Pace::kEven, Pace::kBursty, Pace::kPaused})
      for (const uint64_t records : kRecords)
        for (const Span& span : kSpans)
          for (uint64_t run = 0; run < args.runs; ++run) {
            if (records > args.most_records) continue;
            if (pace == Pace::kPaused && span.length < kDay) continue;
            auto host =
                Host::Train({order, pace, LogForm::kService, 1}, records, span.length, 200 + run);
            if (!host) return host.error();
            const Time begin = (*host)->log().now();
            const Time end = begin + std::max(span.length, kDay / 2);
            for (uint64_t i = 0; i < args.most_live && (*host)->log().now() < end; ++i)
              if (Status fed = (*host)->Feed((*host)->log().Next()); !fed) return fed;
            if (Status done = (*host)->Commit(); !done) return done;
            std::map<std::string, int> by;
            int high = 0;
            for (const auto& [seq, a] : (*host)->anomalies()) {
              if (a.level < RiskLevel::kHigh) continue;
              ++high;
              ++by[a.detector];
              if (args.list)
                fmt::print("  {} {} '{}': {}\n", Name(a.level), a.detector, a.message,
                           a.evidence.empty() ? "" : a.evidence.front().summary);
            }
            const double days = std::chrono::duration<double>((*host)->log().now() - begin) / kDay;
            ++runs;
            within += high <= std::max(1.0, days * Config().budget_per_day);
            std::string names;
            for (const auto& [name, count] : by) names += fmt::format("{} {} ", name, count);
            fmt::print(kRow, Name(order), Name(pace), records, span.name,
                       fmt::format("{:.1f}", days), high, (*host)->alerts().size(), names);
            std::fflush(stdout);
          }
  fmt::print("within the budget of one a day: {} of {} runs\n", within, runs);
  return {};
}

Status Wave(const Arguments&, const CliContext&) {
  auto host = Host::Train({Order::kRandom, Pace::kEven, LogForm::kService, 1}, 20'000, kDay, 300);
  if (!host) return host.error();
  constexpr int kFailures = 1000;
  for (int i = 0; i < kFailures; ++i) {
    for (int k = 0; k < 8; ++k)
      if (Status fed = (*host)->Feed((*host)->log().Next()); !fed) return fed;
    const std::string line = (*host)->log().Line(
        "ERROR", fmt::format("session {} ended: card reader {} gone", i, i % 7));
    if (Status fed = (*host)->Feed(line); !fed) return fed;
  }
  if (Status done = (*host)->Commit(); !done) return done;
  uint64_t windows = 0, alerts = 0;
  for (const auto& [seq, a] : (*host)->anomalies())
    if (a.message.find("card reader") != std::string::npos) windows += a.windows;
  for (const Alert& alert : (*host)->alerts())
    alerts += alert.anomaly.message.find("card reader") != std::string::npos ||
              alert.title.find("card reader") != std::string::npos;
  fmt::print("\nwave: {} failures with a new statement: {} windows flagged, {} alerts\n", kFailures,
             windows, alerts);
  for (const Alert& alert : (*host)->alerts())
    fmt::print("  {} {}\n", Name(alert.level), alert.title);
  return {};
}

int Run(const Arguments& args) {
  CliContext context;
  context.terminal = true;
  using Section = Status (*)(const Arguments&, const CliContext&);
  const std::pair<const char*, Section> kSections[] = {
      {"never_seen", NeverSeen}, {"quiet", Quiet}, {"wave", Wave}};
  for (const auto& [name, section] : kSections) {
    if (!args.only.empty() &&
        std::find(args.only.begin(), args.only.end(), name) == args.only.end())
      continue;
    const auto begin = std::chrono::steady_clock::now();
    if (const Status status = section(args, context); !status) {
      fmt::print(stderr, "{}: {}\n", name, status.error().message);
      return 1;
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    fmt::print("({}: {:.0f} s)\n", name, took.count());
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace alogd

int main(int argc, char** argv) {
  alogd::Arguments args;
  CLI::App app("What an operator hears, on made-up logs");
  app.add_option("--only", args.only, "never_seen, quiet, wave");
  app.add_option("--most-records", args.most_records, "Histories of more are left out")
      ->capture_default_str();
  app.add_option("--most-live", args.most_live, "Lines of a quiet run")->capture_default_str();
  app.add_option("--runs", args.runs, "With other seeds")->capture_default_str();
  app.add_flag("--list", args.list, "Each anomaly of HIGH or worse in quiet runs");
  CLI11_PARSE(app, argc, argv);
  return alogd::Run(args);
}
