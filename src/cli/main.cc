// SPDX-License-Identifier: MIT
// Entry point of alogctl: names the command families.
#include "cli/cli.h"

int main(int argc, char** argv) {
  return alogd::RunCli(argc, argv,
                       {
                           alogd::AddServiceCommands,
                           alogd::AddHistoryCommands,
                           alogd::AddTrainCommand,
                           alogd::AddScanCommand,
                           alogd::AddParseCommand,
                           alogd::AddExplainCommand,
                           alogd::AddModelCommands,
                           alogd::AddConfigCommands,
                           alogd::AddEvalCommand,
                           alogd::AddGenerateCommand,
                           alogd::AddRetrainCommand,
                           alogd::AddDoctorCommand,
                           alogd::AddMaintenanceCommand,
                           alogd::AddRestoreCommand,
                           alogd::AddCompletionCommand,
                       });
}
