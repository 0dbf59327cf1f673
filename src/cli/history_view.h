// SPDX-License-Identifier: MIT
// How anomalies, incidents and templates look: on a terminal, plain, and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "cli/cli.h"
#include "core/store/history.h"

namespace alogd {

void PrintAnomalies(const CliContext& context, const std::vector<StoredAnomaly>& anomalies);
// All of one anomaly: its evidence in words, and the records around it where `file` still has them.
void PrintAnomaly(const CliContext& context, const StoredAnomaly& stored,
                  const std::optional<StoredFile>& file);
void PrintIncidents(const CliContext& context, const std::vector<StoredIncident>& incidents);
void PrintIncident(const CliContext& context, const StoredIncident& stored,
                   const std::vector<StoredAnomaly>& anomalies);
void PrintTemplates(const CliContext& context, const std::vector<StoredTemplate>& templates);

// The object's values as a CSV row, with a row of names before the first.
void PrintCsv(const nlohmann::ordered_json& object, bool first);

// The objects of --json, with the names of the database's views.
nlohmann::ordered_json ToJson(const StoredAnomaly& stored);
nlohmann::ordered_json ToJson(const StoredIncident& stored);
nlohmann::ordered_json ToJson(const StoredTemplate& stored);

}  // namespace alogd
