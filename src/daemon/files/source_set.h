// SPDX-License-Identifier: MIT
// The sources of one group: whose turn it is, and what they have consumed.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/commit_unit.h"
#include "core/config/path_set.h"
#include "core/record.h"
#include "core/types.h"
#include "daemon/files/file_registry.h"
#include "daemon/files/listings.h"
#include "daemon/files/source_files.h"
#include "daemon/files/source_index.h"

namespace alogd {

// Keeps a copy of every checkpoint of the group, those of sources that are not read at present too:
// a source that comes back (its path is configured again, or a file appears there again) goes on
// where it was, without a question to the database. Lives on the group's worker.
class SourceSet {
 public:
  // What a set tells of itself at the pace of the status.
  struct Row {
    SourceFiles::Info info;
    std::string path;  // the source's
    double lines_per_s = 0;
  };
  struct Sinks {
    // A source is read from now on; gives its number in the pipeline.
    std::function<SourceId(const std::string& path, Time reference)> on_source;
    std::function<void(SourceId, FileId, const Line&)> on_line;
    std::function<void(FileId)> on_closed;
    // Nothing is left of a source, and nothing known of it any more. May be unset.
    std::function<void(SourceId, const std::string& path)> on_gone;
    std::function<void(const std::string& problem)> on_problem;
  };

  SourceSet(PathSet paths, SourceFiles::Options options, std::vector<FileCheckpoint> checkpoints,
            std::function<FileId()> new_file_id, Sinks sinks);

  // The first thing to call: the paths that stand, and those with checkpoints, become sources.
  // Without `from_beginning` what stands is opened at its end, now.
  void Start(const std::vector<std::string>& standing, bool from_beginning, Time now);
  // Something may have happened to the source at `path`.
  void MarkDirty(const std::string& path, Time now);
  // Opens what was heard of for the first time, before anything is read: it may be deleted while
  // others have their turns, or while nothing is read because the database stands. While fewer
  // than `limit` files are open.
  void OpenNew(Time now, size_t limit);
  // Sources that are no longer among `paths` end; their checkpoints stay.
  void SetPaths(PathSet paths, Time now);
  // At each tick: those with something to wait for (an unfinished line, a held file) whose time has
  // come.
  void MarkOverdue(Time now);

  // Nothing more to read at present.
  bool idle() const { return ready_.empty(); }
  // One source's turn. Returns the bytes it consumed.
  uint64_t ReadOne(Time now);

  // What changed since the last call; belongs into the unit with the lines that were handed out.
  void TakeInto(CommitUnit* unit);

  // At most so many sources; if there are more, those that somebody may want to know of first: with
  // a problem, behind, busy. Rates are since the call before, `seconds` ago.
  std::vector<Row> Rows(double seconds, size_t most = SIZE_MAX);
  size_t size() const { return sources_.size(); }
  const SourceIndex::Totals& totals() const { return index_.totals(); }
  // Files that were deleted before they were opened.
  uint64_t unseen() const { return unseen_; }
  // The text of a record, from a file that is open; else empty.
  std::string ReadText(const RecordRef& ref) const;
  // How many files may be open at once. Where there are more, those quiet longest are closed, and
  // opened again when they change; rotated and deleted ones stay open.
  void set_max_open(size_t files) { max_open_ = files; }
  // Rotated and deleted files that are still open; the descriptors stay ours.
  std::vector<std::pair<FileId, int>> Held() const;
  // Closes held files beyond `limit` open ones, and those beyond one for each file at a path and
  // kMaxHeld more, which are of short-lived logs; the longest held first.
  void LimitOpenFiles(size_t limit);
  static constexpr size_t kMaxHeld = 1000;

 private:
  struct Source;
  using Queue = std::list<Source*>;
  struct Source {
    std::unique_ptr<SourceFiles> files;
    SourceId id{};
    uint64_t heard = 0;   // when something was heard of it last, see Listings
    bool looked = false;  // had a turn, or checkpoints
    std::optional<Queue::iterator> ready, touched, unopened, opened;
    uint64_t lines = 0, lines_before = 0;  // as of the last turn and the last Rows
    std::unordered_set<int64_t> open;      // file ids the pipeline has heard of
    FileId last_file{-1};
  };

  Source* Find(const std::string& path);
  Source* Of(const SourceFiles* files) { return Find(files->path()); }
  // `since`: see SourceFiles::Options::watched_since.
  Source* Add(const std::string& path, bool from_beginning, Time since, Time now);
  void RememberSources() const;
  void MakeReady(Source* source);
  void Touch(Source* source);
  void Looked(Source* source);
  void Account(Source* source);
  void MakeRoom();
  bool HasRoom() const;
  void ParkUntilRoom(bool behind);
  void Drop(Source* source);
  std::vector<Source*> Chosen(size_t most);
  Row RowOf(Source* source, double seconds);
  void TakeCheckpoints(Source* source, CommitUnit* unit);
  void End(std::map<std::string, Source>::iterator it);
  SourceFiles::LineSink LineSinkOf(Source* source);
  SourceFiles::ClosedSink ClosedSinkOf(Source* source);

  PathSet paths_;
  SourceFiles::Options options_;
  std::function<FileId()> new_file_id_;
  Sinks sinks_;
  FileRegistry registry_;
  Listings listings_;
  SourceIndex index_;
  std::map<std::string, Source> sources_;  // nodes: addresses stay
  Queue ready_;
  Queue touched_;   // read since the last TakeInto
  Queue unopened_;  // new, and not looked at
  Queue opened_;    // have a file open; those that had a turn last come last
  size_t max_open_ = SIZE_MAX;
  bool told_limit_ = false;
  std::set<Source*> busy_;  // read since the last Rows
  uint64_t unseen_ = 0;
  Time last_tick_ = kNoTime;
  uint64_t turn_bytes_ = 0;  // consumed by the turn under way
  // Since when no source began or ended unseen: what is younger was never read.
  Time watched_since_ = kNoTime;
  CommitUnit ended_;  // files and forgotten_files of sources that ended since the last TakeInto
  // By source path.
  std::unordered_map<std::string, std::map<int64_t, FileCheckpoint>> checkpoints_;
};

}  // namespace alogd
