// SPDX-License-Identifier: MIT
// Reads files of sessions.
#include "models/evaluation/session_files.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <set>
#include <string_view>

namespace alogd {
namespace {

// Template numbers are names; a larger one is a mistake (an id read as a template).
constexpr uint32_t kMaxNumber = 10'000'000;
constexpr size_t kMaxLine = 16u << 20;  // bytes
constexpr std::string_view kBlanks = " \t\r";

// False where something is not a number.
bool ParseNumbers(std::string_view text, NumberedSession* session) {
  while (true) {
    const size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return true;
    text.remove_prefix(begin);
    uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number > kMaxNumber) return false;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (!text.empty() && kBlanks.find(text.front()) == std::string_view::npos) return false;
    session->push_back(number);
  }
}

}  // namespace

Result<std::vector<NumberedSession>> ReadSessions(const std::string& path) {
  std::ifstream in(path);
  if (!in) return Error{fmt::format("cannot read {}: {}", path, std::strerror(errno)), errno};
  std::vector<NumberedSession> sessions;
  size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const size_t comma = line.rfind(',');
    const std::string_view text =
        std::string_view(line).substr(comma == std::string::npos ? 0 : comma + 1);
    NumberedSession session;
    if (line.size() > kMaxLine || !ParseNumbers(text, &session)) {
      return Error{fmt::format(
          "{}:{}: not a session; a line is template numbers separated by blanks, after an id and a "
          "comma if it has one",
          path, number)};
    }
    if (!session.empty()) sessions.push_back(std::move(session));
  }
  if (sessions.empty()) return Error{fmt::format("{} holds no session", path)};
  return sessions;
}

std::vector<NumberedSession> UniqueSessions(const std::vector<NumberedSession>& sessions) {
  std::set<NumberedSession> seen;
  std::vector<NumberedSession> unique;
  for (const NumberedSession& session : sessions)
    if (seen.insert(session).second) unique.push_back(session);
  return unique;
}

}  // namespace alogd
