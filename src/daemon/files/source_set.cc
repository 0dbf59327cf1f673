// SPDX-License-Identifier: MIT
// Round robin over sources, their beginning and end, and the copies of their checkpoints.
#include "daemon/files/source_set.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "daemon/files/file_identity.h"
#include "daemon/files/rotation.h"

namespace alogd {
namespace {

// What year-less times of the source's lines are near to.
Time ReferenceOf(const std::string& path, Time now) {
  struct stat st {};
  if (stat(path.c_str(), &st) != 0) return now;
  return FromMicros(int64_t{st.st_mtim.tv_sec} * 1'000'000 + st.st_mtim.tv_nsec / 1000);
}

// A turn may open so many files: the new one, its rotated copies, and one to compare with.
constexpr size_t kSpare = 16;
// So many that are busy are passed over for one that is quiet.
constexpr int kMaxPassed = 64;

// Nothing stands there, nor what it may have been rotated to.
bool IsGone(const std::string& path) {
  struct stat st {};
  return stat(path.c_str(), &st) != 0 && (errno == ENOENT || errno == ENOTDIR) &&
         !MayBeRotated(path);
}

}  // namespace

SourceSet::SourceSet(PathSet paths, SourceFiles::Options options,
                     std::vector<FileCheckpoint> checkpoints, std::function<FileId()> new_file_id,
                     Sinks sinks)
    : paths_(std::move(paths)),
      options_(options),
      new_file_id_(std::move(new_file_id)),
      sinks_(std::move(sinks)) {
  options_.registry = &registry_;
  options_.listings = &listings_;
  for (FileCheckpoint& row : checkpoints) {
    RestoreExactNames(&row);
    checkpoints_[row.source].insert_or_assign(Index(row.id), std::move(row));
  }
}

void SourceSet::Start(const std::vector<std::string>& standing, bool from_beginning, Time now) {
  // What was being read comes first: the rest of a rotated file may stand under a path that would
  // otherwise be taken for a new source.
  std::vector<std::string> known;
  for (const auto& [path, rows] : checkpoints_) {
    if (paths_.Matches(path)) known.push_back(path);
  }
  std::sort(known.begin(), known.end());
  RememberSources();
  watched_since_ = now;
  for (const std::string& path : known) MakeReady(Add(path, true, kNoTime, now));
  for (const std::string& path : standing) {
    if (Find(path) != nullptr || !paths_.Matches(path)) continue;
    Source* source = Add(path, from_beginning, kNoTime, now);
    MakeReady(source);
    if (from_beginning) continue;
    // Where the end is, is decided now and not when the worker gets there.
    MakeRoom();
    listings_.Begin(source->heard, now);
    source->files->Read(now, LineSinkOf(source), sinks_.on_closed);
    Account(source);
    Touch(source);
  }
}

void SourceSet::MarkDirty(const std::string& path, Time now) {
  Source* source = Find(path);
  if ((source == nullptr || !source->looked) && IsGone(path)) {
    // Nothing of it was opened, so nothing will be: thousands of such need not wait for a turn.
    if (source != nullptr || (paths_.Matches(path) && paths_.Remember(path))) ++unseen_;
    if (source != nullptr) Drop(source);
    return;
  }
  // The watcher does not know what was a source before it: what it takes for a new one may be the
  // rotated copy of one whose own name stands empty.
  if (source == nullptr && paths_.Matches(path)) {
    source = Add(path, true, watched_since_, now);
    if (!source->looked) source->unopened = unopened_.insert(unopened_.end(), source);
  }
  if (source != nullptr) MakeReady(source);
}

void SourceSet::OpenNew(Time now, size_t limit) {
  while (!unopened_.empty() && index_.totals().open < limit) {
    MakeRoom();
    Source* source = unopened_.front();
    Looked(source);
    listings_.Begin(source->heard, now);
    source->files->Open(now, LineSinkOf(source), ClosedSinkOf(source));
    Account(source);
    Touch(source);
  }
}

void SourceSet::Looked(Source* source) {
  source->looked = true;
  if (source->unopened) unopened_.erase(*source->unopened);
  source->unopened.reset();
}

// A name is told from a rotated copy by what was a source before, in earlier runs too.
void SourceSet::RememberSources() const {
  for (const auto& [path, rows] : checkpoints_) paths_.Remember(path);
  for (const auto& [path, source] : sources_) paths_.Remember(path);
}

void SourceSet::SetPaths(PathSet paths, Time now) {
  paths_ = std::move(paths);
  watched_since_ = now;
  RememberSources();
  for (auto it = sources_.begin(); it != sources_.end();) {
    const auto next = std::next(it);
    if (!paths_.Matches(it->first)) End(it);
    it = next;
  }
}

void SourceSet::MarkOverdue(Time now) {
  if (now < last_tick_) {  // the clock jumped back: no deadline holds any more
    for (auto& [path, source] : sources_) MakeReady(&source);
  }
  last_tick_ = now;
  for (const SourceFiles* files : index_.Overdue(now)) MakeReady(Of(files));
  listings_.DropOld(now);
}

SourceSet::Source* SourceSet::Find(const std::string& path) {
  const auto it = sources_.find(path);
  return it == sources_.end() ? nullptr : &it->second;
}

SourceSet::Source* SourceSet::Add(const std::string& path, bool from_beginning, Time since,
                                  Time now) {
  std::vector<FileCheckpoint> rows;
  if (const auto it = checkpoints_.find(path); it != checkpoints_.end()) {
    for (const auto& [id, row] : it->second) rows.push_back(row);
  }
  const bool known = !rows.empty();
  SourceFiles::Options options = options_;
  options.from_beginning = from_beginning;
  options.watched_since = since;
  paths_.Remember(path);
  Source& source = sources_[path];
  source.id = sinks_.on_source(path, ReferenceOf(path, now));
  source.files = std::make_unique<SourceFiles>(path, options, new_file_id_, std::move(rows));
  source.looked = known;
  return &source;
}

void SourceSet::MakeReady(Source* source) {
  source->heard = listings_.Mark();
  if (!source->ready) source->ready = ready_.insert(ready_.end(), source);
}

void SourceSet::Touch(Source* source) {
  if (!source->touched) source->touched = touched_.insert(touched_.end(), source);
}

void SourceSet::Account(Source* source) {
  const SourceFiles::Info info = source->files->info();
  source->lines = info.lines;
  busy_.insert(source);
  index_.Update(source->files.get(), info);
  if (source->opened) opened_.erase(*source->opened);
  source->opened.reset();
  if (info.open_files > 0) source->opened = opened_.insert(opened_.end(), source);
}

// Before a turn. Quiet logs first, then rotated files that are read out; where all are busy, one
// that is behind: it is opened again at its next turn, and only a deletion before that loses
// anything.
void SourceSet::MakeRoom() {
  if (HasRoom()) return;
  if (!std::exchange(told_limit_, true)) {
    sinks_.on_problem(
        "there are more files than descriptors for them: those quiet longest are closed, and "
        "opened again when they change; raise LimitNOFILE= of the service to read them at once");
  }
  ParkUntilRoom(/*behind=*/false);
  if (HasRoom()) return;
  LimitOpenFiles(max_open_ - std::min(max_open_, kSpare));
  ParkUntilRoom(/*behind=*/true);
}

bool SourceSet::HasRoom() const { return index_.totals().open + kSpare <= max_open_; }

void SourceSet::ParkUntilRoom(bool behind) {
  int passed = 0;
  for (auto at = opened_.begin(); at != opened_.end() && passed < kMaxPassed && !HasRoom();) {
    Source* source = *at++;
    if (!source->files->Park(behind)) {
      ++passed;
      continue;
    }
    Account(source);
    Touch(source);
  }
}

SourceFiles::LineSink SourceSet::LineSinkOf(Source* source) {
  return [this, source](FileId file, const Line& line) {
    if (file != source->last_file) {
      source->last_file = file;
      source->open.insert(Index(file));
    }
    turn_bytes_ += line.bytes;
    sinks_.on_line(source->id, file, line);
  };
}

SourceFiles::ClosedSink SourceSet::ClosedSinkOf(Source* source) {
  return [this, source](FileId file) {
    source->open.erase(Index(file));
    if (source->last_file == file) source->last_file = FileId{-1};
    sinks_.on_closed(file);
  };
}

uint64_t SourceSet::ReadOne(Time now) {
  Source* source = ready_.front();
  ready_.pop_front();
  source->ready.reset();
  MakeRoom();
  Looked(source);
  turn_bytes_ = 0;
  listings_.Begin(source->heard, now);
  const bool more = source->files->Read(now, LineSinkOf(source), ClosedSinkOf(source));
  Touch(source);
  Account(source);
  for (const std::string& problem : source->files->TakeProblems()) sinks_.on_problem(problem);
  if (more) {
    MakeReady(source);
  } else if (source->files->done()) {
    // Had it been this path, the rotated files beside it were read, and nobody knows of them any
    // more.
    watched_since_ = now;
    Drop(source);
  }
  return turn_bytes_;
}

void SourceSet::Drop(Source* source) {
  const std::string path = source->files->path();
  const SourceId id = source->id;
  End(sources_.find(path));
  if (sinks_.on_gone) sinks_.on_gone(id, path);
}

void SourceSet::TakeCheckpoints(Source* source, CommitUnit* unit) {
  const std::string& path = source->files->path();
  for (FileCheckpoint& row : source->files->TakeCheckpoints()) {
    checkpoints_[path].insert_or_assign(Index(row.id), row);
    KeepExactNames(&row);
    unit->files.push_back(std::move(row));
  }
  for (const FileId id : source->files->TakeForgotten()) {
    if (const auto it = checkpoints_.find(path); it != checkpoints_.end()) {
      it->second.erase(Index(id));
      if (it->second.empty()) checkpoints_.erase(it);
    }
    unit->forgotten_files.push_back(id);
  }
}

void SourceSet::End(std::map<std::string, Source>::iterator it) {
  Source* source = &it->second;
  TakeCheckpoints(source, &ended_);
  for (const int64_t id : source->open) sinks_.on_closed(FileId{id});
  if (source->ready) ready_.erase(*source->ready);
  if (source->touched) touched_.erase(*source->touched);
  if (source->unopened) unopened_.erase(*source->unopened);
  if (source->opened) opened_.erase(*source->opened);
  busy_.erase(source);
  index_.Remove(source->files.get());
  sources_.erase(it);
}

void SourceSet::TakeInto(CommitUnit* unit) {
  unit->files = std::move(ended_.files);
  unit->forgotten_files = std::move(ended_.forgotten_files);
  ended_ = {};
  for (Source* source : touched_) {
    source->touched.reset();
    TakeCheckpoints(source, unit);
  }
  touched_.clear();
}

std::vector<SourceSet::Row> SourceSet::Rows(double seconds, size_t most) {
  std::vector<Row> rows;
  if (sources_.size() <= most) {
    for (auto& [path, source] : sources_) rows.push_back(RowOf(&source, seconds));
  } else {
    for (Source* source : Chosen(most)) rows.push_back(RowOf(source, seconds));
  }
  for (Source* source : busy_) source->lines_before = source->lines;
  busy_.clear();
  return rows;
}

SourceSet::Row SourceSet::RowOf(Source* source, double seconds) {
  Row row{source->files->info(), source->files->path(), 0};
  const uint64_t lines = source->lines - source->lines_before;
  if (seconds > 0) row.lines_per_s = static_cast<double>(lines) / seconds;
  return row;
}

std::vector<SourceSet::Source*> SourceSet::Chosen(size_t most) {
  std::vector<Source*> chosen;
  std::set<Source*> in;
  const auto choose = [&](Source* source) {
    if (chosen.size() < most && in.insert(source).second) chosen.push_back(source);
  };
  for (const SourceFiles* files : index_.Troubled(most)) choose(Of(files));
  std::vector<Source*> busy(busy_.begin(), busy_.end());
  std::sort(busy.begin(), busy.end(), [](const Source* a, const Source* b) {
    return a->lines - a->lines_before > b->lines - b->lines_before;
  });
  for (Source* source : busy) choose(source);
  for (auto at = sources_.begin(); at != sources_.end() && chosen.size() < most; ++at) {
    choose(&at->second);
  }
  return chosen;
}

std::vector<std::pair<FileId, int>> SourceSet::Held() const {
  std::vector<std::pair<FileId, int>> held;
  for (const SourceFiles* files : index_.leaving()) files->AddHeld(&held);
  return held;
}

std::string SourceSet::ReadText(const RecordRef& ref) const {
  const SourceFiles* files = registry_.Find(ref.file);
  return files == nullptr ? std::string() : files->ReadText(ref);
}

void SourceSet::LimitOpenFiles(size_t limit) {
  const SourceIndex::Totals now = index_.totals();
  const size_t held_limit = kMaxHeld + (now.open - now.held);
  const size_t over = std::max(now.open > limit ? now.open - limit : 0,
                               now.held > held_limit ? now.held - held_limit : 0);
  size_t released = 0;
  for (SourceFiles* files : index_.LongestHeld(over)) {
    if (released >= over) return;
    Source* source = Of(files);
    released += files->ReleaseHeld(ClosedSinkOf(source));
    Account(source);
    Touch(source);
    MakeReady(source);  // there may be nothing left of it
  }
}

}  // namespace alogd
