// SPDX-License-Identifier: MIT
// Alerts that tell several troubles at once: what is collected in them, and when they go out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/detection/anomaly.h"
#include "core/result.h"
#include "core/store/alert.h"
#include "core/store/sqlite.h"
#include "core/types.h"

namespace alogd {

// Where a list collects: one of a kind for a group and scope, or for the host.
struct ListKey {
  AlertKind kind = AlertKind::kCascade;
  int64_t group_id = 0;  // 0: the whole host
  std::string scope;
};

// A list that is due, with its worst items first.
struct DueList {
  struct Item {
    int64_t anomaly_id = 0, incident_id = 0;
    RiskLevel level = RiskLevel::kInfo;
    bool quiet = false;
    bool new_statement = false;
    std::string group, stream, text;
  };
  int64_t id = 0;
  ListKey key;
  std::string title;
  Time since = kNoTime;
  uint64_t more = 0;  // that were counted only
  std::vector<Item> items;
};

// All of it works within the caller's transaction, on tables that are bounded: hostile text can
// make any number of troubles.
class AlertLists {
 public:
  static constexpr int64_t kMostItems = 500;  // of a list; what comes then is counted
  static constexpr int64_t kMostLists = 200;  // open at once; a further scope shares the host's

  // `db` outlives this.
  explicit AlertLists(Database* db) : db_(db) {}

  // Adds the anomaly; a list that is begun is due at `due`. `quiet` items alone make no alert.
  Status Add(ListKey key, const std::string& title, int64_t anomaly_id, RiskLevel level, bool quiet,
             Time clock, Time due);
  // It alerts by itself now.
  Status Remove(int64_t anomaly_id);
  // The lists that are due; what an operator suppressed meanwhile is left out.
  Result<std::vector<DueList>> Due(Time clock);
  Status Delete(int64_t list_id);

 private:
  Result<std::vector<DueList::Item>> Items(int64_t list_id);
  Database* db_;
};

// The alert of a list; its level is that of its worst item. Without a title where there is nothing
// to tell.
NewAlert ListAlert(const DueList& list, Time clock);

}  // namespace alogd
