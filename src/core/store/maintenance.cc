// SPDX-License-Identifier: MIT
// One row: until when, and how many alerts were held back.
#include "core/store/maintenance.h"

namespace alogd {

Result<Maintenance> ReadMaintenance(Database* db) {
  const Result<bool> table = db->HasTable("maintenance");
  if (!table.ok()) return table.error();
  Maintenance found;
  if (!*table) return found;
  Rows rows = db->Query("SELECT until_us, held FROM maintenance WHERE id = 1");
  if (rows.Next()) found = {FromMicros(rows.Int(0)), rows.Unsigned(1)};
  if (!rows.status().ok()) return rows.status().error();
  return found;
}

Status WriteMaintenance(Database* db, Time now, Time until) {
  if (Status status =
          db->Script("CREATE TABLE IF NOT EXISTS maintenance (id INTEGER PRIMARY KEY "
                     "CHECK (id = 1), until_us INTEGER NOT NULL, held INTEGER NOT NULL)");
      !status.ok())
    return status;
  const Result<Maintenance> before = ReadMaintenance(db);
  if (!before.ok()) return before.error();
  const bool goes_on = before->Holds(now) || until <= now;
  return db->Run("INSERT OR REPLACE INTO maintenance (id, until_us, held) VALUES (1, ?, ?)",
                 Micros(until), goes_on ? before->held : uint64_t{0});
}

Status CountHeldAlert(Database* db) {
  return db->Run("UPDATE maintenance SET held = held + 1 WHERE id = 1");
}

}  // namespace alogd
