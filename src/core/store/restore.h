// SPDX-License-Identifier: MIT
// A backup of the database in the place of the database.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"
#include "core/types.h"

namespace alogd {

struct Restored {
  std::string kept;        // where the database that stood there is now; empty if none did
  uint64_t anomalies = 0;  // of the backup
  Time latest = kNoTime;   // of them
};

// Puts a whole copy of `backup` at `database`, whose directory exists. Whoever calls holds the lock
// of the state directory: nobody may have the database open.
//
// The backup is read as SQLite reads it, with its -wal where it has one. It is refused where it is
// damaged, no database of alogd's, or of a newer alogd; then nothing is changed. An older one is
// taken: the daemon brings it up when it starts. What stood at `database` is kept beside it, as
// "alogd.db.before-DATE", with its own -wal where it is too damaged to take that in, so that SQLite
// never applies it to the new file. A kill at any instant leaves the old database or the new one,
// whole as it was.
//
// Rejected: cp, which takes no -wal along and leaves the old one's there.
Result<Restored> RestoreDatabase(const std::string& backup, const std::string& database, Time now);

}  // namespace alogd
