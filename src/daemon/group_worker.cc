// SPDX-License-Identifier: MIT
// A group's turns: inbox, one source's bytes, the dry end of input, and the unit.
#include "daemon/group_worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/logging.h"

namespace alogd {
namespace {

// Records of several sources come in by time within so much; a tick that is later than a record to
// come would end what that record continues.
constexpr std::chrono::seconds kTickBehind{5};

}  // namespace

Result<std::unique_ptr<GroupWorker>> GroupWorker::Create(const Config& config,
                                                         const GroupConfig& group, ModelSet models,
                                                         const GroupState& state, Env env) {
  const bool first_seen = state.files.empty() && state.shards.empty() && state.deltas.empty();
  std::unique_ptr<GroupWorker> worker(new GroupWorker(group, first_seen, std::move(env)));
  GroupWorker* raw = worker.get();
  Result<std::unique_ptr<Pipeline>> pipeline = Pipeline::Create(
      config, group, std::move(models), [raw](const RecordRef& ref) { return raw->TextOf(ref); });
  if (!pipeline) return pipeline.error().With("group " + group.name);
  worker->pipeline_ = std::move(*pipeline);
  if (const OwnPids* own = raw->env_.own_pids; own != nullptr) {
    worker->pipeline_->set_own_words(
        [own](std::string_view program, std::string_view pid) { return own->IsOwn(program, pid); });
  }
  std::vector<std::string> remarks;
  if (Status restored = worker->pipeline_->Restore(state, &remarks); !restored) {
    return restored.error().With("group " + group.name);
  }
  for (const std::string& remark : remarks) {
    LogLines(LogLevel::kWarning, fmt::format("group {}: {}", group.name, remark));
  }
  worker->bundle_since_ = worker->env_.now();
  worker->MakeSources(state.files);
  worker->Publish();
  return worker;
}

GroupWorker::GroupWorker(GroupConfig group, bool first_seen, Env env)
    : group_(std::move(group)), name_(group_.name), first_seen_(first_seen), env_(std::move(env)) {}

// The journal's checkpoint is no file's.
void GroupWorker::MakeSources(std::vector<FileCheckpoint> checkpoints) {
  std::optional<FileCheckpoint> of_journal;
  const auto is_journal = [](const FileCheckpoint& c) { return c.source == kJournalSource; };
  const auto at = std::find_if(checkpoints.begin(), checkpoints.end(), is_journal);
  if (at != checkpoints.end()) {
    of_journal = std::move(*at);
    checkpoints.erase(at);
  }
  SourceFiles::Options options;
  options.max_line = group_.max_line;
  options.partial_timeout = group_.partial_timeout;
  if (env_.fd_store != nullptr) {
    options.inherited = [store = env_.fd_store](uint64_t inode) {
      return store->InheritedPath(inode);
    };
  }
  SourceSet::Sinks sinks;
  sinks.on_source = [this](const std::string& path, Time reference) {
    return pipeline_->AddSource(path, reference);
  };
  sinks.on_line = [this](SourceId source, FileId file, const Line& line) {
    pipeline_->Feed(source, file, line);
  };
  sinks.on_closed = [this](FileId file) { pipeline_->CloseFile(file); };
  sinks.on_gone = [this](SourceId source, const std::string& path) {
    pipeline_->ForgetSource(source);
    source_rows_.erase(path);
  };
  sinks.on_problem = [this](const std::string& problem) {
    Announce(
        {Notice::Kind::kSourceTrouble, fmt::format("group {}: {}", name_, problem), name_, "", ""});
  };
  sources_ = std::make_unique<SourceSet>(
      PathSet(group_.paths, group_.exclude).LeaveOut(env_.state_dir), options,
      std::move(checkpoints), env_.new_file_id, std::move(sinks));
  sources_->set_max_open(env_.max_open_files);
  if (ReadsJournal(group_)) MakeJournal(std::move(of_journal));
}

void GroupWorker::MakeJournal(std::optional<FileCheckpoint> checkpoint) {
  JournalSource::Options options;
  options.selection = SelectionOf(group_);
  options.max_line = group_.max_line;
  options.from_beginning = group_.from_beginning;
  options.own_pids = env_.own_pids;
  const FileId id = checkpoint ? checkpoint->id : env_.new_file_id();
  journal_ = std::make_unique<JournalSource>(std::move(options), std::move(checkpoint), id);
  journal_id_ = pipeline_->AddSource(kJournalSource, env_.now());
}

void GroupWorker::Start(const std::vector<std::string>& standing) {
  sources_->Start(standing, group_.from_beginning || !first_seen_, env_.now());
  if (journal_) journal_->Start();
  close_due_ = true;  // where reading began is to be known after a kill in the first second, too
  busy_since_publish_ = true;
  Publish();
}

void GroupWorker::MarkDirty(const std::vector<std::string>& paths) {
  const std::lock_guard lock(mutex_);
  inbox_.dirty.insert(paths.begin(), paths.end());
}

void GroupWorker::MarkTick() {
  const std::lock_guard lock(mutex_);
  inbox_.tick = true;
}

void GroupWorker::MarkJournal() {
  const std::lock_guard lock(mutex_);
  inbox_.journal = true;
}

void GroupWorker::RequestSwap(SwapRequest request) {
  const std::lock_guard lock(mutex_);
  inbox_.swaps.push_back(std::move(request));
}

GroupStatus GroupWorker::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

bool GroupWorker::Turn() {
  TakeInbox();
  waiting_ = MustClose() && !env_.committer->HasRoom(name_);
  if (!waiting_) {
    if (!sources_->idle()) {
      pipeline_->SetHostClock(env_.now(), TickTime());
      unit_bytes_ += sources_->ReadOne(env_.now());
      busy_since_publish_ = true;
    }
    if (journal_ && !journal_->idle()) ReadJournal();
    if (idle()) OnInputDry();
    if (close_due_ || MustClose()) CloseUnit(/*force=*/false);
    waiting_ = MustClose() && !env_.committer->HasRoom(name_);
  }
  if (std::exchange(tick_due_, false)) {
    if (env_.fd_store != nullptr) env_.fd_store->Update(name_, sources_->Held());
    Publish();
  }
  return !waiting_ && !idle();
}

void GroupWorker::ReadJournal() {
  pipeline_->SetHostClock(env_.now(), TickTime());
  const uint64_t bytes = journal_->Read(
      env_.now(),
      {[this](FileId file, const Line& line) { pipeline_->Feed(journal_id_, file, line); },
       [this](Time time) { pipeline_->NoteBoot(time); }});
  unit_bytes_ += bytes;
  busy_since_publish_ |= bytes > 0;
  for (const std::string& problem : journal_->TakeProblems()) {
    Announce(
        {Notice::Kind::kSourceTrouble, fmt::format("group {}: {}", name_, problem), name_, "", ""});
  }
}

std::string GroupWorker::TextOf(const RecordRef& ref) const {
  if (journal_ && ref.file == journal_->id()) return journal_->ReadText(ref);
  return sources_ ? sources_->ReadText(ref) : std::string();
}

void GroupWorker::TakeInbox() {
  Inbox inbox;
  {
    const std::lock_guard lock(mutex_);
    std::swap(inbox, inbox_);
  }
  const Time now = env_.now();
  for (const std::string& path : inbox.dirty) sources_->MarkDirty(path, now);
  sources_->OpenNew(now, env_.max_open_files);
  if (inbox.tick) {
    tick_due_ = true;
    close_due_ = true;
    sources_->MarkOverdue(now);
  }
  if (journal_ && (inbox.journal || inbox.tick)) journal_->MarkReady();
  for (SwapRequest& swap : inbox.swaps) DoSwap(std::move(swap));
}

void GroupWorker::DoSwap(SwapRequest request) {
  Status swapped = pipeline_->Swap(*request.config, request.group, std::move(request.models));
  if (swapped.ok()) {
    const bool other_paths =
        request.group.paths != group_.paths || request.group.exclude != group_.exclude;
    group_ = std::move(request.group);
    if (other_paths)
      sources_->SetPaths(PathSet(group_.paths, group_.exclude).LeaveOut(env_.state_dir),
                         env_.now());
    bundle_since_ = env_.now();
    busy_since_publish_ = true;
    Publish();
  }
  request.done(std::move(swapped));
}

// Everything that stands was read: what waits for a full batch is scored now, and at a tick the
// time without records passes too.
void GroupWorker::OnInputDry() {
  pipeline_->Flush();
  if (tick_due_) pipeline_->Tick(TickTime());
}

// Never later than what the clock of the logs says: where their times are behind ours (a replay, a
// container in another zone), a tick by our clock alone would end every window at every pause.
Time GroupWorker::TickTime() {
  const Clock::time_point now = Clock::now();
  const Time watermark = pipeline_->watermark();
  if (watermark != watermark_) {
    watermark_ = watermark;
    watermark_at_ = now;
  }
  const Time by_our_clock = env_.now() - kTickBehind;
  if (watermark == kNoTime) return by_our_clock;
  return std::min(by_our_clock,
                  watermark + std::chrono::duration_cast<Duration>(now - watermark_at_));
}

void GroupWorker::CloseUnit(bool force) {
  if (!force && !env_.committer->HasRoom(name_)) return;
  CommitUnit unit = pipeline_->TakeUnit();
  sources_->TakeInto(&unit);
  if (journal_) journal_->TakeInto(&unit);
  unit.group = name_;
  unit_bytes_ = 0;
  close_due_ = false;
  for (const SourceRow& row : unit.sources) source_rows_[row.name] = row;
  if (!unit.empty()) env_.committer->Offer(std::move(unit), force);
}

void GroupWorker::Finish() { CloseUnit(/*force=*/true); }

void GroupWorker::Publish() {
  const Clock::time_point now = Clock::now();
  const double seconds = std::chrono::duration<double>(now - published_at_).count();
  const Pipeline::Stats& stats = pipeline_->stats();
  const bool moved = stats.lines != published_.lines || stats.windows != published_.windows;
  // Once more after the last change, so that rates fall to zero.
  const bool changed = std::exchange(busy_since_publish_, moved) || moved;
  if (!changed && status_.waiting == waiting_) {
    published_at_ = now;  // rates are of the time since something moved
    return;
  }

  GroupStatus status;
  status.name = name_;
  status.bundle = pipeline_->bundle();
  status.bundle_since = bundle_since_;
  status.stats = stats;
  status.lines_per_s = static_cast<double>(stats.lines - published_.lines) / seconds;
  status.windows_per_s = static_cast<double>(stats.windows - published_.windows) / seconds;
  status.templates = pipeline_->catalog().size();
  status.memory = pipeline_->memory();
  status.waiting = waiting_;
  AddStatusOfSources(seconds, &status);
  sources_->LimitOpenFiles(env_.max_open_files);
  published_ = stats;
  published_at_ = now;
  const std::lock_guard lock(mutex_);
  status_ = std::move(status);
}

void GroupWorker::AddStatusOfSources(double seconds, GroupStatus* status) {
  status->source_count = sources_->size();
  status->lag = sources_->totals().lag;
  status->lost_bytes = sources_->totals().lost;
  status->unseen_files = sources_->unseen();
  std::vector<SourceSet::Row> rows = sources_->Rows(seconds, kMostSources);
  if (journal_) {
    SourceSet::Row row{journal_->info(), kJournalSource, 0};
    const uint64_t lines = row.info.lines - std::exchange(journal_lines_before_, row.info.lines);
    if (seconds > 0) row.lines_per_s = static_cast<double>(lines) / seconds;
    ++status->source_count;
    status->lag += row.info.lag;
    status->lost_bytes += row.info.lost_bytes;
    rows.push_back(std::move(row));
    status->stats.own += journal_->own();
  }
  for (SourceSet::Row& row : rows) {
    const auto it = source_rows_.find(row.path);
    const bool known = it != source_rows_.end();
    status->sources.push_back(
        {std::move(row), known ? it->second.format : "undecided", known ? it->second.records : 0});
  }
}

}  // namespace alogd
