// SPDX-License-Identifier: MIT
// Where the daemon's own words go: the journal under systemd, else standard error.
#pragma once

#include <chrono>
#include <string_view>

#include "daemon/journal_sender.h"

namespace alogd {

// Sets spdlog's default logger. For the journal it queues (MessageWriter): no caller waits for
// journald. Everything logged must be fit for the eye already: text from logs
// and files goes through EscapeForTerminal.
void SetUpLogging();

// Writes what is queued for the journal, but waits no longer than `patience`. False if journald
// does not take it: a thread is left behind in that call, and the process must end by _exit.
bool StopLogging(std::chrono::milliseconds patience);

// Whether standard error is a stream of the journal's.
bool ErrorGoesToJournal();

enum class LogLevel { kInfo, kWarning, kError };
// One entry for each line of `text`, escaped.
void LogLines(LogLevel level, std::string_view text);

// Says what others wait for: as an entry with its MESSAGE_ID where standard error is the journal,
// else like everything that is logged.
void Announce(const Notice& notice);

}  // namespace alogd
