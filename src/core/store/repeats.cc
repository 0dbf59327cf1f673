// SPDX-License-Identifier: MIT
// Two tables: what was told, by its words, and which incidents were held back.
#include "core/store/repeats.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "core/headers/scan.h"
#include "core/store/anomaly_row.h"
#include "core/text.h"

namespace alogd {
namespace {

constexpr std::array<std::string_view, 5> kNeverRepeat = {kRuleDetector, "rate", "silence",
                                                          "followers", "combinations"};

bool CanRepeat(const Anomaly& a) {
  return a.last_time != kNoTime &&
         std::find(kNeverRepeat.begin(), kNeverRepeat.end(), a.detector) == kNeverRepeat.end();
}

bool IsWordByte(char c) { return IsAlnum(c) || static_cast<unsigned char>(c) >= 0x80; }

// The columns that say which trouble it is.
struct Trouble {
  explicit Trouble(const Anomaly& a)
      : source(ToValidUtf8(a.source, kMaxPath)),
        stream(ToValidUtf8(a.stream, kMaxName)),
        words(ToValidUtf8(WithoutNumbers(a.message), kMaxText)) {}
  std::string source, stream, words;
};

}  // namespace

std::string WithoutNumbers(std::string_view text) {
  std::string words;
  words.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    // Where the record could not be read again the template stands for it.
    if (text.substr(i).starts_with("<*>")) {
      words += '#';
      i += 3;
      continue;
    }
    size_t end = i;
    while (end < text.size() && IsWordByte(text[end])) ++end;
    if (end == i) {
      words += text[i++];
      continue;
    }
    const std::string_view word = text.substr(i, end - i);
    if (std::any_of(word.begin(), word.end(), IsDigit))
      words += '#';
    else
      words += word;
    i = end;
  }
  return words;
}

Result<bool> Repeats::HasTables() { return db_->HasTable("told_rows"); }

Result<bool> Repeats::Repeated(const Anomaly& a) {
  if (!on() || !CanRepeat(a)) return false;
  const Result<bool> tables = HasTables();
  if (!tables.ok() || !*tables) return tables;
  const Trouble trouble(a);
  Rows rows = db_->Query(
      "SELECT level, time_us FROM told_rows WHERE group_id = ? AND source = ? AND stream = ? AND "
      "words = ?",
      group_, trouble.source, trouble.stream, trouble.words);
  const bool told = rows.Next() && LevelAt(rows, 0) >= a.level;
  const Time time = told ? FromMicros(rows.Int(1)) : kNoTime;
  if (!rows.status().ok()) return rows.status().error();
  const Duration within =
      a.level == RiskLevel::kCritical ? within_ / int64_t{kCriticalPart} : within_;
  // Either way: logs of another time may be read later. As doubles: log text may give any time, and
  // integers would overflow.
  const double apart = static_cast<double>(Micros(a.last_time)) - static_cast<double>(Micros(time));
  return told && std::abs(apart) < static_cast<double>(within.count());
}

Status Repeats::Told(const Anomaly& a) {
  if (!on() || !CanRepeat(a)) return {};
  const Result<bool> tables = HasTables();
  if (!tables.ok()) return tables.error();
  if (!*tables) {
    Status made = db_->Script(
        "CREATE TABLE told_rows (id INTEGER PRIMARY KEY, "
        "group_id INTEGER NOT NULL REFERENCES group_rows (id), source TEXT NOT NULL, "
        "stream TEXT NOT NULL, words TEXT NOT NULL, level INTEGER NOT NULL, "
        "time_us INTEGER NOT NULL, UNIQUE (group_id, source, stream, words));"
        "CREATE TABLE held_rows (incident_id INTEGER PRIMARY KEY "
        "REFERENCES incident_rows (id) ON DELETE CASCADE, level INTEGER NOT NULL)");
    if (!made.ok()) return made;
  }
  const Trouble trouble(a);
  // Replaced, so that the id says which was told last.
  Status status = db_->Run(
      "INSERT OR REPLACE INTO told_rows (group_id, source, stream, words, level, time_us) "
      "VALUES (?, ?, ?, ?, ?, ?)",
      group_, trouble.source, trouble.stream, trouble.words, static_cast<int>(a.level),
      Micros(a.last_time));
  if (!status.ok()) return status;
  return db_->Run(
      "DELETE FROM told_rows WHERE group_id = ?1 AND id <= (SELECT id FROM told_rows WHERE "
      "group_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
      group_, kMostTold);
}

Result<bool> Repeats::Held(int64_t incident_id, int64_t level) {
  const Result<bool> tables = HasTables();
  if (!tables.ok() || !*tables) return tables;
  const Result<std::optional<int64_t>> held =
      db_->Int("SELECT level FROM held_rows WHERE incident_id = ?", incident_id);
  if (!held.ok()) return held.error();
  return *held && **held >= level;
}

Result<bool> Repeats::Hold(int64_t incident_id, int64_t level) {
  const Result<bool> before = Held(incident_id, level);
  if (!before.ok() || *before) return before.ok() ? Result<bool>(false) : before;
  const Status status =
      db_->Run("INSERT OR REPLACE INTO held_rows VALUES (?, ?)", incident_id, level);
  if (!status.ok()) return status.error();
  return true;
}

}  // namespace alogd
