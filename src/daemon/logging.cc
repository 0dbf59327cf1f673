// SPDX-License-Identifier: MIT
// Chooses spdlog's sink.
#include "daemon/logging.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/systemd_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "core/text.h"

namespace alogd {
// systemd.exec(5): JOURNAL_STREAM is the device and inode of the stream given to us; a shell that
// runs under systemd passes it on although its standard error is a terminal or file.
bool ErrorGoesToJournal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat st {};
  if (stream == nullptr || fstat(STDERR_FILENO, &st) != 0) return false;
  return stream == fmt::format("{}:{}", st.st_dev, st.st_ino);
}

void SetUpLogging() {
  std::shared_ptr<spdlog::sinks::sink> sink;
  if (ErrorGoesToJournal()) {
    sink = std::make_shared<spdlog::sinks::systemd_sink_mt>("alogd");
    sink->set_pattern("%v");
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
    sink->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$: %v");
  }
  auto logger = std::make_shared<spdlog::logger>("alogd", std::move(sink));
  logger->set_level(spdlog::level::info);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void LogLines(LogLevel level, std::string_view text) {
  const auto to = level == LogLevel::kInfo      ? spdlog::level::info
                  : level == LogLevel::kWarning ? spdlog::level::warn
                                                : spdlog::level::err;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    spdlog::log(to, "{}", EscapeForTerminal(text.substr(0, end)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

void Announce(const Notice& notice) {
  if (ErrorGoesToJournal() && SendNotice(notice).ok()) return;
  switch (notice.kind) {
    case Notice::Kind::kReloadRefused:
    case Notice::Kind::kDatabaseTrouble:
      return LogLines(LogLevel::kError, notice.text);
    case Notice::Kind::kSourceTrouble:
      return LogLines(LogLevel::kWarning, notice.text);
    case Notice::Kind::kStarted:
    case Notice::Kind::kStopped:
    case Notice::Kind::kReloadDone:
      return LogLines(LogLevel::kInfo, notice.text);
  }
}

}  // namespace alogd
