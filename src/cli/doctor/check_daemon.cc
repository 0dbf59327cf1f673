// SPDX-License-Identifier: MIT
// What the running daemon says of itself: lag, drops, commits, alerts, bundles, reloads.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "cli/doctor/doctor.h"
#include "core/store/history.h"

namespace alogd {
namespace {

using nlohmann::json;

constexpr double kBehind = 64 << 20;  // bytes; alogd reads that in some seconds when it may
constexpr double kPending = 100;      // alerts; a journal that takes them has none waiting
constexpr double kOldTimes = 4;       // a bundle this many trainings old was left behind
constexpr double kNewShare = 0.2;     // of templates that the bundle does not know

double Number(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number() ? it->get<double>() : 0;
}
std::string Text(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}
json Part(const json& object, const char* key) {
  const auto it = object.find(key);
  return it == object.end() ? json::object() : *it;
}

// Whether the group had an incident of HIGH or worse within a day that nobody acked. Its new
// templates are those of a fault, then, and to train on them is no advice.
bool HadIncident(const Examined& host, const std::string& group) {
  Result<History> history = History::Open(host.loaded.config.DatabasePath());
  if (!history) return false;
  AnomalyFilter filter;
  filter.group = group;
  filter.min_level = RiskLevel::kHigh;
  filter.since = host.host.Now() - std::chrono::hours(24);
  const auto incidents = history->Incidents(filter);
  return incidents && std::ranges::any_of(*incidents, [](const StoredIncident& incident) {
           return incident.state != Name(AnomalyState::kAcked);
         });
}

void CheckGroup(const Examined& host, const json& group, Obstacles* findings) {
  const std::string name = Text(group, "name");
  const TrainingOptions& training = host.loaded.config.training;
  const std::string fix = fmt::format("alogctl retrain --group {} --now", ShellWord(name));
  if (Text(group, "bundle").empty()) {
    if (Number(group, "records") >= static_cast<double>(training.after_records))
      findings->push_back({"no-bundle", false,
                           fmt::format("group {} has read enough to be trained and has no bundle; "
                                       "only rules and untrained detectors judge it",
                                       name),
                           fix});
    return;
  }
  const double days = Number(group, "bundle_age_s") / 86400;
  const double every = std::chrono::duration<double>(training.every).count() / 86400;
  if (days > kOldTimes * every)
    findings->push_back({"bundle-old", false,
                         fmt::format("the bundle of group {} is {:.0f} days old", name, days),
                         fix});
  const double templates = Number(group, "templates");
  if (templates >= 50 && Number(group, "new_templates") > kNewShare * templates &&
      !HadIncident(host, name))
    findings->push_back(
        {"bundle-unfit", false,
         fmt::format("{:.0f} of the {:.0f} templates of group {} are unknown to its bundle",
                     Number(group, "new_templates"), templates, name),
         fix});
}

void CheckSource(const json& source, Obstacles* findings) {
  const std::string path =
      Text(source, "path").empty() ? Text(source, "name") : Text(source, "path");
  if (Number(source, "lag_bytes") > kBehind)
    findings->push_back(
        {"behind", true,
         fmt::format("{} is {:.0f} MB behind", path, Number(source, "lag_bytes") / (1 << 20)),
         "systemctl set-property alogd CPUWeight=500 IOWeight=500"});
}

void CheckCounters(const json& status, Obstacles* findings) {
  const json drops = Part(status, "drops");
  for (const auto& [reason, count] : drops.items())
    if (count.is_number() && count.get<double>() > 0)
      findings->push_back(
          {"dropped", true,
           fmt::format("{} {} since alogd started; nothing should be lost", count.dump(), reason),
           "journalctl -u alogd -p warning; systemctl restart alogd"});
  const std::string error = Text(Part(status, "commit"), "last_error");
  if (!error.empty())
    findings->push_back({"commit-failing", true, "nothing is stored: " + error,
                         "alogctl status; df -h /var/lib/alogd"});
  if (Number(Part(status, "journal"), "pending") > kPending)
    findings->push_back({"alerts-waiting", true,
                         fmt::format("{:.0f} alerts wait for the journal to take them",
                                     Number(Part(status, "journal"), "pending")),
                         "systemctl restart systemd-journald"});
  for (const json& sink : Part(status, "sinks")) {
    const std::string failing = Text(sink, "last_error");
    if (!failing.empty() && Text(sink, "kind") != "journal")
      findings->push_back(
          {"sink-failing", true,
           fmt::format("the sink {} takes no alerts: {}", Text(sink, "name"), failing),
           "alogctl status; mend what it names, or remove it from `sinks`"});
  }
}

void CheckReload(const Examined& host, Obstacles* findings) {
  const json reload = Part(*host.status, "last_reload");
  if (reload.is_object() && reload.contains("ok") && reload["ok"] == false)
    findings->push_back({"reload-refused", true,
                         "the last reload was refused: " + Text(reload, "message"),
                         "alogctl check && alogctl reload --wait"});
  const double started =
      static_cast<double>(Micros(host.host.Now())) / 1e6 - Number(*host.status, "uptime_s");
  const double loaded = std::max(started, Number(reload, "at_us") / 1e6);
  struct stat info {};
  if (stat(host.config_path.c_str(), &info) == 0 && static_cast<double>(info.st_mtime) > loaded + 1)
    findings->push_back({"config-not-loaded", false,
                         host.config_path + " was changed after alogd loaded it",
                         "alogctl reload --wait"});
}

}  // namespace

void CheckDaemon(const Examined& host, Obstacles* findings) {
  if (!host.status) return;
  for (const json& group : Part(*host.status, "groups")) CheckGroup(host, group, findings);
  for (const json& source : Part(*host.status, "sources")) CheckSource(source, findings);
  CheckCounters(*host.status, findings);
  CheckReload(host, findings);
}

}  // namespace alogd
