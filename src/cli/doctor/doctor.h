// SPDX-License-Identifier: MIT
// What stops alogd from doing its job on this host: findings, each with the command that mends it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/doctor/host.h"
#include "core/config/config.h"

namespace alogd {

struct Obstacle {
  std::string name;    // a word that stays, such as "log-unreadable"
  bool error = false;  // alogd misses something now; else it is likely to
  std::string what;    // one sentence, with the path or figure
  std::string fix;     // a command for a root shell, or what to do where none is safe
};

// What all checks look at; it outlives them.
struct Examined {
  const LoadedConfig& loaded;
  std::string config_path;
  const Host& host;
  std::optional<Account> account;        // of the service
  std::optional<nlohmann::json> status;  // of the daemon, where it answered
  std::string status_error;              // why it did not
  int status_errno = 0;
  std::vector<std::string> files;  // that the configuration watches, as they stand
};

using Obstacles = std::vector<Obstacle>;

// One function a family; each adds what it finds.
void CheckService(const Examined& host, Obstacles* findings);   // unit, account, drop-ins, timer
void CheckDaemon(const Examined& host, Obstacles* findings);    // what status says
void CheckFiles(const Examined& host, Obstacles* findings);     // watched files and their rights
void CheckRotation(const Examined& host, Obstacles* findings);  // logrotate
void CheckSyslog(const Examined& host, Obstacles* findings);    // rsyslog and journald
void CheckSystem(const Examined& host, Obstacles* findings);    // disk, clock, limits
void CheckDatabase(const Examined& host, Obstacles* findings);  // the database file

// Errors first.
Obstacles Examine(const LoadedConfig& loaded, const std::string& config_path, const Host& host);

// `text` as one word of a shell.
std::string ShellWord(const std::string& text);

}  // namespace alogd
