// SPDX-License-Identifier: MIT
// Real journal files, written by systemd's own tool from its export format.
#pragma once

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace alogd {

inline constexpr const char* kJournalRemote = "/lib/systemd/systemd-journal-remote";

// Where it is not there (package systemd-journal-remote), no journal can be written.
inline bool CanWriteJournals() { return access(kJournalRemote, X_OK) == 0; }

inline constexpr const char* kFirstBoot = "11111111111111111111111111111111";
inline constexpr const char* kSecondBoot = "22222222222222222222222222222222";

struct JournalLine {
  int64_t time_us = 0;
  std::map<std::string, std::string> fields;  // MESSAGE, _SYSTEMD_UNIT, ...
  std::string boot = kFirstBoot;
};

// Entries in order of time, as the file NAME.journal in the directory.
inline bool WriteJournal(const std::string& directory, const std::string& name,
                         const std::vector<JournalLine>& lines) {
  const std::string text = directory + "/" + name + ".export";
  {
    std::ofstream out(text, std::ios::binary);
    for (const JournalLine& line : lines) {
      out << fmt::format("__REALTIME_TIMESTAMP={}\n__MONOTONIC_TIMESTAMP={}\n_BOOT_ID={}\n",
                         line.time_us, line.time_us % 1'000'000'000, line.boot);
      for (const auto& [key, value] : line.fields) {
        const uint64_t size = value.size();  // little-endian, as the format wants it
        char bytes[8];
        std::memcpy(bytes, &size, 8);
        out << key << '\n' << std::string_view(bytes, 8) << value << '\n';
      }
      out << '\n';
    }
  }
  const std::string file = directory + "/" + name + ".journal";
  std::vector<std::string> words = {kJournalRemote, "--split-mode=none", "--output=" + file, text};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t pid = 0;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0);
  const int spawned =
      posix_spawn(&pid, kJournalRemote, &actions, nullptr, arguments.data(), nullptr);
  posix_spawn_file_actions_destroy(&actions);
  int status = 1;
  const bool ok = spawned == 0 && waitpid(pid, &status, 0) == pid && status == 0;
  std::filesystem::remove(text);
  return ok;
}

}  // namespace alogd
