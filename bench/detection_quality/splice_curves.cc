// SPDX-License-Identifier: MIT
// Splice curves: how many faults of each kind and size are found at one alert a day.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/output.h"
#include "detection_quality/log_run.h"
#include "detection_quality/sections.h"
#include "models/evaluation/quality.h"
#include "models/evaluation/trivial_detectors.h"
#include "testing/splice.h"

namespace alogd {
namespace {

constexpr double kTrainShare = 0.6;  // of the lines; the faults go into the rest
constexpr size_t kUnitLines = 1000;  // of a commit that nothing hurries
// Lines behind a fault within which it must be found: the longest window, and a little.
constexpr size_t kReach = 60;

constexpr SpliceFault kFaults[] = {
    {SpliceKind::kDelete, 1},   {SpliceKind::kDelete, 3},  {SpliceKind::kDelete, 10},
    {SpliceKind::kSwap, 1},     {SpliceKind::kSwap, 3},    {SpliceKind::kSwap, 10},
    {SpliceKind::kRepeat, 1},   {SpliceKind::kRepeat, 5},  {SpliceKind::kRepeat, 20},
    {SpliceKind::kDelay, 2},    {SpliceKind::kDelay, 5},   {SpliceKind::kDelay, 10},
    {SpliceKind::kNumber, 3},   {SpliceKind::kNumber, 10}, {SpliceKind::kTemplate, 1},
    {SpliceKind::kTemplate, 5}, {SpliceKind::kError, 1},   {SpliceKind::kError, 5},
};

struct SpliceLog {
  const char* name;
  const char* file;
  SpliceTime time;
};
constexpr SpliceLog kLogs[] = {{"Linux", "/full/Linux.log.xz", {0, "%b %e %H:%M:%S"}},
                               {"Apache", "/full/Apache.log.xz", {1, "%a %b %d %H:%M:%S %Y"}},
                               {"Proxifier", "/full/Proxifier.log.xz", {1, "%m.%d %H:%M:%S"}}};

// An anomaly begins at a line, or its risk rises there.
struct Rise {
  size_t line;
  float before, risk;
  std::string detector;
};

// What a pass over the held-out lines says.
struct Passed {
  std::vector<Rise> rises;
  std::vector<size_t> words, created;   // lines with an error word, and with a new template
  std::map<uint64_t, float> incidents;  // risks by seq
  std::vector<SpliceLine> lines;
};

// Ways to say that something is wrong; each with the lines at which it does.
constexpr size_t kWays = 5;
constexpr std::array<const char*, kWays> kWayNames = {"at one a day", "HIGH or worse", "recorded",
                                                      "grep for error words", "new template"};
using Ways = std::array<std::vector<size_t>, kWays>;

class Curves {
 public:
  Curves(const QualityArguments& args, const CliContext& context, const SpliceLog& of)
      : args_(args), context_(context), of_(of) {
    config_.groups = {GroupConfig()};
  }

  Status Run(const std::string& scratch, ProgressLine* progress) {
    Result<LogLines> log = ReadLog(args_.data + of_.file);
    if (!log) return log.error();
    log_ = std::move(*log);
    cut_ = static_cast<size_t>(kTrainShare * static_cast<double>(log_.lines.size()));
    (*progress)(fmt::format("{}: training", of_.name), 0);
    std::vector<std::string> remarks;
    Result<Bundle> bundle = TrainOnSpan(config_, group(), {&log_, 0, cut_}, LeftOut(), &remarks);
    if (!bundle) return bundle.error();
    bundle_ = std::move(*bundle);
    if (const Status status = LiveUntilCut(scratch); !status) return status;
    const Result<Passed> clean =
        Pass({log_.lines.begin() + static_cast<ptrdiff_t>(cut_), log_.lines.end()});
    if (!clean) return clean.error();
    return Judge(*clean, progress);
  }

 private:
  const GroupConfig& group() const { return config_.groups.front(); }

  Result<LogRun> MakeRun(const GroupState* state) const {
    auto models = MakeModelSet(group(), &bundle_);
    if (!models) return models.error();
    return LogRun::Create(config_, group(), std::move(*models), log_, state);
  }

  // What the service knows by then, as its database has it.
  Status LiveUntilCut(const std::string& scratch) {
    Result<Store> store = Store::Open(fmt::format("{}/{}.db", scratch, of_.name), StorePolicy());
    if (!store) return store.error();
    auto run = MakeRun(nullptr);
    if (!run) return run.error();
    for (size_t i = 0; i < cut_; ++i) {
      run->Feed(log_.lines[i]);
      if (i % kUnitLines != 0 && i + 1 != cut_) continue;
      if (const auto alerts = CommitAndSend(&*store, run->Take()); !alerts) return alerts.error();
    }
    Result<GroupState> state = store->LoadGroup(group().name);
    if (!state) return state.error();
    state_ = std::move(*state);
    return {};
  }

  Result<Passed> Pass(const std::vector<std::string>& lines) const {
    auto run = MakeRun(&state_);
    if (!run) return run.error();
    Passed passed;
    std::map<uint64_t, float> risks;  // by anomaly
    SpliceLine seen;
    run->pipeline().set_record_observer([&](const ParsedLine& line) {
      if (line.kind != Assembled::Kind::kRecord) return;
      seen.time = line.time;
      const char* const begin = line.text.data();
      const char* const message = line.header.message.data();
      if (message >= begin && message <= begin + line.text.size())
        seen.message = static_cast<size_t>(message - begin);
      if (HasErrorWord(line.header.message)) passed.words.push_back(passed.lines.size());
      if (line.created) passed.created.push_back(passed.lines.size());
    });
    for (size_t i = 0; i < lines.size(); ++i) {
      seen.text = lines[i];
      seen.message = std::string::npos;
      run->Feed(lines[i]);
      run->pipeline().Flush();  // so that what comes of a line comes with it
      passed.lines.push_back(seen);
      if (!run->urgent() && i % kUnitLines != 0 && i + 1 != lines.size()) continue;
      const CommitUnit unit = run->Take();
      for (const Anomaly& a : unit.anomalies) {
        float& before = risks[a.seq];
        if (a.risk > before) passed.rises.push_back({i, before, a.risk, a.detector});
        before = std::max(before, a.risk);
      }
      for (const Incident& incident : unit.incidents)
        passed.incidents[incident.seq] = incident.risk;
    }
    return passed;
  }

  // The risk that no more incidents of the clean pass are over than it has days, one at least.
  static float OneADay(const Passed& clean) {
    std::vector<float> risks;
    for (const auto& [seq, risk] : clean.incidents) risks.push_back(risk);
    std::sort(risks.begin(), risks.end(), std::greater<>());
    const auto days = static_cast<size_t>(std::max(1.0, DaysOf(clean)));
    return days < risks.size() ? risks[days] : 0.0f;
  }
  static double DaysOf(const Passed& clean) {
    const Duration span = clean.lines.back().time - clean.lines.front().time;
    return std::chrono::duration<double>(span).count() / 86400;
  }

  Ways WaysOf(const Passed& passed) const {
    const auto high = static_cast<float>(config_.risk.high);
    Ways ways;
    for (const Rise& rise : passed.rises) {
      if (rise.before <= level_ && rise.risk > level_) ways[0].push_back(rise.line);
      if (rise.before < high && rise.risk >= high) ways[1].push_back(rise.line);
      if (rise.before <= 0) ways[2].push_back(rise.line);
    }
    ways[3] = passed.words;
    ways[4] = passed.created;
    for (std::vector<size_t>& way : ways) std::sort(way.begin(), way.end());
    return ways;
  }

  static bool Between(const std::vector<size_t>& lines, size_t begin, size_t end) {
    const auto first = std::lower_bound(lines.begin(), lines.end(), begin);
    return first != lines.end() && *first < end;
  }

  struct Count {
    uint64_t found = 0, of = 0;
  };

  // Only faults where the clean pass says nothing are judged.
  std::array<Count, kWays> CountFound(const Spliced& spliced, const Ways& clean, const Ways& faulty,
                                      uint32_t size) const {
    std::array<Count, kWays> counts;
    for (const size_t fault : spliced.faults) {
      const size_t origin = spliced.origin[fault];
      for (size_t way = 0; way < kWays; ++way) {
        if (Between(clean[way], origin - std::min<size_t>(origin, 1), origin + size + kReach))
          continue;
        ++counts[way].of;
        counts[way].found += Between(faulty[way], fault, fault + size + kReach);
      }
    }
    return counts;
  }

  // The detector that most of the faults found at one a day are found by.
  std::string FoundBy(const Spliced& spliced, const Passed& passed) const {
    std::map<std::string, size_t> by;
    for (const Rise& rise : passed.rises) {
      if (rise.before > level_ || rise.risk <= level_) continue;
      const auto fault = std::upper_bound(spliced.faults.begin(), spliced.faults.end(), rise.line);
      if (fault != spliced.faults.begin() && rise.line - *std::prev(fault) < kReach)
        ++by[rise.detector];
    }
    const auto most = std::max_element(
        by.begin(), by.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    return most == by.end() ? "-" : most->first;
  }

  Status Judge(const Passed& clean, ProgressLine* progress) {
    level_ = OneADay(clean);
    const Ways said = WaysOf(clean);
    const double days = DaysOf(clean);
    PrintHeading(said, clean, days);
    std::vector<size_t> places;
    const size_t step = clean.lines.size() / (args_.places + 1);
    for (size_t i = 1; i <= args_.places && step > 2 * kReach; ++i) places.push_back(i * step);
    Table table(context_, {{"fault"},
                           {"size", true},
                           {kWayNames[0], true},
                           {"recall"},
                           {"95%"},
                           {kWayNames[1], true},
                           {kWayNames[2], true},
                           {kWayNames[3], true},
                           {kWayNames[4], true},
                           {"mostly by"}});
    for (const SpliceFault& fault : kFaults) {
      (*progress)(fmt::format("{}: {} {}", of_.name, Name(fault.kind), fault.size), 0.5);
      const Spliced spliced = Splice(clean.lines, places, fault, of_.time, 1);
      const Result<Passed> passed = Pass(spliced.lines);
      if (!passed) return passed.error();
      const auto counts = CountFound(spliced, said, WaysOf(*passed), fault.size);
      AddRow(fault, counts, FoundBy(spliced, *passed), &table);
    }
    if (!context_.json) table.Print();
    return {};
  }

  void PrintHeading(const Ways& said, const Passed& clean, double days) const {
    if (context_.json) return;
    fmt::print(
        "\nsplice, {}: trained on the first {:.0f}% of {} lines, faults in the {:.0f} days after, "
        "{} "
        "places for each kind and size (fewer where a kind needs what is not there, and where the "
        "log "
        "says something anyway); found within {} lines; at one a day: risk over {:.1f}, which {} "
        "incidents of the clean lines are ({} in all); seed 1. Without faults, a day:",
        of_.name, 100 * kTrainShare, log_.lines.size(), days, args_.places, kReach, level_,
        std::count_if(clean.incidents.begin(), clean.incidents.end(),
                      [this](const auto& i) { return i.second > level_; }),
        clean.incidents.size());
    for (size_t way = 0; way < kWays; ++way)
      fmt::print("{} {} {:.2f}", way > 0 ? "," : "", kWayNames[way],
                 static_cast<double>(said[way].size()) / days);
    fmt::print("\n");
  }

  void AddRow(const SpliceFault& fault, const std::array<Count, kWays>& counts,
              const std::string& by, Table* table) const {
    const auto text = [](const Count& c) { return fmt::format("{}/{}", c.found, c.of); };
    const Interval interval = ExactBinomial(counts[0].found, counts[0].of);
    if (context_.json) {
      nlohmann::ordered_json json = {{"section", "splice"},
                                     {"log", of_.name},
                                     {"fault", Name(fault.kind)},
                                     {"size", fault.size}};
      for (size_t way = 0; way < kWays; ++way)
        json[kWayNames[way]] = {{"found", counts[way].found}, {"of", counts[way].of}};
      return PrintJson(json);
    }
    table->Add({std::string(Name(fault.kind)), std::to_string(fault.size), text(counts[0]),
                counts[0].of == 0 ? "-"
                                  : fmt::format("{:.2f}", static_cast<double>(counts[0].found) /
                                                              static_cast<double>(counts[0].of)),
                fmt::format("{:.2f}-{:.2f}", interval.low, interval.high), text(counts[1]),
                text(counts[2]), text(counts[3]), text(counts[4]), by});
  }

  const QualityArguments& args_;
  const CliContext& context_;
  const SpliceLog& of_;
  Config config_;
  LogLines log_;
  size_t cut_ = 0;
  Bundle bundle_;
  GroupState state_;
  float level_ = 0;  // risk
};

}  // namespace

Result<int> RunSpliceCurves(const QualityArguments& args, const CliContext& context) {
  int failed = 0;
  ProgressLine progress("splice");
  for (const SpliceLog& of : kLogs) {
    const ScratchDirectory scratch;
    const Status status = Curves(args, context, of).Run(scratch.path().string(), &progress);
    if (status) continue;
    fmt::print(stderr, "splice: {}: {}\n", of.name, status.error().message);
    failed = 1;
  }
  return failed;
}

}  // namespace alogd
