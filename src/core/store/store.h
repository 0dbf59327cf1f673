// SPDX-License-Identifier: MIT
// The database: commit units in, alerts out, and what a group needs to go on.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/commit_unit.h"
#include "core/config/config.h"
#include "core/notify/options.h"
#include "core/result.h"
#include "core/store/alert.h"
#include "core/store/history.h"  // so that one include gives both sides
#include "core/store/maintenance.h"
#include "core/store/verdicts.h"

namespace alogd {

// What the store decides inside the commit.
struct StorePolicy {
  RiskLevel store_min = RiskLevel::kInfo;
  // Where alerts go, and from which level on.
  std::vector<SinkPolicy> sinks = {{kJournalSink, RiskLevel::kHigh}};
  Duration keep = std::chrono::hours(24 * 90);
  uint64_t max_size = 2ull << 30;
  uint64_t max_templates = 200'000;  // rows of a group; the longest unseen live ones go
  NotifyOptions notify{};

  // The lowest level that any sink wants.
  RiskLevel alert_min() const;
};

// The one writer's connection. Used from one thread.
class Store {
 public:
  // Opens or creates the database (0640), migrates an older schema, refuses a newer one. A locked
  // database is waited for up to `busy`.
  static Result<Store> Open(const std::string& path, const StorePolicy& policy,
                            Duration busy = std::chrono::seconds(1));
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  void set_policy(const StorePolicy& policy);
  const StorePolicy& policy() const;

  // One transaction, all or nothing. An anomaly that reaches the minimum of a sink, or is a rule's,
  // is told as Notifier decides: at once, in a list, or not again. What is below store_min is not
  // stored, unless it alerts: an alert can always be looked up. On failure nothing is changed and
  // the same unit may be given again; so it may after success, which changes nothing either.
  //
  // While `now` is within a maintenance, what would alert is counted instead, once and for all.
  Status Commit(const CommitUnit& unit, Time now = kNoTime);
  // Puts the lists and closing entries into the outbox that are due by `now`, without a new unit.
  // True if it did. Cheap where nothing is due: it may be called each second.
  Result<bool> Notify(Time now);
  // Anomalies whose trouble was told lately, since Open.
  uint64_t repeats() const;

  // Alerts are held back from `now` until `until`; no longer if that is past.
  Status SetMaintenance(Time now, Time until);
  Result<Maintenance> maintenance();
  // What an operator says of anomalies, in a transaction; see WriteVerdict.
  Result<uint64_t> SetStates(const VerdictTarget& target, AnomalyState state, Time now);

  // Alerts that the sink has not taken yet, at most `limit`, in the order of ReadOutbox.
  Result<std::vector<Alert>> Outbox(std::string_view sink, size_t limit);
  // In one transaction: the sink took some, and refused one. The rest stays as it is.
  Status Sent(std::string_view sink, const std::vector<int64_t>& alerts,
              const std::optional<RefusedAlert>& refused = {});
  // Alerts that wait, by sink.
  Result<std::map<std::string, uint64_t>> Waiting();
  // Drops what waits for sinks that the policy does not name. By sink: how many alerts.
  Result<std::map<std::string, uint64_t>> DropOtherSinks();

  // An empty one for a group that never committed.
  Result<GroupState> LoadGroup(const std::string& group);
  // A number that no file had before. It is kept once a unit with it is committed; until then a
  // restart may give it again, which nothing can tell.
  Result<int64_t> NextFileId();

  // Deletes history older than policy.keep before `now`, and the oldest while the database is over
  // max_size, in steps of at most `rows` anomalies and with them the incidents that hold none any
  // more. True while there is more to do. Templates, files and state are never deleted here, nor
  // the latest incident of a group, nor what waits in the outbox.
  //
  // An anomaly's age counts from the first call after it was last written, by the clock of `now`,
  // not from its event time: logs of last year, read today, would otherwise lose their history at
  // once.
  Result<bool> Retain(Time now, size_t rows = 500);
  // WAL checkpoint (passive, then truncate where nobody reads), on a connection of its own: another
  // thread than Commit's may call this, if only one does.
  Status CheckpointWal();

  // The file that is open stands at its path no more: somebody deleted or replaced it. What is
  // committed from now on has no name, and goes with this process.
  bool Displaced() const;
  // Writes the open database to its path again, whole, and goes on there. Another one that stands
  // there meanwhile is set aside; its new name is returned, empty where there was none.
  Result<std::string> WriteAgain(Time now);

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace alogd
