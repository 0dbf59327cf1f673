// SPDX-License-Identifier: MIT
// Verdicts are the daemon's to write: it alone changes the database.
#include "cli/verdict_commands.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/control.h"

namespace alogd {
namespace {

using nlohmann::json;

constexpr int kTimeoutMs = 60'000;

struct Verdict {
  const char* command;
  const char* state;
  const char* what;
};
constexpr Verdict kVerdicts[] = {
    {"ack", "acked", "It was normal: training may learn it"},
    {"confirm", "confirmed", "It was a fault: training never learns it"},
    {"suppress", "suppressed", "It, and what is like it from now on, is stored and alerts no more"},
    {"reset", "new", "Take back what was said; what is like it alerts again"}};

void Say(CliContext* context, const std::string& family, const Verdict& verdict,
         const std::vector<int64_t>& ids) {
  Config config;
  if (!LoadCliConfig(context, &config)) return;
  const json request = {{"command", "verdict"}, {"state", verdict.state}, {family, ids}};
  const Result<json> answer = ControlRequest(config.ControlPath(), request, kTimeoutMs);
  if (!answer) return Fail(context, answer.error().message);
  if (!answer->value("ok", false)) return Fail(context, answer->value("error", "refused"));
  if (context->json) return static_cast<void>(fmt::print("{}\n", answer->dump()));
  const uint64_t changed = answer->value("changed", uint64_t{0});
  if (!context->quiet)
    fmt::print("{} {} now {}\n", changed, changed == 1 ? "anomaly is" : "anomalies are",
               verdict.state);
}

}  // namespace

void AddVerdictCommands(CLI::App* family, CliContext* context, const std::string& name) {
  for (const Verdict& verdict : kVerdicts) {
    CLI::App* command = family->add_subcommand(verdict.command, verdict.what);
    auto ids = std::make_shared<std::vector<int64_t>>();
    command->add_option("ID", *ids, "Numbers in the list")->required()->check(CLI::PositiveNumber);
    command->callback([=] { Say(context, name, verdict, *ids); });
  }
}

}  // namespace alogd
