// SPDX-License-Identifier: MIT
// Runs of records that training must not learn: where each begins and ends in its stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.h"

namespace alogd {

// What an anomaly covers, in the words of the history.
struct LeftOutRun {
  std::string source, stream;
  Time first, last;
  // The window that ended at `first` holds so many records before it, and a session so many more
  // after `last`, none of which comes more than `gap` from the next.
  size_t before = 0, after = 0;
  Duration gap{0};
};

// Streams are known by the keys of StreamKeys here and as shown in the history; this is the place
// where they meet. A stream that a program names covers that program in all sources: rsyslog
// writes one record to several files. One that names its source covers all streams of that source.
class LeftOutRuns {
 public:
  LeftOutRuns() = default;
  explicit LeftOutRuns(std::vector<LeftOutRun> runs);

  bool empty() const { return by_stream_.empty(); }
  // Sets `out` where a record of the stream is to be left out; `times` are those of its records, in
  // order, and of the same number.
  void Mark(std::string_view key, std::span<const Time> times, std::vector<bool>* out) const;
  // Whether what the history calls `stream` has a run at this time.
  bool Covers(std::string_view stream, Time time) const;

 private:
  std::map<std::string, std::vector<LeftOutRun>, std::less<>> by_stream_;
};

}  // namespace alogd
