// SPDX-License-Identifier: MIT
// What notification remembers, in tables: troubles that were told, and the fate of each anomaly.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/detection/anomaly.h"
#include "core/result.h"
#include "core/store/sqlite.h"
#include "core/types.h"

namespace alogd {

// What became of an anomaly that could alert. Stored: the numbers stay.
enum class Fate : uint8_t {
  kTold = 0,       // by an alert of its own
  kRepeats = 1,    // its trouble was told lately
  kHeld = 2,       // by maintenance
  kCascade = 3,    // in the list of what followed an alert
  kSummary = 4,    // in the summary of what the budget did not allow
  kWave = 5,       // among the new statements of a program
  kFlood = 6,      // in the summary of a flood
  kElsewhere = 7,  // another group told it
  kHushed = 8,     // in the entry of what was held back after a reboot or an upgrade
};

// Memory of the whole host. One row, written with each commit that decides anything.
struct NotifyState {
  Time clock = kNoTime;  // of the last decision; it never goes back
  double tokens = 0;     // alerts that the budget allows now
  Time tokens_at = kNoTime;
  Time cascade_until = kNoTime;  // by the clock
  Time cascade_event = kNoTime;  // event time of the alert that began it
  std::string cascade_title;
  Time summary_told = kNoTime;
  Time flood_told = kNoTime;
  Time hush_from = kNoTime, hush_until = kNoTime;  // event time
  std::string hush_title;                          // "a reboot"
};

// All of it works within the caller's transaction.
class Ledger {
 public:
  // Troubles remembered for a group; the longest untold go. Each takes about 1 KB.
  static constexpr int64_t kMostTroubles = 1000;

  struct Trouble {
    int64_t id = 0;  // 0: not known
    RiskLevel level = RiskLevel::kInfo;
    Time time = kNoTime;  // event time when it was told
    uint64_t again = 0;   // anomalies since then
  };
  struct Decided {
    RiskLevel level = RiskLevel::kInfo;
    Fate fate = Fate::kTold;
  };
  struct NewTrouble {
    int64_t group_id = 0;
    std::string key, host_key;
    std::string scope;  // what floods are counted by
    RiskLevel level = RiskLevel::kInfo;
    Time time = kNoTime;
    Time clock = kNoTime;
    bool new_statement = false;
    bool own_alert = true;  // not in a list
  };

  // `db` outlives this.
  explicit Ledger(Database* db) : db_(db) {}

  Result<NotifyState> LoadState();
  Status SaveState(const NotifyState& state);

  Result<Trouble> Find(int64_t group_id, const std::string& key);
  // Told now: it replaces what was known of it.
  Result<int64_t> Told(const NewTrouble& trouble);
  Status CountAgain(int64_t trouble);
  // The trouble of another group that is the same fault, told within `apart` of `time` at `level`
  // or worse; 0 if there is none.
  Result<int64_t> FindElsewhere(int64_t group_id, const std::string& host_key, RiskLevel level,
                                Time time, Duration apart);
  Status NameElsewhere(int64_t trouble, const std::string& group);
  // Alerts of their own since `clock`: of the scope in the group, or of the host where it is empty.
  Result<int64_t> AlertsSince(Time clock, int64_t group_id, const std::string& scope);
  Result<int64_t> NewStatementsSince(Time clock, int64_t group_id, const std::string& scope);

  Result<std::optional<Decided>> Decision(int64_t anomaly_id);
  Status Decide(int64_t anomaly_id, int64_t trouble, const Decided& decided);

 private:
  Database* db_;
};

}  // namespace alogd
