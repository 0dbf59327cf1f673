// SPDX-License-Identifier: MIT
// Where alerts and notices leave alogd: the journal under systemd, standard error elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/store/alert.h"
#include "daemon/message_budget.h"
#include "daemon/sinks/alert_sink.h"

namespace alogd {

// Something about alogd itself that an operator or a script waits for by its MESSAGE_ID.
struct Notice {
  enum class Kind : uint8_t {
    kStarted,
    kStopped,
    kReloadDone,
    kReloadRefused,
    kDatabaseTrouble,
    kSourceTrouble,
  };
  Kind kind = Kind::kStarted;
  std::string text;    // one sentence; escaped on the way
  std::string group;   // ALOGD_GROUP, where it is about one
  std::string bundle;  // ALOGD_BUNDLE, likewise
  std::string source;  // ALOGD_SOURCE, likewise
};

// One entry an alert. Fails while journald is away.
class JournalSink : public AlertSink {
 public:
  Status Send(const Alert& alert) override;
  std::optional<AlertLimit::Options> limit() const override { return AlertLimit::kJournald; }
  // Asking a local socket costs nothing.
  std::chrono::milliseconds max_pause() const override { return std::chrono::seconds(1); }
};

// Three lines an alert, for people who run alogd by hand; coloured by level on a terminal.
class StderrSink : public AlertSink {
 public:
  // Standard error, or another descriptor, which stays the caller's.
  explicit StderrSink(int descriptor = 2);
  StderrSink(int descriptor, bool color) : descriptor_(descriptor), color_(color) {}
  Status Send(const Alert& alert) override;

 private:
  int descriptor_;
  bool color_;
};

// The message that tells the notice: one line, escaped.
OwnMessage MessageOf(const Notice& notice);
// Writes it to the journal: may block, and fails while journald is away.
Status SendMessage(const OwnMessage& message);

// "KEY=value" of each field of an entry, all text escaped and bounded.
std::vector<std::string> JournalFields(const Alert& alert);
std::vector<std::string> JournalFields(const OwnMessage& message);

// What StderrSink prints: headline; why; where and how to see more.
std::string AlertText(const Alert& alert, bool color);

}  // namespace alogd
