// SPDX-License-Identifier: MIT
// Open rotated logs, left with the service manager so that a restart finds deleted ones again.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/types.h"
#include "daemon/unique_fd.h"

namespace alogd {

// A log that was rotated away may still be written to, by a program that has not reopened it, and
// may be deleted meanwhile: then an open descriptor is all that leads to it. The service manager
// keeps what it is handed (FileDescriptorStoreMax=) over a restart or a crash, and passes it on.
// Without a service manager all of this does nothing. From any thread.
class FdStore {
 public:
  // An open file of a group, which keeps the descriptor.
  using Held = std::vector<std::pair<FileId, int>>;

  // Takes the descriptors that the run before left behind; once, before other code opens files.
  FdStore();

  // A path that opens the inherited file with this inode number; empty if there is none. Inode
  // numbers repeat over file systems and time: the caller compares the rest.
  std::string InheritedPath(uint64_t inode) const;
  // What was inherited is open by its readers, or nobody wants it.
  void CloseInherited();

  // What the group holds now, in place of what it held at the last call.
  void Update(const std::string& group, const Held& held);

 private:
  mutable std::mutex mutex_;
  std::map<uint64_t, UniqueFd> inherited_;  // by inode
  std::map<std::string, std::set<int64_t>> stored_;
};

}  // namespace alogd
