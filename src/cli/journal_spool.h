// SPDX-License-Identifier: MIT
// The journal as a log file, for as long as a training reads it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/log_files.h"
#include "core/config/config.h"
#include "core/result.h"
#include "core/types.h"

namespace alogd {

// A file below /var/tmp, readable by its owner only, that is removed with the object. Training
// reads its input more than once, and so each time the same.
class JournalSpool {
 public:
  // What the group selects of this host's journal from `since` on, as the daemon reads it, without
  // what alogd said itself. `go_on` is asked every so many entries; false ends it with an error.
  static Result<JournalSpool> Write(const GroupConfig& group, Time since,
                                    const std::function<bool()>& go_on);
  JournalSpool(JournalSpool&& other) noexcept;
  JournalSpool& operator=(JournalSpool&& other) noexcept;
  ~JournalSpool();

  // Makes it one of `files`, and remarks where there was more than may be kept on disk.
  void AddTo(LogFiles* files, std::vector<std::string>* remarks) const;

 private:
  static constexpr uint64_t kMostBytes = uint64_t{1} << 30;

  explicit JournalSpool(std::string path);
  std::string path_;  // empty: moved from
  bool cut_ = false;
};

}  // namespace alogd
