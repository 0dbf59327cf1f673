// SPDX-License-Identifier: MIT
// Detection quality of every detector on all the data there is, trivial ones beside: one command
// for the tables of doc/measurements-detection.md.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <thread>

#include "detection_quality/sections.h"
#include "models/sequence/lstm_kernels.h"

namespace alogd {
namespace {

struct NamedSection {
  const char* name;
  QualitySection run;
};

constexpr NamedSection kSections[] = {
    {"hdfs", RunHdfs},
    {"contaminated", RunContaminated},
    {"openstack", RunOpenStack},
    {"hadoop_full", RunHadoop},
    {"hdfs_raw", RunRawHdfs},
    {"rolling", RunRollingOrigin},
    {"splice", RunSpliceCurves},
    {"splice_sessions", RunSpliceSessions},
    {"line_labels", RunLineLabels},
};

bool Wanted(const QualityArguments& args, const std::string& name) {
  return args.only.empty() ||
         std::find(args.only.begin(), args.only.end(), name) != args.only.end();
}

int Run(const QualityArguments& args) {
  CliContext context;
  context.terminal = !args.json;  // tables with headings, in files too
  context.json = args.json;
  if (!args.json)
    fmt::print("{} cores, kernels {}\n", std::thread::hardware_concurrency(),
               ActiveLstmKernels().name);
  int failed = 0;
  for (const NamedSection& section : kSections) {
    if (!Wanted(args, section.name)) continue;
    const auto begin = std::chrono::steady_clock::now();
    const Result<int> status = section.run(args, context);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    if (!status)
      fmt::print(stderr, "{}: skipped: {}\n", section.name, status.error().message);
    else if (!args.json)
      fmt::print("({}: {:.0f} s)\n", section.name, took.count());
    failed |= status ? *status : 0;
    std::fflush(stdout);
  }
  return failed;
}

}  // namespace
}  // namespace alogd

int main(int argc, char** argv) {
  alogd::QualityArguments args;
  std::vector<std::string> names;
  for (const auto& section : alogd::kSections) names.emplace_back(section.name);
  CLI::App app("Detection quality on labelled and spliced logs, all detectors");
  app.add_option("--data", args.data, "Directory with hdfs_seq, openstack_seq and the rest")
      ->capture_default_str();
  app.add_option("--only", args.only, "Only these sections")->check(CLI::IsMember(names));
  app.add_option("--seeds", args.options.seeds, "Of sequences")->capture_default_str();
  app.add_option("--log-seeds", args.log_seeds, "Of labelled raw logs")->capture_default_str();
  app.add_option("--detectors", args.options.detectors)->delimiter(',');
  app.add_option("--alarm-share", args.options.alarm_share, "Of sequences")->capture_default_str();
  app.add_option("--held-out", args.options.held_out, "Of sequences")->capture_default_str();
  app.add_flag("--ablate", args.options.ablate, "Also the ensemble without each of its detectors");
  app.add_option("--first-days", args.first_days, "rolling: before the first training")
      ->capture_default_str();
  app.add_option("--keep-days", args.keep_days, "rolling: of logs on disk; 0: all")
      ->capture_default_str();
  app.add_option("--repeat-hours", args.repeat_hours,
                 "rolling: alerts.repeat_after; 0: each incident alerts")
      ->capture_default_str();
  app.add_option("--places", args.places, "splice: of a log, for each kind and size")
      ->capture_default_str();
  app.add_flag("--json", args.json, "One object a detector and seed, alert or fault");
  CLI11_PARSE(app, argc, argv);
  return alogd::Run(args);
}
