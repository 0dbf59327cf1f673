// SPDX-License-Identifier: MIT
// The database file: whether it is whole, whose it is, and what it says about times and loops.
#include <fmt/format.h>
#include <sys/stat.h>

#include "cli/doctor/doctor.h"
#include "core/store/schema.h"
#include "core/store/sqlite.h"

namespace alogd {
namespace {

constexpr off_t kLargeWal =
    256 << 20;  // it is truncated at a few megabytes unless a reader holds it
// A record's time beyond this is another time zone's, not a clock that is a little fast.
constexpr Duration kFuture = std::chrono::minutes(10);
constexpr int64_t kLoop = 10;  // anomalies about alogd's own words in a day

void CheckFile(const Examined& host, const std::string& path, Obstacles* findings) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return;
  if (host.account && info.st_uid != host.account->uid)
    findings->push_back(
        {"database-owner", true,
         fmt::format("{} does not belong to user {}, who writes it", path, host.account->name),
         fmt::format("chown {0}:{0} {1}*", host.account->name, ShellWord(path))});
  struct stat wal {};
  if (stat((path + "-wal").c_str(), &wal) == 0 && wal.st_size > kLargeWal)
    findings->push_back({"wal-large", false,
                         fmt::format("{}-wal has {} MB: a program reads the database and does not "
                                     "let go",
                                     path, wal.st_size >> 20),
                         fmt::format("fuser -v {}", ShellWord(path))});
}

std::string Anew(const std::string& path) {
  return fmt::format("systemctl stop alogd && mv {0} {0}.bad && systemctl start alogd",
                     ShellWord(path));
}

void CheckContent(const Examined& host, Database* db, Obstacles* findings) {
  const int64_t now = Micros(host.host.Now());
  Rows sources = db->Query("SELECT source, last_us FROM sources WHERE last_us > ? LIMIT 10",
                           now + kFuture.count());
  while (sources.Next())
    findings->push_back(
        {"time-zone", false,
         fmt::format("records of {} are {} minutes ahead of the clock: its time zone is another",
                     sources.Text(0), (sources.Int(1) - now) / 60'000'000),
         fmt::format("set in the group in {}: time_zone: UTC", host.config_path)});
  const auto loops =
      db->Int("SELECT count(*) FROM anomaly_rows WHERE stream = 'alogd' AND time_us > ?",
              now - Duration(std::chrono::hours(24)).count());
  if (loops && loops->value_or(0) >= kLoop)
    findings->push_back(
        {"reads-itself", true,
         fmt::format("{} anomalies in a day are about alogd's own words, which come back to it by "
                     "a log",
                     **loops),
         "printf ':programname, isequal, \"alogd\" stop\\n' > /etc/rsyslog.d/10-alogd.conf && "
         "systemctl restart rsyslog"});
}

}  // namespace

void CheckDatabase(const Examined& host, Obstacles* findings) {
  const std::string path = host.loaded.config.DatabasePath();
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return;  // before the first start
  CheckFile(host, path, findings);
  Result<Database> db = Database::Open(path, Database::Mode::kReader, std::chrono::seconds(1));
  if (!db) {
    findings->push_back({"database-unreadable", true, db.error().message, Anew(path)});
    return;
  }
  if (Status schema = CheckSchema(&*db); !schema) {
    const bool version =
        schema.error().code == SQLITE_MISMATCH || schema.error().code == SQLITE_SCHEMA;
    findings->push_back({version ? "database-version" : "database-unreadable", true,
                         schema.error().message, Anew(path)});
    return;
  }
  Rows check = db->Query("PRAGMA quick_check(1)");
  const bool whole = check.Next() && check.Text(0) == "ok";
  if (!whole) {
    findings->push_back({"database-damaged", true, path + " is damaged", Anew(path)});
    return;
  }
  CheckContent(host, &*db, findings);
}

}  // namespace alogd
