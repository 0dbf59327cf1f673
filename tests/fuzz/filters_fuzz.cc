// SPDX-License-Identifier: MIT
// Fuzzes what alogctl filters the history by: times, levels, names and patterns, one a line, over a
// small database.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "cli/time_text.h"
#include "core/store/store.h"
#include "fuzz.h"

namespace {

using namespace alogd;

constexpr size_t kRows = 20;

CommitUnit Unit(uint64_t number) {
  CommitUnit unit;
  unit.group = number % 2 == 0 ? "system" : "web";
  Anomaly anomaly;
  anomaly.seq = anomaly.incident_seq = number;
  anomaly.time = anomaly.last_time =
      FromMicros(1'790'000'000'000'000 + static_cast<int64_t>(number) * 60'000'000);
  anomaly.level = RiskLevel{static_cast<uint8_t>(number % 5)};
  anomaly.detector = "rule";
  anomaly.source = number % 3 == 0 ? "/var/log/syslog" : "/srv/app/%_'.log";
  anomaly.template_id = TemplateId{static_cast<uint32_t>(number % 4)};
  anomaly.message = "disk " + std::to_string(number) + " is failing\x1b[31m \xff";
  Incident incident;
  incident.seq = incident.top_anomaly = number;
  incident.first = incident.last = anomaly.time;
  incident.level = anomaly.level;
  incident.anomalies = 1;
  incident.title = "disk is failing";
  unit.anomalies = {anomaly};
  unit.incidents = {incident};
  return unit;
}

History& TheHistory() {
  static History history = [] {
    std::string directory = std::filesystem::temp_directory_path() / "alogd-fuzz-XXXXXX";
    fuzz::Require(::mkdtemp(directory.data()) != nullptr);
    const std::string path = directory + "/alogd.db";
    Result<Store> store = Store::Open(path, {}, std::chrono::milliseconds(0));
    fuzz::Require(store.ok());
    for (uint64_t i = 1; i <= kRows; ++i) {
      fuzz::Require(store->Commit(Unit(i), FromMicros(1'790'000'000'000'000)).ok());
    }
    Result<History> opened = History::Open(path);
    fuzz::Require(opened.ok());
    return std::move(*opened);
  }();
  return history;
}

}  // namespace

// Lines: since, until, level, group, source, pattern; the rest by its bytes: template, limit, page.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const Time now = FromMicros(1'790'000'600'000'000);
  AnomalyFilter filter;
  for (std::optional<Time>* time : {&filter.since, &filter.until}) {
    const std::string_view text = fuzz::TakeLine(&input);
    if (const Result<Time> parsed = ParseTimeText(text, now)) {
      *time = *parsed;
    } else {
      fuzz::Require(!parsed.error().message.empty());
    }
  }
  (void)ParseRiskLevel(fuzz::TakeLine(&input), &filter.min_level);
  filter.group = fuzz::TakeLine(&input);
  filter.source = fuzz::TakeLine(&input);
  filter.grep = fuzz::TakeLine(&input);
  const auto number = [&](size_t at) {
    return at < input.size() ? static_cast<uint8_t>(input[at]) : uint8_t{0};
  };
  if (number(0) % 2 == 1) filter.template_id = TemplateId{number(0) / 2u};
  filter.limit = number(1);
  filter.before_id = number(2);
  const auto anomalies = TheHistory().Anomalies(filter);
  if (anomalies) fuzz::Require(anomalies->size() <= std::min<size_t>(filter.limit, kRows));
  (void)TheHistory().Incidents(filter);
  (void)TheHistory().Templates(filter.group);
  return 0;
}
