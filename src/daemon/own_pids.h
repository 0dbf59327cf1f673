// SPDX-License-Identifier: MIT
// The process ids that alogd had, by which it knows its own words in a log.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace alogd {

// Where syslog writes the journal's entries into files, alogd's alerts come back to it as lines,
// and each would be the next alert's reason. A line is its own only if it is of the program alogd
// AND has a process id of ours: `logger -t alogd` hides nothing. Ids of earlier runs count, because
// their lines may be read after a restart. Const after construction, so from any thread.
class OwnPids {
 public:
  // More than a day of crashing once a minute would be told by other means; ids beyond are
  // forgotten, oldest first.
  static constexpr size_t kKept = 64;

  OwnPids() = default;
  // Reads the ids kept in `path` and adds `pid` there; what cannot be read or written only costs
  // ids of earlier runs.
  OwnPids(const std::string& path, int pid);

  bool IsOwn(std::string_view program, std::string_view pid) const;

 private:
  std::vector<std::string> pids_;  // oldest first
};

}  // namespace alogd
