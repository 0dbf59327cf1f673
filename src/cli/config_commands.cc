// SPDX-License-Identifier: MIT
// config show and check: the configuration in force, and what is wrong with it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <system_error>

#include "cli/cli.h"
#include "core/config/rule_examples.h"
#include "core/config/rule_strangers.h"
#include "core/config/yaml_reader.h"
#include "core/text.h"
#include "models/registry/detectors.h"

namespace alogd {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kDim = "\x1b[2m";
constexpr const char* kRed = "\x1b[31m";
constexpr const char* kYellow = "\x1b[33m";
constexpr const char* kPlain = "\x1b[0m";

// Scalars that YAML and JSON write alike stay numbers and booleans; all others are text.
Json ValueOf(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kList) {
    Json list = Json::array();
    for (const YamlNode& item : node.items) list.push_back(ValueOf(item));
    return list;
  }
  Json value = node.quoted ? Json() : Json::parse(node.scalar, nullptr, false);
  if (value.is_number() || value.is_boolean()) return value;
  return ToValidUtf8(node.scalar);
}

bool IsList(const YamlNode& node) {
  return node.kind == YamlNode::Kind::kList &&
         (node.items.empty() || node.items[0].kind != YamlNode::Kind::kMap);
}

// One object a value: its dotted key, itself, and where it comes from.
void PrintValues(const YamlNode& node, const std::string& key, const LoadedConfig& loaded) {
  if (node.kind == YamlNode::Kind::kScalar || IsList(node)) {
    const auto origin = loaded.origins.find(key);
    const Json line = {{"key", key},
                       {"value", ValueOf(node)},
                       {"origin", origin == loaded.origins.end() ? "default" : origin->second}};
    fmt::print("{}\n", line.dump(-1, ' ', false, Json::error_handler_t::replace));
    return;
  }
  for (size_t i = 0; i < node.items.size(); ++i) {
    const std::string name = node.keys.empty() ? std::to_string(i) : node.keys[i].scalar;
    PrintValues(node.items[i], key.empty() ? name : key + "." + name, loaded);
  }
}

// The origins stand in the comments, which are the only '#' behind two blanks and a value.
void PrintShown(std::string_view shown, bool color) {
  while (!shown.empty()) {
    const std::string_view line = shown.substr(0, shown.find('\n'));
    shown.remove_prefix(std::min(line.size() + 1, shown.size()));
    const size_t comment = color ? line.rfind("  # ") : std::string_view::npos;
    if (comment == std::string_view::npos)
      fmt::print("{}\n", line);
    else
      fmt::print("{}{}{}{}\n", line.substr(0, comment), kDim, line.substr(comment), kPlain);
  }
}

void PrintProblem(const ConfigProblem& problem, const CliContext& context, std::FILE* to) {
  if (problem.warning && context.quiet) return;
  if (context.json) {
    const Json line = {{"where", problem.where},
                       {"severity", problem.warning ? "warning" : "error"},
                       {"message", problem.message}};
    fmt::print(to, "{}\n", line.dump(-1, ' ', false, Json::error_handler_t::replace));
    return;
  }
  fmt::print(to, "{}: {}{}: {}{}\n", EscapeForTerminal(problem.where),
             context.color ? (problem.warning ? kYellow : kRed) : "",
             problem.warning ? "warning" : "error", EscapeForTerminal(problem.message),
             context.color ? kPlain : "");
}

void Show(CliContext* context) {
  const LoadedConfig loaded =
      LoadConfig(context->config_path, context->config_given, AllDetectors());
  for (const ConfigProblem& problem : loaded.problems) PrintProblem(problem, *context, stderr);
  if (!loaded.ok()) {
    context->exit_status = kExitUsage;
    return;
  }
  const std::string shown = ShowConfig(loaded);
  if (!context->json) return PrintShown(shown, context->color);
  YamlNode root;
  const YamlError error = ParseYaml(shown, &root);
  if (!error.message.empty()) return Fail(context, "cannot read its own words: " + error.message);
  PrintValues(root, "", loaded);
}

void Check(CliContext* context, const std::string& file) {
  const bool given = !file.empty();
  const std::string& path = given ? file : context->config_path;
  LoadedConfig loaded = LoadConfig(path, given || context->config_given, AllDetectors());
  for (ConfigProblem& problem : CheckRuleExamples(loaded))
    loaded.problems.push_back(std::move(problem));
  for (ConfigProblem& problem : CheckRulesAgainstStrangers(loaded))
    loaded.problems.push_back(std::move(problem));
  for (const ConfigProblem& problem : loaded.problems) PrintProblem(problem, *context, stdout);
  if (!loaded.ok()) context->exit_status = kExitUsage;
  if (!loaded.ok() || context->json || context->quiet) return;
  std::error_code ignored;
  const bool stands = std::filesystem::exists(path, ignored);
  fmt::print("{}: {} (rules: {}, their examples: {}, groups: {})\n", EscapeForTerminal(path),
             stands ? "good" : "not there, the defaults hold", loaded.config.rules.size(),
             CountRuleExamples(loaded.config), loaded.config.groups.size());
}

void AddCheck(CLI::App* app, CliContext* context, const std::string& description) {
  CLI::App* check = app->add_subcommand("check", description);
  const auto file =
      std::make_shared<std::string>();  // shared by option and callback, which outlive this
  check->add_option("FILE", *file, "A configuration to check instead of the one in force");
  check->footer(
      "Exit status: 0 good, 2 wrong. With --json one object a problem: where, severity, message.");
  check->callback([context, file] { Check(context, *file); });
}

}  // namespace

void AddConfigCommands(CLI::App* app, CliContext* context) {
  CLI::App* config =
      app->add_subcommand("config", "The configuration in force, and what is wrong with it");
  config->require_subcommand(1);
  CLI::App* show =
      config->add_subcommand("show", "Print every value in force and where it comes from");
  show->footer("With --json one object a value: key, value, origin.");
  show->callback([context] { Show(context); });
  AddCheck(config, context, "Say what is wrong with the configuration, and how to mend it");
  AddCheck(app, context, "The same as config check");
}

}  // namespace alogd
