// SPDX-License-Identifier: MIT
// alogctl train: logs to a bundle.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>

#include "cli/cli.h"
#include "cli/corpus_builder.h"
#include "cli/detector_option.h"
#include "cli/journal_spool.h"
#include "cli/log_files.h"
#include "cli/output.h"
#include "cli/time_text.h"
#include "cli/training_summary.h"
#include "core/text.h"
#include "models/bundle/bundle.h"
#include "models/registry/detectors.h"
#include "models/training/trainer.h"

namespace alogd {
namespace {

struct TrainArguments {
  std::vector<std::string> logs;
  std::string group;
  std::string out;
  LogFilesOptions files;
  CorpusBuilder::Options corpus;
  std::vector<std::string> detectors;
  uint64_t seed = 1;
  bool activate = false;
  bool no_filter = false;
  bool journal = false;
  std::string since = "-7d";  // of the journal
};

// Set by SIGINT; training looks at it between steps and leaves no half bundle behind.
volatile std::sig_atomic_t interrupted = 0;

// Fewer records than this teach nothing: windows of 15 and a held-out part need some hundreds.
constexpr size_t kFewestRecords = 500;

std::string BundleName() {
  return fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::time(nullptr)));
}

void PrintRemarks(const CliContext& context, const std::vector<std::string>& remarks) {
  if (context.quiet) return;
  for (const std::string& remark : remarks) fmt::print(stderr, "  {}\n", EscapeForTerminal(remark));
}

void Report(const CliContext& context, const Config& config, const Bundle& bundle,
            const Corpus& corpus, const std::string& directory, bool active) {
  if (context.json) {
    nlohmann::json out = {
        {"bundle", directory},
        {"name", bundle.name},
        {"active", active},
        {"records", corpus.records.size()},
        {"templates", bundle.vocabulary.size()},
        {"detectors", bundle.manifest.value("detectors", nlohmann::json::object())}};
    fmt::print("{}\n", out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return;
  }
  for (const std::string& line : SummarizeTraining(bundle.manifest, config.budget_per_day))
    fmt::print("{}\n", EscapeForTerminal(line));
  if (!context.quiet)
    fmt::print(stderr, "{}: {}; details: {}/train.log, alogctl models show\n",
               EscapeForTerminal(directory), active ? "active" : "not active yet",
               EscapeForTerminal(directory));
}

// What was said of files and detectors, a line each.
std::string TrainLog(const std::vector<std::string>& of_files,
                     const std::vector<std::string>& of_training) {
  std::string log;
  for (const auto* remarks : {&of_files, &of_training})
    for (const std::string& remark : *remarks) log += EscapeForTerminal(remark) + "\n";
  return log;
}

// Writes the bundle to --out or among the group's models; returns its directory.
Result<std::string> Write(const TrainArguments& args, const Config& config,
                          const GroupConfig& group, Bundle* bundle) {
  namespace fs = std::filesystem;
  fs::path models = config.ModelsPath(group.name);
  bundle->name = BundleName();
  if (!args.out.empty()) {
    fs::path out = fs::absolute(args.out).lexically_normal();
    if (out.filename().empty()) out = out.parent_path();
    models = out.parent_path();
    bundle->name = out.filename().string();
  }
  std::error_code error;
  fs::create_directories(models, error);
  if (error)
    return Error{fmt::format("cannot create {}: {}", models.string(), error.message()),
                 error.value()};
  // Two trainings within one second: the later one is the next second's.
  for (std::string name = bundle->name; args.out.empty() && fs::exists(models / bundle->name);) {
    std::timespec second{1, 0};
    nanosleep(&second, nullptr);
    bundle->name = BundleName();
  }
  if (Status status = WriteBundle(*bundle, models.string(), group); !status) return status.error();
  if (args.activate) {
    if (auto previous = ActivateBundle(models.string(), bundle->name); !previous)
      return previous.error();
  }
  return (models / bundle->name).string();
}

Result<Corpus> MakeCorpus(const TrainArguments& args, const Config& config,
                          const GroupConfig& group, Progress* progress,
                          std::vector<std::string>* remarks) {
  Result<LogFiles> files = LogFiles{};
  if (!args.logs.empty()) files = FindLogFiles(args.logs, args.files);
  if (!files) return files.error();
  *remarks = files->remarks;
  std::optional<JournalSpool> spool;
  if (args.journal) {
    const auto since = ParseTimeText(args.since, Now());
    if (!since) return since.error();
    auto written = JournalSpool::Write(group, *since, [] { return !interrupted; });
    if (!written) return written.error();
    spool = std::move(*written);
    spool->AddTo(&*files, remarks);
  }
  auto builder = CorpusBuilder::Create(config, group, args.corpus);
  if (!builder) return builder.error();
  const auto go_on = [progress](uint64_t records) {
    progress->Update(records);
    return !interrupted;
  };
  if (!AddSources(*files, group.max_line, &*builder, remarks, go_on)) return Error{"interrupted"};
  Corpus corpus = builder->Finish(remarks);
  if (corpus.records.size() >= kFewestRecords) return corpus;
  return Error{
      fmt::format("{} records are too few to learn from (at least {}): give more or older logs",
                  corpus.records.size(), kFewestRecords)};
}

void Train(const TrainArguments& args, CliContext* context) {
  Config config;
  if (!LoadCliConfig(context, &config)) return;
  const GroupConfig* group = FindGroup(config, args.group);
  if (!group)
    return Fail(context, "no group named '" + args.group + "' in the configuration", kExitUsage);
  if (const auto wanted = DetectorsToTrain(*group, args.detectors); !wanted)
    return Fail(context, wanted.error().message, kExitUsage);
  std::signal(SIGINT, [](int) { interrupted = 1; });
  std::signal(SIGTERM, [](int) { interrupted = 1; });

  Progress reading(*context, "reading", 0, "records");
  std::vector<std::string> remarks;
  auto corpus = MakeCorpus(args, config, *group, &reading, &remarks);
  reading.Finish();
  PrintRemarks(*context, remarks);
  if (!corpus) return Fail(context, corpus.error().message);
  const Result<uint64_t> memory = EstimateTrainingMemory(
      {corpus->records.size(), corpus->templates.size()}, *group, args.detectors);
  if (!memory) return Fail(context, memory.error().message);
  if (!context->quiet)
    fmt::print(stderr, "training on {} records with {} templates; expected to need {} MiB\n",
               corpus->records.size(), corpus->templates.size(), *memory >> 20);
  TrainOptions options;
  options.detectors = args.detectors;
  options.seed = args.seed;
  // The budget is the whole host's.
  options.alarms_per_day = static_cast<double>(config.budget_per_day) /
                           static_cast<double>(std::max<size_t>(config.groups.size(), 1));
  options.incident_gap = config.incident_gap;
  // In thousandths of the work.
  Progress training(*context, "training", 1000, "");
  options.progress = [&](const std::string&, double done) {
    training.Update(static_cast<uint64_t>(1000 * done));
    return !interrupted;
  };
  std::vector<std::string> details;
  auto bundle = TrainBundle(*corpus, *group, options, &details);
  training.Finish();
  if (!bundle) return Fail(context, bundle.error().message);
  bundle->log = TrainLog(remarks, details);
  auto directory = Write(args, config, *group, &*bundle);
  if (!directory) return Fail(context, directory.error().message);
  Report(*context, config, *bundle, *corpus, *directory, args.activate);
}

}  // namespace

void AddTrainCommand(CLI::App* app, CliContext* context) {
  auto args = std::make_shared<TrainArguments>();
  CLI::App* train = app->add_subcommand("train", "Learn what is normal: logs to a bundle");
  train->add_option("LOG", args->logs,
                    "Log files, directories, compressed logs, or - for standard input");
  train->add_flag("--journal", args->journal,
                  "This host's journal (what the group's journal_units and journal_identifiers "
                  "select of it)");
  train->add_option("--since", args->since, "With --journal: entries from then on")
      ->capture_default_str();
  train->add_option("--group", args->group, "The group to train (default: the first one)");
  train->add_option("--out", args->out, "Write the bundle to this directory");
  train->add_option("--max-depth", args->files.max_depth, "Directories below a named one")
      ->capture_default_str();
  train->add_option("--max-files", args->files.max_files, "Files at most, newest first; 0: all")
      ->capture_default_str();
  train->add_option("--max-records", args->corpus.max_records, "Records at most, evenly spread")
      ->capture_default_str();
  AddDetectorsOption(train, TrainedDetectorInfos(), &args->detectors);
  train->add_option("--seed", args->seed, "Of all random choices")->capture_default_str();
  train->add_flag("--activate", args->activate, "Make it the group's current bundle");
  train->add_flag("--no-filter", args->no_filter, "Keep files that do not look normal");
  train->callback([args, context] {
    if (args->logs.empty() && !args->journal)
      return Fail(context, "nothing to train on: name log files, or give --journal", kExitUsage);
    args->corpus.filter = !args->no_filter;
    Train(*args, context);
  });
}

}  // namespace alogd
