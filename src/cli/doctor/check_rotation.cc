// SPDX-License-Identifier: MIT
// logrotate: rotations that lose bytes, and new files that the service will not be able to read.
#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string_view>

#include "cli/doctor/doctor.h"

namespace alogd {
namespace {

// A block of a logrotate file, as far as it concerns us.
struct Rotation {
  std::string file;
  std::vector<std::string> globs;
  bool copytruncate = false;
  std::string create;  // the line's arguments, where they name a mode
};

std::vector<std::string> Words(std::string_view line) {
  std::vector<std::string> words;
  std::istringstream in{std::string(line)};
  for (std::string word; in >> word;) {
    std::erase(word, '"');
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

std::vector<Rotation> ReadRotations(const Host& host) {
  std::vector<std::string> files = host.List("/etc/logrotate.d", "");
  files.insert(files.begin(), "/etc/logrotate.conf");
  std::vector<Rotation> rotations;
  for (const std::string& file : files) {
    std::istringstream lines(host.Read(file).value_or(""));
    std::vector<std::string> globs;
    bool inside = false, script = false;
    for (std::string line; std::getline(lines, line);) {
      line = line.substr(0, line.find('#'));
      auto words = Words(line);
      if (words.empty()) continue;
      if (script) {
        script = words[0] != "endscript";
        continue;
      }
      const bool opens = words.back().ends_with('{');
      if (!inside && (words[0].starts_with('/') || opens)) {
        for (std::string& word : words) {
          if (word.ends_with('{')) word.pop_back();
          if (!word.empty()) globs.push_back(word);
        }
        if (opens) rotations.push_back({file, std::exchange(globs, {}), false, ""});
        inside = opens;
        continue;
      }
      if (words[0] == "}") inside = false;
      if (!inside || rotations.empty()) continue;
      script = words[0] == "postrotate" || words[0] == "prerotate" || words[0] == "firstaction" ||
               words[0] == "lastaction" || words[0] == "preremove";
      if (words[0] == "copytruncate") rotations.back().copytruncate = true;
      if (words[0] == "create" && words.size() > 1) {
        std::string& create = rotations.back().create;
        create.clear();
        for (size_t i = 1; i < words.size(); ++i) create += (i > 1 ? " " : "") + words[i];
      }
    }
  }
  return rotations;
}

// The first watched file that the block rotates; empty if it rotates none.
std::string Watched(const Examined& host, const Rotation& rotation) {
  for (const std::string& path : host.files)
    for (const std::string& glob : rotation.globs)
      if (fnmatch(glob.c_str(), path.c_str(), FNM_PATHNAME) == 0) return path;
  return {};
}

// Whether a file that `create` makes can be read by the service.
bool Unreadable(const Examined& host, const std::string& create) {
  const auto words = Words(create);
  unsigned mode = 0;
  const auto [stop, error] =
      std::from_chars(words[0].data(), words[0].data() + words[0].size(), mode, 8);
  if (error != std::errc() || !host.account || host.account->reads_everything) return false;
  if ((mode & 04) != 0 || words.size() < 3) return (mode & 044) == 0;
  if (words[1] == host.account->name) return (mode & 0400) == 0;
  // By its group: adm and systemd-journal are the service's.
  return (mode & 040) == 0 ||
         (words[2] != "adm" && words[2] != "systemd-journal" && words[2] != host.account->name);
}

}  // namespace

void CheckRotation(const Examined& host, Obstacles* findings) {
  for (const Rotation& rotation : ReadRotations(host.host)) {
    const std::string path = Watched(host, rotation);
    if (path.empty()) continue;
    const std::string word = ShellWord(rotation.file);
    if (rotation.copytruncate)
      findings->push_back(
          {"copytruncate", false,
           fmt::format("{} rotates {} by copytruncate: what is written between the copy and the "
                       "truncation is lost to everybody",
                       rotation.file, path),
           // Never a command: a program that keeps its file open would go on writing to the copy.
           fmt::format("keep it unless the program opens its log anew when told; if it does, tell "
                       "it in postrotate and write create for copytruncate in {}",
                       rotation.file)});
    if (!rotation.create.empty() && Unreadable(host, rotation.create))
      findings->push_back(
          {"rotation-closes", false,
           fmt::format("{} creates the next {} with '{}', which user {} may not read",
                       rotation.file, path, rotation.create, host.account->name),
           fmt::format("sed -i 's/create {}.*/create 0640 root adm/' {}", Words(rotation.create)[0],
                       word)});
  }
}

}  // namespace alogd
