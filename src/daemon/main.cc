// SPDX-License-Identifier: MIT
// Entry point of alogd: the command line, then the daemon.
#include <fmt/format.h>
#include <getopt.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>

#include "daemon/daemon.h"
#include "daemon/logging.h"

namespace {

constexpr char kUsage[] =
    "Usage: alogd [--config FILE]\n"
    "\n"
    "Reads this host's logs as they are written, learns what is normal, and alerts when something "
    "is not.\n"
    "Runs in the foreground; logs to the journal under systemd, else to standard error.\n"
    "\n"
    "  -c, --config FILE  configuration (/etc/alogd/alogd.yaml; conf.d/*.yaml beside it is read "
    "too)\n"
    "  -V, --version      print the version and end\n"
    "  -h, --help         print this and end\n"
    "\n"
    "Signals: HUP reloads configuration and bundles; TERM and INT commit what was read and end.\n"
    "Exit status: 0 ended as told, 1 failed, 2 wrong usage or configuration.\n";

// What the last messages get of the time that SIGTERM may take.
constexpr std::chrono::milliseconds kLogPatience{200};

constexpr option kOptions[] = {{"config", required_argument, nullptr, 'c'},
                               {"version", no_argument, nullptr, 'V'},
                               {"help", no_argument, nullptr, 'h'},
                               {nullptr, 0, nullptr, 0}};

// Signals that the event loop takes are blocked before the first thread begins; a reader that goes
// away is an error code, not a death.
void PrepareSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGHUP, SIGTERM, SIGINT}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

int main(int argc, char** argv) {
  alogd::DaemonOptions options;
  for (int c; (c = getopt_long(argc, argv, "c:Vh", kOptions, nullptr)) != -1;) {
    switch (c) {
      case 'c':
        options.config_path = optarg;
        options.config_must_exist = true;
        break;
      case 'V':
        fmt::print("alogd {}\n", ALOGD_VERSION);
        return 0;
      case 'h':
        fmt::print("{}", kUsage);
        return 0;
      default:
        fmt::print(stderr, "Try 'alogd --help'.\n");
        return 2;
    }
  }
  if (optind < argc) {
    fmt::print(stderr, "alogd: unexpected argument '{}'; try 'alogd --help'\n", argv[optind]);
    return 2;
  }
  PrepareSignals();
  alogd::SetUpLogging();
  const int status = alogd::RunDaemon(options);
  if (!alogd::StopLogging(kLogPatience)) _exit(status);
  return status;
}
