// SPDX-License-Identifier: MIT
// What the daemon says of itself: snapshots of its parts, and the answer to `status`.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/pipeline.h"
#include "core/types.h"
#include "daemon/committer.h"
#include "daemon/files/source_set.h"
#include "daemon/sinks/sink_senders.h"

namespace alogd {

// One group, as its worker published it at its last tick.
struct GroupStatus {
  std::string name;
  std::string bundle;
  Time bundle_since = kNoTime;  // when it came into force here
  Pipeline::Stats stats;
  double windows_per_s = 0;
  double lines_per_s = 0;
  size_t templates = 0;
  size_t memory = 0;
  bool waiting = false;  // for the committer: reading stands still
  struct Source {
    SourceSet::Row row;
    std::string format;
    uint64_t records = 0;
  };
  std::vector<Source> sources;  // at most kMostSources, those that need a look first
  size_t source_count = 0;
  uint64_t lag = 0;           // bytes, of all sources
  uint64_t lost_bytes = 0;    // likewise
  uint64_t unseen_files = 0;  // deleted before they were opened
};

// An answer of so many sources is still read by people and fits a control connection.
inline constexpr size_t kMostSources = 1000;

struct ReloadStatus {
  Time at = kNoTime;  // kNoTime: there was none
  bool ok = true;
  std::string message;
};

struct DaemonStatus {
  std::chrono::seconds uptime{0};
  std::string config;
  bool config_trouble = false;  // it is wrong, and the last good one runs
  std::string state_dir;
  std::vector<GroupStatus> groups;
  Committer::Stats commit;
  std::vector<SinkStatus> sinks;
  ReloadStatus last_reload;
  std::map<std::string, uint64_t> watch_limits;  // overflows of inotify queues and the like
  Time now{};
};

// The fields are listed in core/control.h.
nlohmann::json StatusJson(const DaemonStatus& status);
// For the service manager: "2 groups, 14 sources, 120 lines/s, 0 bytes behind".
std::string StatusLine(const DaemonStatus& status);

}  // namespace alogd
