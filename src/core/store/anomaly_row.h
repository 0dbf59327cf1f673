// SPDX-License-Identifier: MIT
// Anomalies, incidents and files between their structs and the columns of their tables.
#pragma once

#include <optional>
#include <string_view>

#include "core/commit_unit.h"
#include "core/detection/anomaly.h"
#include "core/store/history.h"
#include "core/store/sqlite.h"

namespace alogd {

// What is kept of a text from logs.
inline constexpr size_t kMaxName = 1024;  // bytes of a stream, detector or title
inline constexpr size_t kMaxPath = 4096;  // of a source or path: PATH_MAX
inline constexpr size_t kMaxText = 8192;  // of a message or template

// NULL for kNoTime.
std::optional<int64_t> TimeColumn(Time time);
Time TimeAt(const Rows& rows, int column);
// The float's own decimal digits as a double, so that 71.3f is shown as 71.3 by whatever reads the
// column.
double RealColumn(float value);
// The level of a column, the nearest known one for damaged values.
RiskLevel LevelAt(const Rows& rows, int column);

// Select lists for the readers below; `a` is anomaly_rows, `i` incident_rows, `f` file_rows and `g`
// the group_rows joined to it.
inline constexpr std::string_view kAnomalyColumns =
    "a.id, coalesce(a.incident_id, 0), g.name, a.state, a.evidence, a.seq, "
    "coalesce((SELECT seq FROM incident_rows WHERE id = a.incident_id), 0), a.time_us, a.last_us, "
    "a.level, a.risk, a.score, a.severity, a.detector, a.source, a.stream, a.template_id, "
    "a.template, "
    "a.message, a.file_id, a.ref_offset, a.ref_bytes, a.first_offset, a.last_offset, a.windows, "
    "a.bundle";
inline constexpr int kAnomalyColumnCount = 26;
inline constexpr std::string_view kIncidentColumns =
    "i.id, g.name, i.state, i.seq, i.first_us, i.last_us, i.level, i.risk, i.anomalies, "
    "i.top_anomaly, i.title, i.by_rule";
inline constexpr std::string_view kFileColumns =
    "f.file_id, f.source, f.path, f.inode, f.identity, f.offset, f.size, f.read_bytes, f.chain, "
    "f.state, g.name";

// Read a row whose first columns are those lists.
StoredAnomaly ReadAnomaly(const Rows& rows);
StoredIncident ReadIncident(const Rows& rows);
StoredFile ReadFile(const Rows& rows);
// Columns template_id, text, count, first_us, last_us, trained, alias_of from `column` on.
Template ReadTemplate(const Rows& rows, int column);

}  // namespace alogd
