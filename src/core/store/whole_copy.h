// SPDX-License-Identifier: MIT
// A whole copy of an open database in a file of its own, on disk before it gets its name.
#pragma once

#include <string>

#include "core/result.h"
#include "core/store/sqlite.h"
#include "core/types.h"

namespace alogd {

// Copies what `db` has open, also if its file has no name any more, to `to` (0640), replacing what
// stands there. Takes as long as reading and writing the database once. No transaction may be open.
Status CopyWhole(Database* db, const std::string& to);

// Renames a database and its -wal to "PATH.WHY-UTC", with a number where that is taken; -shm goes:
// whoever opens it makes it anew. Returns the new name.
Result<std::string> SetDatabaseAside(const std::string& path, std::string_view why, Time now);

}  // namespace alogd
