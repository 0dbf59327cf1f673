// SPDX-License-Identifier: MIT
// alogctl eval: detection quality on labelled sequences and logs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>

#include "cli/cli.h"
#include "cli/detector_option.h"
#include "cli/eval_logs.h"
#include "cli/eval_table.h"
#include "cli/output.h"
#include "core/text.h"
#include "models/bundle/bundle.h"

namespace alogd {
namespace {

struct EvalArguments {
  bool sequences = false;
  std::string train, normal, abnormal;
  std::vector<double> natural;
  std::string group;
  SessionEvaluationOptions options;
  // Labelled logs:
  std::string labels, by = "session", bundle;
  uint32_t window = 0;  // lines; 0: lines by themselves, windows of ten
  std::vector<std::string> logs;
};

Result<SessionTask> ReadTask(const EvalArguments& args) {
  SessionTask task;
  for (const auto& [path, sessions] : {std::pair(&args.train, &task.train),
                                       {&args.normal, &task.normal},
                                       {&args.abnormal, &task.abnormal}}) {
    Result<std::vector<NumberedSession>> read = ReadSessions(*path);
    if (!read) return read.error();
    *sessions = std::move(*read);
  }
  if (!args.natural.empty()) task.natural = Prevalence{args.natural[0], args.natural[1]};
  return task;
}

// Data, split, order, seeds: a figure without them says nothing.
void PrintProtocol(const EvalArguments& args, const SessionTask& task,
                   const SessionEvaluation& evaluation) {
  fmt::print(
      "whole sessions; trained on {} of {}, in order; thresholds, which {:.2g}% of the sessions "
      "may "
      "be over, from parts of {:.0f}% that were judged by what the others taught (the last part "
      "alone of more than 20,000); judged on {} normal and {} abnormal ones\n",
      task.train.size(), EscapeForTerminal(args.train), 100 * args.options.alarm_share,
      100 * args.options.held_out, evaluation.normal, evaluation.abnormal);
  if (task.natural)
    fmt::print("rates at natural prevalence, {:.0f} normal to {:.0f} abnormal; counts as sampled\n",
               task.natural->normal, task.natural->abnormal);
  if (evaluation.tuned_on > 0)
    fmt::print("thresholds chosen for F1 on the first {} test sessions, which are not judged\n",
               evaluation.tuned_on);
  double seconds = 0;
  for (const DetectorQuality& r : evaluation.results)
    seconds = std::max(seconds, r.training_seconds);
  fmt::print(
      "seeds 1 to {}, the median F1's is shown; training took at most {:.1f} s of CPU each\n",
      args.options.seeds, seconds);
}

// "windows of 10 records (deeplog), 15 (loganomaly)".
std::string WindowSizes(const Bundle& bundle, const GroupConfig& group) {
  const Result<ModelSet> set = MakeModelSet(group, &bundle);
  std::string text;
  if (!set) return text;
  for (const auto& detector : set->detectors) {
    const WindowSpec spec = detector->spec();
    if (spec.each || spec.size < 2) continue;
    text += fmt::format("{}{}{} ({})", text.empty() ? "windows of " : ", ", spec.size,
                        text.empty() ? " records" : "", detector->name());
  }
  return text.empty() ? "single records" : text;
}

// How the bundle came to be, and which windows its detectors look at.
void PrintBundleProtocol(const Bundle& bundle, const GroupConfig& group) {
  using Pointer = nlohmann::json::json_pointer;
  const auto number = [&](const char* where) {
    const Pointer pointer(where);
    const bool there = bundle.manifest.contains(pointer) && bundle.manifest.at(pointer).is_number();
    return there ? bundle.manifest.at(pointer).get<double>() : 0;
  };
  fmt::print(
      "trained on {:.0f} records, of which the last {:.0f}% set thresholds, seed {:.0f}; {}\n",
      number("/trained_on/records"), 100 * number("/options/held_out"), number("/options/seed"),
      group.stream.kind == StreamOptions::Kind::kSession ? "whole sessions"
                                                         : WindowSizes(bundle, group));
}

void PrintLogProtocol(const EvalArguments& args, const UnitKind& of, size_t labels,
                      const UnitScores::Judged& judged) {
  const std::string unit =
      of.kind == LabelKind::kWindow ? fmt::format("window of {} lines", of.window) : args.by;
  fmt::print(
      "{} labels by {}, {} of them without a record in these logs; in order of time; a {} is "
      "abnormal where its highest score is over the threshold {}\n",
      labels, unit, judged.missing, unit,
      judged.tuned_on == 0
          ? fmt::format("of bundle {}", EscapeForTerminal(args.bundle))
          : fmt::format("chosen for F1 on the first {} of them, which are not judged",
                        judged.tuned_on));
}

void EvaluateLogs(const EvalArguments& args, const Config& config, GroupConfig group,
                  CliContext* context) {
  const std::map<std::string, LabelKind> kinds = {{"line", LabelKind::kLine},
                                                  {"window", LabelKind::kWindow},
                                                  {"session", LabelKind::kSession},
                                                  {"file", LabelKind::kFile},
                                                  {"directory", LabelKind::kDirectory}};
  if (args.logs.empty() || args.bundle.empty())
    return Fail(context, "--labels needs --bundle DIR (alogctl train makes one) and logs",
                kExitUsage);
  auto labels = ReadLabels(args.labels);
  if (!labels) return Fail(context, labels.error().message);
  UnitKind of{kinds.at(args.by), UnitKind().window};
  if (args.window > 0) of.window = args.window;
  if (of.kind == LabelKind::kLine && args.window > 0) {
    of.kind = LabelKind::kWindow;
    labels = WindowLabels(*labels, of.window);
  }
  const auto bundle = LoadBundle(args.bundle, group);
  if (!bundle) return Fail(context, bundle.error().message);
  UnitScores scores(of, Thresholds(*bundle), bundle->vocabulary, config.risk.high);
  UnitScores* const all[] = {&scores};
  if (const Status status = ScoreLogs(config, group, *bundle, args.logs, all); !status)
    return Fail(context, status.error().message);
  const UnitScores::Judged judged = scores.Judge(*labels, args.options.optimize_share);
  if (!context->json && !context->quiet) {
    PrintBundleProtocol(*bundle, group);
    PrintLogProtocol(args, of, labels->size(), judged);
  }
  PrintQualities(*context, judged.results);
}

void Evaluate(EvalArguments args, CliContext* context) {
  if (args.sequences != args.labels.empty())
    return Fail(context,
                "name what to evaluate on: --sequences with --train, --normal and --abnormal, or "
                "--labels FILE with logs",
                kExitUsage);
  if (!args.labels.empty()) {
    Config config;
    if (!LoadCliConfig(context, &config)) return;
    const GroupConfig* group = FindGroup(config, args.group);
    if (!group)
      return Fail(context, "no group named '" + args.group + "' in the configuration", kExitUsage);
    return EvaluateLogs(args, config, *group, context);
  }
  if (args.train.empty() || args.normal.empty() || args.abnormal.empty())
    return Fail(context, "--sequences needs --train, --normal and --abnormal", kExitUsage);
  Config config;
  if (!LoadCliConfig(context, &config)) return;
  const GroupConfig* group = FindGroup(config, args.group);
  if (!group)
    return Fail(context, "no group named '" + args.group + "' in the configuration", kExitUsage);
  const Result<SessionTask> task = ReadTask(args);
  if (!task) return Fail(context, task.error().message);
  Progress progress(*context, "training", 1000, "");
  args.options.progress = [&](const std::string&, double done) {
    progress.Update(static_cast<uint64_t>(1000 * done));
    return true;
  };
  const Result<SessionEvaluation> evaluation = EvaluateSessions(*task, *group, args.options);
  progress.Finish();
  if (!evaluation) return Fail(context, evaluation.error().message);
  if (!context->json && !context->quiet) {
    PrintProtocol(args, *task, *evaluation);
    for (const std::string& remark : evaluation->remarks)
      fmt::print(stderr, "  {}\n", EscapeForTerminal(remark));
  }
  PrintQualities(*context, evaluation->results);
  if (context->json) return;
  if (!context->quiet) fmt::print("each different session once:\n");
  PrintUniqueQualities(*context, evaluation->results);
}

}  // namespace

void AddEvalCommand(CLI::App* app, CliContext* context) {
  auto args = std::make_shared<EvalArguments>();
  CLI::App* eval = app->add_subcommand("eval", "Measure detection quality on labelled data");
  eval->add_flag("--sequences", args->sequences,
                 "Files of sessions, one a line, as template numbers");
  eval->add_option("--train", args->train, "Normal sessions to train on");
  eval->add_option("--normal", args->normal, "Normal sessions to judge");
  eval->add_option("--abnormal", args->abnormal, "Abnormal sessions to judge");
  eval->add_option("--natural", args->natural,
                   "Normal,abnormal sessions where the samples come from; rates are scaled to it")
      ->delimiter(',')
      ->expected(2);
  eval->add_option("--seeds", args->options.seeds, "Trainings, with seeds 1, 2, ...")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  AddDetectorsOption(eval, TrainedDetectorInfos(), &args->options.detectors);
  eval->add_flag("--ablate", args->options.ablate,
                 "Also the ensemble without each of its detectors, at the same budget");
  eval->add_option("--group", args->group, "The group whose detectors' settings to use");
  eval->add_option("--held-out", args->options.held_out, "Last share of the training sessions")
      ->check(CLI::Range(0.01, 0.9))
      ->capture_default_str();
  eval->add_option("--alarm-share", args->options.alarm_share,
                   "Share of normal sessions that may be over a threshold")
      ->check(CLI::Range(0.0, 0.5))
      ->capture_default_str();
  eval->add_option("--optimize-threshold", args->options.optimize_share,
                   "Choose thresholds on this first share of what is labelled, judge the rest")
      ->expected(0, 1)
      ->default_str("0.2")
      ->check(CLI::Range(0.01, 0.9));
  eval->add_option("LOG", args->logs, "With --labels: log files, directories, archives, or -");
  eval->add_option("--labels", args->labels,
                   "Labels of the logs, a row each: KEY,LABEL with LABEL 0 or 1");
  eval->add_option("--by", args->by,
                   "What a label's key is: line, window, session, file or directory")
      ->check(CLI::IsMember({"line", "window", "session", "file", "directory"}))
      ->capture_default_str();
  eval->add_option(
          "--window", args->window,
          "Lines of a window (10); with --by line, lines are judged in such windows, which "
          "are abnormal where a line is")
      ->check(CLI::Range(1, 1'000'000));
  eval->add_option("--bundle", args->bundle, "With --labels: the bundle to judge");
  eval->callback([args, context] { Evaluate(*args, context); });
}

}  // namespace alogd
