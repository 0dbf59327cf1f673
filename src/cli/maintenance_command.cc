// SPDX-License-Identifier: MIT
// maintenance: alerts are held back for a while, counted, and still stored.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/cli.h"
#include "cli/stage.h"
#include "core/control.h"
#include "core/text.h"

namespace alogd {
namespace {

using nlohmann::json;

constexpr int kTimeoutMs = 10'000;

// "30m" is half an hour to everybody who types it; the configuration wants "30min".
Result<Duration> ParseTyped(std::string text) {
  if (text.size() > 1 && text.back() == 'm' && text[text.size() - 2] >= '0' &&
      text[text.size() - 2] <= '9')
    text += "in";
  return ParseDuration(text);
}

void RunMaintenance(CliContext* context, const std::string& length, bool end) {
  json request = {{"command", "maintenance"}};
  if (!length.empty() && end) return Fail(context, "give either --for or --end", kExitUsage);
  if (end) request["for_s"] = 0;
  if (!length.empty()) {
    const Result<Duration> wanted = ParseTyped(length);
    if (!wanted) return Fail(context, "--for: " + wanted.error().message, kExitUsage);
    request["for_s"] = std::chrono::duration_cast<std::chrono::seconds>(*wanted).count();
  }
  Config config;
  if (!LoadCliConfig(context, &config)) return;
  const Result<json> answer = ControlRequest(config.ControlPath(), request, kTimeoutMs);
  if (!answer) return Fail(context, answer.error().message);
  if (!answer->value("ok", false)) return Fail(context, answer->value("error", "refused"));
  if (context->json) {
    fmt::print("{}\n", answer->dump());
    return;
  }
  if (context->quiet) return;
  fmt::print("{}\n", DescribeMaintenance(*answer));
}

}  // namespace

void AddMaintenanceCommand(CLI::App* app, CliContext* context) {
  static std::string length;
  static bool end = false;
  CLI::App* maintenance = app->add_subcommand(
      "maintenance", "Hold alerts back for a while: they are stored and counted, and not sent");
  maintenance->add_option("--for", length, "So long from now on, such as 30m or 2h")
      ->type_name("TIME");
  maintenance->add_flag("--end", end, "Send alerts again from now on");
  maintenance->footer("Without an option it says whether one is under way, and what it held back.");
  maintenance->callback([context] { RunMaintenance(context, length, end); });
}

}  // namespace alogd
