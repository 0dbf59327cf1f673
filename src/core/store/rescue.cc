// SPDX-License-Identifier: MIT
// Reads a damaged database as far as it goes, table by table, into a new one.
#include "core/store/rescue.h"

#include <date/date.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/store/schema.h"
#include "core/store/sqlite.h"
#include "core/store/whole_copy.h"

namespace alogd {
namespace {

constexpr std::chrono::seconds kBusy{1};
// Name then and now: schema 1 numbered alerts in its outbox.
constexpr std::pair<const char*, const char*> kIdTables[] = {{"file_rows", "file_rows"},
                                                             {"incident_rows", "incident_rows"},
                                                             {"anomaly_rows", "anomaly_rows"},
                                                             {"alert_rows", "alert_rows"},
                                                             {"outbox", "alert_rows"}};

// The younger of the file's and its log's modification times.
Time LastWritten(const std::string& path) {
  Time last = kNoTime;
  for (const char* suffix : {"", "-wal"}) {
    struct stat st {};
    if (stat((path + suffix).c_str(), &st) != 0) continue;
    last = std::max(
        last,
        Time(std::chrono::duration_cast<Duration>(std::chrono::seconds(st.st_mtim.tv_sec) +
                                                  std::chrono::nanoseconds(st.st_mtim.tv_nsec))));
  }
  return last;
}

// The greatest id that a table ever gave goes on, so that an id in somebody's notes never names
// another row.
void TakeOverIds(Database* from, Database* to) {
  for (const auto& [table, now] : kIdTables) {
    const auto last = from->Int("SELECT seq FROM sqlite_sequence WHERE name = ?", table);
    if (!last || !*last) continue;
    static_cast<void>(
        to->Run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", now, **last));
  }
}

Status TakeOverGroups(Database* from, Database* to) {
  Rows rows = from->Query("SELECT id, name, next_template_id FROM group_rows");
  while (rows.Next()) {
    Status status = to->Run("INSERT INTO group_rows (id, name, next_template_id) VALUES (?, ?, ?)",
                            rows.Int(0), rows.Text(1), rows.Int(2));
    if (!status) return status;
  }
  return rows.status();
}

// Those that could be read are kept, whatever ends the reading.
bool TakeOverFiles(Database* from, Database* to, size_t* files) {
  Rows rows = from->Query(
      "SELECT file_id, group_id, source, path, inode, identity, offset, size, read_bytes, chain, "
      "state FROM file_rows");
  while (rows.Next()) {
    const Status status = to->Run(
        "INSERT INTO file_rows (file_id, group_id, source, path, inode, identity, offset, size, "
        "read_bytes, chain, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows.Int(0), rows.Int(1), rows.Text(2), rows.Text(3), rows.Int(4), Blob{rows.Bytes(5)},
        rows.Int(6), rows.Int(7), rows.Int(8), rows.Int(9), rows.Int(10));
    *files += status.ok();
  }
  return rows.status().ok();
}

void TakeOver(const std::string& aside, Database* to, Rescue* rescue) {
  Result<Database> from = Database::Open(aside, Database::Mode::kReader, kBusy);
  if (!from) return;
  TakeOverIds(&*from, to);
  const bool groups = TakeOverGroups(&*from, to).ok();
  rescue->all = TakeOverFiles(&*from, to, &rescue->files) && groups;
}

}  // namespace

std::string Rescue::Describe(const std::string& path) const {
  std::string text = fmt::format(
      "the database {} is damaged; it was set aside as {}, a new one is begun: history and learned "
      "state are in the old file only (`sqlite3 {} .recover` saves what can be read)",
      path, aside, aside);
  if (all) return text + fmt::format("; reading goes on where it was in all {} files", files);
  if (files > 0) {
    return text + fmt::format(
                      "; reading goes on where it was in the {} files whose offsets could be "
                      "read, other logs are read once more from their beginning",
                      files);
  }
  return text + fmt::format(
                    "; no offset could be read from it, so that logs are read from their end: what "
                    "came to them between {} and now was not looked at; `alogctl scan` does that",
                    written == kNoTime ? "the last commit" : date::format("%FT%TZ", written));
}

bool IsDamage(const Error& error) {
  return error.code == SQLITE_CORRUPT || error.code == SQLITE_NOTADB;
}

Result<Rescue> RescueDatabase(const std::string& path, Time now) {
  Rescue rescue;
  rescue.written = LastWritten(path);
  Result<std::string> aside = SetDatabaseAside(path, "damaged", now);
  if (!aside) return aside.error();
  rescue.aside = std::move(*aside);
  Result<Database> to = Database::Open(path, Database::Mode::kWriter, kBusy);
  if (!to) return to.error();
  if (Status status = PrepareSchema(&*to); !status) return status.error();
  Result<Transaction> transaction = Transaction::Begin(&*to);
  if (!transaction) return transaction.error();
  TakeOver(rescue.aside, &*to, &rescue);
  if (Status status = transaction->Commit(); !status) return status.error();
  return rescue;
}

}  // namespace alogd
