// SPDX-License-Identifier: MIT
// The lines of container runtimes, and the table of all formats.
#include <algorithm>

#include "core/headers/header_formats.h"
#include "core/headers/json_line.h"
#include "core/headers/scan.h"

namespace alogd {

bool UnwrapDocker(std::string_view line, FormatContext& context, Wrapped* out) {
  if (!line.starts_with("{\"log\":\"")) return false;
  Wrapped wrapped;
  std::string_view log, time, stream;
  JsonFields fields(line);
  for (Field field; fields.Next(&field);) {
    if (!field.string) continue;
    if (field.key == "log") log = field.value;
    if (field.key == "time") time = field.value;
    if (field.key == "stream") stream = field.value;
  }
  if (!fields.ok() || time.empty()) return false;
  context.Read(time, &wrapped.time);
  wrapped.standard_error = stream == "stderr";
  wrapped.text = Unescaped(log, &context.buffer[0]);
  wrapped.ends = wrapped.text.ends_with('\n');
  if (wrapped.ends) wrapped.text.remove_suffix(1);
  if (wrapped.ends && wrapped.text.ends_with('\r')) wrapped.text.remove_suffix(1);
  *out = wrapped;
  return true;
}

bool UnwrapCri(std::string_view line, FormatContext& context, Wrapped* out) {
  if (!IsDigit(At(line, 0)) || At(line, 10) != 'T') return false;
  const size_t time_end = SkipToken(line, 0);
  const std::string_view rest = line.substr(time_end);
  const bool standard_error = rest.starts_with(" stderr ");
  if (!standard_error && !rest.starts_with(" stdout ")) return false;
  const char tag = At(rest, 8);
  if ((tag != 'F' && tag != 'P') || (At(rest, 9) != ' ' && At(rest, 9) != ':' && rest.size() != 9))
    return false;
  Wrapped wrapped;
  if (context.Read(line, &wrapped.time) != time_end) return false;
  const size_t text = SkipToken(rest, 9);
  wrapped.text = rest.substr(std::min(text + 1, rest.size()));
  wrapped.standard_error = standard_error;
  wrapped.ends = tag == 'F';
  *out = wrapped;
  return true;
}

std::span<const KnownFormat> KnownFormats() {
  static constexpr KnownFormat kFormats[] = {
      {"json", MatchJson},
      {"syslog-rfc5424", MatchSyslog5424},
      {"syslog", MatchSyslog},
      {"audit", MatchAudit},
      {"kernel", MatchKernelRing},
      {"weblogic", MatchWeblogic},
      {"glog", MatchGlog},
      {"redis", MatchRedis},
      {"nginx-error", MatchNginxError},
      {"apache-error", MatchApacheError},
      {"haproxy", MatchHaproxy},
      {"access", MatchAccess},
      {"postgresql", MatchPostgres},
      {"mysql", MatchMysql},
      {"mysql-slow", MatchMysqlSlow},
      {"dotnet", MatchDotnet},
      {"java-util", MatchJavaUtil},
      {"dpkg", MatchDpkg},
      {"logcat", MatchLogcat},
      {"python", MatchPythonBasic},
      {"logfmt", MatchLogfmt},
  };
  return kFormats;
}

}  // namespace alogd
