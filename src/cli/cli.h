// SPDX-License-Identifier: MIT
// What every command of alogctl shares: global options, exit statuses, registration.
#pragma once

#include <initializer_list>
#include <string>

#include "core/config/config.h"

namespace CLI {
class App;
}

namespace alogd {

enum ExitStatus { kExitDone = 0, kExitFailed = 1, kExitUsage = 2, kExitNo = 3 };

// Filled by the global options before a command's callback runs; a command sets `exit_status`.
struct CliContext {
  std::string config_path = "/etc/alogd/alogd.yaml";
  bool config_given = false;  // then the file must exist
  bool json = false;          // one object, or one object a line for lists
  bool color = false;         // standard output is a terminal and --no-color was not given
  bool terminal = false;      // standard output is a terminal: tables; else plain columns
  bool quiet = false;         // no progress, no remarks
  int exit_status = kExitDone;
};

// Prints "alogctl: MESSAGE" to standard error and sets the status. The message is escaped here: it
// may quote log text, and a path may hold anything.
void Fail(CliContext* context, const std::string& message, int status = kExitFailed);

// The configuration that the global options name. Errors go to standard error, one a line, and set
// the status to kExitUsage; then false. Warnings are printed unless --quiet.
bool LoadCliConfig(CliContext* context, Config* config);

// The group of that name, the first one for an empty name; null where there is none.
const GroupConfig* FindGroup(const Config& config, const std::string& name);

using AddCommands = void (*)(CLI::App* app, CliContext* context);

// One function a command family; each adds its subcommands with callbacks. main.cc names them all.
void AddConfigCommands(CLI::App* app, CliContext* context);      // config show, check (also: check)
void AddHistoryCommands(CLI::App* app, CliContext* context);     // anomalies, incidents, templates
void AddServiceCommands(CLI::App* app, CliContext* context);     // status, reload
void AddModelCommands(CLI::App* app, CliContext* context);       // models
void AddTrainCommand(CLI::App* app, CliContext* context);        // train
void AddScanCommand(CLI::App* app, CliContext* context);         // scan
void AddParseCommand(CLI::App* app, CliContext* context);        // parse
void AddExplainCommand(CLI::App* app, CliContext* context);      // explain
void AddEvalCommand(CLI::App* app, CliContext* context);         // eval
void AddGenerateCommand(CLI::App* app, CliContext* context);     // generate
void AddRetrainCommand(CLI::App* app, CliContext* context);      // retrain
void AddDoctorCommand(CLI::App* app, CliContext* context);       // doctor
void AddMaintenanceCommand(CLI::App* app, CliContext* context);  // maintenance
void AddRestoreCommand(CLI::App* app, CliContext* context);      // restore
void AddCompletionCommand(CLI::App* app, CliContext* context);   // completion

// The whole program: adds the families' commands, takes the command line apart, runs the one
// command that it names and returns its exit status. Wrong usage is explained on standard error.
int RunCli(int argc, const char* const* argv, std::initializer_list<AddCommands> families);

}  // namespace alogd
