// SPDX-License-Identifier: MIT
// Watched files: whether the service may read them, and whether anything is read twice.
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>

#include "cli/doctor/doctor.h"
#include "core/config/path_set.h"
#include "core/config/trusted_links.h"
#include "core/journal/journal_reader.h"

namespace alogd {
namespace {

void CheckReadable(const Examined& host, Obstacles* findings) {
  if (!host.account) return;
  std::set<std::string> said;
  const auto check = [&](const std::string& path) {
    const auto refusal = WhyUnreadable(*host.account, path);
    if (!refusal || !said.insert(refusal->path).second) return;
    const std::string word = ShellWord(refusal->path);
    if (refusal->directory)
      findings->push_back({"directory-unreadable", true,
                           fmt::format("user {} may not enter {}, where logs are to be read",
                                       host.account->name, refusal->path),
                           fmt::format("chgrp adm {} && chmod g+rx {}", word, word)});
    else
      findings->push_back(
          {"log-unreadable", true,
           fmt::format("user {} may not read {}", host.account->name, refusal->path),
           fmt::format("chgrp adm {} && chmod g+r {}", word, word)});
  };
  for (const std::string& path : host.files) check(path);
  // Directories that nobody could list for us, as the service's user they may be closed too.
  for (const GroupConfig& group : host.loaded.config.groups)
    for (const std::string& directory :
         PathSet(group.paths, group.exclude).LeaveOut(host.loaded.config.state_dir).Directories())
      check(directory);
}

void CheckPresence(const Examined& host, Obstacles* findings) {
  for (const GroupConfig& group : host.loaded.config.groups) {
    if (ReadsJournal(group) || group.paths.empty()) continue;
    if (!PathSet(group.paths, group.exclude)
             .LeaveOut(host.loaded.config.state_dir)
             .List()
             .files.empty())
      continue;
    const bool system = group.name == GroupConfig{}.name;
    findings->push_back(
        {"no-files", true,
         fmt::format("none of the paths of group {} matches a file ({} ...)", group.name,
                     group.paths[0]),
         system ? "apt-get install rsyslog" : "alogctl config show | grep -A3 paths"});
  }
}

void CheckLinks(const Examined& host, Obstacles* findings) {
  const uid_t service = host.account ? host.account->uid : geteuid();
  for (const std::string& path : host.files) {
    const Result<std::string> real = ResolveLinks(path, service);
    if (real || real.error().code != EXDEV) continue;
    std::array<char, PATH_MAX> target;
    const bool stands = realpath(path.c_str(), target.data()) != nullptr;
    findings->push_back({"link-not-followed", true, real.error().message,
                         fmt::format("add to the group in {}: paths: ['{}']", host.config_path,
                                     stands ? target.data() : path)});
  }
}

void CheckTwice(const Examined& host, Obstacles* findings) {
  std::map<std::pair<dev_t, ino_t>, std::string> seen;
  for (const std::string& path : host.files) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) continue;
    const auto [first, is_new] = seen.emplace(std::pair(info.st_dev, info.st_ino), path);
    if (is_new) continue;
    findings->push_back(
        {"read-twice", false,
         first->second == path
             ? fmt::format("{} is watched by two groups, so its records count twice", path)
             : fmt::format("{} and {} are one file, so its records count twice", first->second,
                           path),
         fmt::format("add to the group in {}: exclude: [{}]", host.config_path, path)});
  }
}

}  // namespace

void CheckFiles(const Examined& host, Obstacles* findings) {
  CheckReadable(host, findings);
  CheckPresence(host, findings);
  CheckLinks(host, findings);
  CheckTwice(host, findings);
}

}  // namespace alogd
