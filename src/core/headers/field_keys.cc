// SPDX-License-Identifier: MIT
// A hash table of key names, built by the compiler.
#include "core/headers/field_keys.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "core/headers/level_word.h"
#include "core/headers/scan.h"

namespace alogd {
namespace {

struct KeyName {
  std::string_view key;  // in lower case
  FieldPart part;
};

constexpr FieldPart kMessage = FieldPart::kMessage, kTime = FieldPart::kTime,
                    kLevel = FieldPart::kLevel, kProgram = FieldPart::kProgram,
                    kHost = FieldPart::kHost, kPid = FieldPart::kPid;

// Of several keys for one part the earlier in this table counts.
constexpr KeyName kKeys[] = {
    {"message", kMessage},
    {"msg", kMessage},
    {"@message", kMessage},
    {"@m", kMessage},
    {"@mt", kMessage},
    {"event", kMessage},
    {"text", kMessage},
    {"body", kMessage},
    {"fields.message", kMessage},
    {"jsonpayload.message", kMessage},
    {"jsonpayload.msg", kMessage},
    {"record.message", kMessage},
    {"body.stringvalue", kMessage},
    {"log.message", kMessage},
    {"data.message", kMessage},
    {"event.original", kMessage},

    {"@timestamp", kTime},
    {"timestamp", kTime},
    {"time", kTime},
    {"ts", kTime},
    {"@t", kTime},
    {"datetime", kTime},
    {"date_time", kTime},
    {"asctime", kTime},
    {"date", kTime},
    {"t", kTime},
    {"t.$date", kTime},
    {"time.$date", kTime},
    {"ts.$date", kTime},
    {"timestamp.$date", kTime},
    {"__realtime_timestamp", kTime},
    {"_source_realtime_timestamp", kTime},
    {"time_iso8601", kTime},
    {"time_local", kTime},
    {"timelocal", kTime},
    {"timemillis", kTime},
    {"time_ms", kTime},
    {"ts_ms", kTime},
    {"epochmillis", kTime},
    {"epoch", kTime},
    {"msec", kTime},
    {"eventtime", kTime},
    {"event_time", kTime},
    {"created_at", kTime},
    {"createdat", kTime},
    {"created", kTime},
    {"logtime", kTime},
    {"log_time", kTime},
    {"logged_at", kTime},
    {"timeunixnano", kTime},
    {"time_unix_nano", kTime},
    {"observedtimeunixnano", kTime},
    {"timestamp_ms", kTime},
    {"timestampms", kTime},
    {"unixtime", kTime},
    {"unix_time", kTime},
    {"iso_timestamp", kTime},
    {"utc", kTime},
    {"when", kTime},
    {"instant", kTime},
    {"event.created", kTime},
    {"event.start", kTime},
    {"log.time", kTime},
    {"record.time.repr", kTime},
    {"record.time.timestamp", kTime},
    {"requesttime", kTime},
    {"starttime", kTime},
    {"start_time", kTime},
    {"receivetimestamp", kTime},
    {"_timestamp", kTime},
    {"instant.epochsecond", kTime},
    {"instant.nanoofsecond", FieldPart::kNanos},  // log4j

    {"level", kLevel},
    {"severity", kLevel},
    {"lvl", kLevel},
    {"levelname", kLevel},
    {"level_name", kLevel},
    {"log.level", kLevel},
    {"loglevel", kLevel},
    {"log_level", kLevel},
    {"@l", kLevel},
    {"severitytext", kLevel},
    {"severity_text", kLevel},
    {"severitynumber", kLevel},
    {"severity_number", kLevel},
    {"error_severity", kLevel},
    {"record.level.name", kLevel},
    {"level.name", kLevel},
    {"level.standardlevel", kLevel},
    {"log.severity", kLevel},
    {"levelstr", kLevel},
    {"level_str", kLevel},
    {"leveltext", kLevel},
    {"loglevelname", kLevel},
    {"log.syslog.severity.name", kLevel},
    {"syslog.severity", kLevel},
    {"syslog_severity", kLevel},
    {"level_value", kLevel},
    {"levelvalue", kLevel},
    {"levelno", kLevel},
    {"priority", kLevel},
    {"prio", kLevel},
    {"jsonpayload.level", kLevel},
    {"jsonpayload.severity", kLevel},
    {"lev", kLevel},
    {"s", kLevel},
    {"l", kLevel},
    {"type", kLevel},
    {"status", kLevel},

    {"logger", kProgram},
    {"logger_name", kProgram},
    {"log.logger", kProgram},
    {"loggername", kProgram},
    {"syslog_identifier", kProgram},
    {"program", kProgram},
    {"service", kProgram},
    {"service.name", kProgram},
    {"component", kProgram},
    {"c", kProgram},
    {"record.name", kProgram},
    {"sourcecontext", kProgram},
    {"properties.sourcecontext", kProgram},
    {"target", kProgram},
    {"category", kProgram},
    {"name", kProgram},

    {"host", kHost},
    {"hostname", kHost},
    {"_hostname", kHost},
    {"host.name", kHost},
    {"host.hostname", kHost},

    {"pid", kPid},
    {"_pid", kPid},
    {"process.pid", kPid},
    {"processid", kPid},
    {"process_id", kPid},
    {"record.process.id", kPid},
};

constexpr std::string_view kLikelyMessages[] = {
    "renderedmessage",   "messagetemplate", "short_message", "full_message", "log",
    "textpayload",       "description",     "desc",          "error",        "err",
    "content",           "details",         "detail",        "title",        "summary",
    "statement",         "exception",       "logmessage",    "log_message",  "line",
    "payload",           "entry",           "note",          "eventmessage", "formattedmessage",
    "formatted_message", "rawmessage",      "msgtext",       "reason"};

constexpr size_t kLongestKey = 32;
constexpr size_t kSlots = 1024;  // eight times the keys, so that most lookups end at once

constexpr size_t Hash(std::string_view key) {
  uint32_t hash = static_cast<uint32_t>(key.size());
  for (const char c : key) hash = hash * 31 + static_cast<uint8_t>(ToLower(c));
  return (hash ^ hash >> 10) % kSlots;
}

// Numbers of kKeys plus one; 0 where a slot is free.
constexpr std::array<uint8_t, kSlots> MakeSlots() {
  std::array<uint8_t, kSlots> slots{};
  for (size_t i = 0; i < std::size(kKeys); ++i) {
    size_t slot = Hash(kKeys[i].key);
    while (slots[slot] != 0) slot = (slot + 1) % kSlots;
    slots[slot] = static_cast<uint8_t>(i + 1);
  }
  return slots;
}
static_assert(std::size(kKeys) < 255);
constexpr std::array<uint8_t, kSlots> kTable = MakeSlots();

bool Same(std::string_view key, std::string_view name) {
  return key.size() == name.size() && std::equal(key.begin(), key.end(), name.begin(),
                                                 [](char a, char b) { return ToLower(a) == b; });
}

Level LevelOfNumber(int64_t number) {
  if (number < 8) return LevelOfSyslog(static_cast<int>(number));
  // bunyan, pino and Python count in tens, logback in ten thousands, java.util.logging in hundreds.
  constexpr Level kTens[] = {Level::kTrace,   Level::kTrace, Level::kDebug,   Level::kInfo,
                             Level::kWarning, Level::kError, Level::kCritical};
  if (number >= 5000) return kTens[std::min<int64_t>(number / 10000 + 1, 6)];
  if (number < 100) return kTens[std::min<int64_t>(number / 10, 6)];
  if (number >= 1000) return number == 1000 ? Level::kError : Level::kNone;  // SEVERE
  if (number >= 900) return Level::kWarning;
  if (number >= 700) return Level::kInfo;
  return number >= 500 ? Level::kDebug : Level::kTrace;
}

// OpenTelemetry counts from 1 to 24.
Level LevelOfSeverityNumber(std::string_view value) {
  int64_t number = 0;
  if (!ParseDigits(value, &number) || number < 1 || number > 24) return Level::kNone;
  constexpr Level kFours[] = {Level::kTrace,   Level::kDebug, Level::kInfo,
                              Level::kWarning, Level::kError, Level::kCritical};
  return kFours[(number - 1) / 4];
}

}  // namespace

FieldKey FindFieldKey(std::string_view key) {
  if (key.empty() || key.size() > kLongestKey) return {};
  for (size_t slot = Hash(key); kTable[slot] != 0; slot = (slot + 1) % kSlots) {
    const size_t index = kTable[slot] - 1;
    if (Same(key, kKeys[index].key)) return {kKeys[index].part, static_cast<uint8_t>(index)};
  }
  return {};
}

bool HoldsKnownFields(std::string_view key) {
  return std::any_of(std::begin(kKeys), std::end(kKeys), [&](const KeyName& name) {
    return name.key.size() > key.size() && name.key[key.size()] == '.' &&
           Same(key, name.key.substr(0, key.size()));
  });
}

bool IsLikelyMessage(std::string_view key) {
  return std::any_of(std::begin(kLikelyMessages), std::end(kLikelyMessages),
                     [&](std::string_view name) { return Same(key, name); });
}

Level LevelOfField(std::string_view value) {
  value = Trimmed(value);
  if (value.ends_with(':')) value.remove_suffix(1);
  int64_t number = 0;
  if (ParseDigits(value, &number)) return LevelOfNumber(number);
  if (value.size() == 1 || (value.size() == 2 && IsDigit(value[1]))) {
    return LevelOfLetter(static_cast<char>(value[0] & ~0x20));  // "D2" is MongoDB's
  }
  const Level whole = LevelOfWord(value);
  const size_t prefix = value.find_last_of("._");
  if (whole != Level::kNone || prefix == std::string_view::npos) return whole;
  return LevelOfWord(value.substr(prefix + 1));
}

Level LevelOfKey(std::string_view key, std::string_view value) {
  // Keys that hold other things as often: only what is a level beyond doubt counts.
  if (Same(key, "type") || Same(key, "status")) return LevelOfWord(value);
  if (key.size() == 1) {
    const bool letter = std::string_view("VDIWEF").find(At(value, 0)) != std::string_view::npos;
    return letter || value.size() > 2 ? LevelOfField(value) : Level::kNone;
  }
  const bool open_telemetry = Same(key, "severitynumber") || Same(key, "severity_number");
  return open_telemetry ? LevelOfSeverityNumber(value) : LevelOfField(value);
}

}  // namespace alogd
