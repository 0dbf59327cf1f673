// SPDX-License-Identifier: MIT
// Reads the host: passwd and group, units and their drop-ins, permissions, the kernel's clock.
#include "cli/doctor/host.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string_view>
#include <system_error>

#include "core/control.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFile = 4 << 20;  // of what doctor reads; larger ones are not configuration
constexpr int kStatusTimeoutMs = 5'000;

std::vector<std::string> Fields(const std::string& line, char separator) {
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, separator);) fields.push_back(field);
  return fields;
}

std::optional<uint32_t> Number(const std::string& text) {
  uint32_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

std::optional<gid_t> GroupId(const Host& host, const std::string& name) {
  std::istringstream lines(host.Read("/etc/group").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    const auto fields = Fields(line, ':');
    if (fields.size() >= 3 && fields[0] == name) return Number(fields[2]);
  }
  return std::nullopt;
}

void AddMemberships(const Host& host, Account* account) {
  std::istringstream lines(host.Read("/etc/group").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    const auto fields = Fields(line, ':');
    if (fields.size() < 4) continue;
    const auto members = Fields(fields[3], ',');
    const auto gid = Number(fields[2]);
    if (gid && std::ranges::find(members, account->name) != members.end())
      account->groups.push_back(*gid);
  }
}

}  // namespace

std::optional<std::string> Host::Read(const std::string& path) const {
  std::error_code error;
  if (!fs::is_regular_file(Path(path), error) && !path.starts_with("/proc/")) return std::nullopt;
  std::ifstream in(Path(path), std::ios::binary);
  if (!in) return std::nullopt;
  std::string text(kMaxFile, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  return text;
}

bool Host::Exists(const std::string& path) const {
  std::error_code error;
  return fs::exists(Path(path), error);
}

std::vector<std::string> Host::List(const std::string& directory, const std::string& suffix) const {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::directory_iterator it(Path(directory), error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename();
    if (!name.starts_with('.') && name.ends_with(suffix)) paths.push_back(directory + "/" + name);
  }
  std::ranges::sort(paths);
  return paths;
}

Time Host::Now() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

std::optional<DiskSpace> Host::Space(const std::string& path) const {
  struct statvfs info {};
  if (statvfs(path.c_str(), &info) != 0) return std::nullopt;
  return DiskSpace{info.f_blocks * info.f_frsize, info.f_bavail * info.f_frsize, info.f_files,
                   info.f_favail};
}

bool Host::ClockSynchronised() const {
  timex state{};
  return adjtimex(&state) != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

Result<nlohmann::json> Host::DaemonStatus(const std::string& socket) const {
  return ControlRequest(socket, {{"command", "status"}}, kStatusTimeoutMs);
}

std::vector<UnitSetting> UnitSettings(const Host& host, const std::string& unit) {
  // A unit in /etc replaces the one that is shipped; of drop-ins of one name the one in /etc
  // counts.
  std::vector<std::string> files;
  for (const char* directory :
       {"/etc/systemd/system/", "/run/systemd/system/", "/usr/local/lib/systemd/system/",
        "/usr/lib/systemd/system/", "/lib/systemd/system/"}) {
    if (!host.Exists(directory + unit)) continue;
    files.push_back(directory + unit);
    break;
  }
  std::map<std::string, std::string> drop_ins;  // by name
  for (const char* directory : {"/usr/lib/systemd/system/", "/lib/systemd/system/",
                                "/run/systemd/system/", "/etc/systemd/system/"})
    for (const std::string& path : host.List(directory + unit + ".d", ".conf"))
      drop_ins[fs::path(path).filename()] = path;
  for (const auto& [name, path] : drop_ins) files.push_back(path);

  std::vector<UnitSetting> settings;
  for (const std::string& file : files) {
    std::istringstream lines(host.Read(file).value_or(""));
    std::string section;
    for (std::string line; std::getline(lines, line);) {
      line = Trim(line);
      if (line.empty() || line[0] == '#' || line[0] == ';') continue;
      if (line.front() == '[' && line.back() == ']') section = line.substr(1, line.size() - 2);
      const size_t equals = line.find('=');
      if (line.front() == '[' || equals == std::string::npos) continue;
      settings.push_back({file, section, Trim(line.substr(0, equals)),
                          Trim(line.substr(equals + 1)), file.find(".d/") != std::string::npos});
    }
  }
  return settings;
}

std::optional<Account> ServiceAccount(const Host& host) {
  Account account;
  account.name = "alogd";
  std::vector<std::string> supplementary;
  std::string capabilities;
  for (const UnitSetting& setting : UnitSettings(host, "alogd.service")) {
    if (setting.section != "Service") continue;
    if (setting.key == "User") account.name = setting.value;
    // An empty value begins the list anew.
    if (setting.key == "SupplementaryGroups" && setting.value.empty()) supplementary.clear();
    if (setting.key == "SupplementaryGroups")
      for (const std::string& name : Fields(setting.value, ' ')) supplementary.push_back(name);
    if (setting.key == "AmbientCapabilities")
      capabilities = setting.value.empty() ? "" : capabilities + " " + setting.value;
  }
  std::istringstream lines(host.Read("/etc/passwd").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    const auto fields = Fields(line, ':');
    if (fields.size() < 4 || fields[0] != account.name) continue;
    const auto uid = Number(fields[2]), gid = Number(fields[3]);
    if (!uid || !gid) return std::nullopt;
    account.uid = *uid;
    account.groups.push_back(*gid);
    account.reads_everything =
        *uid == 0 || capabilities.find("CAP_DAC_READ_SEARCH") != std::string::npos;
    AddMemberships(host, &account);
    for (const std::string& name : supplementary)
      if (const auto extra = GroupId(host, name)) account.groups.push_back(*extra);
    return account;
  }
  return std::nullopt;
}

}  // namespace alogd
