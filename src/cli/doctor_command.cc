// SPDX-License-Identifier: MIT
// doctor: what stops alogd from doing its job here, and the command that mends it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/cli.h"
#include "cli/doctor/doctor.h"
#include "core/text.h"
#include "models/registry/detectors.h"

namespace alogd {
namespace {

using Json = nlohmann::ordered_json;

void PrintFinding(const CliContext& context, const Obstacle& finding) {
  if (context.json) {
    const Json line = {{"finding", finding.name},
                       {"severity", finding.error ? "error" : "warning"},
                       {"what", ToValidUtf8(finding.what)},
                       {"fix", ToValidUtf8(finding.fix)}};
    fmt::print("{}\n", line.dump(-1, ' ', false, Json::error_handler_t::replace));
    return;
  }
  const char* color = finding.error ? "\x1b[31m" : "\x1b[33m";
  fmt::print("{}{}: {}{}: {}\n    mend it: {}\n", context.color ? color : "",
             finding.error ? "error" : "warning", finding.name, context.color ? "\x1b[0m" : "",
             EscapeForTerminal(finding.what), EscapeForTerminal(finding.fix));
}

void RunDoctor(CliContext* context, const std::string& root) {
  const LoadedConfig loaded =
      LoadConfig(context->config_path, context->config_given, AllDetectors());
  const Obstacles findings = Examine(loaded, context->config_path, Host(root));
  for (const Obstacle& finding : findings) PrintFinding(*context, finding);
  if (!findings.empty()) context->exit_status = kExitNo;
  if (findings.empty() && !context->json && !context->quiet)
    fmt::print("nothing stands in alogd's way here\n");
}

}  // namespace

void AddDoctorCommand(CLI::App* app, CliContext* context) {
  static std::string root;
  CLI::App* doctor = app->add_subcommand(
      "doctor", "Say what stops alogd from doing its job here, and the command that mends it");
  doctor->add_option("--root", root, "Look at the system files of the host below this directory")
      ->type_name("DIR");
  doctor->footer(
      "Run it as root, so that it sees what only root may. Exit status: 0 nothing found, 3 "
      "something found. With --json one object a finding: finding, severity, what, fix.");
  doctor->callback([context] { RunDoctor(context, root); });
}

}  // namespace alogd
