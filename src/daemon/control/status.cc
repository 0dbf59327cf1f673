// SPDX-License-Identifier: MIT
// Status as JSON and as one line.
#include "daemon/control/status.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <tuple>
#include <utility>
#include <vector>

#include "core/text.h"

namespace alogd {
namespace {

using nlohmann::json;

double Rounded(double rate) { return std::round(rate * 10) / 10; }

int64_t AgeSeconds(Time since, Time now) {
  if (since == kNoTime || since > now) return 0;
  return std::chrono::duration_cast<std::chrono::seconds>(now - since).count();
}

// The name of a bundle is the UTC time of its training: 20261122T013000Z.
Time TrainedAt(const std::string& bundle) {
  std::tm tm{};
  const char* end = strptime(bundle.c_str(), "%Y%m%dT%H%M%S", &tm);
  if (end == nullptr) return kNoTime;
  return FromMicros(int64_t{timegm(&tm)} * 1'000'000);
}

json GroupJson(const GroupStatus& group, Time now) {
  const Time trained = TrainedAt(group.bundle);
  return {{"name", group.name},
          {"bundle", group.bundle.empty() ? json() : json(group.bundle)},
          {"bundle_age_s",
           group.bundle.empty()
               ? json()
               : json(AgeSeconds(trained == kNoTime ? group.bundle_since : trained, now))},
          {"records", group.stats.records},
          {"lines", group.stats.lines},
          {"windows", group.stats.windows},
          {"anomalies", group.stats.anomalies},
          {"rule_matches", group.stats.rule_matches},
          {"own_records", group.stats.own},
          {"templates", group.templates},
          {"new_templates", group.stats.new_templates},
          {"memory_bytes", group.memory},
          {"lines_per_s", Rounded(group.lines_per_s)},
          {"windows_per_s", Rounded(group.windows_per_s)},
          {"waiting", group.waiting}};
}

json SourceJson(const std::string& group, const GroupStatus::Source& source) {
  const SourceFiles::Info& info = source.row.info;
  return {{"group", group},
          {"name", ToValidUtf8(source.row.path)},
          {"path", ToValidUtf8(info.path)},
          {"format", source.format},
          {"state", info.state},
          {"problem", info.problem.empty() ? json() : json(ToValidUtf8(info.problem))},
          {"offset", info.offset},
          {"size", info.size},
          {"lag_bytes", info.lag},
          {"records", source.records},
          {"lines", info.lines},
          {"lines_per_s", Rounded(source.row.lines_per_s)},
          {"rotations", info.rotations},
          {"truncations", info.truncations},
          {"last_rotation_us",
           info.last_rotation == kNoTime ? json() : json(Micros(info.last_rotation))}};
}

// Those that somebody may want to know of, if there are too many: with a problem, behind, busy.
json SourcesJson(const DaemonStatus& status) {
  using Listed = std::pair<const GroupStatus*, const GroupStatus::Source*>;
  std::vector<Listed> all;
  for (const GroupStatus& group : status.groups)
    for (const GroupStatus::Source& source : group.sources) all.emplace_back(&group, &source);
  if (all.size() > kMostSources) {
    const auto matters = [](const Listed& listed) {
      const SourceSet::Row& row = listed.second->row;
      return std::tuple(!row.info.problem.empty(), row.info.lag, row.lines_per_s);
    };
    std::ranges::stable_sort(all, std::ranges::greater(), matters);
    all.resize(kMostSources);
  }
  json sources = json::array();
  for (const auto& [group, source] : all) sources.push_back(SourceJson(group->name, *source));
  return sources;
}

size_t SourceCount(const DaemonStatus& status) {
  size_t count = 0;
  for (const GroupStatus& group : status.groups) count += group.source_count;
  return count;
}

// What was lost; each reason is listed at 0 too: 0 is the promise.
json DropsJson(const DaemonStatus& status) {
  uint64_t lost = 0;
  for (const GroupStatus& group : status.groups) lost += group.lost_bytes;
  return {{"lost_bytes", lost}};
}

// What hit a limit: of what alogd promises nothing was lost by it, but something was cut,
// forgotten, put off, or gone before it could be opened.
json LimitsJson(const DaemonStatus& status) {
  uint64_t cut = 0, partial = 0, templates = 0, streams = 0, sessions = 0, clamped = 0, unseen = 0;
  for (const GroupStatus& group : status.groups) {
    cut += group.stats.cut_lines;
    partial += group.stats.partial_lines;
    templates += group.stats.evicted_templates;
    streams += group.stats.evicted_streams;
    sessions += group.stats.cut_sessions;
    clamped += group.stats.clamped_times;
    unseen += group.unseen_files;
  }
  json limits = {
      {"cut_lines", cut},           {"partial_lines", partial}, {"evicted_templates", templates},
      {"evicted_streams", streams}, {"cut_sessions", sessions}, {"clamped_times", clamped},
      {"unseen_files", unseen}};
  for (const auto& [name, count] : status.watch_limits) limits[name] = count;
  return limits;
}

json SinksJson(const DaemonStatus& status) {
  json sinks = json::array();
  for (const SinkStatus& sink : status.sinks)
    sinks.push_back(
        {{"name", sink.name},
         {"kind", sink.kind},
         {"target", sink.target.empty() ? json() : json(ToValidUtf8(sink.target))},
         {"sent", sink.stats.sent},
         {"waiting", sink.waiting},
         {"held_back", sink.stats.held_back},
         {"failures", sink.stats.failures},
         {"last_error", sink.stats.last_error.empty() ? json() : json(sink.stats.last_error)}});
  return sinks;
}

// As it was before there were other sinks.
json JournalJson(const DaemonStatus& status) {
  SinkStatus journal;
  for (const SinkStatus& sink : status.sinks)
    if (sink.name == kJournalSink) journal = sink;
  return {{"sent", journal.stats.sent},
          {"pending", journal.waiting},
          {"held_back", journal.stats.held_back},
          {"repeats", status.commit.repeats}};
}

}  // namespace

json StatusJson(const DaemonStatus& status) {
  json groups = json::array();
  for (const GroupStatus& group : status.groups) groups.push_back(GroupJson(group, status.now));
  const json sources = SourcesJson(status);
  const ReloadStatus& reload = status.last_reload;
  return {{"ok", true},
          {"version", ALOGD_VERSION},
          {"pid", getpid()},
          {"uptime_s", status.uptime.count()},
          {"config", status.config},
          {"state_dir", status.state_dir},
          {"groups", groups},
          {"sources", sources},
          {"source_count", SourceCount(status)},
          {"drops", DropsJson(status)},
          {"limits", LimitsJson(status)},
          {"commit",
           {{"units", status.commit.units},
            {"queued", status.commit.queued},
            {"failures", status.commit.failures},
            {"last_error",
             status.commit.last_error.empty() ? json() : json(status.commit.last_error)}}},
          {"journal", JournalJson(status)},
          {"sinks", SinksJson(status)},
          {"last_reload", reload.at == kNoTime ? json()
                                               : json{{"at_us", Micros(reload.at)},
                                                      {"ok", reload.ok},
                                                      {"message", reload.message}}}};
}

std::string StatusLine(const DaemonStatus& status) {
  const size_t sources = SourceCount(status);
  uint64_t lag = 0;
  double rate = 0;
  for (const GroupStatus& group : status.groups) {
    rate += group.lines_per_s;
    lag += group.lag;
  }
  std::string line = fmt::format("{} group{}, {} source{}, {:.0f} lines/s, {} bytes behind",
                                 status.groups.size(), status.groups.size() == 1 ? "" : "s",
                                 sources, sources == 1 ? "" : "s", rate, lag);
  if (status.config_trouble) line += "; WRONG CONFIGURATION, runs on the last good one";
  if (!status.commit.last_error.empty()) line += "; database: " + status.commit.last_error;
  return line;
}

}  // namespace alogd
