// SPDX-License-Identifier: MIT
// alogctl scan: logs at rest through the daemon's pipeline.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>

#include "cli/cli.h"
#include "cli/detector_option.h"
#include "cli/log_files.h"
#include "cli/log_reader.h"
#include "cli/output.h"
#include "cli/scan_report.h"
#include "core/pipeline.h"
#include "core/records/wide_text.h"
#include "core/text.h"
#include "models/bundle/bundle.h"
#include "models/registry/detectors.h"

namespace alogd {
namespace {

struct ScanArguments {
  std::vector<std::string> logs;
  std::string group;
  std::string bundle;
  std::vector<std::string> detectors;
  std::string out;
  bool all_scores = false;
  LogFilesOptions files{.max_depth = 8, .max_files = 0};
};

// Units are taken this often, so that what was found is kept once and not twice.
constexpr uint64_t kLinesAUnit = 65536;

// Reads a record's text again, from plain files; compressed ones give none.
std::string ReadRecord(const std::map<FileId, std::string>& paths, const RecordRef& ref) {
  const auto it = paths.find(ref.file);
  if (it == paths.end()) return {};
  const int fd = open(it->second.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::string text(std::min<uint32_t>(ref.bytes, 4096), '\0');
  const ssize_t n = pread(fd, text.data(), text.size(), static_cast<off_t>(ref.offset));
  close(fd);
  text.resize(n > 0 ? static_cast<size_t>(n) : 0);
  text = TextOfBytes(std::move(text));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

struct Scanned {
  std::map<uint64_t, Anomaly> anomalies;  // by seq, as last seen
  std::map<uint64_t, Incident> incidents;
  Pipeline::Stats stats;
  std::string bundle;
};

void Collect(CommitUnit unit, Scanned* scanned) {
  for (Anomaly& a : unit.anomalies) scanned->anomalies.insert_or_assign(a.seq, std::move(a));
  for (Incident& i : unit.incidents) scanned->incidents.insert_or_assign(i.seq, std::move(i));
}

void Run(MergedReader* reader, Pipeline* pipeline, std::map<FileId, std::string>* paths,
         Progress* progress, Scanned* scanned) {
  std::map<int64_t, SourceId> by_file;
  uint64_t lines = 0;
  while (auto next = reader->ReadLine()) {
    auto file = by_file.find(next->file);
    if (file == by_file.end()) {
      const SourceId id = pipeline->AddSource(*next->source_name, next->reference);
      file = by_file.emplace(next->file, id).first;
      if (!next->plain_path->empty()) (*paths)[FileId{next->file}] = *next->plain_path;
    }
    pipeline->Feed(file->second, FileId{next->file}, next->line);
    if (++lines % kLinesAUnit != 0) continue;
    Collect(pipeline->TakeUnit(), scanned);
    progress->Update(lines);
  }
  pipeline->Tick(kEndOfTime);
  Collect(pipeline->TakeUnit(), scanned);
  scanned->stats = pipeline->stats();
  scanned->bundle = pipeline->bundle();
}

void PrintAnomalies(const CliContext& context, const std::vector<Anomaly>& anomalies) {
  for (const Anomaly& a : anomalies) {
    const std::string why = a.evidence.empty() ? "" : a.evidence.front().summary;
    if (context.json) {
      const nlohmann::json row = {
          {"time", UtcTime(a.time)},
          {"level", Name(a.level)},
          {"risk", a.risk},
          {"score", a.score},
          {"severity", a.severity},
          {"detector", a.detector},
          {"source", ToValidUtf8(a.source)},
          {"stream", ToValidUtf8(a.stream)},
          {"template_id", Index(a.template_id)},
          {"template", ToValidUtf8(a.template_text)},
          {"message", ToValidUtf8(a.message)},
          {"windows", a.windows},
          {"evidence", nlohmann::json::parse(EvidenceJson(a.evidence), nullptr, false)}};
      fmt::print("{}\n", row.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    } else {
      fmt::print("{} {:<8} {:>5.1f} {:<10} {}: {}\n    {}\n", UtcTime(a.time), Name(a.level),
                 a.risk, a.detector, EscapeForTerminal(a.stream, 60),
                 EscapeForTerminal(a.message, 200), EscapeForTerminal(why, 400));
    }
  }
}

void Scan(const ScanArguments& args, CliContext* context) {
  Config config;
  if (!LoadCliConfig(context, &config)) return;
  const GroupConfig* found = FindGroup(config, args.group);
  if (!found)
    return Fail(context, "no group named '" + args.group + "' in the configuration", kExitUsage);
  GroupConfig group = *found;
  if (!args.detectors.empty())
    if (const Status status = SelectDetectors(args.detectors, &group); !status)
      return Fail(context, status.error().message, kExitUsage);
  if (!args.bundle.empty()) group.model = args.bundle;
  if (args.all_scores && args.out.empty())
    return Fail(context, "--all-scores writes into a directory: name it with --out", kExitUsage);
  auto files = FindLogFiles(args.logs, args.files);
  if (!files) return Fail(context, files.error().message);
  auto models = LoadModelSet(config, group);
  if (!models) return Fail(context, models.error().message);
  if (models->bundle.empty() && !context->quiet)
    fmt::print(stderr,
               "no bundle: only rules and the detectors that need no training (alogctl train makes "
               "one)\n");
  auto reader = MergedReader::Create(files->sources, group);
  if (!reader) return Fail(context, reader.error().message, kExitUsage);

  std::optional<double> joint_threshold;
  if (models->joint) joint_threshold = models->joint->threshold;
  std::map<FileId, std::string> paths;
  auto pipeline = Pipeline::Create(config, group, std::move(*models),
                                   [&](const RecordRef& ref) { return ReadRecord(paths, ref); });
  if (!pipeline) return Fail(context, pipeline.error().message);
  std::unique_ptr<ScoreLog> scores;
  if (args.all_scores) {
    auto log = ScoreLog::Create(args.out, joint_threshold);
    if (!log) return Fail(context, log.error().message);
    scores = std::move(*log);
    (*pipeline)->set_observer([&](const Pipeline::ScoredWindow& scored) { scores->Write(scored); });
  }
  Progress progress(*context, "scanning", 0, "lines");
  Scanned scanned;
  Run(&*reader, pipeline->get(), &paths, &progress, &scanned);
  progress.Finish();
  if (!context->quiet) {
    for (const std::string& remark : files->remarks)
      fmt::print(stderr, "{}\n", EscapeForTerminal(remark));
    for (const std::string& remark : reader->remarks())
      fmt::print(stderr, "{}\n", EscapeForTerminal(remark));
  }
  std::vector<Anomaly> anomalies;
  for (auto& [seq, anomaly] : scanned.anomalies) anomalies.push_back(std::move(anomaly));
  const std::string what = fmt::format(
      "scanned {} lines ({} records, {} windows) of {} sources with {}", scanned.stats.lines,
      scanned.stats.records, scanned.stats.windows, files->sources.size(),
      scanned.bundle.empty() ? "no bundle" : "bundle " + scanned.bundle);
  if (scores) {
    if (Status status = scores->Close(); !status) return Fail(context, status.error().message);
  }
  if (args.out.empty()) {
    PrintAnomalies(*context, anomalies);
    if (!context->json && !context->quiet) fmt::print(stderr, "\n{}", RiskSummary(anomalies, what));
    return;
  }
  if (Status status = WriteScanReport(args.out, anomalies, what); !status)
    return Fail(context, status.error().message);
  if (!context->quiet) fmt::print("{}\nwritten to {}\n", RiskSummary(anomalies, what), args.out);
}

}  // namespace

void AddScanCommand(CLI::App* app, CliContext* context) {
  auto args = std::make_shared<ScanArguments>();
  CLI::App* scan = app->add_subcommand("scan", "Score logs at rest, exactly as the daemon would");
  scan->add_option("LOG", args->logs, "Log files, directories, compressed logs, or -")->required();
  scan->add_option("--group", args->group, "The group whose configuration and bundle to use");
  scan->add_option("--bundle", args->bundle,
                   "A bundle directory instead of the group's current one");
  AddDetectorsOption(scan, AllDetectors(), &args->detectors);
  scan->add_option("--out", args->out, "Write CSV files and a summary to this directory");
  scan->add_flag("--all-scores", args->all_scores, "Also write every window's scores by detector");
  scan->add_option("--max-depth", args->files.max_depth, "Directories below a named one")
      ->capture_default_str();
  scan->add_option("--max-files", args->files.max_files, "Files at most, newest first; 0: all")
      ->capture_default_str();
  scan->callback([args, context] { Scan(*args, context); });
}

}  // namespace alogd
