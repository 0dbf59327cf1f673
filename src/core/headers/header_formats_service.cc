// SPDX-License-Identifier: MIT
// Databases, dpkg, and loggers with an exact form of their own: glog, Python's default, logcat.
#include "core/headers/header_formats.h"
#include "core/headers/level_word.h"
#include "core/headers/scan.h"

namespace alogd {

namespace {

enum class PostgresWord : uint8_t { kNone, kLevel, kContinuation };

PostgresWord PostgresLevel(std::string_view word, Level* level) {
  for (const std::string_view name :
       {"DETAIL", "HINT", "STATEMENT", "CONTEXT", "QUERY", "LOCATION"}) {
    if (word == name) return PostgresWord::kContinuation;
  }
  if (word.empty() || !IsUpper(word[0])) return PostgresWord::kNone;
  *level = LevelOfWord(word);
  return *level == Level::kNone ? PostgresWord::kNone : PostgresWord::kLevel;
}

}  // namespace

// log_line_prefix, which is the operator's, and then "LOG:  " with two blanks; the lines that add
// to a message have the same prefix and a word of their own.
bool MatchPostgres(std::string_view line, FormatContext& context, LineParts* out) {
  constexpr size_t kMaxPrefix = 256;
  const size_t colon = line.substr(0, kMaxPrefix).find(":  ");
  if (colon == std::string_view::npos) return false;
  size_t begin = colon;
  while (begin > 0 && IsAlnum(line[begin - 1])) --begin;
  if (begin == 0) return false;
  Header& header = out->header;
  const PostgresWord word = PostgresLevel(line.substr(begin, colon - begin), &header.level);
  if (word == PostgresWord::kNone) return false;
  const size_t time_end = context.Read(line, &header.time);
  if (time_end == 0 || time_end > begin) return false;
  const std::string_view prefix = line.substr(time_end, begin - time_end);
  const size_t open = prefix.find('[');
  if (open == std::string_view::npos) return false;
  const size_t close = SkipDigits(prefix, open + 1);
  if (close == open + 1) return false;
  header.pid = prefix.substr(open + 1, close - open - 1);
  header.message = line.substr(SkipBlanks(line, colon + 1));
  header.recognised = true;
  out->continues = word == PostgresWord::kContinuation;
  return true;
}

// ####<TIME> <level> <subsystem> <machine> <server> <thread> ... <id> <message>: as many fields as
// the version has, the message last; its end may come on another line.
bool MatchWeblogic(std::string_view line, FormatContext& context, LineParts* out) {
  constexpr size_t kMostFields = 16;
  Header& header = out->header;
  size_t at = line.starts_with("####") ? 4 : 0;
  if (At(line, at) != '<') return false;
  const size_t length = context.Read(line.substr(at + 1), &header.time);
  if (length == 0) return false;
  at += 1 + length;
  for (size_t field = 1; line.substr(at, 3) == "> <" && field < kMostFields; ++field) {
    at += 3;
    const size_t end = line.find("> <", at);
    const std::string_view text = line.substr(at, end - at);
    if (field == 1) {
      header.level = LevelOfWord(text);
      if (header.level == Level::kNone) return false;
    } else if (end == std::string_view::npos) {
      header.message = text.ends_with('>') ? text.substr(0, text.size() - 1) : text;
      header.recognised = true;
      return field > 2;
    } else if (field == 2) {
      header.program = text;
    } else if (field == 3 && text.find("BEA-") == std::string_view::npos) {
      header.host = text;
    }
    at = end;
  }
  return false;
}

// TIME [thread] [Note] message: only MySQL and MariaDB write these four words in these letters.
bool MatchMysql(std::string_view line, FormatContext& context, LineParts* out) {
  if (!IsDigit(At(line, 0))) return false;
  const size_t mark = line.substr(0, 80).find(" [");
  if (mark == std::string_view::npos) return false;
  const size_t close = line.find(']', mark);
  if (close == std::string_view::npos) return false;
  const std::string_view word = line.substr(mark + 2, close - mark - 2);
  Header& header = out->header;
  header.level = word == "Note" || word == "System" ? Level::kNotice
                 : word == "Warning"                ? Level::kWarning
                 : word == "ERROR"                  ? Level::kError
                                                    : Level::kNone;
  if (header.level == Level::kNone) return false;
  const size_t time_end = context.Read(line, &header.time);
  if (time_end == 0 || time_end > mark) return false;
  header.pid = Trimmed(line.substr(time_end, mark - time_end));
  if (SkipDigits(header.pid, 0) != header.pid.size()) return false;
  header.message = line.substr(SkipBlanks(line, close + 1));
  header.recognised = true;
  return true;
}

// 1234:M 29 Feb 2024 13:45:01.123 * message, and [1234] 29 Feb 13:45:01.123 * message of old.
bool MatchRedis(std::string_view line, FormatContext& context, LineParts* out) {
  const bool old = At(line, 0) == '[';
  const size_t pid = old ? 1 : 0;
  const size_t pid_end = SkipDigits(line, pid);
  if (pid_end == pid) return false;
  size_t at = pid_end + 1;
  if (old) {
    if (At(line, pid_end) != ']') return false;
  } else {
    const char role = At(line, at++);
    if (At(line, pid_end) != ':' || (role != 'M' && role != 'S' && role != 'C' && role != 'X'))
      return false;
  }
  if (At(line, at) != ' ') return false;
  Header& header = out->header;
  const size_t length = context.Read(line.substr(at + 1), &header.time);
  at += 1 + length;
  if (length == 0 || At(line, at) != ' ' || At(line, at + 2) != ' ') return false;
  switch (line[at + 1]) {
    case '.':
    case '-':
      header.level = Level::kDebug;
      break;
    case '*':
      header.level = Level::kNotice;
      break;
    case '#':
      header.level = Level::kWarning;
      break;
    default:
      return false;
  }
  header.pid = line.substr(pid, pid_end - pid);
  header.message = line.substr(at + 3);
  header.recognised = true;
  return true;
}

bool MatchDpkg(std::string_view line, FormatContext& context, LineParts* out) {
  if (At(line, 4) != '-' || At(line, 10) != ' ' || At(line, 19) != ' ') return false;
  const std::string_view message = line.substr(20);
  const std::string_view action = message.substr(0, SkipToken(message, 0));
  bool known = false;
  for (const std::string_view name : {"status", "configure", "trigproc", "install", "upgrade",
                                      "startup", "remove", "purge", "conffile", "disappear"}) {
    known |= action == name;
  }
  Header& header = out->header;
  if (!known || context.Read(line, &header.time) != 19) return false;
  header.message = message;
  header.recognised = true;
  return true;
}

// I0229 13:45:01.123456  1234 file.cc:78] message, or with the year: I20240229.
bool MatchGlog(std::string_view line, FormatContext& context, LineParts* out) {
  const char letter = At(line, 0);
  if (letter != 'I' && letter != 'W' && letter != 'E' && letter != 'F' && letter != 'D')
    return false;
  const size_t date_end = SkipDigits(line, 1);
  const size_t digits = date_end - 1;
  if ((digits != 4 && digits != 8) || At(line, date_end) != ' ') return false;
  int64_t date = 0;
  CivilTime t;
  if (!ParseDigits(line.substr(1, digits), &date) || !ScanTime(line.substr(date_end + 1), &t))
    return false;
  if (t.has_date() || t.is_epoch) return false;
  t.year = static_cast<int>(date / 10000);
  t.month = static_cast<int>(date / 100 % 100);
  t.day = static_cast<int>(date % 100);
  if (t.month < 1 || t.month > 12 || t.day < 1 || t.day > DaysInMonth(t.year, t.month))
    return false;
  const size_t pid = SkipBlanks(line, date_end + 1 + t.length);
  const size_t pid_end = SkipDigits(line, pid);
  if (pid_end == pid || At(line, pid_end) != ' ') return false;
  const size_t file = SkipBlanks(line, pid_end);
  const size_t close = SkipToken(line, file) - 1;
  if (At(line, close) != ']') return false;
  Header& header = out->header;
  const size_t colon = line.substr(0, close).rfind(':');
  if (colon == std::string_view::npos || colon < file) return false;
  header.time = context.times->ToTime(t);
  header.level = LevelOfLetter(letter);
  header.pid = line.substr(pid, pid_end - pid);
  header.program = line.substr(file, colon - file);
  header.message = line.substr(SkipBlanks(line, close + 1));
  header.recognised = true;
  return true;
}

// LEVEL:logger:message, what Python's logging.basicConfig writes.
bool MatchPythonBasic(std::string_view line, FormatContext&, LineParts* out) {
  const size_t colon = line.substr(0, 10).find(':');
  if (colon == std::string_view::npos || colon == 0 || !IsUpper(line[colon - 1])) return false;
  Header& header = out->header;
  header.level = LevelOfWord(line.substr(0, colon));
  if (header.level == Level::kNone) return false;
  size_t end = colon + 1;
  while (IsAlnum(At(line, end)) || At(line, end) == '.' || At(line, end) == '_' ||
         At(line, end) == '-')
    ++end;
  if (end == colon + 1 || At(line, end) != ':') return false;
  header.program = line.substr(colon + 1, end - colon - 1);
  header.message = line.substr(end + 1);
  header.recognised = true;
  return true;
}

// D/Tag( 1234): message, perhaps with a time before it.
bool MatchLogcat(std::string_view line, FormatContext& context, LineParts* out) {
  Header& header = out->header;
  size_t at = 0;
  if (IsDigit(At(line, 0))) {
    const size_t length = context.Read(line, &header.time);
    if (length == 0 || At(line, length) != ' ') return false;
    at = SkipBlanks(line, length);
  }
  header.level = LevelOfLetter(At(line, at));
  if (header.level == Level::kNone || At(line, at + 1) != '/') return false;
  const size_t open = line.find('(', at);
  if (open == std::string_view::npos || open - at > 64) return false;
  const size_t pid = SkipBlanks(line, open + 1);
  const size_t pid_end = SkipDigits(line, pid);
  if (pid_end == pid || At(line, pid_end) != ')' || At(line, pid_end + 1) != ':') return false;
  header.program = Trimmed(line.substr(at + 2, open - at - 2));
  header.pid = line.substr(pid, pid_end - pid);
  header.message = line.substr(SkipBlanks(line, pid_end + 2));
  header.recognised = true;
  return true;
}

}  // namespace alogd
