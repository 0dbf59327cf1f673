// SPDX-License-Identifier: MIT
// From spans of time to the records of a stream.
#include "cli/left_out_runs.h"

#include <algorithm>
#include <utility>

#include "core/detection/stream_key.h"

namespace alogd {
namespace {

void MarkRun(const LeftOutRun& run, std::span<const Time> times, std::vector<bool>* out) {
  const auto from = std::ranges::lower_bound(times, run.first);
  const auto to = std::upper_bound(from, times.end(), run.last);
  const auto index = [&](auto at) { return static_cast<size_t>(at - times.begin()); };
  for (size_t i = index(from); i < index(to); ++i) (*out)[i] = true;
  // A deadline ends a window at which no record stands.
  Time next = from != to ? *from : run.first;
  size_t i = index(from);
  for (size_t n = 0; n < run.before && i > 0 && next - times[i - 1] <= run.gap; ++n) {
    next = times[--i];
    (*out)[i] = true;
  }
  next = from != to ? *std::prev(to) : run.last;
  i = index(to);
  for (size_t n = 0; n < run.after && i < times.size() && times[i] - next <= run.gap; ++n) {
    next = times[i];
    (*out)[i++] = true;
  }
}

}  // namespace

LeftOutRuns::LeftOutRuns(std::vector<LeftOutRun> runs) {
  for (LeftOutRun& run : runs) {
    std::vector<LeftOutRun>& same = by_stream_[run.stream];
    same.push_back(std::move(run));
  }
}

void LeftOutRuns::Mark(std::string_view key, std::span<const Time> times,
                       std::vector<bool>* out) const {
  const auto [source, stream] = StreamKeys::Split(key);
  const auto mark = [&](const std::string& name) {
    const auto runs = by_stream_.find(name);
    if (runs == by_stream_.end()) return;
    for (const LeftOutRun& run : runs->second) MarkRun(run, times, out);
  };
  mark(stream);
  if (source != stream && !source.empty()) mark(source);
}

bool LeftOutRuns::Covers(std::string_view stream, Time time) const {
  const auto runs = by_stream_.find(stream);
  return runs != by_stream_.end() && std::ranges::any_of(runs->second, [time](const auto& run) {
           return run.first <= time && time <= run.last;
         });
}

}  // namespace alogd
