// SPDX-License-Identifier: MIT
// Chooses spdlog's sink.
#include "daemon/logging.h"

#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "core/text.h"
#include "daemon/message_writer.h"

namespace alogd {
namespace {

// Set before the first thread begins and never taken away: any thread may log to the very end.
MessageWriter* journal_writer = nullptr;

int PriorityOf(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::critical:
      return 2;
    case spdlog::level::err:
      return 3;
    case spdlog::level::warn:
      return 4;
    default:
      return 6;
  }
}

// Hands what is logged to the writer, which takes it from any thread.
class JournalQueue : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    OwnMessage own;
    own.priority = PriorityOf(message.level);
    own.text.assign(message.payload.data(), message.payload.size());
    journal_writer->Add(std::move(own));
  }
  void flush_() override {}
};

}  // namespace

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
    journal_writer = std::make_unique<MessageWriter>(SendMessage).release();
    sink = std::make_shared<JournalQueue>();
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
    sink->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$: %v");
  }
  auto logger = std::make_shared<spdlog::logger>("alogd", std::move(sink));
  logger->set_level(spdlog::level::info);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

bool StopLogging(std::chrono::milliseconds patience) {
  return journal_writer == nullptr || journal_writer->Stop(patience);
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
  if (journal_writer != nullptr) return journal_writer->Add(MessageOf(notice));
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
