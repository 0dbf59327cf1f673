// SPDX-License-Identifier: MIT
// Formats of named fields: JSON lines, logfmt, and the lines of container runtimes.
#include <algorithm>
#include <iterator>

#include "core/headers/header_formats.h"
#include "core/headers/json_line.h"
#include "core/headers/level_word.h"
#include "core/headers/scan.h"

namespace alogd {

namespace {

enum class Part : uint8_t { kNone, kMessage, kTime, kLevel, kProgram, kHost, kPid };

struct KeyName {
  std::string_view key;  // in lower case
  Part part;
};
// Of several keys for one part the earlier in this table counts.
constexpr KeyName kKeys[] = {
    {"message", Part::kMessage},
    {"msg", Part::kMessage},
    {"@message", Part::kMessage},
    {"@m", Part::kMessage},
    {"@mt", Part::kMessage},
    {"event", Part::kMessage},
    {"text", Part::kMessage},
    {"body", Part::kMessage},
    {"@timestamp", Part::kTime},
    {"timestamp", Part::kTime},
    {"time", Part::kTime},
    {"ts", Part::kTime},
    {"@t", Part::kTime},
    {"datetime", Part::kTime},
    {"asctime", Part::kTime},
    {"date", Part::kTime},
    {"t", Part::kTime},
    {"__realtime_timestamp", Part::kTime},
    {"level", Part::kLevel},
    {"severity", Part::kLevel},
    {"lvl", Part::kLevel},
    {"levelname", Part::kLevel},
    {"log.level", Part::kLevel},
    {"loglevel", Part::kLevel},
    {"log_level", Part::kLevel},
    {"@l", Part::kLevel},
    {"priority", Part::kLevel},
    {"logger", Part::kProgram},
    {"logger_name", Part::kProgram},
    {"log.logger", Part::kProgram},
    {"loggername", Part::kProgram},
    {"syslog_identifier", Part::kProgram},
    {"program", Part::kProgram},
    {"service", Part::kProgram},
    {"component", Part::kProgram},
    {"name", Part::kProgram},
    {"host", Part::kHost},
    {"hostname", Part::kHost},
    {"_hostname", Part::kHost},
    {"pid", Part::kPid},
    {"_pid", Part::kPid},
    {"process.pid", Part::kPid},
};

// Index into kKeys, or its size.
size_t KeyIndex(std::string_view key) {
  constexpr size_t kLongest = 20;
  if (key.empty() || key.size() > kLongest) return std::size(kKeys);
  const char first = ToLower(key[0]);
  for (size_t i = 0; i < std::size(kKeys); ++i) {
    const std::string_view name = kKeys[i].key;
    if (name[0] != first || name.size() != key.size()) continue;
    if (std::equal(key.begin(), key.end(), name.begin(),
                   [](char a, char b) { return ToLower(a) == b; })) {
      return i;
    }
  }
  return std::size(kKeys);
}

// The best field of each part seen so far.
struct Found {
  Field field[7];
  size_t rank[7] = {99, 99, 99, 99, 99, 99, 99};

  void Add(const Field& f) {
    const size_t index = KeyIndex(f.key);
    if (index == std::size(kKeys)) return;
    const auto part = static_cast<size_t>(kKeys[index].part);
    if (index < rank[part]) rank[part] = index, field[part] = f;
  }
  bool Has(Part part) const { return rank[static_cast<size_t>(part)] != 99; }
  const Field& Of(Part part) const { return field[static_cast<size_t>(part)]; }
  // A line with fields that make it a log line, not just any object or list of pairs.
  bool IsLog() const { return Has(Part::kMessage) || (Has(Part::kTime) && Has(Part::kLevel)); }
};

Level LevelOfField(std::string_view value) {
  int64_t number = 0;
  if (!ParseDigits(value, &number)) {
    return value.size() == 1 ? LevelOfLetter(static_cast<char>(value[0] & ~0x20))
                             : LevelOfWord(value);
  }
  if (number < 8) return LevelOfSyslog(static_cast<int>(number));
  // bunyan and pino count in tens.
  constexpr Level kTens[] = {Level::kTrace,   Level::kTrace, Level::kDebug,   Level::kInfo,
                             Level::kWarning, Level::kError, Level::kCritical};
  return kTens[std::min<int64_t>(number / 10, 6)];
}

void Fill(const Found& found, std::string_view line, FormatContext& context, Header* header) {
  header->recognised = true;
  header->message = line;
  const auto text = [&](Part part, size_t buffer) {
    return Unescaped(found.Of(part).value, &context.buffer[buffer]);
  };
  if (found.Has(Part::kMessage)) header->message = text(Part::kMessage, 0);
  if (found.Has(Part::kProgram) &&
      found.Of(Part::kProgram).value.find('{') == std::string_view::npos) {
    header->program = text(Part::kProgram, 1);
  }
  if (found.Has(Part::kHost) && found.Of(Part::kHost).string) header->host = text(Part::kHost, 2);
  if (found.Has(Part::kPid)) header->pid = text(Part::kPid, 3);
  if (found.Has(Part::kLevel)) header->level = LevelOfField(found.Of(Part::kLevel).value);
  if (found.Has(Part::kTime)) context.Read(found.Of(Part::kTime).value, &header->time);
}

}  // namespace

bool MatchJson(std::string_view line, FormatContext& context, LineParts* out) {
  if (At(line, 0) != '{') return false;
  Found found;
  JsonFields fields(line);
  for (Field field; fields.Next(&field);) found.Add(field);
  if (!fields.ok() || !(found.IsLog() || context.settled)) return false;
  Fill(found, line, context, &out->header);
  return true;
}

bool MatchLogfmt(std::string_view line, FormatContext& context, LineParts* out) {
  if (!IsAlpha(At(line, 0)) && At(line, 0) != '@' && At(line, 0) != '_') return false;
  Found found;
  LogfmtFields fields(line);
  size_t pairs = 0;
  for (Field field; fields.Next(&field); ++pairs) found.Add(field);
  if (pairs < 2 || !fields.ok()) return false;
  const int parts = (found.Has(Part::kMessage) ? 1 : 0) + (found.Has(Part::kTime) ? 1 : 0) +
                    (found.Has(Part::kLevel) ? 1 : 0);
  if (parts < 2) return false;
  Fill(found, line, context, &out->header);
  return true;
}

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
