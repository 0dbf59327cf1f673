// SPDX-License-Identifier: MIT
// Rolling origin: half a year of a host's log as the service would have lived through it.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "cli/output.h"
#include "core/text.h"
#include "daemon/daemon.h"
#include "detection_quality/log_run.h"
#include "detection_quality/sections.h"
#include "models/evaluation/trivial_detectors.h"

namespace alogd {
namespace {

constexpr Duration kDay = std::chrono::hours(24);
constexpr Duration kWeek = 7 * kDay;
constexpr size_t kUnitLines = 1000;  // of a commit that nothing hurries

struct Outcome {
  Time begin = kNoTime, trained = kNoTime, end = kNoTime;
  std::vector<Alert> alerts;           // in order
  std::vector<Time> words, templates;  // of the trivial detectors' incidents
  size_t records = 0, trainings = 0, left_out = 0;
  double training_seconds = 0;
  uint64_t repeats = 0;  // alerts that the store held back
};

double Days(Duration d) { return std::chrono::duration<double>(d) / kDay; }

// The service's life: from the first line untrained, then with a bundle that is trained anew each
// week on what is on disk, without what alerted (see LeftOut).
class Life {
 public:
  Life(const QualityArguments& args, const LogLines& log, const std::string& state)
      : args_(args), log_(log), words_(config_.incident_gap), templates_(config_.incident_gap) {
    config_.state_dir = state;
    config_.repeat_after = std::chrono::hours(args.repeat_hours);
    config_.groups = {GroupConfig()};
  }

  Result<Outcome> Live() {
    Result<Store> store = Store::Open(config_.DatabasePath(), PolicyOf(config_));
    if (!store) return store.error();
    auto models = MakeModelSet(group(), nullptr);
    if (!models) return models.error();
    auto run = LogRun::Create(config_, group(), std::move(*models), log_, nullptr);
    if (!run) return run.error();
    run->pipeline().set_record_observer([this](const ParsedLine& line) { See(line); });
    ProgressLine progress("rolling");
    for (size_t i = 0; i < log_.lines.size(); ++i) {
      if (const Status status = TrainIfDue(i, &*run, &*store); !status) return status.error();
      run->Feed(log_.lines[i]);
      times_.push_back(out_.end);
      if (!run->urgent() && i % kUnitLines != 0) continue;
      if (const Status status = Commit(&*run, &*store); !status) return status.error();
      progress(fmt::format("{} trainings, {} alerts", out_.trainings, out_.alerts.size()),
               static_cast<double>(i) / static_cast<double>(log_.lines.size()));
    }
    if (const Status status = Commit(&*run, &*store); !status) return status.error();
    out_.repeats = store->repeats();
    out_.words = words_.begun();
    out_.templates = templates_.begun();
    return std::move(out_);
  }

 private:
  const GroupConfig& group() const { return config_.groups.front(); }

  void See(const ParsedLine& line) {
    if (line.kind != Assembled::Kind::kRecord) return;
    ++out_.records;
    if (out_.begin == kNoTime) out_.begin = out_.end = line.time;
    out_.end = std::max(out_.end, line.time);
    if (out_.trained == kNoTime) return;
    if (HasErrorWord(line.header.message)) words_.Add(line.time);
    if (line.created) templates_.Add(line.time);
  }

  Status Commit(LogRun* run, Store* store) {
    auto alerts = CommitAndSend(store, run->Take());
    if (!alerts) return alerts.error();
    std::move(alerts->begin(), alerts->end(), std::back_inserter(out_.alerts));
    return {};
  }

  Status TrainIfDue(size_t line, LogRun* run, Store* store) {
    if (out_.begin == kNoTime) return {};
    const Time due = out_.trained == kNoTime
                         ? out_.begin + std::chrono::days(args_.first_days)
                         : out_.trained + kWeek * static_cast<int64_t>(out_.trainings);
    if (out_.end < due) return {};
    if (const Status status = Commit(run, store); !status) return status;
    const auto left_out = LoadLeftOut(config_.DatabasePath(), group());
    if (!left_out) return left_out.error();
    const std::clock_t began = std::clock();
    std::vector<std::string> remarks;
    auto bundle =
        TrainOnSpan(config_, group(), {&log_, FirstOnDisk(line), line}, *left_out, &remarks);
    if (!bundle) return bundle.error();
    out_.training_seconds += static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
    if (out_.trainings++ == 0) out_.trained = out_.end;
    out_.left_out = left_out->anomalies;
    bundle->name = fmt::format("week {}", out_.trainings);
    auto models = MakeModelSet(group(), &*bundle);
    if (!models) return models.error();
    return run->pipeline().Swap(config_, group(), std::move(*models));
  }

  // The first line that rotation has left on disk.
  size_t FirstOnDisk(size_t line) const {
    if (args_.keep_days == 0) return 0;
    const Time oldest = out_.end - std::chrono::days(args_.keep_days);
    return static_cast<size_t>(
        std::lower_bound(times_.begin(), times_.begin() + static_cast<ptrdiff_t>(line), oldest) -
        times_.begin());
  }

  const QualityArguments& args_;
  const LogLines& log_;
  Config config_;
  YesNoIncidents words_, templates_;
  std::vector<Time> times_;  // by line: the latest record's
  Outcome out_;
};

// Moments by week since the first training; what came before it is left out.
std::vector<size_t> ByWeek(const std::vector<Time>& times, const Outcome& life) {
  const auto weeks = static_cast<size_t>((life.end - life.trained) / kWeek) + 1;
  std::vector<size_t> count(weeks);
  for (const Time time : times)
    if (time >= life.trained)
      ++count[std::min(weeks - 1, static_cast<size_t>((time - life.trained) / kWeek))];
  return count;
}

std::vector<Time> Times(const std::vector<Alert>& alerts, RiskLevel most) {
  std::vector<Time> times;
  for (const Alert& alert : alerts)
    if (alert.level <= most) times.push_back(alert.anomaly.last_time);
  return times;
}

void AddRow(const char* name, const std::vector<Time>& times, const Outcome& life, double budget,
            Table* table) {
  const std::vector<size_t> weeks = ByWeek(times, life);
  size_t sum = 0, within = 0;
  for (const size_t week : weeks) {
    sum += week;
    within += static_cast<double>(week) <= 7 * budget;
  }
  table->Add({{name},
              std::to_string(sum),
              fmt::format("{:.2f}", static_cast<double>(sum) / Days(life.end - life.trained)),
              std::to_string(*std::max_element(weeks.begin(), weeks.end())),
              fmt::format("{} of {}", within, weeks.size()),
              fmt::format("{:.0f}%", 100.0 * static_cast<double>(within) /
                                         static_cast<double>(weeks.size()))});
}

std::string DateOf(Time time) {
  return fmt::format("{:%m-%d %H:%M}", fmt::gmtime(std::time_t{Micros(time) / 1'000'000}));
}

void PrintAlerts(const CliContext& context, const Outcome& life) {
  Table table(context,
              {{"when"}, {"week", true}, {"level"}, {"risk", true}, {"detector"}, {"what"}});
  for (const Alert& alert : life.alerts) {
    const Time time = alert.anomaly.last_time;
    const bool trained = life.trained != kNoTime && time >= life.trained;
    if (context.json) {
      PrintJson({{"section", "rolling"},
                 {"time", IsoTime(time)},
                 {"trained", trained},
                 {"level", Name(alert.level)},
                 {"risk", alert.anomaly.risk},
                 {"detector", alert.anomaly.detector},
                 {"title", alert.title}});
      continue;
    }
    table.Add({DateOf(time),
               trained ? std::to_string((time - life.trained) / kWeek + 1) : "-",
               {std::string(Name(alert.level)), StyleOf(alert.level)},
               fmt::format("{:.0f}", alert.anomaly.risk),
               alert.anomaly.detector,
               alert.title});
  }
  if (!context.json) fmt::print("{}", table.Render(200));
}

}  // namespace

Result<int> RunRollingOrigin(const QualityArguments& args, const CliContext& context) {
  const Result<LogLines> log = ReadLog(args.data + "/full/Linux.log.xz");
  if (!log) return log.error();
  const ScratchDirectory scratch;
  const Result<Outcome> life = Life(args, *log, scratch.path().string()).Live();
  if (!life) return fmt::print(stderr, "rolling: {}\n", life.error().message), 1;
  if (life->trainings == 0) return Error{"the log is shorter than --first-days"};
  const double budget = Config().budget_per_day;
  if (!args.json) {
    fmt::print(
        "\nrolling: full/Linux.log, {} records of {:.0f} days, defaults; untrained for {} days, "
        "then "
        "trained each week on {} without what alerted ({} trainings, {:.0f} s of CPU; {} anomalies "
        "left "
        "out of the last); whether a bundle is good enough to be activated was not asked; alerts "
        "as "
        "the journal gets them, {} held back as repetitions within {} h, budget {:.0f} a day\n",
        life->records, Days(life->end - life->begin), args.first_days,
        args.keep_days == 0 ? "all that came before"
                            : fmt::format("the last {} days", args.keep_days),
        life->trainings, life->training_seconds, life->left_out, life->repeats, args.repeat_hours,
        budget);
    Table table(context, {{"since the first training"},
                          {"alerts", true},
                          {"a day", true},
                          {"most a week", true},
                          {"weeks within", true},
                          {"share", true}});
    AddRow("alogd", Times(life->alerts, RiskLevel::kCritical), *life, budget, &table);
    // CRITICAL is outside the budget.
    AddRow("of these, HIGH", Times(life->alerts, RiskLevel::kHigh), *life, budget, &table);
    AddRow("grep for error words", life->words, *life, budget, &table);
    AddRow("new template", life->templates, *life, budget, &table);
    table.Print();
    fmt::print("all alerts:\n");
  }
  PrintAlerts(context, *life);
  return 0;
}

}  // namespace alogd
