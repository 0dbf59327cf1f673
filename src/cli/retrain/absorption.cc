// SPDX-License-Identifier: MIT
// Spans of time by stream, from the history's anomalies.
#include "cli/retrain/absorption.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <set>
#include <tuple>
#include <utility>

namespace alogd {
namespace {

constexpr size_t kDays = 3;
constexpr size_t kPage = 5000;
constexpr size_t kMostSaid = 20;  // absorbed kinds that are named

// What counts as the same thing coming again.
using Kind = std::tuple<std::string, TemplateId, std::string>;

struct Seen {
  std::set<int64_t> days;
  size_t times = 0;
  bool confirmed = false;
  std::string what;
};

bool Alerted(const StoredAnomaly& stored) {
  return stored.anomaly.level >= RiskLevel::kHigh && stored.anomaly.time != kNoTime;
}

Kind KindOf(const Anomaly& a) {
  return {a.detector, a.template_id, a.template_id == kNoTemplate ? a.source : std::string()};
}

std::map<Kind, Seen> Group(const std::vector<StoredAnomaly>& anomalies) {
  std::map<Kind, Seen> kinds;
  for (const StoredAnomaly& stored : anomalies) {
    if (!Alerted(stored)) continue;
    const Anomaly& a = stored.anomaly;
    Seen& seen = kinds[KindOf(a)];
    seen.days.insert(std::chrono::floor<std::chrono::days>(a.time).time_since_epoch().count());
    ++seen.times;
    seen.confirmed |= stored.state == Name(AnomalyState::kConfirmed);
    seen.what = a.template_text.empty() ? a.source : a.template_text;
  }
  return kinds;
}

}  // namespace

Absorption::Absorption(const std::vector<StoredAnomaly>& anomalies) {
  const std::map<Kind, Seen> kinds = Group(anomalies);
  size_t acked = 0;
  for (const StoredAnomaly& stored : anomalies) {
    if (!Alerted(stored)) continue;
    const Anomaly& a = stored.anomaly;
    const Seen& seen = kinds.at(KindOf(a));
    if (stored.state == Name(AnomalyState::kAcked)) {
      ++acked;
    } else if (seen.confirmed || seen.days.size() < kDays) {
      spans_[a.stream].push_back({a.time, std::max(a.time, a.last_time)});
      ++left_out_;
    }
  }
  for (auto& [stream, spans] : spans_) {
    std::ranges::sort(spans, {}, &Span::first);
    // The last one that began by a time tells for all before it.
    for (size_t i = 1; i < spans.size(); ++i)
      spans[i].last = std::max(spans[i].last, spans[i - 1].last);
  }
  if (acked > 0) absorbed_.push_back(fmt::format("absorbed: {} acked anomalies", acked));
  for (const auto& [kind, seen] : kinds) {
    if (seen.confirmed || seen.days.size() < kDays || absorbed_.size() >= kMostSaid) continue;
    absorbed_.push_back(fmt::format("absorbed: '{}' alerted on {} days and was not confirmed ({})",
                                    seen.what, seen.days.size(), std::get<0>(kind)));
  }
}

Result<Absorption> Absorption::Load(const std::string& database, const std::string& group) {
  std::error_code error;
  if (!std::filesystem::exists(database, error)) return Absorption();
  Result<History> history = History::Open(database);
  if (!history.ok()) return history.error();
  std::vector<StoredAnomaly> all;
  AnomalyFilter filter;
  filter.group = group;
  filter.min_level = RiskLevel::kHigh;
  filter.limit = kPage;
  for (;;) {
    Result<std::vector<StoredAnomaly>> page = history->Anomalies(filter);
    if (!page.ok()) return page.error();
    for (StoredAnomaly& stored : *page) {
      stored.evidence_json.clear();
      all.push_back(std::move(stored));
    }
    if (page->size() < kPage) return Absorption(all);
    filter.before_id = all.back().id;
  }
}

bool Absorption::LeavesOut(std::string_view stream, Time time) const {
  const auto spans = spans_.find(stream);
  if (spans == spans_.end()) return false;
  const auto after = std::ranges::upper_bound(spans->second, time, {}, &Span::first);
  return after != spans->second.begin() && std::prev(after)->last >= time;
}

CorpusBuilder::Options RetrainingOptions(const Config& config, const Absorption& absorption) {
  CorpusBuilder::Options options;
  options.max_records = config.training.max_records;
  options.leave_out = [&absorption](std::string_view stream, Time time) {
    return absorption.LeavesOut(stream, time);
  };
  return options;
}

}  // namespace alogd
