// SPDX-License-Identifier: MIT
// A damaged database set aside, and a new one begun with what the old one still gives.
#pragma once

#include <cstddef>
#include <string>

#include "core/result.h"
#include "core/types.h"

namespace alogd {

struct Rescue {
  std::string aside;       // where the damaged file stands now, with its -wal
  size_t files = 0;        // whose offsets the new database has
  bool all = false;        // the table of files was read to its end
  Time written = kNoTime;  // when the old database was last written, by its file's time

  // What an operator has to know, in one paragraph: what was lost, where the old file is, and how
  // to look at what may have been missed.
  std::string Describe(const std::string& path) const;
};

// Whether an error of the store says that the file itself is damaged, so that trying again is
// useless.
bool IsDamage(const Error& error);

// Renames the database and its -wal to "PATH.damaged-UTC" and makes a new one that knows the
// groups, how far each file was read, and which ids were given. Nothing may have the database open.
// History, templates and state are not taken over: what is damaged may lie.
Result<Rescue> RescueDatabase(const std::string& path, Time now);

}  // namespace alogd
