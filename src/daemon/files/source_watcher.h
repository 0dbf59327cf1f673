// SPDX-License-Identifier: MIT
// Watches the paths of one group: which files are there, and which of them want to be looked at.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/config/path_set.h"
#include "core/result.h"

namespace alogd {

// inotify on the directories (names) and on the files (content), and a re-stat of everything at
// each Rescan, so that an overflow of the queue, a watch limit, a network file system or a lost
// event costs two seconds and nothing else. Lives on the event loop's thread; never opens or reads
// a log.
//
// Considered: IN_MODIFY on directories alone. It needs fewer watches, but wakes the daemon for
// every write to a neighbour that is none of ours, and is blind for a file that was moved elsewhere
// while its writer goes on, and for the target of a symlink.
class SourceWatcher {
 public:
  struct Options {
    // Watches this object may use; the kernel's own limit (fs.inotify.max_user_watches) comes on
    // top.
    size_t max_watches = SIZE_MAX;
    // How long the inode of a rotated file stays watched after its last event: a writer that keeps
    // the old descriptor reopens by then (SourceFiles holds it as long).
    std::chrono::steady_clock::duration hold_rotated = std::chrono::minutes(10);
  };

  // Everything that stands is dirty after Create. Fails only where the kernel gives no inotify
  // instance (the message names the limit to raise).
  static Result<std::unique_ptr<SourceWatcher>> Create(PathSet paths, Options options);
  static Result<std::unique_ptr<SourceWatcher>> Create(PathSet paths);
  ~SourceWatcher();
  SourceWatcher(const SourceWatcher&) = delete;
  SourceWatcher& operator=(const SourceWatcher&) = delete;

  int fd() const;     // inotify descriptor, to poll for input
  void OnReadable();  // takes events; bounded, so poll again (level-triggered) while it is readable
  void Rescan();      // lists and stats everything; call every 2 s

  // Paths of sources with something to look at (appeared, grew, shrank, moved, deleted, became
  // readable), coalesced, sorted. A path whose file is gone is reported once more, then forgotten.
  std::vector<std::string> TakeDirty();
  // One message for each new problem; not repeated while it lasts, given again if it comes back.
  std::vector<std::string> TakeProblems();

  size_t sources() const;  // paths that stand now
  size_t watches() const;  // inotify watches in use
  uint64_t overflows() const;

 private:
  struct Impl;
  explicit SourceWatcher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace alogd
