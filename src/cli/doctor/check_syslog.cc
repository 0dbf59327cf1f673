// SPDX-License-Identifier: MIT
// rsyslog, which may write a record to two watched files, and journald, which takes the alerts.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>
#include <string_view>
#include <utility>

#include "cli/doctor/doctor.h"
#include "core/journal/journal_reader.h"

namespace alogd {
namespace {

// A line such as "*.*;auth,authpriv.none  -/var/log/syslog".
struct SyslogRoute {
  std::string file;  // of the configuration
  std::string selector, target;
};

std::vector<SyslogRoute> ReadRoutes(const Host& host) {
  std::vector<std::string> files = host.List("/etc/rsyslog.d", ".conf");
  files.push_back("/etc/rsyslog.conf");
  std::vector<SyslogRoute> routes;
  for (const std::string& file : files) {
    std::istringstream lines(host.Read(file).value_or(""));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string selector, target;
      if (!(words >> selector >> target) || selector[0] == '#' || selector[0] == '$') continue;
      if (selector.find('.') == std::string::npos) continue;
      if (target.starts_with('-')) target.erase(0, 1);
      if (target.starts_with('/')) routes.push_back({file, selector, target});
    }
  }
  return routes;
}

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in{std::string(text)};
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

// Facilities that a selector takes, at any priority: "*" stands for those not named.
bool Takes(const std::string& selector, const std::string& facility) {
  bool takes = false;
  for (const std::string& part : Split(selector, ';')) {
    const size_t dot = part.find('.');
    if (dot == std::string::npos) continue;
    for (const std::string& name : Split(part.substr(0, dot), ','))
      if (name == facility || name == "*") takes = part.substr(dot + 1) != "none";
  }
  return takes;
}

// A facility that both take; empty if there is none.
std::string Shared(const std::string& one, const std::string& other) {
  for (const char* facility : {"kern", "user", "mail", "daemon", "auth", "authpriv", "syslog",
                               "lpr", "news", "uucp", "cron", "local0", "local7"})
    if (Takes(one, facility) && Takes(other, facility)) return facility;
  return {};
}

void CheckRoutes(const Examined& host, Obstacles* findings) {
  std::vector<SyslogRoute> watched;
  for (SyslogRoute& route : ReadRoutes(host.host))
    if (std::ranges::find(host.files, route.target) != host.files.end())
      watched.push_back(std::move(route));
  // The narrower of the two is the one to leave out.
  std::ranges::stable_sort(watched, {}, [](const SyslogRoute& r) { return r.selector[0] != '*'; });
  for (size_t i = 0; i < watched.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const std::string facility = Shared(watched[i].selector, watched[j].selector);
      if (facility.empty() || watched[i].target == watched[j].target) continue;
      findings->push_back(
          {"syslog-twice", false,
           fmt::format("rsyslog writes records of {} to {} and to {}, which are both watched: they "
                       "count twice",
                       facility, watched[j].target, watched[i].target),
           fmt::format("add to the group in {}: exclude: [{}]", host.config_path,
                       watched[i].target)});
      break;
    }
  }
}

// rsyslog's records come from the journal.
void CheckJournalTwice(const Examined& host, Obstacles* findings) {
  const auto whole = std::ranges::find_if(host.loaded.config.groups, [](const GroupConfig& group) {
    return ReadsJournal(group) && SelectionOf(group) == JournalSelection{};
  });
  if (whole == host.loaded.config.groups.end()) return;
  for (const SyslogRoute& route : ReadRoutes(host.host)) {
    if (std::ranges::find(host.files, route.target) == host.files.end()) continue;
    findings->push_back(
        {"journal-twice", false,
         fmt::format("group {} reads the journal, and rsyslog writes records of it to {}, which is "
                     "watched: they count twice",
                     whole->name, route.target),
         fmt::format("set in {}, for group {}: journal: false", host.config_path, whole->name)});
    return;
  }
}

// The value in force of a key of journald.conf and its drop-ins.
std::optional<std::string> JournaldValue(const Host& host, const std::string& key) {
  std::vector<std::string> files = {"/etc/systemd/journald.conf"};
  for (const std::string& path : host.List("/etc/systemd/journald.conf.d", ".conf"))
    files.push_back(path);
  std::optional<std::string> value;
  for (const std::string& file : files) {
    std::istringstream lines(host.Read(file).value_or(""));
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with(key + "=")) value = line.substr(key.size() + 1);
  }
  return value;
}

std::string DropIn(const std::string& setting) {
  return fmt::format(
      "mkdir -p /etc/systemd/journald.conf.d && printf '[Journal]\\n{}\\n' > "
      "/etc/systemd/journald.conf.d/zz-alogd.conf && systemctl restart systemd-journald",
      setting);
}

void CheckJournald(const Examined& host, Obstacles* findings) {
  const std::string storage = JournaldValue(host.host, "Storage").value_or("auto");
  if (storage == "none")
    findings->push_back({"journal-off", true,
                         "journald keeps nothing (Storage=none), so alerts go nowhere",
                         DropIn("Storage=persistent")});
  const bool kept =
      storage == "persistent" || (storage == "auto" && host.host.Exists("/var/log/journal"));
  if (!kept && storage != "none")
    findings->push_back(
        {"journal-volatile", false, "the journal, and with it the alerts, is gone after a reboot",
         storage == "auto" ? "mkdir -p /var/log/journal && systemctl restart systemd-journald"
                           : DropIn("Storage=persistent")});
  // systemd's own is 10000; an incident is one entry, so only a very small one is in the way.
  constexpr unsigned kSmallBurst = 500;
  const std::string burst = JournaldValue(host.host, "RateLimitBurst").value_or("10000");
  unsigned entries = 0;
  const auto [stop, error] = std::from_chars(burst.data(), burst.data() + burst.size(), entries);
  if (error == std::errc() && entries > 0 && entries < kSmallBurst)
    findings->push_back({"journal-rate-limit", false,
                         fmt::format("journald drops what comes after {} entries of a service; in "
                                     "trouble that is what is looked for",
                                     entries),
                         DropIn("RateLimitBurst=10000")});
}

}  // namespace

void CheckSyslog(const Examined& host, Obstacles* findings) {
  CheckRoutes(host, findings);
  CheckJournalTwice(host, findings);
  CheckJournald(host, findings);
}

}  // namespace alogd
