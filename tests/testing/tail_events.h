// SPDX-License-Identifier: MIT
// Numbered lines that a rule turns into rows, so that the database tells what was lost or
// duplicated.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>

#include "daemon/files/crc32c.h"
#include "testing/daemon_process.h"

namespace alogd {

constexpr char kEveryEvent[] = "  - {match: 'event [0-9]+', level: LOW, name: every}\n";
constexpr char kCountRows[] = "SELECT count(*) FROM anomalies WHERE detector = 'rule'";

// A line that the rule matches, each with a number of its own. `tail`: what stands behind it.
inline std::string EventLine(int number, const std::string& tail = "") {
  return fmt::format(
      "2026-11-20T{:02}:{:02}:{:02}.{:06}+00:00 host app[12]: event {} took 3 ms{}\n",
      number / 36'000'000 % 24, number / 600'000 % 60, number / 10'000 % 60, number % 10'000 * 100,
      number, tail);
}

inline std::string EventLines(int first, int last, const std::string& tail = "") {
  std::string lines;
  for (int i = first; i < last; ++i) lines += EventLine(i, tail);
  return lines;
}

// How many rows each event has. `where`: a condition on the anomalies view.
inline std::map<int, int> EventRows(const DaemonProcess& daemon, const std::string& where = "1") {
  std::map<int, int> rows;
  for (const std::string& message : daemon.Query(
           "SELECT substr(message, 1, 200) FROM anomalies WHERE detector = 'rule' AND " + where)) {
    const size_t at = message.find("event ");
    ++rows[at == std::string::npos ? -1 : std::atoi(message.c_str() + at + 6)];
  }
  return rows;
}

// What became of events 0 to `events`: each is to have `copies` rows.
struct Account {
  int64_t lost = 0, duplicated = 0, foreign = 0;
  std::string gaps;          // the first events without all their rows, as "3-7 12-12"
  std::vector<int> repeats;  // all events with more
};

inline Account AccountOf(const std::map<int, int>& rows, int events, int copies = 1) {
  Account account;
  int64_t found = 0;
  for (const auto& [event, times] : rows) {
    if (event < 0 || event >= events) {
      account.foreign += times;
      continue;
    }
    found += std::min(times, copies);
    account.duplicated += std::max(times - copies, 0);
    if (times > copies) account.repeats.push_back(event);
  }
  account.lost = int64_t{events} * copies - found;
  constexpr size_t kMaxGaps = 200;  // bytes
  for (int i = 0, from = -1; i <= events && account.gaps.size() < kMaxGaps; ++i) {
    const auto row = rows.find(i);
    const bool missing = i < events && (row == rows.end() || row->second < copies);
    if (missing && from < 0) from = i;
    if (!missing && from >= 0) {
      account.gaps += fmt::format("{}-{} ", from, i - 1);
      from = -1;
    }
  }
  return account;
}

inline void ExpectEachOnce(const DaemonProcess& daemon, int events) {
  const Account account = AccountOf(EventRows(daemon), events);
  EXPECT_EQ(account.lost, 0) << account.gaps;
  EXPECT_EQ(account.duplicated, 0);
  EXPECT_EQ(account.foreign, 0);
}

inline void ExpectChains(const DaemonProcess& daemon, const std::string& path) {
  const std::string bytes = ReadAll(path);
  EXPECT_EQ(daemon.Number("SELECT offset FROM files WHERE path = '" + path + "'"),
            static_cast<int64_t>(bytes.size()));
  EXPECT_EQ(daemon.Number("SELECT chain FROM files WHERE path = '" + path + "'"),
            static_cast<int64_t>(Crc32c(0, bytes)));
}

// Appends events until it is stopped, or goes.
class EventWriter {
 public:
  // `append(first)` appends some events and returns the number of the next.
  explicit EventWriter(std::function<int(int)> append) : append_(std::move(append)) {
    thread_ = std::thread([this] {
      for (int next = 0; !stop_; std::this_thread::sleep_for(std::chrono::milliseconds(2))) {
        next = append_(next);
        written_ = next;
      }
    });
  }
  ~EventWriter() { Stop(); }
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;
  int written() const { return written_; }
  int Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return written_;
  }

 private:
  std::function<int(int)> append_;
  std::atomic<bool> stop_{false};
  std::atomic<int> written_{0};
  std::thread thread_;
};

}  // namespace alogd
