// SPDX-License-Identifier: MIT
// The journal as a source of a group: its entries become lines, its cursor the checkpoint.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/commit_unit.h"
#include "core/journal/journal_reader.h"
#include "core/record.h"
#include "core/types.h"
#include "daemon/files/source_files.h"
#include "daemon/own_pids.h"

namespace alogd {

// The journal has no offsets. The bytes of the lines that entries are rendered to are counted
// instead, so that it looks like a file that only grows: a FileId, offsets, a chain. The
// checkpoint's `identity` has the cursor. Entries that were vacuumed, or lost with a volatile
// journal at a reboot, before they were read are passed over. Lives on its group's worker.
class JournalSource {
 public:
  struct Options {
    JournalSelection selection;
    std::string directory;  // of journal files; empty: the host's
    uint32_t max_line = 64 * 1024;
    // Without a checkpoint: from the first entry that stands, or from those to come.
    bool from_beginning = false;
    const OwnPids* own_pids = nullptr;  // may be null
    size_t turn_bytes = 256 * 1024;     // read in one turn
  };
  struct Sinks {
    std::function<void(FileId, const Line&)> line;
    std::function<void(Time)> boot;  // before the first entry of another boot than the last one's
  };

  // `checkpoint`: the row of the source kJournalSource, if there is one.
  JournalSource(Options options, std::optional<FileCheckpoint> checkpoint, FileId new_id);

  // Where the end is, is decided now.
  void Start() { Open(Time{}); }
  void MarkReady() { ready_ = true; }
  bool idle() const { return !ready_; }
  // One turn. Returns the bytes that it handed out.
  uint64_t Read(Time now, const Sinks& sinks);

  // What changed since the last call.
  void TakeInto(CommitUnit* unit);
  std::vector<std::string> TakeProblems() { return std::exchange(problems_, {}); }
  SourceFiles::Info info() const;
  uint64_t own() const { return own_; }  // entries of ours that were passed over
  FileId id() const { return checkpoint_.id; }
  // Of a record that was read not long ago; else empty.
  std::string ReadText(const RecordRef& ref) const;

 private:
  void Open(Time now);
  Status Seek();
  void Failed(const Error& error, Time now);
  bool IsOwn(const JournalEntry& entry) const;
  void Hand(const JournalEntry& entry, const Sinks& sinks);
  void Remember(uint64_t offset, std::string text);

  Options options_;
  FileCheckpoint checkpoint_;
  std::string cursor_;  // of the entry read last; empty: none was
  Time time_{};         // its time
  std::string boot_;    // its boot; empty: not known
  std::unique_ptr<JournalReader> reader_;
  bool ready_ = true;
  bool dirty_ = false;
  Time retry_at_{};
  uint64_t lines_ = 0, own_ = 0;
  std::string problem_;
  std::vector<std::string> problems_;
  std::deque<std::pair<uint64_t, std::string>> recent_;  // offset and text, ascending
  size_t recent_bytes_ = 0;
};

}  // namespace alogd
