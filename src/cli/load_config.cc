// SPDX-License-Identifier: MIT
// Loads the configuration for a command and says what is wrong with it.
#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "cli/cli.h"
#include "core/text.h"
#include "models/registry/detectors.h"

namespace alogd {

bool LoadCliConfig(CliContext* context, Config* config) {
  LoadedConfig loaded = LoadConfig(context->config_path, context->config_given, AllDetectors());
  for (const ConfigProblem& problem : loaded.problems) {
    if (problem.warning && context->quiet) continue;
    fmt::print(stderr, "{}: {}{}\n", EscapeForTerminal(problem.where),
               problem.warning ? "warning: " : "", EscapeForTerminal(problem.message));
  }
  if (!loaded.ok()) {
    context->exit_status = kExitUsage;
    return false;
  }
  *config = std::move(loaded.config);
  return true;
}

const GroupConfig* FindGroup(const Config& config, const std::string& name) {
  for (const GroupConfig& group : config.groups)
    if (name.empty() || group.name == name) return &group;
  return nullptr;
}

}  // namespace alogd
