// SPDX-License-Identifier: MIT
// What alerts lately named, and the incidents that stay silent because they only say it again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/detection/anomaly.h"
#include "core/result.h"
#include "core/store/sqlite.h"

namespace alogd {

// An incident lasts an hour at most, so trouble that goes on for weeks would alert anew each hour.
// An anomaly repeats one that an alert named if it is of the same source and stream, blames a
// record of the same words, is of no higher level, and lies within `within` of event time of it;
// CRITICAL ones within a quarter of that. Which detector named it does not matter: of those that
// judge windows the strongest is named, and that one changes. Rules are somebody's wish to hear of
// each match, and each alarm of a watch makes the next of its kind need more: neither ever repeats.
//
// Words are compared, not templates: "Killed process 7 (httpd)" and "Killed process 9 (mysqld)" may
// be one template and are two troubles.
//
// Told is what an alert named, not what else its incident holds: that nobody may have seen.
//
// All of it works within the caller's transaction on tables that are made when they are first
// needed, as maintenance's is.
class Repeats {
 public:
  // CRITICAL ones are held back for this part of the time.
  static constexpr int kCriticalPart = 4;
  // Troubles remembered for a group; the longest untold go. Each takes 10 KB at the very most.
  static constexpr int64_t kMostTold = 1000;

  // `db` outlives this. Without `within` nothing repeats anything and nothing is remembered.
  Repeats(Database* db, int64_t group, Duration within) : db_(db), group_(group), within_(within) {}

  bool on() const { return within_ > Duration(0); }
  Result<bool> Repeated(const Anomaly& anomaly);
  // An alert names it.
  Status Told(const Anomaly& anomaly);
  // The incident stays silent at this level. True if that is new: given again, it is not.
  Result<bool> Hold(int64_t incident_id, int64_t level);
  // Whether it was held at this level or a higher one.
  Result<bool> Held(int64_t incident_id, int64_t level);

 private:
  Result<bool> HasTables();

  Database* db_;
  int64_t group_;
  Duration within_;
};

// The text with each run of letters and digits that holds a digit, and each <*>, replaced by '#'.
std::string WithoutNumbers(std::string_view text);

}  // namespace alogd
