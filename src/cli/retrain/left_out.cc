// SPDX-License-Identifier: MIT
// Runs of records, from the history's anomalies.
#include "cli/retrain/left_out.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>

namespace alogd {
namespace {

constexpr size_t kPage = 5000;
// A burst is told at the end of a slot of so long, and its records stand in it.
constexpr Duration kRateSlot = std::chrono::minutes(5);

LeftOutRun RunOf(const StoredAnomaly& stored, const GroupConfig& group) {
  const Anomaly& a = stored.anomaly;
  LeftOutRun run;
  run.source = a.source;
  run.stream = a.stream;
  run.first = a.time;
  run.last = std::max(a.time, a.last_time);
  run.gap = group.max_gap;
  if (a.detector == kRuleDetector) return run;
  if (a.detector == "rate") run.first -= kRateSlot;
  if (group.stream.kind == StreamOptions::Kind::kSession) {
    run.before = run.after = group.stream.max_records;
    run.gap = group.stream.idle;
    return run;
  }
  // Evidence counts from the first record of its window.
  for (const Evidence& evidence : ParseEvidenceJson(stored.evidence_json))
    run.before = std::max<size_t>(run.before, evidence.last);
  return run;
}

Status Read(History* history, AnomalyFilter filter, std::vector<StoredAnomaly>* all) {
  filter.limit = kPage;
  for (;;) {
    Result<std::vector<StoredAnomaly>> page = history->Anomalies(filter);
    if (!page.ok()) return page.error();
    const size_t size = page->size();
    if (size > 0) filter.before_id = page->back().id;
    std::ranges::move(*page, std::back_inserter(*all));
    if (size < kPage) return {};
  }
}

}  // namespace

LeftOut FindLeftOut(const std::vector<StoredAnomaly>& anomalies, const GroupConfig& group) {
  LeftOut found;
  std::vector<LeftOutRun> runs;
  for (const StoredAnomaly& stored : anomalies) {
    if (stored.anomaly.time == kNoTime) continue;
    const bool high = stored.anomaly.level >= RiskLevel::kHigh;
    const std::optional<AnomalyState> state = ParseAnomalyState(stored.state);
    if (high && state == AnomalyState::kAcked) {
      ++found.acked;
    } else if (high || state == AnomalyState::kConfirmed) {
      ++found.anomalies;
      runs.push_back(RunOf(stored, group));
    }
  }
  found.runs = LeftOutRuns(std::move(runs));
  return found;
}

Result<LeftOut> LoadLeftOut(const std::string& database, const GroupConfig& group) {
  std::error_code error;
  if (!std::filesystem::exists(database, error)) return LeftOut();
  Result<History> history = History::Open(database);
  if (!history.ok()) return history.error();
  std::vector<StoredAnomaly> all;
  AnomalyFilter filter;
  filter.group = group.name;
  filter.min_level = RiskLevel::kHigh;
  if (const Status read = Read(&*history, filter, &all); !read) return read.error();
  filter.min_level = RiskLevel::kInfo;
  filter.state = AnomalyState::kConfirmed;
  std::vector<StoredAnomaly> confirmed;
  if (const Status read = Read(&*history, filter, &confirmed); !read) return read.error();
  for (StoredAnomaly& stored : confirmed)
    if (stored.anomaly.level < RiskLevel::kHigh) all.push_back(std::move(stored));
  return FindLeftOut(all, group);
}

CorpusBuilder::Options RetrainingOptions(const Config& config, const LeftOut& left_out) {
  CorpusBuilder::Options options;
  options.max_records = config.training.max_records;
  options.leave_out = left_out.runs;
  return options;
}

}  // namespace alogd
