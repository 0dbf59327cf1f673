// SPDX-License-Identifier: MIT
// The statements on list_rows and list_items.
#include "core/notify/alert_lists.h"

#include "core/detection/trouble.h"
#include "core/store/anomaly_row.h"
#include "core/text.h"

namespace alogd {

Status AlertLists::Add(ListKey key, const std::string& title, int64_t anomaly_id, RiskLevel level,
                       bool quiet, Time clock, Time due) {
  constexpr const char* kFind =
      "SELECT id FROM list_rows WHERE kind = ? AND group_id = ? AND scope = ?";
  auto list = db_->Int(kFind, static_cast<int>(key.kind), key.group_id, key.scope);
  if (!list.ok()) return list.error();
  if (!*list && key.group_id != 0) {
    const auto open = db_->Int("SELECT count(*) FROM list_rows");
    if (!open.ok()) return open.error();
    if (open->value_or(0) >= kMostLists) {
      key.group_id = 0;
      key.scope.clear();
      list = db_->Int(kFind, static_cast<int>(key.kind), key.group_id, key.scope);
      if (!list.ok()) return list.error();
    }
  }
  int64_t id = list->value_or(0);
  if (id == 0) {
    const Status made = db_->Run(
        "INSERT INTO list_rows (kind, group_id, scope, title, since_us, due_us) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        static_cast<int>(key.kind), key.group_id, key.scope, ToValidUtf8(title, kMaxName),
        Micros(clock), Micros(due));
    if (!made.ok()) return made;
    id = db_->last_insert_id();
  }
  const auto items = db_->Int("SELECT count(*) FROM list_items WHERE list_id = ?", id);
  if (!items.ok()) return items.error();
  if (items->value_or(0) >= kMostItems)
    return db_->Run("UPDATE list_rows SET more = more + 1 WHERE id = ?", id);
  return db_->Run(
      "INSERT INTO list_items (list_id, anomaly_id, level, quiet) VALUES (?, ?, ?, ?) "
      "ON CONFLICT DO UPDATE SET level = excluded.level, quiet = min(quiet, excluded.quiet)",
      id, anomaly_id, static_cast<int>(level), quiet);
}

Status AlertLists::Remove(int64_t anomaly_id) {
  return db_->Run("DELETE FROM list_items WHERE anomaly_id = ?", anomaly_id);
}

Result<std::vector<DueList>> AlertLists::Due(Time clock) {
  std::vector<DueList> lists;
  {
    Rows rows = db_->Query(
        "SELECT id, kind, group_id, scope, title, since_us, more FROM list_rows WHERE due_us <= ? "
        "ORDER BY due_us, id",
        Micros(clock));
    while (rows.Next()) {
      DueList& list = lists.emplace_back();
      list.id = rows.Int(0);
      list.key = {static_cast<AlertKind>(rows.Int(1)), rows.Int(2), std::string(rows.Text(3))};
      list.title = rows.Text(4);
      list.since = TimeAt(rows, 5);
      list.more = rows.Unsigned(6);
    }
    if (!rows.status().ok()) return rows.status().error();
  }
  for (DueList& list : lists) {
    auto items = Items(list.id);
    if (!items.ok()) return items.error();
    list.items = std::move(*items);
  }
  return lists;
}

Result<std::vector<DueList::Item>> AlertLists::Items(int64_t list_id) {
  std::vector<DueList::Item> items;
  Rows rows = db_->Query(
      "SELECT a.id, coalesce(a.incident_id, 0), l.level, l.quiet, a.evidence, g.name, a.stream, "
      "a.message FROM list_items l JOIN anomaly_rows a ON a.id = l.anomaly_id "
      "JOIN group_rows g ON g.id = a.group_id WHERE l.list_id = ? AND a.state <> 3 "
      "ORDER BY l.quiet, l.level DESC, a.id",
      list_id);
  while (rows.Next()) {
    Anomaly a;
    a.evidence = ParseEvidenceJson(rows.Text(4));
    items.push_back({rows.Int(0), rows.Int(1), LevelAt(rows, 2), rows.Int(3) != 0,
                     IsNewStatement(a), std::string(rows.Text(5)), std::string(rows.Text(6)),
                     std::string(rows.Text(7))});
  }
  if (!rows.status().ok()) return rows.status().error();
  return items;
}

Status AlertLists::Delete(int64_t list_id) {
  return db_->Run("DELETE FROM list_rows WHERE id = ?", list_id);
}

}  // namespace alogd
