// SPDX-License-Identifier: MIT
// Reads the tables' rows back into structs.
#include "core/store/anomaly_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace alogd {
namespace {

std::string StateName(const Rows& rows, int column) {
  return std::string(Name(static_cast<AnomalyState>(std::clamp<int64_t>(rows.Int(column), 0, 3))));
}

TemplateId TemplateAt(const Rows& rows, int column) {
  return rows.Null(column) ? kNoTemplate : TemplateId{static_cast<uint32_t>(rows.Int(column))};
}

}  // namespace

std::optional<int64_t> TimeColumn(Time time) {
  if (time == kNoTime) return std::nullopt;
  return Micros(time);
}

Time TimeAt(const Rows& rows, int column) {
  return rows.Null(column) ? kNoTime : FromMicros(rows.Int(column));
}

double RealColumn(float value) {
  if (!std::isfinite(value)) return 0;  // NaN would be stored as NULL
  return std::strtod(fmt::format("{}", value).c_str(), nullptr);
}

RiskLevel LevelAt(const Rows& rows, int column) {
  return static_cast<RiskLevel>(std::clamp<int64_t>(rows.Int(column), 0, 4));
}

StoredAnomaly ReadAnomaly(const Rows& rows) {
  StoredAnomaly stored;
  stored.id = rows.Int(0);
  stored.incident_id = rows.Int(1);
  stored.group = rows.Text(2);
  stored.state = StateName(rows, 3);
  stored.evidence_json = rows.Text(4);
  Anomaly& a = stored.anomaly;
  a.seq = rows.Unsigned(5);
  a.incident_seq = rows.Unsigned(6);
  a.time = TimeAt(rows, 7);
  a.last_time = TimeAt(rows, 8);
  a.level = LevelAt(rows, 9);
  a.risk = static_cast<float>(rows.Real(10));
  a.score = static_cast<float>(rows.Real(11));
  a.severity = static_cast<uint8_t>(std::clamp<int64_t>(rows.Int(12), 0, 100));
  a.detector = rows.Text(13);
  a.source = rows.Text(14);
  a.stream = rows.Text(15);
  a.template_id = TemplateAt(rows, 16);
  a.template_text = rows.Text(17);
  a.message = rows.Text(18);
  a.ref.file = FileId{rows.Int(19)};
  a.ref.offset = rows.Unsigned(20);
  a.ref.bytes = static_cast<uint32_t>(rows.Int(21));
  a.first_offset = rows.Unsigned(22);
  a.last_offset = rows.Unsigned(23);
  a.windows = rows.Unsigned(24);
  a.bundle = rows.Text(25);
  return stored;
}

StoredIncident ReadIncident(const Rows& rows) {
  StoredIncident stored;
  stored.id = rows.Int(0);
  stored.group = rows.Text(1);
  stored.state = StateName(rows, 2);
  Incident& i = stored.incident;
  i.seq = rows.Unsigned(3);
  i.first = TimeAt(rows, 4);
  i.last = TimeAt(rows, 5);
  i.level = LevelAt(rows, 6);
  i.risk = static_cast<float>(rows.Real(7));
  i.anomalies = rows.Unsigned(8);
  i.top_anomaly = rows.Unsigned(9);
  i.title = rows.Text(10);
  i.by_rule = rows.Int(11) != 0;
  return stored;
}

StoredFile ReadFile(const Rows& rows) {
  StoredFile stored;
  FileCheckpoint& f = stored.file;
  f.id = FileId{rows.Int(0)};
  f.source = rows.Text(1);
  f.path = rows.Text(2);
  f.inode = rows.Unsigned(3);
  f.identity = rows.Bytes(4);
  f.offset = rows.Unsigned(5);
  f.size = rows.Unsigned(6);
  f.read_bytes = rows.Unsigned(7);
  f.chain = static_cast<uint32_t>(rows.Int(8));
  f.state = static_cast<FileCheckpoint::State>(std::clamp<int64_t>(rows.Int(9), 0, 2));
  stored.group = rows.Text(10);
  return stored;
}

Template ReadTemplate(const Rows& rows, int column) {
  Template row;
  row.id = TemplateAt(rows, column);
  row.text = rows.Text(column + 1);
  row.count = rows.Unsigned(column + 2);
  row.first = TimeAt(rows, column + 3);
  row.last = TimeAt(rows, column + 4);
  row.trained = rows.Int(column + 5) != 0;
  row.alias_of = TemplateAt(rows, column + 6);
  return row;
}

}  // namespace alogd
