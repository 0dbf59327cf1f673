// SPDX-License-Identifier: MIT
// All the files of one source, in order: the one at its path, and the rotated ones not yet read
// out.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/commit_unit.h"
#include "core/record.h"
#include "core/types.h"

namespace alogd {

class FileRegistry;
class Listings;

// Reads one source: finds out by identity and content what happened to its files since it last
// looked (rotation, copytruncate, truncation, deletion, a swapped symlink; while alogd ran or while
// it was down) and hands out each line once. Lives on its group's worker thread.
//
// Construct one for each dirty path of the watcher AND for each source that has checkpoints, even
// if nothing stands at its path: the rest of it may stand under a rotated name.
//
// A FileId stands for one stream of bytes with offsets that only grow. When a file is truncated its
// old id is closed and what is written next gets a new id, so that a RecordRef never points at
// other bytes; `read_bytes` and `chain` of the checkpoint go on over it, because they count the
// inode's raw bytes.
class SourceFiles {
 public:
  using LineSink = std::function<void(FileId, const Line&)>;  // the line is valid during the call
  using ClosedSink = std::function<void(FileId)>;             // the file is gone for good

  struct Options {
    uint32_t max_line = 64 * 1024;  // bytes; longer lines are cut and marked
    // A last line without an end is emitted, marked partial, when it has not grown for so long.
    Duration partial_timeout = std::chrono::seconds(5);
    // A file that stands at the first Read and has no checkpoint: from its beginning (a later start
    // of a known group, or `from: beginning`), or from its end (the group is first seen). Files
    // that appear later are always read from the beginning.
    bool from_beginning = true;
    // Since when the path is watched, where nothing stood there at first: what was begun since then
    // and was rotated away before the first look is read too. kNoTime: unknown.
    Time watched_since = kNoTime;
    size_t turn_bytes = 256 * 1024;  // read in one turn, for fairness between sources
    // Rotated and deleted files stay open so long after they last grew.
    Duration hold_deleted = std::chrono::minutes(10);
    // Shared by the sources of one group: keeps an inode that two paths name, or that is renamed
    // from one source's path to another's, from being read twice. Must outlive this object. May be
    // null.
    FileRegistry* registry = nullptr;
    // Likewise shared: names that were listed for one of them will do for others. May be null.
    Listings* listings = nullptr;
    // A path that opens a deleted file with this inode number, which the run before held; empty if
    // there is none. May be unset.
    std::function<std::string(uint64_t inode)> inherited;
  };

  // For `alogctl status` and the sources view.
  struct Info {
    std::string path;     // of the file read last or being read
    std::string state;    // "reading", "idle", "missing", "rotated", "unreadable", "alias"
    uint64_t offset = 0;  // in the active file
    uint64_t size = 0;    // of the active file
    uint64_t lag = 0;     // bytes not yet read, over all its files
    Time last_rotation = kNoTime;
    uint64_t lines = 0, bytes = 0, cut_lines = 0, partial_lines = 0;
    uint64_t rotations = 0, truncations = 0;
    // Bytes that were known to be in a file and were gone before they could be read. 0 is the
    // promise.
    uint64_t lost_bytes = 0;
    size_t open_files = 0;
    size_t left_files = 0;         // of them: rotated or deleted
    size_t held_files = 0;         // of those: read out
    Time held_since = kEndOfTime;  // the longest held one: since it last grew
    std::string problem;           // empty, or what keeps it from being read now
  };

  // `checkpoints`: the rows of this source. `new_file_id` gives ids never used before.
  SourceFiles(std::string path, Options options, std::function<FileId()> new_file_id,
              std::vector<FileCheckpoint> checkpoints);
  ~SourceFiles();
  SourceFiles(const SourceFiles&) = delete;
  SourceFiles& operator=(const SourceFiles&) = delete;

  // One turn: looks at what became of the files, then reads up to turn_bytes in their order, oldest
  // first. True if there is more to read now. `now` is wall time; it may jump.
  bool Read(Time now, const LineSink& line, const ClosedSink& closed);
  // As Read, but reads nothing: what stands at the path is opened, and can be read though it is
  // deleted by then.
  void Open(Time now, const LineSink& line, const ClosedSink& closed);
  // Call Read no later than this, even if nothing is dirty (unfinished line, held file);
  // kEndOfTime: nothing to wait for.
  Time deadline() const;
  // Nothing is open, nothing to wait for and nothing at the path: may be destroyed after its
  // checkpoints and forgotten ids were taken. A source whose last file was rotated and not replaced
  // waits a day for its path to come back.
  bool done() const;

  // What changed since the last call: exactly the lines that were emitted. Both belong into the
  // same commit as the lines.
  std::vector<FileCheckpoint> TakeCheckpoints();
  std::vector<FileId> TakeForgotten();  // rows to delete
  // One message for each new problem; not repeated while it lasts.
  std::vector<std::string> TakeProblems();

  // Closes rotated and deleted files that are read out, before their time: for when descriptors run
  // out. Returns how many were closed.
  size_t ReleaseHeld(const ClosedSink& closed);

  // Closes the file at the path until the next Read, which finds it again as after a restart: for
  // when there are more files than descriptors. False, and nothing happened, where another file is
  // open too, or where it is not read out, unless `behind` allows that: what is deleted meanwhile
  // is lost then.
  bool Park(bool behind);

  // Rotated and deleted files that are still open; the descriptors stay ours.
  void AddHeld(std::vector<std::pair<FileId, int>>* held) const;

  // The raw bytes of a record without its line end, empty if the file is not ours or not open any
  // more.
  std::string ReadText(const RecordRef& ref) const;

  const std::string& path() const;
  Info info() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace alogd
