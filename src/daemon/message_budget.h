// SPDX-License-Identifier: MIT
// How much alogd says about itself: repeated messages joined, and fewer than leave room for alerts.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace alogd {

// One message about alogd itself.
struct OwnMessage {
  int priority = 6;                   // syslog's: 2 critical, 3 error, 4 warning, 6 info
  std::string text;                   // one line, escaped
  const char* message_id = nullptr;   // of a notice; null: none
  std::string group, bundle, source;  // fields of a notice; empty: left out
};

// A queue of messages with two limits. Messages that differ in names and numbers alone are of one
// kind: after kAlike of a kind the rest of that kDuration is joined into one message with their
// number and an example. Beyond kMost messages in kDuration nothing goes out but the number of what
// was left out. journald takes 10,000 entries of a service in 30 s; alerts have 9,000 of them
// (AlertLimit), so these never crowd out an alert.
//
// Rejected: the newest messages push out the oldest. The first message of a trouble says what it
// is; the ten thousandth says it again.
class MessageBudget {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::chrono::seconds kInterval{30};
  static constexpr size_t kMost = 500;  // messages in kInterval; half of what alerts leave
  static constexpr size_t kAlike = 5;   // of one kind in kJoinFor, before the rest is joined
  static constexpr std::chrono::seconds kJoinFor{10};
  static constexpr size_t kKinds = 200;  // told apart at a time; what comes beyond is one kind

  void Add(OwnMessage message, Clock::time_point now);
  // The next message to write; nothing where none is due. `all`: what is being joined is due too.
  std::optional<OwnMessage> Take(Clock::time_point now, bool all = false);
  // When Take may have something though nothing is added.
  Clock::time_point due() const;

 private:
  struct Alike {
    Clock::time_point since;
    size_t count = 0;    // in all since then
    size_t joined = 0;   // of them
    OwnMessage example;  // the last that was joined
  };
  std::optional<OwnMessage> TakeJoined(Clock::time_point now, bool all);
  bool Room(Clock::time_point now);

  std::deque<OwnMessage> queue_;  // at most kMost
  std::map<std::string, Alike> kinds_;
  std::deque<Clock::time_point> sent_;  // in the last kInterval
  uint64_t left_out_ = 0;               // by kMost
};

// The text with paths, quoted text and numbers replaced by '#': what messages of one kind share.
std::string KindOfMessage(std::string_view text);

}  // namespace alogd
