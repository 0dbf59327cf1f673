// SPDX-License-Identifier: MIT
// status and reload: what alogctl asks of the running daemon.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <string>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/stage.h"
#include "core/control.h"
#include "core/text.h"

namespace alogd {
namespace {

using nlohmann::json;

constexpr int kStatusTimeoutMs = 5'000;
// A reload loads and checks every bundle; the slowest seen, with 500 MB of weights, took some
// seconds.
constexpr int kReloadTimeoutMs = 120'000;

// Fields of an answer, with the types that core/control.h promises; another daemon's answer may
// lack some.
std::string Text(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_string()) return "";
  return EscapeForTerminal(it->get<std::string>());
}
double Number(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number() ? it->get<double>() : 0;
}
uint64_t Count(const json& object, const char* key) {
  const double number = Number(object, key);
  return number > 0 ? static_cast<uint64_t>(number) : 0;
}
bool Flag(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_boolean() && it->get<bool>();
}
const json& Part(const json& object, const char* key) {
  static const json kEmpty = json::object();
  const auto it = object.find(key);
  return it == object.end() ? kEmpty : *it;
}

std::string Age(uint64_t seconds) { return HumanDuration(std::chrono::seconds(seconds)); }

std::string Bytes(uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "K", "M", "G", "T"};
  double size = static_cast<double>(bytes);
  size_t unit = 0;
  for (; size >= 1024 && unit < 4; ++unit) size /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", size, kUnits[unit]);
}

Column Right(std::string title) { return {std::move(title), true, 0, false}; }

void PrintGroups(const CliContext& context, const json& groups) {
  Table table(context, {{"GROUP"},
                        {"BUNDLE"},
                        Right("AGE"),
                        Right("RECORDS"),
                        Right("TEMPLATES"),
                        Right("NEW"),
                        Right("ANOMALIES"),
                        Right("LINES/S"),
                        Right("WINDOWS/S"),
                        Right("MEMORY"),
                        {"STATE"}});
  for (const json& group : groups) {
    const std::string bundle = Text(group, "bundle");
    const bool waiting = Flag(group, "waiting");
    table.Add(
        {Text(group, "name"), bundle.empty() ? "none" : bundle,
         bundle.empty() ? "-" : Age(Count(group, "bundle_age_s")),
         fmt::to_string(Count(group, "records")), fmt::to_string(Count(group, "templates")),
         fmt::to_string(Count(group, "new_templates")), fmt::to_string(Count(group, "anomalies")),
         fmt::format("{:.1f}", Number(group, "lines_per_s")),
         fmt::format("{:.1f}", Number(group, "windows_per_s")), Bytes(Count(group, "memory_bytes")),
         Cell(waiting ? "waits for the database" : "running",
              waiting ? Style::kYellow : Style::kGreen)});
  }
  table.Print();
}

void PrintSources(const CliContext& context, const json& sources) {
  Table table(context, {{"SOURCE", false, 20, false},
                        {"GROUP", false, 0, true},
                        {"STATE"},
                        {"FORMAT"},
                        Right("OFFSET"),
                        Right("BEHIND"),
                        Right("LINES/S"),
                        {"PROBLEM", false, 10, false}});
  for (const json& source : sources) {
    const uint64_t lag = Count(source, "lag_bytes");
    const std::string problem = Text(source, "problem");
    table.Add({Text(source, "name"), Text(source, "group"), Text(source, "state"),
               Text(source, "format"), fmt::to_string(Count(source, "offset")),
               Cell(Bytes(lag), lag > 0 ? Style::kYellow : Style::kPlain),
               fmt::format("{:.1f}", Number(source, "lines_per_s")), Cell(problem, Style::kRed)});
  }
  if (table.rows() == 0) {
    fmt::print("no file is watched; see 'alogctl config show' for the paths\n");
  } else {
    table.Print();
  }
}

// "lost_bytes 0": drops are shown at 0 too, limits only where one was hit.
void PrintCounts(const char* title, const json& counts, bool zeros) {
  std::string line;
  for (const auto& [name, count] : counts.items()) {
    if (!count.is_number() || (!zeros && count.get<double>() == 0)) continue;
    line += fmt::format("{}{} {}", line.empty() ? "" : ", ", EscapeForTerminal(name), count.dump());
  }
  fmt::print("{:<9} {}\n", title, line.empty() ? "none" : line);
}

// What waits for each sink, what it took, and why it fails.
void PrintSinks(const json& sinks) {
  const char* title = "alerts";
  for (const json& sink : sinks) {
    fmt::print("{:<9} {}: {} sent, {} waiting", title, Text(sink, "name"), Count(sink, "sent"),
               Count(sink, "waiting"));
    if (const uint64_t held = Count(sink, "held_back"); held > 0)
      fmt::print(", {} held back (too many at once)", held);
    if (const std::string error = Text(sink, "last_error"); !error.empty())
      fmt::print("; failing now, {} tries: {}", Count(sink, "failures"), error);
    fmt::print("\n");
    title = "";
  }
}

void PrintStatus(const CliContext& context, const json& status) {
  fmt::print("alogd {}, pid {}, up {}\n", Text(status, "version"), Count(status, "pid"),
             Age(Count(status, "uptime_s")));
  fmt::print("config    {}\nstate     {}\n\n", Text(status, "config"), Text(status, "state_dir"));
  PrintGroups(context, Part(status, "groups"));
  for (const json& group : Part(status, "groups"))
    fmt::print("{}: {}\n", Text(group, "name"), Text(group, "stage"));
  fmt::print("\n");
  PrintSources(context, Part(status, "sources"));
  const size_t shown = Part(status, "sources").size();
  if (Count(status, "source_count") > shown)
    fmt::print("({} of {} files, those that need a look first)\n", shown,
               Count(status, "source_count"));
  fmt::print("\n");
  PrintCounts("drops", Part(status, "drops"), true);
  PrintCounts("limits", Part(status, "limits"), false);
  const json& commit = Part(status, "commit");
  const std::string error = Text(commit, "last_error");
  fmt::print("commits   {}{}\n", Count(commit, "units"),
             error.empty() ? "" : "; failing now: " + error);
  PrintSinks(Part(status, "sinks"));
  if (const uint64_t repeats = Count(Part(status, "journal"), "repeats"); repeats > 0)
    fmt::print("          {} alerts held back as repetitions\n", repeats);
  const json& maintenance = Part(status, "maintenance");
  if (Flag(maintenance, "active") || Count(maintenance, "held") > 0)
    fmt::print("          {}\n", DescribeMaintenance(maintenance));
  const json& reload = Part(status, "last_reload");
  if (reload.is_object() && !reload.empty()) {
    const bool ok = Flag(reload, "ok");
    fmt::print("reload    {}{}\n", ok ? "done" : "refused: ", ok ? "" : Text(reload, "message"));
  }
}

// The daemon's answer; where there is none, the command has failed.
bool Ask(CliContext* context, const std::string& socket, const char* command, int timeout_ms,
         json* answer) {
  std::string path = socket;
  if (path.empty()) {
    Config config;
    if (!LoadCliConfig(context, &config)) return false;
    path = config.ControlPath();
  }
  Result<json> result = ControlRequest(path, {{"command", command}}, timeout_ms);
  if (!result) {
    Fail(context, EscapeForTerminal(result.error().message));
    return false;
  }
  *answer = std::move(*result);
  return true;
}

// What only the configuration and a second question tell: stages, and a maintenance under way.
void AddStages(const Config& config, const std::string& socket, json* status) {
  if (const auto groups = status->find("groups"); groups != status->end() && groups->is_array())
    for (json& group : *groups) {
      const GroupConfig* known = FindGroup(config, Text(group, "name"));
      group["stage"] = DescribeStage(group, config.training,
                                     (known ? *known : GroupConfig()).novelty.learn_records);
    }
  Result<json> answer = ControlRequest(socket, {{"command", "maintenance"}}, kStatusTimeoutMs);
  if (!answer || !Flag(*answer, "ok")) return;
  answer->erase("ok");
  (*status)["maintenance"] = std::move(*answer);
}

void RunStatus(CliContext* context, const std::string& socket) {
  Config config;
  if (socket.empty() && !LoadCliConfig(context, &config)) return;
  const std::string path = socket.empty() ? config.ControlPath() : socket;
  json status;
  if (!Ask(context, path, "status", kStatusTimeoutMs, &status)) return;
  if (!Flag(status, "ok")) return Fail(context, Text(status, "error"));
  AddStages(config, path, &status);
  if (context->json) {
    fmt::print("{}\n", status.dump(-1, ' ', false, json::error_handler_t::replace));
  } else {
    PrintStatus(*context, status);
  }
}

// The reload is asked for either way; without --wait its verdict stands in the daemon's log only.
void RunReload(CliContext* context, const std::string& socket, bool wait) {
  json verdict;
  if (!wait) {
    if (!Ask(context, socket, "reload-soon", kStatusTimeoutMs, &verdict)) return;
    if (!Flag(verdict, "ok")) Fail(context, Text(verdict, "error"));
    return;
  }
  if (!Ask(context, socket, "reload", kReloadTimeoutMs, &verdict)) return;
  if (context->json)
    fmt::print("{}\n", verdict.dump(-1, ' ', false, json::error_handler_t::replace));
  if (!Flag(verdict, "ok")) {
    return Fail(context, "reload refused, everything stays as it was: " + Text(verdict, "error"));
  }
  if (context->json || context->quiet) return;
  for (const auto& [group, bundle] : Part(verdict, "bundles").items()) {
    const std::string name = bundle.is_string() ? bundle.get<std::string>() : "";
    fmt::print("{}: {}\n", EscapeForTerminal(group),
               name.empty() ? "no bundle" : EscapeForTerminal(name));
  }
  if (const std::string remarks = Text(verdict, "message"); !remarks.empty()) {
    fmt::print(stderr, "{}\n", remarks);
  }
}

}  // namespace

void AddServiceCommands(CLI::App* app, CliContext* context) {
  // Options live as long as the program; CLI11 holds references to them.
  static std::string socket;
  static bool wait = false;
  CLI::App* status =
      app->add_subcommand("status", "What the daemon does now: sources, groups, drops");
  status->add_option("--socket", socket, "Control socket (default: from the configuration)")
      ->type_name("PATH");
  status->callback([context] { RunStatus(context, socket); });
  CLI::App* reload = app->add_subcommand(
      "reload", "Load configuration and bundles again; a bad one changes nothing");
  reload->add_option("--socket", socket, "Control socket (default: from the configuration)")
      ->type_name("PATH");
  reload->add_flag("--wait", wait, "Wait for the verdict; exit 1 if the old ones stayed");
  reload->callback([context] { RunReload(context, socket, wait); });
}

}  // namespace alogd
