// SPDX-License-Identifier: MIT
// Lines of widespread programs with a hole where a stranger's words stand.
#include "core/config/rule_strangers.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "core/config/rule_examples.h"
#include "core/detection/rules.h"
#include "core/text.h"

namespace alogd {
namespace {

constexpr std::string_view kHole = "{}";
constexpr std::string_view kHarmless = "mallory";

struct HostileLine {
  std::string_view who;  // whose words stand in the hole
  std::string_view line;
};

// In the wording of Debian 12's programs.
constexpr HostileLine kLines[] = {
    {"an SSH user name",
     "2026-11-22T01:30:00.123456+00:00 web1 sshd[4321]: Invalid user {} from 203.0.113.5 port "
     "50022"},
    {"an SSH user name",
     "2026-11-22T01:30:00.123456+00:00 web1 sshd[4321]: Failed password for invalid user {} from "
     "203.0.113.5 port 50022 ssh2"},
    {"an SSH user name",
     "2026-11-22T01:30:00.123456+00:00 web1 sshd[4321]: Disconnected from invalid user {} "
     "203.0.113.5 port 50022 [preauth]"},
    {"an SSH user name",
     "2026-11-22T01:30:00.123456+00:00 web1 sshd[4321]: User {} from 203.0.113.5 not allowed "
     "because not listed in AllowUsers"},
    {"an SSH user name",
     "Nov 22 01:30:00 web1 sshd[4321]: input_userauth_request: invalid user {} [preauth]"},
    {"an SSH client's version",
     "2026-11-22T01:30:00.123456+00:00 web1 sshd[4321]: banner exchange: Connection from "
     "203.0.113.5 port 50022: invalid format: {}"},
    {"a command line of sudo",
     "2026-11-22T01:30:00.123456+00:00 web1 sudo:   deploy : TTY=pts/0 ; PWD=/srv ; USER=root ; "
     "COMMAND=/usr/bin/echo {}"},
    {"a command line of cron",
     "2026-11-22T01:30:00.123456+00:00 web1 CRON[4321]: (deploy) CMD (echo {})"},
    {"a local user name",
     "2026-11-22T01:30:00.123456+00:00 web1 su[4321]: pam_unix(su:session): session opened for "
     "user {} by (uid=1000)"},
    {"the text of logger", "2026-11-22T01:30:00.123456+00:00 web1 deploy: says {}"},
    {"a URL",
     "203.0.113.5 - - [22/Nov/2026:01:30:00 +0000] \"GET /{} HTTP/1.1\" 404 153 \"-\" "
     "\"curl/7.88\""},
    {"a user agent",
     "203.0.113.5 - - [22/Nov/2026:01:30:00 +0000] \"GET / HTTP/1.1\" 200 612 \"-\" \"{}\""},
    {"a user name of HTTP",
     "203.0.113.5 - {} [22/Nov/2026:01:30:00 +0000] \"GET / HTTP/1.1\" 401 179 \"-\" "
     "\"curl/7.88\""},
    {"a referrer",
     "www.example.org:443 203.0.113.5 - - [22/Nov/2026:01:30:00 +0000] \"GET / HTTP/1.1\" 200 612 "
     "\"{}\" \"curl/7.88\""},
    {"a URL",
     "2026/11/22 01:30:00 [error] 701#701: *98 open() \"/srv/www/{}\" failed (2: No such file or "
     "directory), client: 203.0.113.5, server: _, request: \"GET /{} HTTP/1.1\", host: \"{}\""},
    {"a user name of HTTP",
     "2026/11/22 01:30:00 [error] 701#701: *98 user \"{}\" was not found in \"/etc/nginx/users\", "
     "client: 203.0.113.5, server: _"},
    {"a URL",
     "[Sun Nov 22 01:30:00.123456 2026] [php:error] [pid 701] [client 203.0.113.5:50022] script "
     "'/srv/www/{}' not found or unable to stat"},
    {"a user name of HTTP",
     "[Sun Nov 22 01:30:00.123456 2026] [auth_basic:error] [pid 701] [client 203.0.113.5:50022] "
     "AH01618: user {} not found: /"},
    {"a URL",
     "2026-11-22T01:30:00.123456+00:00 lb1 haproxy[700]: 203.0.113.5:50022 "
     "[22/Nov/2026:01:30:00.123] web~ web/web1 0/0/1/2/3 404 153 - - ---- 1/1/0/0/0 0/0 \"GET /{} "
     "HTTP/1.1\""},
    {"a host name",
     "2026-11-22T01:30:00.123456+00:00 mx1 postfix/smtpd[4321]: NOQUEUE: reject: RCPT from "
     "unknown[203.0.113.5]: 554 5.7.1 <a@example.org>: Relay access denied; from=<b@example.org> "
     "to=<a@example.org> proto=ESMTP helo=<{}>"},
    {"a host name",
     "2026-11-22T01:30:00.123456+00:00 mx1 postfix/smtpd[4321]: warning: hostname {} does not "
     "resolve to address 203.0.113.5"},
    {"a mail user",
     "2026-11-22T01:30:00.123456+00:00 mx1 dovecot: imap-login: Login: user=<{}>, method=PLAIN, "
     "rip=203.0.113.5, lip=198.51.100.4"},
    {"a host name",
     "2026-11-22T01:30:00.123456+00:00 gw1 dhcpd[700]: DHCPREQUEST for 198.51.100.20 from "
     "0a:1b:2c:3d:4e:5f ({}) via eno1"},
    {"a queried name",
     "2026-11-22T01:30:00.123456+00:00 gw1 dnsmasq[700]: query[A] {} from 198.51.100.20"},
    {"a database name",
     "2026-11-22 01:30:00.123 UTC [1234] a@b FATAL:  database \"{}\" does not exist"},
    {"a database name", "2026-11-22 01:30:00.123 UTC [1234] a@{} LOG:  connection authorized"},
    {"a database user",
     "2026-11-22 01:30:00.123 UTC [1234] {}@b FATAL:  no pg_hba.conf entry for host "
     "\"203.0.113.5\", user \"{}\", database \"b\", no encryption"},
    {"a database user",
     "2026-11-22  1:30:00 12 [Warning] Access denied for user '{}'@'203.0.113.5' (using password: "
     "YES)"},
    {"a query",
     "2026-11-22 01:30:00.123 UTC [1234] a@b ERROR:  syntax error at or near \"{}\" at character "
     "1"},
    {"an answer", "2026-11-22 01:30:00,123 WARN [worker-3] shop.Orders: unknown coupon '{}'"},
    {"an answer", "2026-11-22 01:30:00,123 WARN [worker-3] shop.Orders: unknown coupon: {}"},
    {"an answer",
     "{\"time\":\"2026-11-22T01:30:00Z\",\"level\":\"warn\",\"msg\":\"unknown user {}\"}"},
    {"a URL", "{\"time\":\"2026-11-22T01:30:00Z\",\"request\":\"GET /{}\",\"status\":404}"},
    {"a unit's description", "2026-11-22T01:30:00.123456+00:00 web1 systemd[812]: Started {}."},
};

std::string Filled(std::string_view line, std::string_view words) {
  std::string text;
  for (size_t at = line.find(kHole); at != std::string_view::npos; at = line.find(kHole)) {
    text.append(line.substr(0, at)).append(words);
    line.remove_prefix(at + kHole.size());
  }
  return text.append(line);
}

// A hostile line in a log that has had many harmless ones.
struct HostileLog {
  const HostileLine* hostile;
  std::string formats;
};

std::vector<HostileLog> HostileLogs() {
  constexpr int kVote = 200;  // lines over which a source votes on its format, at the most
  std::vector<HostileLog> logs;
  for (const HostileLine& hostile : kLines) {
    HostileLog& log = logs.emplace_back(HostileLog{&hostile, {}});
    auto parser = HeaderParser::Create({});
    if (!parser) continue;
    for (int i = 0; i <= kVote; ++i)
      parser->Parse(Filled(hostile.line, std::string(kHarmless) + std::to_string(i)));
    log.formats = parser->Formats();
  }
  return logs;
}

bool Matches(const RuleSet& rule, const HostileLog& log, std::string_view words,
             std::string* line) {
  *line = Filled(log.hostile->line, words);
  return !rule.Match(ExampleLine(*line, log.formats).subject()).empty();
}

// Whose words made the rule match `line`, for those of an example; null if nobody's did.
const HostileLine* FiredBy(const RuleSet& rule, const std::vector<HostileLog>& logs,
                           const std::string& example, std::string* line) {
  const ExampleLine parsed(example);
  for (const HostileLog& log : logs) {
    if (Matches(rule, log, kHarmless, line)) continue;  // it is about such lines
    // The message, the line, and what begins within the header, such as a level.
    const std::string_view whole = parsed.subject().line;
    const size_t bracket = whole.find("] ");
    for (const std::string_view words :
         {parsed.subject().message(), whole,
          bracket == std::string_view::npos ? whole : whole.substr(bracket + 2)})
      if (Matches(rule, log, words, line)) return log.hostile;
  }
  return nullptr;
}

}  // namespace

std::vector<ConfigProblem> CheckRulesAgainstStrangers(const LoadedConfig& loaded) {
  const std::vector<HostileLog> logs = HostileLogs();
  std::vector<ConfigProblem> problems;
  for (size_t i = 0; i < loaded.config.rules.size(); ++i) {
    const RuleConfig& rule = loaded.config.rules[i];
    const auto alone = RuleSet::Create({rule});
    if (!rule.enabled || rule.ignore || !alone) continue;
    for (const std::string& example : rule.examples) {
      std::string line;
      const HostileLine* const hostile = FiredBy(*alone, logs, example, &line);
      if (hostile == nullptr) continue;
      const auto origin = loaded.origins.find(fmt::format("rules.{}.match", i));
      problems.push_back(
          {EscapeForTerminal(origin == loaded.origins.end() ? "(rules)" : origin->second),
           EscapeForTerminal(fmt::format(
               "rule '{}' can be fired by a stranger: {} made it match '{}'; say who may write it "
               "with program: NAME, and begin match with ^",
               rule.name.empty() ? rule.match.substr(0, 80) : rule.name, hostile->who,
               line.substr(0, 300))),
           true});
      break;
    }
  }
  return problems;
}

}  // namespace alogd
