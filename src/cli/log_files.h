// SPDX-License-Identifier: MIT
// Finds the log files that a command line names and groups rotated copies into sources.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace alogd {

struct LogFilesOptions {
  uint32_t max_depth = 3;   // directories below a named one
  uint32_t max_files = 50;  // newest first when there are more; 0: no limit
};

// One log with its rotated copies, oldest first: syslog.2.gz, syslog.1, syslog.
struct LogSource {
  std::string name;                // path of the newest, without a rotation suffix
  std::vector<std::string> files;  // paths, oldest first; "-" is standard input
};

struct LogFiles {
  std::vector<LogSource> sources;    // by name
  std::vector<std::string> remarks;  // what was left out and why, one sentence each
};

// Directories are searched recursively; symlinks in them are not followed. Files that are no text
// (NUL bytes in the first block, unless compressed) and empty ones are left out with a remark.
// Fails if a named path does not exist or may not be read.
Result<LogFiles> FindLogFiles(const std::vector<std::string>& arguments,
                              const LogFilesOptions& options);

// True for the suffixes of compressed files and archives.
bool HasPackedSuffix(std::string_view path);

}  // namespace alogd
