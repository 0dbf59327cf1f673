// SPDX-License-Identifier: MIT
// What makes a text of the configuration fit for its key: patterns, globs, names, zones.
#include <date/tz.h>
#include <fmt/format.h>

#include <exception>

#include "core/config/config_values.h"
#include "core/config/path_set.h"
#include "core/detection/rules.h"
#include "core/headers/header_parser.h"

namespace alogd {
namespace {

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

std::string CheckGlobText(const std::string& text) {
  if (text.find("/../") != std::string::npos || text.ends_with("/.."))
    return fmt::format("'{}' goes up by '..'; write the path that it means", text);
  if (const size_t open = text.find('[');
      open != std::string::npos && text.find(']', open + 2) == std::string::npos)
    return fmt::format("'{}' has a '[' without its ']'; close it, or write [[] for the character",
                       text);
  const size_t brace = text.find('{');
  if (brace != std::string::npos && text.find(',', brace) != std::string::npos)
    return fmt::format("'{}': braces are not expanded; list the paths one by one", text);
  return CheckDoubleStars(text);
}

}  // namespace

std::string CheckGroupName(const std::string& text) {
  constexpr size_t kLongest = 64;  // leaves room in a 255-byte directory name
  bool good = !text.empty() && text.size() <= kLongest && text.front() != '-';
  for (const char c : text) good = good && IsNameCharacter(c);
  if (good) return {};
  return fmt::format(
      "'{}' cannot be the name of a directory; write 1 to {} of a-z, 0-9, _ and -, not beginning "
      "with -",
      text.substr(0, 80), kLongest);
}

std::string CheckPattern(const std::string& text) {
  const Status status = CheckRulePattern(text);
  return status ? std::string() : status.error().message;
}

std::string CheckAbsolute(const std::string& text) {
  if (text.starts_with('/')) return {};
  return fmt::format("'{}' is not an absolute path; begin it with /", text);
}

std::string CheckSocket(const std::string& text) {
  return text.empty() ? std::string() : CheckAbsolute(text);
}

std::string CheckGlob(const std::string& text) {
  if (text.starts_with('/')) return CheckGlobText(text);
  return fmt::format("'{}' is not an absolute path; begin it with /, as in /var/log/app/*.log",
                     text);
}

std::string CheckExclude(const std::string& text) {
  if (text.starts_with('/') || text.starts_with("**/")) return CheckGlobText(text);
  return fmt::format("'{}' is compared with whole paths; write **/{} for it in any directory", text,
                     text);
}

std::string CheckTimeZone(const std::string& text) {
  if (text.empty()) return {};
  try {
    if (date::locate_zone(text) != nullptr) return {};
  } catch (const std::exception&) {  // an unknown name, or no time zone database at all
  }
  return fmt::format(
      "'{}' is not a time zone of this host; write one of `timedatectl list-timezones`", text);
}

std::string CheckModel(const std::string& text) {
  if (text.starts_with('/')) return {};
  if (!text.empty() && text.find('/') == std::string::npos && text != "." && text != "..")
    return {};
  return fmt::format("'{}' is neither current, nor a bundle's name, nor an absolute path", text);
}

std::string CheckFormat(const std::string& text) {
  if (text.empty()) return "'' is no format; write auto, or remove the key";
  HeaderOptions options;
  options.format = text;
  const Result<HeaderParser> parser = HeaderParser::Create(options);
  return parser ? std::string() : parser.error().message;
}

}  // namespace alogd
