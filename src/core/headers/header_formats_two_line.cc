// SPDX-License-Identifier: MIT
// Formats whose header is a line of its own, with the message on the next.
#include <algorithm>
#include <iterator>

#include "core/headers/column_kinds.h"
#include "core/headers/header_formats.h"
#include "core/headers/level_word.h"
#include "core/headers/scan.h"

namespace alogd {

namespace {

bool EndHeader(LineParts* out) {
  out->header.recognised = true;
  out->header_only = true;
  return true;
}

}  // namespace

// .NET's console: "info: Shop.Api.OrderController[0]", perhaps with a time before it.
bool MatchDotnet(std::string_view line, FormatContext& context, LineParts* out) {
  static constexpr struct {
    std::string_view word;
    Level level;
  } kLevels[] = {{"trce: ", Level::kTrace}, {"dbug: ", Level::kDebug},
                 {"info: ", Level::kInfo},  {"warn: ", Level::kWarning},
                 {"fail: ", Level::kError}, {"crit: ", Level::kCritical}};
  if (!line.ends_with(']')) return false;
  const size_t open = At(line, 0) == '[' ? 1 : 0;
  size_t at = 0;
  if (IsDigit(At(line, open))) {
    const size_t length = context.Read(line.substr(open), &out->header.time);
    if (length == 0) return false;
    at = SkipBlanks(line, open + length + (At(line, open + length) == ']' ? 1 : 0));
  }
  const auto found = std::find_if(std::begin(kLevels), std::end(kLevels), [&](const auto& known) {
    return line.substr(at).starts_with(known.word);
  });
  if (found == std::end(kLevels)) return false;
  const std::string_view category = line.substr(at + found->word.size());
  const size_t id = category.rfind('[');
  if (id == std::string_view::npos || id == 0 || category.find(' ') != std::string_view::npos ||
      SkipDigits(category, id + 1) + 1 != category.size()) {
    return false;
  }
  out->header.level = found->level;
  out->header.program = category.substr(0, id);
  return EndHeader(out);
}

// java.util.logging: "Nov 30, 2026 10:00:00 AM com.example.Shop sell"; level and message follow.
bool MatchJavaUtil(std::string_view line, FormatContext& context, LineParts* out) {
  if (!IsUpper(At(line, 0)) || line.substr(0, 8).find(',') == std::string_view::npos) return false;
  const size_t length = context.Read(line, &out->header.time);
  if (length == 0) return false;
  const size_t name = SkipBlanks(line, length);
  const size_t end = SkipToken(line, name);
  const size_t method = SkipBlanks(line, end);
  if (DottedAt(line, name) != end || method == line.size() ||
      SkipToken(line, method) != line.size() || LevelOfWord(line.substr(method)) != Level::kNone) {
    return false;
  }
  out->header.program = line.substr(name, end - name);
  return EndHeader(out);
}

// MySQL's log of slow statements: "# Time: 2026-11-30T10:00:00.123456Z", lines about it, the
// statement.
bool MatchMysqlSlow(std::string_view line, FormatContext& context, LineParts* out) {
  constexpr std::string_view kTime = "# Time: ";
  if (!line.starts_with(kTime)) return false;
  const size_t length = context.Read(line.substr(kTime.size()), &out->header.time);
  return length != 0 && kTime.size() + length == line.size() && EndHeader(out);
}

bool IsAboutStatement(std::string_view line) {
  return line.starts_with("# ") || line.starts_with("SET timestamp=") || line.starts_with("use ");
}

std::string_view SecondLine(std::string_view lines, Level* level) {
  const size_t last = lines.rfind('\n');
  if (last == std::string_view::npos) return {};
  std::string_view message = Trimmed(lines.substr(last + 1));
  Level found = Level::kNone;
  const size_t end = *level == Level::kNone ? LevelAt(message, 0, &found) : 0;
  if (end != 0 && At(message, end) == ':' && IsBlank(At(message, end + 1))) {
    *level = found;
    message = message.substr(SkipBlanks(message, end + 1));
  }
  return message;
}

}  // namespace alogd
