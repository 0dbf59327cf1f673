// SPDX-License-Identifier: MIT
// Entry point of alogctl: names the command families.
#include "cli/cli.h"

int main(int argc, char** argv) {
  return alogd::RunCli(argc, argv,
                       {
                           alogd::AddConfigCommands,
                           alogd::AddHistoryCommands,
                           alogd::AddServiceCommands,
                           alogd::AddModelCommands,
                       });
}
