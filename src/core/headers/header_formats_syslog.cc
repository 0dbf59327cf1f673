// SPDX-License-Identifier: MIT
// Syslog in its forms, the kernel's ring buffer, the audit trail.
#include "core/headers/header_formats.h"
#include "core/headers/level_word.h"
#include "core/headers/scan.h"

namespace alogd {

namespace {

constexpr size_t kMaxTag = 128;  // RFC 5424 allows 48 for a name; paths and units are longer

// "<34>" at the beginning: behind it, or 0 where there is none; *severity of it.
size_t Priority(std::string_view line, int* severity) {
  if (At(line, 0) != '<') return 0;
  const size_t end = SkipDigits(line, 1);
  int64_t value = 0;
  if (At(line, end) != '>' || !ParseDigits(line.substr(1, end - 1), &value) || value > 191)
    return 0;
  *severity = static_cast<int>(value & 7);
  return end + 1;
}

std::string_view NilIsEmpty(std::string_view field) {
  return field == "-" ? std::string_view() : field;
}

// Structured data "[id a="b"][...]" or "-": behind it, 0 if malformed.
size_t SkipStructuredData(std::string_view line, size_t at) {
  if (At(line, at) == '-') return at + 1;
  if (At(line, at) != '[') return 0;
  while (At(line, at) == '[') {
    bool quoted = false;
    for (++at; at < line.size() && (quoted || line[at] != ']'); ++at) {
      if (line[at] == '\\' && quoted)
        ++at;
      else if (line[at] == '"')
        quoted = !quoted;
    }
    if (at >= line.size()) return 0;
    ++at;
  }
  return at;
}

// Host names and addresses: no brackets, no level, no tag, no bare number.
bool IsHost(std::string_view token) {
  if (token.empty() || token.size() > 255) return false;
  if (!IsAlnum(token[0]) && token[0] != '_' && token[0] != ':') return false;
  if (token.back() == ':' && !token.ends_with("::")) return false;
  if (SkipDigits(token, 0) == token.size()) return false;
  for (const char c : token) {
    if (!IsAlnum(c) && c != '.' && c != '-' && c != '_' && c != ':' && c != '/' && c != '%')
      return false;
  }
  return LevelOfWord(token) == Level::kNone;
}

bool IsFacility(std::string_view word) {
  for (const std::string_view name : {"kern", "user", "mail", "daemon", "auth", "syslog", "lpr",
                                      "news", "uucp", "cron", "authpriv", "ftp"}) {
    if (word == name) return true;
  }
  return word.size() == 6 && word.starts_with("local") && word[5] >= '0' && word[5] <= '7';
}

// The kernel's own time in brackets before its message.
std::string_view WithoutUptime(std::string_view message) {
  if (At(message, 0) != '[') return message;
  const size_t digits = SkipBlanks(message, 1);
  const size_t dot = SkipDigits(message, digits);
  constexpr size_t kMaxDigits = 9;  // more seconds are an epoch
  if (dot == digits || dot - digits > kMaxDigits || At(message, dot) != '.') return message;
  const size_t end = SkipDigits(message, dot + 1);
  if (end == dot + 1 || At(message, end) != ']') return message;
  return message.substr(SkipBlanks(message, end + 1));
}

// "[901-2] ": PostgreSQL numbers the lines of a message that it sends to syslog, and each is a
// message of its own there.
bool IsLaterPiece(const Header& header) {
  const std::string_view message = header.message;
  if (At(message, 0) != '[' || !header.program.starts_with("postgres")) return false;
  const size_t dash = SkipDigits(message, 1);
  const size_t end = SkipDigits(message, dash + 1);
  if (dash == 1 || At(message, dash) != '-' || end == dash + 1 || At(message, end) != ']')
    return false;
  return message.substr(dash + 1, end - dash - 1) != "1";
}

std::string_view MessageOf(const Header& header) {
  return header.program == "kernel" ? WithoutUptime(header.message) : header.message;
}

// "[901-2] #011where x": PostgreSQL numbers its messages and the lines of each, and writes "LOG:  "
// before the text.
void JoinPostgres(LineParts* out) {
  Header& header = out->header;
  const std::string_view message = header.message;
  if (At(message, 0) != '[' || !header.program.starts_with("postgres")) return;
  const size_t number = SkipDigits(message, 1);
  const size_t end = SkipDigits(message, number + 1);
  if (number == 1 || At(message, number) != '-' || end == number + 1 || At(message, end) != ']')
    return;
  // The process too, where its number stands before the message in the line.
  const char* begin = header.pid.empty() ? message.data() : header.pid.data();
  out->event = {begin, static_cast<size_t>(message.data() + number - begin)};
  header.message = message.substr(SkipBlanks(message, end + 1));
  const size_t colon = header.message.substr(0, 256).find(":  ");
  if (colon == std::string_view::npos) return;
  size_t word = colon;
  while (word > 0 && IsAlnum(header.message[word - 1])) --word;
  const Level level = LevelOfWord(header.message.substr(word, colon - word));
  if (level != Level::kNone) header.level = level;
}

// Time and host are behind us; `at` stands on the tag. False if the rest is not of syslog.
bool Tagged(std::string_view line, size_t at, const FormatContext& context, Header* header) {
  const size_t token_end = SkipToken(line, at);
  const std::string_view token = line.substr(at, token_end - at);
  const size_t dot = token.find('.');
  if (dot != std::string_view::npos && IsFacility(token.substr(0, dot))) {
    const Level level = LevelOfWord(token.substr(dot + 1));
    if (level != Level::kNone) {
      header->level = level;
      at = SkipBlanks(line, token_end);
    }
  }
  const size_t colon = TagEnd(line, at);
  if (colon == 0) {
    if (!context.settled) return false;
    header->message = line.substr(at);
    return true;
  }
  SplitPid(line.substr(at, colon - at), &header->program, &header->pid);
  if (!context.settled && LevelOfWord(header->program) != Level::kNone) return false;
  header->message = line.substr(SkipBlanks(line, colon + 1));
  header->message = MessageOf(*header);
  if (header->program == "haproxy" && header->level == Level::kNone) {
    header->level = LevelOfHaproxy(header->message);
  }
  return true;
}

}  // namespace

size_t TagEnd(std::string_view line, size_t at) {
  const size_t limit = line.size() - at > kMaxTag ? at + kMaxTag : line.size();
  size_t i = at;
  for (; (i = FindColonOrBlank(line, i)) < limit && line[i] == ':'; ++i) {
    if (i + 1 == line.size() || IsBlank(line[i + 1])) return i > at ? i : 0;
  }
  // A name and its version: "syslogd 1.4.1:".
  if (i < limit && IsDigit(At(line, i + 1))) {
    size_t version = i + 1;
    while (IsDigit(At(line, version)) || At(line, version) == '.') ++version;
    if (At(line, version) == ':' &&
        line.substr(i, version - i).find('.') != std::string_view::npos) {
      return version + 1 == line.size() || IsBlank(line[version + 1]) ? version : 0;
    }
  }
  // A name with blanks or something in parentheses behind the number: "My Program[12]:", "a[1]
  // (b[2]):".
  if (i >= limit || i == at) return 0;
  const size_t close = line.substr(0, limit).find("]:", at);
  const size_t paren = line.substr(0, limit).find("):", at);
  if (close != std::string_view::npos && line[close - 1] >= '0' && line[close - 1] <= '9') {
    size_t words = 0;
    for (size_t j = at; j < close; ++j) {
      if (line[j] == ' ') ++words;
      if (line[j] == ':' || line[j] == ',' || line[j] == '"' || line[j] == '=') return 0;
    }
    return words <= 4 ? close + 1 : 0;
  }
  if (paren != std::string_view::npos && line[i - 1] == ']' && At(line, i + 1) == '(') {
    return line.substr(i + 1, paren - i - 1).find(' ') == std::string_view::npos ? paren + 1 : 0;
  }
  return 0;
}

void SplitPid(std::string_view tag, std::string_view* program, std::string_view* pid) {
  *program = tag;
  if (tag.size() < 4) return;
  size_t end = tag.size() - 1;  // on the ]
  if (tag[end] == ')') {        // "name[1] (other[2])"
    end = tag.find(']');
    if (end == std::string_view::npos) return;
  } else if (tag[end] != ']') {
    return;
  }
  size_t digits = end;
  while (digits > 0 && IsDigit(tag[digits - 1])) --digits;
  if (digits == end || digits < 2 || tag[digits - 1] != '[') return;
  *pid = tag.substr(digits, end - digits);
  *program = tag.substr(0, digits - 1);
}

bool MatchSyslog5424(std::string_view line, FormatContext& context, LineParts* out) {
  Header& header = out->header;
  int severity = -1;
  size_t at = Priority(line, &severity);
  if (At(line, at) != '1' || At(line, at + 1) != ' ') return false;
  at += 2;
  if (At(line, at) == '-') {
    ++at;
  } else {
    const size_t length = context.Read(line.substr(at), &header.time);
    if (length == 0) return false;
    at += length;
  }
  std::string_view fields[4];  // host, program, process, message id
  for (std::string_view& field : fields) {
    if (At(line, at) != ' ') return false;
    const size_t end = SkipToken(line, at + 1);
    field = line.substr(at + 1, end - at - 1);
    if (field.empty()) return false;
    at = end;
  }
  if (At(line, at) != ' ') return false;
  at = SkipStructuredData(line, at + 1);
  if (at == 0) return false;
  header.level = LevelOfSyslog(severity);
  header.host = NilIsEmpty(fields[0]);
  header.program = NilIsEmpty(fields[1]);
  header.pid = NilIsEmpty(fields[2]);
  header.message = line.substr(SkipBlanks(line, at));  // rsyslog writes a blank of its own
  if (header.message.starts_with("\xEF\xBB\xBF"))
    header.message.remove_prefix(3);  // its byte order mark
  header.message = MessageOf(header);
  out->continues = IsLaterPiece(header);
  header.recognised = true;
  JoinPostgres(out);
  return true;
}

bool MatchSyslog(std::string_view line, FormatContext& context, LineParts* out) {
  Header& header = out->header;
  int severity = -1;
  size_t at = Priority(line, &severity);
  const char first = At(line, at);
  // The month's name, or the ISO form with its T: other times belong to other loggers.
  if (!IsUpper(first) && !(IsDigit(first) && At(line, at + 10) == 'T')) return false;
  const size_t length = context.Read(line.substr(at), &header.time);
  if (length == 0 || At(line, at + length) != ' ') return false;
  at = SkipBlanks(line, at + length);
  const size_t host_end = SkipToken(line, at);
  header.host = line.substr(at, host_end - at);
  // A source's host is nearly always the same.
  if (header.host != context.buffer[0]) {
    if (!IsHost(header.host)) return false;
    context.buffer[0] = header.host;
  }
  header.level = LevelOfSyslog(severity);
  if (!Tagged(line, SkipBlanks(line, host_end), context, &header)) return false;
  out->continues = IsLaterPiece(header);
  header.recognised = true;
  JoinPostgres(out);
  return true;
}

bool MatchKernelRing(std::string_view line, FormatContext&, LineParts* out) {
  int severity = -1;
  const std::string_view rest = line.substr(Priority(line, &severity));
  const std::string_view message = WithoutUptime(rest);
  if (message.size() == rest.size()) return false;
  out->header.level = LevelOfSyslog(severity);
  out->header.program = "kernel";
  out->header.message = message;  // its time counts from a boot that the line does not name
  out->header.recognised = true;
  return true;
}

bool MatchAudit(std::string_view line, FormatContext&, LineParts* out) {
  Header& header = out->header;
  size_t at = 0;
  if (line.starts_with("node=")) {
    const size_t end = SkipToken(line, 5);
    header.host = line.substr(5, end - 5);
    at = SkipBlanks(line, end);
  }
  if (line.substr(at, 5) != "type=") return false;
  const size_t type_end = SkipToken(line, at + 5);
  constexpr std::string_view kMark = " msg=audit(";
  if (line.substr(type_end, kMark.size()) != kMark) return false;
  const size_t id = type_end + kMark.size();
  const size_t close = line.find("):", id);
  if (close == std::string_view::npos || close - id > 40) return false;
  CivilTime t;
  if (!ScanTime(line.substr(id, line.find(':', id) - id), &t) || !t.is_epoch) return false;
  header.time = FromMicros(t.epoch_us);
  header.program = line.substr(at + 5, type_end - at - 5);
  header.message = line.substr(SkipBlanks(line, close + 2));
  header.recognised = true;
  out->event = line.substr(id, close - id);
  return true;
}

}  // namespace alogd
