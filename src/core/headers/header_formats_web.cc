// SPDX-License-Identifier: MIT
// Web servers and proxies: access logs, nginx and Apache error logs, HAProxy.
#include <algorithm>
#include <iterator>

#include "core/headers/header_formats.h"
#include "core/headers/level_word.h"
#include "core/headers/scan.h"

namespace alogd {

namespace {

// Behind the quoted text at `at` ("..." with \" inside), 0 if it does not end.
size_t SkipQuoted(std::string_view line, size_t at) {
  for (size_t i = at + 1; i < line.size(); ++i) {
    if (line[i] == '\\')
      ++i;
    else if (line[i] == '"')
      return i + 1;
  }
  return 0;
}

// A three-digit status at `at`, -1 if there is none.
int StatusCode(std::string_view line, size_t at) {
  if (SkipDigits(line, at) != at + 3 || (At(line, at + 3) != ' ' && at + 3 != line.size()))
    return -1;
  const int status = (line[at] - '0') * 100 + (line[at + 1] - '0') * 10 + (line[at + 2] - '0');
  return status >= 100 && status < 600 ? status : -1;
}

// "[29/Feb/2024:13:45:01 +0000]" at `at`: behind it, 0 if it is something else.
size_t BracketedTime(std::string_view line, size_t at, FormatContext& context, Time* time) {
  if (At(line, at) != '[') return 0;
  const size_t length = context.Read(line.substr(at + 1), time);
  return length != 0 && At(line, at + 1 + length) == ']' ? at + length + 2 : 0;
}

}  // namespace

Level LevelOfStatus(int status) {
  return status >= 500 ? Level::kError : status >= 400 ? Level::kWarning : Level::kInfo;
}

// Common and combined: client ident user [time] "request" status bytes ["referer" "agent" ...],
// perhaps with the virtual host before. Client and time are the header; from the request on it is
// the message.
bool MatchAccess(std::string_view line, FormatContext& context, LineParts* out) {
  size_t at = 0, field = 0;
  std::string_view first, second;
  while (At(line, at) != '[') {
    if (++field > 4 || at >= line.size() || IsBlank(line[at])) return false;
    const size_t end = SkipToken(line, at);
    (field == 1 ? first : second) = field <= 2 ? line.substr(at, end - at) : second;
    at = end + 1;
  }
  if (field < 3) return false;
  Header& header = out->header;
  const size_t time_end = BracketedTime(line, at, context, &header.time);
  if (time_end == 0 || At(line, time_end) != ' ' || At(line, time_end + 1) != '"') return false;
  const size_t request = time_end + 1;
  const size_t request_end = SkipQuoted(line, request);
  if (request_end == 0 || At(line, request_end) != ' ') return false;
  const int status = StatusCode(line, request_end + 1);
  if (status < 0) return false;
  header.host = field == 4 ? second : first;
  header.level = LevelOfStatus(status);
  header.message = line.substr(request);
  header.recognised = true;
  return true;
}

// 2024/02/29 13:45:01 [error] 123#125: *7 open() failed
bool MatchNginxError(std::string_view line, FormatContext& context, LineParts* out) {
  if (At(line, 4) != '/' || At(line, 7) != '/') return false;
  Header& header = out->header;
  size_t at = context.Read(line, &header.time);
  if (at == 0 || line.substr(at, 2) != " [") return false;
  const size_t close = line.find(']', at);
  if (close == std::string_view::npos) return false;
  header.level = LevelOfWord(line.substr(at + 2, close - at - 2));
  if (header.level == Level::kNone || At(line, close + 1) != ' ') return false;
  const size_t pid = close + 2, hash = SkipDigits(line, pid);
  if (hash == pid || At(line, hash) != '#') return false;
  const size_t colon = SkipDigits(line, hash + 1);
  if (At(line, colon) != ':') return false;
  header.pid = line.substr(pid, hash - pid);
  at = SkipBlanks(line, colon + 1);
  const size_t connection = At(line, at) == '*' ? SkipDigits(line, at + 1) : at;
  if (connection > at + 1 && At(line, connection) == ' ') at = connection + 1;
  header.message = line.substr(at);
  header.recognised = true;
  return true;
}

// [Thu Feb 29 13:45:01.123456 2024] [core:error] [pid 1:tid 2] message; 2.2 has no module and no
// pid.
// As ap_log_rerror names them (httpd's core documentation, LogLevel), "trace1" to "trace8" aside.
constexpr std::string_view kApacheLevels[] = {"emerg", "alert",  "crit", "error",
                                              "warn",  "notice", "info", "debug"};

bool MatchApacheError(std::string_view line, FormatContext& context, LineParts* out) {
  if (At(line, 0) != '[' || !IsAlpha(At(line, 1)) || !IsAlpha(At(line, 5)))
    return false;  // day, month
  Header& header = out->header;
  size_t at = BracketedTime(line, 0, context, &header.time);
  if (at == 0 || line.substr(at, 2) != " [") return false;
  size_t close = line.find(']', at);
  if (close == std::string_view::npos || close - at > 64) return false;
  const std::string_view module = line.substr(at + 2, close - at - 2);
  const size_t colon = module.find(':');
  const std::string_view level =
      colon == std::string_view::npos ? module : module.substr(colon + 1);
  if (!std::any_of(std::begin(kApacheLevels), std::end(kApacheLevels),
                   [&](std::string_view l) { return level == l; }) &&
      !level.starts_with("trace"))
    return false;  // "[INFO]", "[WRN]": other programs write the time so, too
  header.level = level.starts_with("trace") ? Level::kTrace : LevelOfWord(level);
  if (header.level == Level::kNone) return false;
  if (colon != std::string_view::npos) header.program = module.substr(0, colon);
  at = SkipBlanks(line, close + 1);
  if (line.substr(at, 5) == "[pid ") {
    close = line.find(']', at);
    if (close == std::string_view::npos) return false;
    header.pid = line.substr(at + 5, SkipDigits(line, at + 5) - at - 5);
    at = SkipBlanks(line, close + 1);
  }
  header.message = line.substr(at);
  header.recognised = true;
  return true;
}

Level LevelOfHaproxy(std::string_view message) {
  // client:port [time] frontend backend/server timers, then status bytes (HTTP) or bytes state
  // (TCP).
  const size_t open = message.find(" [");
  const size_t close = open == std::string_view::npos ? open : message.find("] ", open);
  if (close == std::string_view::npos || close > 128) return Level::kNone;
  size_t at = close + 2;
  for (int field = 0; field < 3; ++field) {
    const size_t end = SkipToken(message, at);
    if (end == at || end >= message.size()) return Level::kNone;
    const std::string_view token = message.substr(at, end - at);
    if (field > 0 && token.find('/') == std::string_view::npos) return Level::kNone;
    at = end + 1;
  }
  const size_t first_end = SkipDigits(message, at);
  if (first_end == at || At(message, first_end) != ' ') return Level::kNone;
  const size_t second_end = SkipToken(message, first_end + 1);
  if (SkipDigits(message, first_end + 1) == second_end) {
    const int status = StatusCode(message, at);
    return status > 0 ? LevelOfStatus(status) : Level::kNone;
  }
  // The state at disconnection: who ended it (- for nobody: it went well) and in which phase.
  if (second_end != first_end + 3) return Level::kNone;
  const char who = message[first_end + 1];
  return who == '-' ? Level::kInfo : who == 'S' || who == 's' ? Level::kError : Level::kWarning;
}

// HAProxy's own lines without syslog around them.
bool MatchHaproxy(std::string_view line, FormatContext& context, LineParts* out) {
  const size_t client_end = SkipToken(line, 0);
  const std::string_view client = line.substr(0, client_end);
  if (client.find(':') == std::string_view::npos || !IsDigit(client.back())) return false;
  Header& header = out->header;
  const size_t time_end = BracketedTime(line, client_end + 1, context, &header.time);
  if (time_end == 0) return false;
  header.level = LevelOfHaproxy(line);
  if (header.level == Level::kNone) return false;
  header.host = client.substr(0, client.rfind(':'));
  header.program = "haproxy";
  header.message = line.substr(SkipBlanks(line, time_end));
  header.recognised = true;
  return true;
}

}  // namespace alogd
