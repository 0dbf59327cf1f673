// SPDX-License-Identifier: MIT
// Decides, inside the commit, what is told: at once, in a list, or not again.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/commit_unit.h"
#include "core/detection/anomaly.h"
#include "core/detection/trouble.h"
#include "core/notify/alert_lists.h"
#include "core/notify/ledger.h"
#include "core/notify/options.h"
#include "core/result.h"
#include "core/store/alert.h"
#include "core/store/sqlite.h"
#include "core/types.h"

namespace alogd {

// Quiet is kept by trouble (core/detection/trouble.h), not by incident. Each different trouble is
// told, whatever else goes on; the same one is counted until repeat_after has passed or it gets
// worse. What is told goes out
//   at once          if it is CRITICAL, a rule's, or the budget allows it;
//   in a cascade     if it follows an alert within seconds, in one entry;
//   in a wave        if it is one of many new statements of a program;
//   after the hush   if it comes after a reboot or an upgrade, in one entry, and is no new error;
//   in a summary     if the budget is used up, or of a flood of different CRITICAL ones or rules.
// Lists go out by a timer, which fires with the next commit or with Tick.
//
// Everything is written within the caller's transaction, with the fate of each anomaly, so that a
// unit given again, or a crash at any moment, changes nothing. No clock: `now` is the caller's,
// or, where there is none, event time.
class Notifier {
 public:
  // CRITICAL troubles are told again after this part of the time.
  static constexpr int kCriticalPart = 4;
  // Alerts that the budget may save up, in days of it: trouble comes in bursts.
  static constexpr double kBurstDays = 10;
  // Different troubles of one scope (a rule; a program), and of the host, that are sent one by one
  // within an hour though they are outside the budget. What a stranger writes can differ each time.
  static constexpr int64_t kScopeFlood = 10, kHostFlood = 100;
  // New statements of a program within kWaveTime that alert one by one.
  static constexpr int64_t kWaveAfter = 3;
  static constexpr Duration kWaveTime = std::chrono::minutes(10);
  static constexpr Duration kWaveLasts = std::chrono::minutes(4);
  // A summary waits so long at first, and so long after another.
  static constexpr Duration kFirstSummary = std::chrono::minutes(1);
  static constexpr Duration kNextSummary = std::chrono::hours(1);
  // A hush lasts no longer, and no other begins before kHushAgain has passed: who may write to
  // syslog can forge the words by which a reboot or an upgrade is known.
  static constexpr Duration kLongestBoot = std::chrono::minutes(10);
  static constexpr Duration kLongestUpgrade = std::chrono::minutes(65);
  static constexpr Duration kHushAgain = std::chrono::minutes(65);
  // Groups that say the same so close together say it of one fault.
  static constexpr Duration kElsewhere = std::chrono::seconds(10);

  // The anomaly's place in the database.
  struct Place {
    int64_t anomaly_id = 0, incident_id = 0, group_id = 0;
    std::string group;
  };

  // `db` and `sinks` outlive this; `hold`: maintenance is under way.
  Notifier(Database* db, const NotifyOptions& options, std::span<const SinkPolicy> sinks, bool hold)
      : db_(db), ledger_(db), lists_(db), options_(options), sinks_(sinks), hold_(hold) {}

  // Begins at `now`; without one at `event_time`, unless the clock stands later. What is due by
  // then goes out.
  Status Begin(Time now, Time event_time);
  // The host was started or upgraded: for a while only rules and new errors are told, and the rest
  // once, in an entry of its own.
  void NoteChange(const HostChange& change);
  // The incident goes on: it is not over yet, though nothing of it alerts.
  Status Grew(int64_t incident_id);
  // What becomes of the anomaly; nothing where it is too mild or was decided before.
  Result<std::optional<Fate>> Decide(const Anomaly& anomaly, const Place& place);
  Status End() { return ledger_.SaveState(state_); }
  // When the next list or closing entry is due; kNoTime if none is.
  static Result<Time> NextDue(Database* db);

 private:
  Duration Within(const Anomaly& anomaly) const;
  // Lists and closing entries that are due.
  Status SendDue();
  Status CloseIncidents();
  Status CloseIncident(int64_t incident_id);
  Status KeepOpen(int64_t incident_id);
  // How a trouble that is told goes out.
  Result<Fate> Route(const Anomaly& anomaly, const Place& place);
  bool Hushed(const Anomaly& anomaly) const;
  Result<bool> Floods(const Place& place);
  Result<Fate> Collect(AlertKind kind, Fate fate, const Anomaly& anomaly, const Place& place);
  Status CollectNew(const Anomaly& anomaly, const Place& place, bool quiet);
  Status Send(const Anomaly& anomaly, const Place& place);
  bool TakeToken();

  Database* db_;
  Ledger ledger_;
  AlertLists lists_;
  const NotifyOptions options_;
  std::span<const SinkPolicy> sinks_;
  bool hold_;
  NotifyState state_;
  // Of the anomaly that is decided.
  std::string scope_, host_key_;
  Ledger::Trouble told_;
};

}  // namespace alogd
