// SPDX-License-Identifier: MIT
// The exactly known formats: what well-known programs and loggers write, each taken apart by a
// function.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/headers/json_line.h"
#include "core/headers/message_key.h"
#include "core/headers/time_reader.h"
#include "core/record.h"

namespace alogd {

// A line taken apart, with what assembly must know beside its header.
struct LineParts {
  Header header;
  // Lines of one such id are one record (auditd writes an event as several); empty where there is
  // none.
  std::string_view event;
  bool continues = false;    // belongs to the record before it although it has a header (DETAIL:)
  bool header_only = false;  // the message is expected on the next line
};

// What a format works with; one per source and format.
struct FormatContext {
  TimeReader* times = nullptr;
  TimeCache cache;
  // The source is known to have this format: what is too weak a sign by itself may pass.
  bool settled = false;
  MessageKey message_key;     // of lines of fields
  std::vector<Field> fields;  // of the line at hand; kept for its memory
  // Texts that had to be unescaped; views in LineParts may point here until the next line.
  std::string buffer[4];

  // Time at the beginning of `text`: its length, 0 if there is none.
  size_t Read(std::string_view text, Time* time) { return times->Read(text, &cache, time); }
};

struct KnownFormat {
  std::string_view name;  // what the configuration and alogctl call it
  // True if `line` is of the format. `out` must be as it was built; it is of no use when false
  // comes back.
  bool (*match)(std::string_view line, FormatContext& context, LineParts* out);
};

// All of them, the most particular first: the first that matches a line is its format. An index
// into it is not kept in state, names are.
std::span<const KnownFormat> KnownFormats();

// header_formats_syslog.cc
bool MatchSyslog5424(std::string_view line, FormatContext& context, LineParts* out);
bool MatchSyslog(std::string_view line, FormatContext& context, LineParts* out);
bool MatchKernelRing(std::string_view line, FormatContext& context, LineParts* out);
bool MatchAudit(std::string_view line, FormatContext& context, LineParts* out);
// header_formats_web.cc
bool MatchAccess(std::string_view line, FormatContext& context, LineParts* out);
bool MatchNginxError(std::string_view line, FormatContext& context, LineParts* out);
bool MatchApacheError(std::string_view line, FormatContext& context, LineParts* out);
bool MatchHaproxy(std::string_view line, FormatContext& context, LineParts* out);
// header_formats_service.cc
bool MatchPostgres(std::string_view line, FormatContext& context, LineParts* out);
bool MatchMysql(std::string_view line, FormatContext& context, LineParts* out);
bool MatchRedis(std::string_view line, FormatContext& context, LineParts* out);
bool MatchDpkg(std::string_view line, FormatContext& context, LineParts* out);
bool MatchWeblogic(std::string_view line, FormatContext& context, LineParts* out);
bool MatchGlog(std::string_view line, FormatContext& context, LineParts* out);
bool MatchPythonBasic(std::string_view line, FormatContext& context, LineParts* out);
bool MatchLogcat(std::string_view line, FormatContext& context, LineParts* out);
// header_formats_two_line.cc
bool MatchDotnet(std::string_view line, FormatContext& context, LineParts* out);
bool MatchJavaUtil(std::string_view line, FormatContext& context, LineParts* out);
bool MatchMysqlSlow(std::string_view line, FormatContext& context, LineParts* out);
// A line between the header and the statement of MySQL's slow log.
bool IsAboutStatement(std::string_view line);
// The message of a record whose header is its first line: the last line, without a level that
// stands there; `level`, if there was none, becomes it. Empty where `lines` is one line.
std::string_view SecondLine(std::string_view lines, Level* level);
// field_line.cc
bool MatchJson(std::string_view line, FormatContext& context, LineParts* out);
bool MatchLogfmt(std::string_view line, FormatContext& context, LineParts* out);

// What a web or proxy status says about its request.
Level LevelOfStatus(int status);
// The level that HAProxy's log text in a syslog message implies, kNone if it is none.
Level LevelOfHaproxy(std::string_view message);

// "name[123]" split; a name without a number in brackets stays whole.
void SplitPid(std::string_view tag, std::string_view* program, std::string_view* pid);
// The name before a colon that ends a syslog tag, from `at`: its end (where the colon stands), 0 if
// the text there is no tag. "sshd[12]:", "kernel:", "com.example.x[1] (com.example.y[2]):".
size_t TagEnd(std::string_view line, size_t at);

// A log line within a container runtime's line.
struct Wrapped {
  std::string_view text;
  Time time = kNoTime;
  bool standard_error = false;
  bool ends = true;  // false: more pieces of this line follow
};
// docker's json-file and CRI. `buffer` holds what had to be unescaped.
// header_formats_fields.cc
bool UnwrapDocker(std::string_view line, FormatContext& context, Wrapped* out);
bool UnwrapCri(std::string_view line, FormatContext& context, Wrapped* out);

}  // namespace alogd
