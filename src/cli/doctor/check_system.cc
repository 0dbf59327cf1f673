// SPDX-License-Identifier: MIT
// Room on the disk, the clock, and the kernel's limits on watching.
#include <fmt/format.h>
#include <sys/stat.h>

#include <charconv>
#include <set>

#include "cli/doctor/doctor.h"
#include "core/config/units.h"

namespace alogd {
namespace {

// A commit, a snapshot of the state and a backup of the database fit into this.
constexpr uint64_t kLeastFree = 256ull << 20;
constexpr uint64_t kLeastInodes = 1000;
constexpr uint64_t kLeastInstances = 16;

std::optional<uint64_t> Figure(const Host& host, const std::string& path) {
  const std::string text = host.Read(path).value_or("");
  uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

std::string Sysctl(const std::string& key, uint64_t value) {
  return fmt::format("echo '{0} = {1}' > /etc/sysctl.d/60-alogd.conf && sysctl -w {0}={1}", key,
                     value);
}

void CheckDisk(const Examined& host, Obstacles* findings) {
  const std::string& directory = host.loaded.config.state_dir;
  const auto space = host.host.Space(directory);
  if (!space) return;
  if (space->free_bytes < kLeastFree)
    findings->push_back({"disk-full", true,
                         fmt::format("only {} are free where {} stands",
                                     FormatSize(space->free_bytes >> 20 << 20), directory),
                         "apt-get clean; journalctl --vacuum-size=200M"});
  if (space->inodes > 0 && space->free_inodes < kLeastInodes)
    findings->push_back(
        {"inodes-full", true,
         fmt::format("only {} files can be made where {} stands", space->free_inodes, directory),
         fmt::format("du --inodes -xd2 {} | sort -n | tail", ShellWord(directory))});
  if (space->free_bytes >= kLeastFree && host.loaded.config.max_size > space->bytes / 2)
    findings->push_back(
        {"database-may-fill", false,
         fmt::format("database.max_size {} is over half of the disk's {}",
                     FormatSize(host.loaded.config.max_size), FormatSize(space->bytes >> 20 << 20)),
         fmt::format("set in {}: database: {{max_size: {}}}", host.config_path,
                     FormatSize(space->bytes / 4 >> 20 << 20))});
}

void CheckStateDirectory(const Examined& host, Obstacles* findings) {
  const std::string& directory = host.loaded.config.state_dir;
  const std::string word = ShellWord(directory);
  struct stat info {};
  if (stat(directory.c_str(), &info) != 0) {
    findings->push_back({"state-missing", true, directory + " is not there",
                         fmt::format("install -d -o alogd -g alogd -m 0750 {}", word)});
    return;
  }
  if (host.account && info.st_uid != host.account->uid)
    findings->push_back({"state-owner", true,
                         fmt::format("{} does not belong to user {}, who writes there", directory,
                                     host.account->name),
                         fmt::format("chown -R {0}:{0} {1}", host.account->name, word)});
  if ((info.st_mode & 07) != 0)
    findings->push_back({"state-open", false,
                         directory + " is open to everybody, and holds quotes of logs that are not",
                         fmt::format("chmod o-rwx {}", word)});
}

void CheckLimits(const Examined& host, Obstacles* findings) {
  // A watch a directory; files are few beside them.
  std::set<std::string> directories;
  for (const std::string& path : host.files) directories.insert(path.substr(0, path.rfind('/')));
  const uint64_t wanted = host.files.size() + directories.size();
  const auto watches = Figure(host.host, "/proc/sys/fs/inotify/max_user_watches");
  if (watches && *watches < wanted + 64)
    findings->push_back(
        {"watch-limit", true,
         fmt::format("{} files are to be watched, and the kernel allows {} watches",
                     host.files.size(), *watches),
         Sysctl("fs.inotify.max_user_watches", std::max<uint64_t>(65536, 2 * wanted))});
  const auto instances = Figure(host.host, "/proc/sys/fs/inotify/max_user_instances");
  if (instances && *instances < kLeastInstances)
    findings->push_back({"watch-instances", false,
                         fmt::format("the kernel allows a user {} inotify instances", *instances),
                         Sysctl("fs.inotify.max_user_instances", 128)});
}

}  // namespace

void CheckSystem(const Examined& host, Obstacles* findings) {
  CheckStateDirectory(host, findings);
  CheckDisk(host, findings);
  CheckLimits(host, findings);
  if (!host.host.ClockSynchronised())
    findings->push_back({"clock-free", false,
                         "the clock is not synchronised: times of several hosts will not agree",
                         "timedatectl set-ntp true"});
}

}  // namespace alogd
