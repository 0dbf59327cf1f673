// SPDX-License-Identifier: MIT
// retrain: what alogd-train.timer runs; trains what is due, validates it, and activates it if it is
// not worse than what runs.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/corpus_builder.h"
#include "cli/journal_spool.h"
#include "cli/log_files.h"
#include "cli/output.h"
#include "cli/retrain/measure.h"
#include "core/config/path_set.h"
#include "core/config/units.h"
#include "core/control.h"
#include "core/journal/journal_reader.h"
#include "core/text.h"
#include "models/bundle/bundle.h"
#include "models/training/trainer.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kReloadTimeoutMs = 120'000;
// The last share of the records is measured on, by a bundle of those before.
constexpr double kMeasured = 0.2;
// A new bundle knows more recent logs; within this it is as good as the one that runs.
constexpr double kNotWorse = 2;

std::string NameOf(Time time) {
  return fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::time_t{Micros(time) / 1'000'000}));
}

// The time that a bundle's name says.
Time TrainedAt(const std::string& name) {
  std::tm tm{};
  if (strptime(name.c_str(), "%Y%m%dT%H%M%S", &tm) == nullptr) return kNoTime;
  return FromMicros(int64_t{timegm(&tm)} * 1'000'000);
}

// The group's logs and their rotated copies, which the configuration's paths do not name.
std::vector<std::string> LogsOf(const Config& config, const GroupConfig& group) {
  std::vector<std::string> logs;
  const PathSet::Listing listing =
      PathSet(group.paths, group.exclude).LeaveOut(config.state_dir).List();
  for (const std::string& path : listing.files) {
    const fs::path file(path);
    std::error_code error;
    for (fs::directory_iterator it(file.parent_path(), error), end; !error && it != end;
         it.increment(error))
      if (WithoutRotationSuffix(it->path().filename().string()) == file.filename().string() ||
          it->path() == file)
        logs.push_back(it->path());
  }
  std::ranges::sort(logs);
  logs.erase(std::unique(logs.begin(), logs.end()), logs.end());
  return logs;
}

Result<Corpus> ReadCorpus(const Config& config, const GroupConfig& group, const LogFiles& files,
                          const LeftOut& left_out, std::vector<std::string>* remarks) {
  auto builder = CorpusBuilder::Create(config, group, RetrainingOptions(config, left_out));
  if (!builder) return builder.error();
  AddSources(files, group.max_line, &*builder, remarks, [](uint64_t) { return true; });
  Corpus corpus = builder->Finish(remarks);
  if (left_out.anomalies > 0)
    remarks->push_back(fmt::format(
        "{} records of {} anomalies that were confirmed or HIGH are left out; `alogctl anomalies "
        "ack ID` lets training learn what was normal",
        builder->left_out(), left_out.anomalies));
  if (left_out.acked > 0)
    remarks->push_back(fmt::format("{} acked anomalies are learned as normal", left_out.acked));
  return corpus;
}

// The records before `count`, with only the templates that occur in them.
Corpus Earlier(const Corpus& corpus, size_t count) {
  Corpus part = corpus;
  part.records.resize(count);
  std::map<uint32_t, uint32_t> words;
  for (CorpusRecord& record : part.records) {
    const auto [word, is_new] = words.emplace(record.word, static_cast<uint32_t>(words.size()));
    record.word = word->second;
  }
  part.templates.assign(words.size(), "");
  for (const auto& [old_word, word] : words) part.templates[word] = corpus.templates[old_word];
  part.records_seen = count;
  part.golden_lines.clear();  // they may have templates that come later
  return part;
}

class Retraining {
 public:
  Retraining(CliContext* context, const Config& config, const GroupConfig& group)
      : context_(*context), config_(config), group_(group) {}

  void Run(bool now) {
    const Result<std::string> current = CurrentBundle(Models());
    current_ = current ? *current : "";
    const Time trained = TrainedAt(current_);
    if (!now && trained != kNoTime && Now() - trained < config_.training.every)
      return Say(fmt::format("its bundle {} is not due before {}", current_,
                             FormatDuration(config_.training.every)));
    auto files = FindLogFiles(LogsOf(config_, group_), {3, 0});
    if (!files) return Fail(&context_, files.error().message);
    std::vector<std::string> remarks = files->remarks;
    std::optional<JournalSpool> spool;
    if (ReadsJournal(group_)) {
      auto written = JournalSpool::Write(group_, Time{}, [] { return true; });
      if (!written) return Fail(&context_, written.error().message);
      spool = std::move(*written);
      spool->AddTo(&*files, &remarks);
    }
    auto left_out = LoadLeftOut(config_.DatabasePath(), group_);
    if (!left_out) return Fail(&context_, left_out.error().message);
    left_out_ = std::move(*left_out);
    auto corpus = ReadCorpus(config_, group_, *files, left_out_, &remarks);
    if (!corpus) return Fail(&context_, corpus.error().message);
    for (const std::string& remark : remarks) Say(remark);
    if (!Enough(*corpus, now)) return;
    QualityFacts facts;
    if (!Measure(*corpus, *files, &facts)) return;
    const auto bundle = Train(*corpus, &facts);
    if (bundle) Decide(*bundle, QualityJson(facts));
  }

 private:
  std::string Models() const { return config_.ModelsPath(group_.name); }
  void Say(const std::string& text) const {
    if (!context_.quiet && !context_.json)
      fmt::print("{}: {}\n", group_.name, EscapeForTerminal(text));
  }
  bool Failed(const Error& error) {
    Fail(&context_, fmt::format("group {}: {}", group_.name, error.message));
    return false;
  }

  bool Enough(const Corpus& corpus, bool now) const {
    constexpr size_t kFewest = 1000;  // for a part to learn from and one to measure on
    const size_t wanted = now ? kFewest : config_.training.after_records;
    const uint64_t seen = std::max<uint64_t>(corpus.records_seen, corpus.records.size());
    const Duration span = corpus.records.empty()
                              ? Duration{0}
                              : corpus.records.back().time - corpus.records.front().time;
    if (seen >= wanted && corpus.records.size() >= kFewest &&
        (now || span >= config_.training.after))
      return true;
    Say(fmt::format("not yet: {} records over {} on disk, {} over {} are wanted", seen,
                    FormatDuration(std::chrono::floor<std::chrono::minutes>(span)), wanted,
                    FormatDuration(now ? Duration{0} : config_.training.after)));
    return false;
  }

  TrainOptions Options() const {
    TrainOptions options;
    options.alarms_per_day = config_.budget_per_day;
    return options;
  }

  // Trains on the earlier part and measures it, and what runs, on the later one.
  bool Measure(const Corpus& corpus, const LogFiles& files, QualityFacts* facts) {
    const auto count =
        static_cast<size_t>(static_cast<double>(corpus.records.size()) * (1 - kMeasured));
    const Time from = corpus.records[count].time;
    std::vector<std::string> remarks;
    const auto proof = TrainBundle(Earlier(corpus, count), group_, Options(), &remarks);
    if (!proof) return Failed(proof.error());
    facts->records = corpus.records.size();
    facts->days =
        std::chrono::duration<double>(corpus.records.back().time - corpus.records.front().time)
            .count() /
        86400;
    const auto measured = MeasureBundle(
        config_, group_, files, [&] { return MakeModelSet(group_, &*proof); }, from, left_out_,
        facts);
    if (!measured) return Failed(measured.error());
    if (current_.empty()) return true;
    QualityFacts running = *facts;
    running.golden = LoadBundle(Models() + "/" + current_, group_).ok();
    const auto compared = MeasureBundle(
        config_, group_, files, [&] { return LoadModelSet(config_, group_); }, from, left_out_,
        &running);
    running_ = compared && running.golden ? MeasureQuality(running).total() : 0;
    return true;
  }

  // The bundle that is kept, of all records; its directory's name.
  std::optional<std::string> Train(const Corpus& corpus, QualityFacts* facts) {
    std::vector<std::string> remarks;
    auto bundle = TrainBundle(corpus, group_, Options(), &remarks);
    if (!bundle) return Failed(bundle.error()), std::nullopt;
    std::error_code error;
    fs::create_directories(Models(), error);
    Time time = Now();
    while (fs::exists(Models() + "/" + NameOf(time))) time += std::chrono::seconds(1);
    bundle->name = NameOf(time);
    for (const std::string& remark : remarks) bundle->log += EscapeForTerminal(remark) + "\n";
    facts->golden = true;  // what follows fails otherwise, and nothing is activated
    bundle->manifest["quality"] = QualityJson(*facts);
    if (Status status = WriteBundle(*bundle, Models(), group_); !status)
      return Failed(status.error()), std::nullopt;
    if (const auto loaded = LoadBundle(Models() + "/" + bundle->name, group_); !loaded)
      return Failed(loaded.error()), std::nullopt;
    return bundle->name;
  }

  void Decide(const std::string& name, const json& quality) {
    const double score = quality["score"].get<double>();
    std::string why;
    if (score < config_.training.min_quality)
      why = fmt::format("its quality {:.1f} is under training.min_quality {}", score,
                        config_.training.min_quality);
    else if (score + kNotWorse < running_)
      why = fmt::format("its quality {:.1f} is under the {:.1f} of {}, which runs", score, running_,
                        current_);
    const bool active = why.empty() && ActivateNow(name);
    if (context_.json)
      fmt::print("{}\n", json{{"group", group_.name},
                              {"bundle", name},
                              {"quality", quality},
                              {"running", running_},
                              {"activated", active},
                              {"reason", why}}
                             .dump());
    Say(why.empty() ? fmt::format("{}: quality {:.1f}{}", name, score, active ? "; active" : "")
                    : fmt::format("{} is kept aside: {}", name, why));
  }

  // A daemon that does not run takes it at its start.
  bool ActivateNow(const std::string& name) {
    if (const auto before = ActivateBundle(Models(), name); !before) return Failed(before.error());
    const auto verdict =
        ControlRequest(config_.ControlPath(), {{"command", "reload"}}, kReloadTimeoutMs);
    if (!verdict) {
      Say("alogd was not told: " + verdict.error().message);
      return true;
    }
    if (verdict->value("ok", false)) return true;
    if (!current_.empty()) static_cast<void>(ActivateBundle(Models(), current_));
    return Failed(Error{"alogd refused the bundle: " + verdict->value("error", "")});
  }

  CliContext& context_;
  const Config& config_;
  const GroupConfig& group_;
  LeftOut left_out_;
  std::string current_;
  double running_ = 0;  // quality of what runs, on the same records
};

}  // namespace

void AddRetrainCommand(CLI::App* app, CliContext* context) {
  struct Arguments {
    std::string group;
    bool now = false;
  };
  const auto args = std::make_shared<Arguments>();
  CLI::App* retrain = app->add_subcommand(
      "retrain", "Train the groups whose training is due, and activate what validates well");
  retrain->add_option("--group", args->group, "Only this group")->type_name("NAME");
  retrain->add_flag("--now", args->now, "Whether it is due or not, with what is there");
  retrain->footer(
      "What alogd-train.timer runs; see training in alogd.yaml(5). A bundle that is worse than the "
      "running one stays beside it and is not activated.");
  retrain->callback([args, context] {
    Config config;
    if (!LoadCliConfig(context, &config)) return;
    if (!config.training.automatic && !args->now) return;
    if (!args->group.empty() && FindGroup(config, args->group) == nullptr)
      return Fail(context, "no group named '" + args->group + "' in the configuration", kExitUsage);
    for (const GroupConfig& each : config.groups)
      if (args->group.empty() || each.name == args->group)
        Retraining(context, config, each).Run(args->now);
  });
}

}  // namespace alogd
