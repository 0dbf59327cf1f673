// SPDX-License-Identifier: MIT
// The outbox: each alert once, and a row for each sink that has still to take it.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/store/alert.h"
#include "core/store/sqlite.h"

namespace alogd {

// All of them work within the caller's transaction.

// Puts the alert into the outbox of every sink whose minimum it reaches. Nothing is written where
// that is none.
Status EnqueueAlert(Database* db, const NewAlert& alert, std::span<const SinkPolicy> sinks);

// What waits for the sink, at most `limit`: the highest level first, then what failed least, then
// the oldest. An alert that a sink will not have does not hold up the others of its level.
Result<std::vector<Alert>> ReadOutbox(Database* db, std::string_view sink, size_t limit);

// The sink took them, or they are given up. An alert goes with its last row.
Status DeleteFromOutbox(Database* db, std::string_view sink, std::span<const int64_t> alerts);
// The sink refused this one.
Status NoteFailure(Database* db, std::string_view sink, int64_t alert, std::string_view error);

// How many alerts wait, by sink.
Result<std::map<std::string, uint64_t>> CountOutbox(Database* db);
// Drops what waits for sinks that are not among `sinks`. By sink: how many alerts.
Result<std::map<std::string, uint64_t>> DropOtherSinks(Database* db,
                                                       std::span<const SinkPolicy> sinks);

}  // namespace alogd
