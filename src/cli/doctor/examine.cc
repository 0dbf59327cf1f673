// SPDX-License-Identifier: MIT
// Gathers what the checks look at, and runs them.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "cli/doctor/doctor.h"
#include "core/config/path_set.h"

namespace alogd {
namespace {

void CheckConfiguration(const Examined& host, Obstacles* findings) {
  for (const ConfigProblem& problem : host.loaded.problems) {
    findings->push_back({problem.warning ? "config-odd" : "config-wrong", !problem.warning,
                         fmt::format("{}: {}", problem.where, problem.message),
                         fmt::format("alogctl check {}", ShellWord(host.config_path))});
  }
}

}  // namespace

std::string ShellWord(const std::string& text) {
  const bool plain = !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-+:@%").find(c) != std::string_view::npos;
  });
  if (plain) return text;
  std::string word = "'";
  for (const char c : text) c == '\'' ? word += "'\\''" : word += c;
  return word + "'";
}

Obstacles Examine(const LoadedConfig& loaded, const std::string& config_path, const Host& host) {
  Examined examined{loaded, config_path, host, ServiceAccount(host), std::nullopt, {}, 0, {}};
  Result<nlohmann::json> status = host.DaemonStatus(loaded.config.ControlPath());
  if (status) {
    examined.status = std::move(*status);
  } else {
    examined.status_error = status.error().message;
    examined.status_errno = status.error().code;
  }
  for (const GroupConfig& group : loaded.config.groups) {
    PathSet::Listing listing =
        PathSet(group.paths, group.exclude).LeaveOut(loaded.config.state_dir).List();
    std::ranges::move(listing.files, std::back_inserter(examined.files));
  }
  std::ranges::sort(examined.files);
  Obstacles findings;
  for (const auto check : {CheckConfiguration, CheckService, CheckDaemon, CheckFiles, CheckRotation,
                           CheckSyslog, CheckSystem, CheckDatabase})
    check(examined, &findings);
  std::stable_partition(findings.begin(), findings.end(),
                        [](const Obstacle& f) { return f.error; });
  return findings;
}

}  // namespace alogd
