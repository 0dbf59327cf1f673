// SPDX-License-Identifier: MIT
// The unit, its account, what drop-ins take from it, and the timer that trains.
#include <fmt/format.h>

#include <cerrno>
#include <set>
#include <string_view>

#include "cli/doctor/doctor.h"

namespace alogd {
namespace {

constexpr const char* kUnit = "alogd.service";
constexpr const char* kTimer = "alogd-train.timer";

bool IsOff(std::string_view value) {
  return value == "no" || value == "false" || value == "off" || value == "0";
}

// Why a drop-in's line makes the service weaker or blind; empty if it does not.
std::string Weakness(const UnitSetting& setting) {
  static const std::set<std::string, std::less<>> kSwitches = {
      "NoNewPrivileges",        "PrivateTmp",
      "PrivateMounts",          "PrivateDevices",
      "PrivateNetwork",         "ProtectHome",
      "ProtectKernelTunables",  "ProtectKernelModules",
      "ProtectKernelLogs",      "ProtectControlGroups",
      "ProtectClock",           "ProtectHostname",
      "RestrictNamespaces",     "RestrictRealtime",
      "RestrictSUIDSGID",       "LockPersonality",
      "MemoryDenyWriteExecute", "ProtectSystem"};
  if (setting.section != "Service") return {};
  if (kSwitches.contains(setting.key) && IsOff(setting.value)) return "takes a protection away";
  if (setting.key == "User" && setting.value == "root") return "runs alogd as root";
  if ((setting.key == "CapabilityBoundingSet" || setting.key == "AmbientCapabilities") &&
      !setting.value.empty() && setting.value != "CAP_DAC_READ_SEARCH")
    return "gives capabilities beyond CAP_DAC_READ_SEARCH";
  if (setting.key == "SystemCallFilter" && setting.value.empty())
    return "lets every system call through";
  if (setting.key == "WatchdogSec" && (IsOff(setting.value) || setting.value == "infinity"))
    return "switches the watchdog off";
  if (setting.key == "Restart" && IsOff(setting.value)) return "leaves it down after a crash";
  if (setting.key == "SupplementaryGroups" && setting.value.empty())
    return "takes the groups away by which it reads logs";
  if (setting.key == "Nice" && setting.value == "19") return "lets it fall behind under load";
  return {};
}

void CheckDropIns(const Examined& host, Obstacles* findings) {
  for (const UnitSetting& setting : UnitSettings(host.host, kUnit)) {
    const std::string why = setting.drop_in ? Weakness(setting) : std::string();
    if (why.empty()) continue;
    findings->push_back({"unit-weakened", false,
                         fmt::format("{}: {}={} {}", setting.file, setting.key, setting.value, why),
                         fmt::format("rm {} && systemctl daemon-reload && systemctl restart alogd",
                                     ShellWord(setting.file))});
  }
  const std::string replaced = std::string("/etc/systemd/system/") + kUnit;
  if (host.host.Exists(replaced) && host.host.Exists(std::string("/lib/systemd/system/") + kUnit))
    findings->push_back(
        {"unit-replaced", false,
         fmt::format("{} replaces the unit that comes with alogd, and misses what upgrades change",
                     replaced),
         "systemctl revert alogd"});
}

bool IsWanted(const Host& host, const std::string& target, const std::string& unit) {
  for (const char* directory : {"/etc/systemd/system/", "/lib/systemd/system/"})
    if (host.Exists(fmt::format("{}{}.wants/{}", directory, target, unit))) return true;
  return false;
}

}  // namespace

void CheckService(const Examined& host, Obstacles* findings) {
  const bool installed = !UnitSettings(host.host, kUnit).empty();
  if (!host.account)
    findings->push_back({"user-missing", true,
                         "the service's user does not exist, so it cannot start",
                         "systemd-sysusers && systemctl restart alogd"});
  if (installed && !IsWanted(host.host, "multi-user.target", kUnit))
    findings->push_back({"service-disabled", false, "alogd does not start when the host boots",
                         "systemctl enable alogd"});
  const bool refused = host.status_errno == EACCES || host.status_errno == EPERM;
  if (!host.status && refused)
    findings->push_back({"not-allowed", false, host.status_error, "sudo alogctl doctor"});
  if (!host.status && !refused)
    findings->push_back({"service-down", true, host.status_error,
                         "systemctl enable --now alogd; journalctl -u alogd -n 20"});
  if (host.host.Exists(std::string("/lib/systemd/system/") + kTimer) &&
      host.loaded.config.training.automatic && !IsWanted(host.host, "timers.target", kTimer))
    findings->push_back({"timer-disabled", false,
                         "nothing trains by itself, since alogd-train.timer is not enabled",
                         "systemctl enable --now alogd-train.timer"});
  CheckDropIns(host, findings);
}

}  // namespace alogd
