// SPDX-License-Identifier: MIT
// Maintenance: a time during which alerts are counted and not sent.
#pragma once

#include <cstdint>

#include "core/result.h"
#include "core/store/sqlite.h"
#include "core/types.h"

namespace alogd {

// By the clock of the host, which the operator means by "for 30m", not by event time.
struct Maintenance {
  Time until = kNoTime;  // kNoTime: there was none
  uint64_t held = 0;     // alerts that were not sent since it began
  bool Holds(Time now) const { return until != kNoTime && now != kNoTime && now < until; }
};

// Kept in a table that is made when it is first needed: databases of hosts that never use it stay
// as they are, and an older program does not mind it.
Result<Maintenance> ReadMaintenance(Database* db);
// Begins or lengthens it, counting anew if none is under way; `until` in the past ends it and keeps
// the count.
Status WriteMaintenance(Database* db, Time now, Time until);
// Within the transaction that would have alerted.
Status CountHeldAlert(Database* db);

}  // namespace alogd
