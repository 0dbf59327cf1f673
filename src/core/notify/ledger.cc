// SPDX-License-Identifier: MIT
// The statements on trouble_rows, fate_rows and notify_state.
#include "core/notify/ledger.h"

#include "core/store/anomaly_row.h"
#include "core/text.h"

namespace alogd {
namespace {

constexpr size_t kMostElsewhere = 200;  // bytes of the names of other groups

}  // namespace

Result<NotifyState> Ledger::LoadState() {
  Rows rows = db_->Query(
      "SELECT clock_us, tokens, tokens_us, cascade_until_us, cascade_event_us, cascade_title, "
      "summary_told_us, flood_told_us, hush_from_us, hush_until_us, hush_title "
      "FROM notify_state WHERE id = 1");
  NotifyState state;
  if (rows.Next()) {
    state.clock = TimeAt(rows, 0);
    state.tokens = rows.Real(1);
    state.tokens_at = TimeAt(rows, 2);
    state.cascade_until = TimeAt(rows, 3);
    state.cascade_event = TimeAt(rows, 4);
    state.cascade_title = rows.Text(5);
    state.summary_told = TimeAt(rows, 6);
    state.flood_told = TimeAt(rows, 7);
    state.hush_from = TimeAt(rows, 8);
    state.hush_until = TimeAt(rows, 9);
    state.hush_title = rows.Text(10);
  }
  if (!rows.status().ok()) return rows.status().error();
  return state;
}

Status Ledger::SaveState(const NotifyState& s) {
  return db_->Run(
      "INSERT OR REPLACE INTO notify_state (id, clock_us, tokens, tokens_us, cascade_until_us, "
      "cascade_event_us, cascade_title, summary_told_us, flood_told_us, "
      "hush_from_us, hush_until_us, hush_title) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      TimeColumn(s.clock), s.tokens, TimeColumn(s.tokens_at), TimeColumn(s.cascade_until),
      TimeColumn(s.cascade_event), ToValidUtf8(s.cascade_title, kMaxName),
      TimeColumn(s.summary_told), TimeColumn(s.flood_told), TimeColumn(s.hush_from),
      TimeColumn(s.hush_until), s.hush_title);
}

Result<Ledger::Trouble> Ledger::Find(int64_t group_id, const std::string& key) {
  Rows rows = db_->Query(
      "SELECT id, level, told_us, again FROM trouble_rows WHERE group_id = ? AND key = ?", group_id,
      key);
  Trouble told;
  if (rows.Next()) told = {rows.Int(0), LevelAt(rows, 1), TimeAt(rows, 2), rows.Unsigned(3)};
  if (!rows.status().ok()) return rows.status().error();
  return told;
}

Result<int64_t> Ledger::Told(const NewTrouble& t) {
  // Replaced, so that the id says which was told last.
  Status status = db_->Run(
      "INSERT OR REPLACE INTO trouble_rows (group_id, key, host_key, scope, level, told_us, "
      "clock_us, new_statement, own_alert) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      t.group_id, t.key, t.host_key, t.scope, static_cast<int>(t.level), TimeColumn(t.time),
      TimeColumn(t.clock), t.new_statement, t.own_alert);
  if (!status.ok()) return status.error();
  const int64_t id = db_->last_insert_id();
  status = db_->Run(
      "DELETE FROM trouble_rows WHERE group_id = ?1 AND id <= (SELECT id FROM trouble_rows WHERE "
      "group_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
      t.group_id, kMostTroubles);
  if (!status.ok()) return status.error();
  return id;
}

Status Ledger::CountAgain(int64_t trouble) {
  return db_->Run("UPDATE trouble_rows SET again = again + 1 WHERE id = ?", trouble);
}

Result<int64_t> Ledger::FindElsewhere(int64_t group_id, const std::string& host_key,
                                      RiskLevel level, Time time, Duration apart) {
  if (time == kNoTime) return int64_t{0};
  // As a real number: log text may give any time, and integers would overflow.
  const auto found = db_->Int(
      "SELECT id FROM trouble_rows WHERE host_key = ? AND group_id <> ? AND level >= ? AND "
      "abs(told_us - CAST(? AS REAL)) <= ? ORDER BY id DESC LIMIT 1",
      host_key, group_id, static_cast<int>(level), Micros(time), apart.count());
  if (!found.ok()) return found.error();
  return found->value_or(0);
}

Status Ledger::NameElsewhere(int64_t trouble, const std::string& group) {
  return db_->Run(
      "UPDATE trouble_rows SET elsewhere = elsewhere || iif(elsewhere = '', '', ', ') || ?2 "
      "WHERE id = ?1 AND instr(', ' || elsewhere || ',', ', ' || ?2 || ',') = 0 AND "
      "length(elsewhere) < ?3",
      trouble, ToValidUtf8(group, kMaxName), kMostElsewhere);
}

Result<int64_t> Ledger::AlertsSince(Time clock, int64_t group_id, const std::string& scope) {
  const auto count =
      scope.empty() ? db_->Int("SELECT count(*) FROM trouble_rows WHERE clock_us > ? AND own_alert",
                               Micros(clock))
                    : db_->Int(
                          "SELECT count(*) FROM trouble_rows WHERE group_id = ? AND "
                          "scope = ? AND clock_us > ? AND own_alert",
                          group_id, scope, Micros(clock));
  if (!count.ok()) return count.error();
  return count->value_or(0);
}

Result<int64_t> Ledger::NewStatementsSince(Time clock, int64_t group_id, const std::string& scope) {
  const auto count = db_->Int(
      "SELECT count(*) FROM trouble_rows WHERE group_id = ? AND scope = ? AND clock_us > ? AND "
      "new_statement AND own_alert",
      group_id, scope, Micros(clock));
  if (!count.ok()) return count.error();
  return count->value_or(0);
}

Result<std::optional<Ledger::Decided>> Ledger::Decision(int64_t anomaly_id) {
  Rows rows = db_->Query("SELECT level, fate FROM fate_rows WHERE anomaly_id = ?", anomaly_id);
  std::optional<Decided> decided;
  if (rows.Next()) decided = Decided{LevelAt(rows, 0), static_cast<Fate>(rows.Int(1))};
  if (!rows.status().ok()) return rows.status().error();
  return decided;
}

Status Ledger::Decide(int64_t anomaly_id, int64_t trouble, const Decided& decided) {
  return db_->Run(
      "INSERT OR REPLACE INTO fate_rows (anomaly_id, trouble_id, level, fate) VALUES (?, ?, ?, ?)",
      anomaly_id, trouble, static_cast<int>(decided.level), static_cast<int>(decided.fate));
}

}  // namespace alogd
