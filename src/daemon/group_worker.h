// SPDX-License-Identifier: MIT
// One group at work: reads its sources, feeds its pipeline, closes commit units.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/config/config.h"
#include "core/config/path_set.h"
#include "core/detection/detector.h"
#include "core/pipeline.h"
#include "core/result.h"
#include "daemon/committer.h"
#include "daemon/control/status.h"
#include "daemon/fd_store.h"
#include "daemon/files/source_set.h"
#include "daemon/journal_source.h"
#include "daemon/own_pids.h"

namespace alogd {

// Turns run on a worker thread, one at a time. What other threads have to say waits in an inbox
// until the next turn, coalesced; whoever puts something in wakes the group's slot afterwards.
//
// A unit is closed when it holds an alert, at a second's tick, or at kUnitBytes. If the committer
// has no room for it, reading stands still: until then a group holds at most two units and what one
// turn brought.
class GroupWorker {
 public:
  // A restart reads this much again at the most, and what it holds fits into memory many times.
  static constexpr uint64_t kUnitBytes = 8u << 20;

  // What the daemon gives every group; all of it outlives the workers.
  struct Env {
    Committer* committer = nullptr;
    std::function<FileId()> new_file_id;  // from any thread
    std::function<Time()> now;            // wall time
    const OwnPids* own_pids = nullptr;    // may be null
    FdStore* fd_store = nullptr;          // may be null
    std::string state_dir;                // nothing in it is read, whatever the globs
    size_t max_open_files = 10'000;       // of one group; see SourceSet::set_max_open
  };

  // Another configuration and model for a running group.
  struct SwapRequest {
    std::shared_ptr<const Config> config;  // shared by the groups of one reload
    GroupConfig group;
    ModelSet models;
    std::function<void(Status)> done;  // on the worker's thread, between two records
  };

  // Takes up where the committed state ends.
  static Result<std::unique_ptr<GroupWorker>> Create(const Config& config, const GroupConfig& group,
                                                     ModelSet models, const GroupState& state,
                                                     Env env);
  // The sources that stand: before the first turn. What is read from its end has that end fixed
  // here.
  void Start(const std::vector<std::string>& standing);

  const std::string& name() const { return name_; }
  // What of the journal it reads; null: nothing.
  std::optional<JournalSelection> journal() const {
    return journal_ ? std::optional(SelectionOf(group_)) : std::nullopt;
  }

  // From any thread.
  void MarkDirty(const std::vector<std::string>& paths);
  void MarkTick();  // a second has passed
  void MarkJournal();
  void RequestSwap(SwapRequest request);
  GroupStatus status() const;

  // True if there is more to do now. Where the committer has no room: false, until it has.
  bool Turn();
  // The last unit, after the last turn: everything consumed so far.
  void Finish();

 private:
  using Clock = std::chrono::steady_clock;

  GroupWorker(GroupConfig group, bool first_seen, Env env);
  void MakeSources(std::vector<FileCheckpoint> checkpoints);
  void MakeJournal(std::optional<FileCheckpoint> checkpoint);
  void ReadJournal();
  bool idle() const { return sources_->idle() && (!journal_ || journal_->idle()); }
  std::string TextOf(const RecordRef& ref) const;
  void AddStatusOfSources(double seconds, GroupStatus* status);
  void TakeInbox();
  void DoSwap(SwapRequest request);
  void OnInputDry();
  Time TickTime();
  bool MustClose() const { return pipeline_->urgent() || unit_bytes_ >= kUnitBytes; }
  void CloseUnit(bool force);
  void Publish();

  GroupConfig group_;
  std::string name_;
  bool first_seen_;  // the database knows nothing of it
  Env env_;
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<SourceSet> sources_;      // after pipeline_: it feeds it
  std::unique_ptr<JournalSource> journal_;  // null where the group does not read it
  SourceId journal_id_{};
  uint64_t journal_lines_before_ = 0;  // as of the last status
  uint64_t unit_bytes_ = 0;            // consumed since the last unit
  bool tick_due_ = false;
  bool close_due_ = false;
  bool busy_since_publish_ = true;
  bool waiting_ = false;
  Clock::time_point published_at_{};
  Pipeline::Stats published_;
  Time bundle_since_ = kNoTime;
  Time watermark_ = kNoTime;  // of the logs, as of the last tick
  Clock::time_point watermark_at_{};
  std::unordered_map<std::string, SourceRow> source_rows_;  // as committed last, for the status

  struct Inbox {
    std::set<std::string> dirty;
    bool tick = false;
    bool journal = false;
    std::vector<SwapRequest> swaps;  // in order; a reload ends before the next begins
  };
  mutable std::mutex mutex_;
  Inbox inbox_;         // guarded by mutex_
  GroupStatus status_;  // guarded by mutex_
};

}  // namespace alogd
