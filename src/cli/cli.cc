// SPDX-License-Identifier: MIT
// The frame of alogctl: global options, dispatch, and how failure is said.
#include "cli/cli.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <vector>

#include "core/text.h"

namespace alogd {
namespace {

// Flags that stand before or after the command, as users of git and systemctl expect.
struct GlobalOptions {
  bool no_color = false;
  CLI::Option* config = nullptr;
};

void AddGlobalOptions(CLI::App* app, CliContext* context, GlobalOptions* options) {
  options->config = app->add_option("--config", context->config_path,
                                    "Configuration file; conf.d/*.yaml beside it is read too");
  options->config->type_name("FILE")->capture_default_str();
  app->add_flag("--json", context->json, "Print JSON: one object, or one a line for lists");
  app->add_flag("--no-color", options->no_color, "Print no colours");
  app->add_flag("-q,--quiet", context->quiet, "Print no progress and no remarks");
  app->set_version_flag("--version", "alogctl " ALOGD_VERSION);
}

void FillContext(const GlobalOptions& options, CliContext* context) {
  context->config_given = options.config->count() > 0;
  context->terminal = isatty(STDOUT_FILENO) == 1;
  context->color = context->terminal && !options.no_color;
}

// CLI11 only misses a command where an unknown one was given; says which.
bool ExplainUnknown(const CLI::App& app, CliContext* context) {
  const std::vector<std::string> unknown = app.remaining(true);
  if (unknown.empty()) return false;
  const char* kind = unknown.front().starts_with('-') ? "option" : "command";
  Fail(
      context,
      fmt::format("unknown {} '{}'; run alogctl --help for those there are", kind, unknown.front()),
      kExitUsage);
  return true;
}

int Parse(CLI::App* app, int argc, const char* const* argv, CliContext* context) {
  try {
    app->parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    if (!ExplainUnknown(*app, context)) app->exit(error);
    return kExitUsage;
  } catch (const CLI::ParseError& error) {
    // CLI11 has an exit code per kind of mistake; ours are documented, so only good and wrong
    // remain.
    return app->exit(error) == 0 ? kExitDone : kExitUsage;
  } catch (const std::exception& error) {
    // Nothing of ours throws: memory ran out, or a library did what it should not.
    Fail(context, error.what());
  }
  return context->exit_status;
}

}  // namespace

void Fail(CliContext* context, const std::string& message, int status) {
  fmt::print(stderr, "alogctl: {}\n", EscapeForTerminal(message));
  context->exit_status = status;
}

int RunCli(int argc, const char* const* argv, std::initializer_list<AddCommands> families) {
  CLI::App app("Queries and trains alogd, the log anomaly detection service.", "alogctl");
  CliContext context;
  GlobalOptions options;
  AddGlobalOptions(&app, &context, &options);
  app.fallthrough();  // inherited by the commands that follow
  app.require_subcommand(1);
  app.parse_complete_callback([&] { FillContext(options, &context); });
  for (const AddCommands add : families) add(&app, &context);
  return Parse(&app, argc, argv, &context);
}

}  // namespace alogd
