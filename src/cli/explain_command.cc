// SPDX-License-Identifier: MIT
// alogctl explain: what becomes of each record, and why.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/cli.h"
#include "cli/log_files.h"
#include "cli/log_reader.h"
#include "cli/scan_report.h"
#include "core/detection/anomaly_tracker.h"
#include "core/detection/risk.h"
#include "core/parser.h"
#include "core/pipeline.h"
#include "core/templates/drain.h"
#include "core/text.h"
#include "models/bundle/bundle.h"

namespace alogd {
namespace {

struct ExplainArguments {
  std::vector<std::string> logs;
  std::string group, bundle;
  bool abnormal = false;
};

// What one record led to, printed when its windows have been scored.
struct Explained {
  nlohmann::json record;
  nlohmann::json windows = nlohmann::json::array();
  // The highest joint score of windows that ended with it, and what decides over it; none without
  // a bundle that has one.
  std::optional<double> joint, joint_threshold;
  nlohmann::json watches = nlohmann::json::array();  // what they found when it came
  bool over = false;

  void Join(double score, double threshold) {
    joint_threshold = threshold;
    if (!std::isnan(score)) joint = std::max(joint.value_or(score), score);
  }
};

nlohmann::json DescribeWindow(const Pipeline::ScoredWindow& scored, const RiskModel& risk) {
  nlohmann::json out = {{"detector", scored.detector->name()},
                        {"records", scored.window->events.size()},
                        {"kind", scored.window->session ? "session"
                                 : scored.window->tail  ? "tail"
                                                        : "window"}};
  if (std::isnan(scored.score->raw)) {
    out["opinion"] = "none";
    return out;
  }
  out["raw"] = scored.score->raw;
  out["anomaly_score"] = scored.score->anomaly;
  if (scored.score->anomaly > 0) {
    out["risk"] = scored.risk;
    out["level"] = Name(risk.LevelOf(static_cast<float>(scored.risk)));
  }
  if (const Evidence* evidence = scored.score->evidence.get()) {
    out["threshold"] = evidence->threshold;
    out["why"] = ToValidUtf8(evidence->summary);
  }
  return out;
}

nlohmann::json DescribeFinding(const Finding& f, float found_risk, const RiskModel& risk) {
  return {{"detector", f.detector_name},
          {"time", UtcTime(f.time)},
          {"raw", f.evidence.raw},
          {"threshold", f.evidence.threshold},
          {"anomaly_score", f.score},
          {"risk", found_risk},
          {"level", Name(risk.LevelOf(found_risk))},
          {"why", ToValidUtf8(f.evidence.summary)}};
}

nlohmann::json DescribeRecord(const ParsedLine& line, const std::string& source, uint64_t number,
                              const std::string& masked, const Catalog& catalog) {
  const Header& h = line.header;
  return {{"source", ToValidUtf8(source)},
          {"line", number},
          {"time", UtcTime(line.time)},
          {"time_printed", h.time != kNoTime},
          {"level", static_cast<int>(h.level)},
          {"host", ToValidUtf8(h.host)},
          {"program", ToValidUtf8(h.program)},
          {"pid", ToValidUtf8(h.pid)},
          {"header", h.recognised},
          {"message", ToValidUtf8(h.message)},
          {"masked", ToValidUtf8(masked)},
          {"template_id", Index(line.id)},
          {"template", ToValidUtf8(catalog.Text(line.id))},
          {"seen_before", line.seen},
          {"severity", line.severity}};
}

std::string Field(const nlohmann::json& value) {
  return EscapeForTerminal(value.get_ref<const std::string&>(), 400);
}

void PrintText(const Explained& e) {
  const nlohmann::json& r = e.record;
  fmt::print("{}:{}\n", Field(r["source"]), r["line"].get<uint64_t>());
  fmt::print("  header    {}{}{}{}{}\n", r["header"].get<bool>() ? "" : "none recognised; ",
             r["time_printed"].get<bool>() ? Field(r["time"])
                                           : "no time (taken as " + Field(r["time"]) + ")",
             Field(r["host"]).empty() ? "" : ", host " + Field(r["host"]),
             Field(r["program"]).empty() ? "" : ", program " + Field(r["program"]),
             Field(r["pid"]).empty() ? "" : ", pid " + Field(r["pid"]));
  fmt::print("  message   {}\n  masked    {}\n", Field(r["message"]), Field(r["masked"]));
  const auto seen = r["seen_before"].get<uint64_t>();
  fmt::print("  template  {} ({}) {}\n", r["template_id"].get<uint32_t>(),
             seen == 0 ? std::string("new") : fmt::format("seen {} times before", seen),
             Field(r["template"]));
  fmt::print("  severity  {}\n", r["severity"].get<int>());
  for (const nlohmann::json& w : e.windows) {
    const auto name = w["detector"].get<std::string>();
    const std::string head = fmt::format("  {:<9} {} of {} records: ", name,
                                         w["kind"].get<std::string>(), w["records"].get<size_t>());
    if (w.contains("opinion")) {
      fmt::print("{}no opinion\n", head);
      continue;
    }
    fmt::print("{}raw {:.3f}, threshold alone {:.3f}, anomaly score {:.1f}", head,
               w["raw"].get<double>(), w.value("threshold", 0.0), w["anomaly_score"].get<double>());
    if (w.contains("level"))
      fmt::print(", risk {:.1f} {}", w["risk"].get<double>(), w["level"].get<std::string>());
    fmt::print("\n");
    if (w.contains("why") && w["anomaly_score"].get<double>() > 0)
      fmt::print("            {}\n", Field(w["why"]));
  }
  if (e.joint)
    fmt::print("  together  joint score {:.2f}, threshold {:.2f}: {}\n", *e.joint,
               *e.joint_threshold, *e.joint > *e.joint_threshold ? "an anomaly" : "normal");
}

void PrintWatches(const nlohmann::json& watches) {
  for (const nlohmann::json& w : watches)
    fmt::print(
        "  {:<9} at {}: raw {:.3f}, threshold {:.3f}, anomaly score {:.1f}, risk {:.1f} {}\n"
        "            {}\n",
        w["detector"].get<std::string>(), w["time"].get<std::string>(), w["raw"].get<double>(),
        w["threshold"].get<double>(), w["anomaly_score"].get<double>(), w["risk"].get<double>(),
        w["level"].get<std::string>(), Field(w["why"]));
}

void Print(const CliContext& context, const ExplainArguments& args, Explained* e) {
  if (!e->record.is_null() && (e->over || !args.abnormal)) {
    if (context.json) {
      e->record["windows"] = e->windows;
      if (e->joint) e->record["joint"] = {{"score", *e->joint}, {"threshold", *e->joint_threshold}};
      e->record["watches"] = e->watches;
      fmt::print("{}\n", e->record.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    } else {
      PrintText(*e);
      PrintWatches(e->watches);
    }
  }
  *e = Explained();
}

void Explain(const ExplainArguments& args, CliContext* context) {
  Config config;
  if (!LoadCliConfig(context, &config)) return;
  const GroupConfig* found = FindGroup(config, args.group);
  if (!found)
    return Fail(context, "no group named '" + args.group + "' in the configuration", kExitUsage);
  GroupConfig group = *found;
  if (!args.bundle.empty()) group.model = args.bundle;
  auto models = LoadModelSet(config, group);
  if (!models) return Fail(context, models.error().message);
  auto files = FindLogFiles(args.logs, {.max_depth = 8, .max_files = 0});
  if (!files) return Fail(context, files.error().message);
  auto reader = MergedReader::Create(files->sources, group);
  if (!reader) return Fail(context, reader.error().message, kExitUsage);
  std::optional<double> joint_threshold;
  if (models->joint) joint_threshold = models->joint->threshold;
  auto created = Pipeline::Create(config, group, std::move(*models), nullptr);
  if (!created) return Fail(context, created.error().message);
  Pipeline& pipeline = **created;
  // Masks are shown by a Drain of its own: showing must not teach the pipeline's.
  Catalog shown_catalog;
  auto shown = Drain::Create(group.drain, &shown_catalog);
  if (!shown) return Fail(context, shown.error().message);

  const RiskModel risk(config.risk);
  Explained current;
  std::string source;
  std::map<int64_t, std::pair<SourceId, uint64_t>> inputs;
  uint64_t number = 0;
  pipeline.set_record_observer([&](const ParsedLine& line) {
    if (line.kind != Assembled::Kind::kRecord) return;
    const std::string masked(shown->Masked(line.header.message));
    current.record = DescribeRecord(line, source, number, masked, pipeline.catalog());
  });
  pipeline.set_observer([&](const Pipeline::ScoredWindow& scored) {
    current.windows.push_back(DescribeWindow(scored, risk));
    if (joint_threshold) current.Join(static_cast<double>(scored.score->joint), *joint_threshold);
    current.over |= scored.score->anomaly > 0;
  });
  pipeline.set_finding_observer([&](const Finding& finding, float found_risk) {
    current.watches.push_back(DescribeFinding(finding, found_risk, risk));
    current.over = true;
  });
  while (auto next = reader->ReadLine()) {
    auto input = inputs.find(next->file);
    if (input == inputs.end())
      input = inputs
                  .emplace(next->file,
                           std::pair(pipeline.AddSource(*next->source_name, next->reference), 0))
                  .first;
    source = *next->source_name;
    number = ++input->second.second;
    pipeline.Feed(input->second.first, FileId{next->file}, next->line);
    pipeline.Flush();
    Print(*context, args, &current);
  }
  current.record = {{"source", "end of input"}, {"line", number}};
  pipeline.Tick(kEndOfTime);
  pipeline.Flush();
  if (!context->json && !current.windows.empty()) {
    fmt::print("at the end of the input\n");
    for (const nlohmann::json& w : current.windows)
      if (w.contains("why"))
        fmt::print("  {:<9} {}\n", w["detector"].get<std::string>(), Field(w["why"]));
  }
}

}  // namespace

void AddExplainCommand(CLI::App* app, CliContext* context) {
  auto args = std::make_shared<ExplainArguments>();
  CLI::App* explain =
      app->add_subcommand("explain", "Record by record: header, template, every detector's score");
  explain->add_option("FILE", args->logs, "A log file, or - for standard input")->required();
  explain->add_option("--group", args->group, "The group whose configuration and bundle to use");
  explain->add_option("--bundle", args->bundle,
                      "A bundle directory instead of the group's current one");
  explain->add_flag("--abnormal", args->abnormal,
                    "Only records whose windows are over a threshold");
  explain->callback([args, context] { Explain(*args, context); });
}

}  // namespace alogd
