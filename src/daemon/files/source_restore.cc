// SPDX-License-Identifier: MIT
// What happened while we were down: finds the file of each checkpoint, and what was written
// between.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string_view>
#include <utility>

#include "daemon/files/saved_anew.h"
#include "daemon/files/source_files_impl.h"

namespace alogd {
namespace {

constexpr int64_t kCopyMtimeSlackNs = 1'000'000'000;

// So long a checkpoint waits to be claimed by another source of the group: its file may stand under
// a name that is a source by itself, which has its first turn within seconds.
constexpr Duration kClaimTime = std::chrono::seconds(10);

constexpr Duration kRestoreRetry = std::chrono::seconds(2);

// Whether a file of that time may hold what another one held. Where nothing was read, there is no
// content to compare; what a file was compressed to has its time.
bool MayBeCopy(const SavedIdentity& saved, const FileStat& stat, bool compressed) {
  if (saved.mark.empty()) return compressed && stat.mtime_ns == saved.seen_mtime_ns;
  return stat.mtime_ns >= saved.seen_mtime_ns - kCopyMtimeSlackNs;
}

bool Gone(int code) { return code == ENOENT || code == ENOTDIR || code == EINVAL; }

}  // namespace

void SourceFiles::Impl::Restore(Time now) {
  if (restored_) {  // some rows are left over
    if (search_failed_) BindRowsOnly(now);
    return GiveUpRows(now);
  }
  if (rows_.empty()) {
    restored_ = true;
    if (options_.watched_since != kNoTime) {
      const int64_t since = Micros(options_.watched_since) * 1000;
      last_ = Last{since, since, {}, true};
    }
    return;
  }
  Result<OpenedFile> at_path = OpenLog(path_);
  // What cannot be opened cannot be compared: nothing is decided before it can.
  if (!at_path && !Gone(at_path.error().code)) return Problem(at_path.error(), now);
  for (const Row& row : rows_) {
    if (!at_path || !row.saved.id.Same(at_path->stat.id)) continue;
    const Result<bool> compared = MatchesMark(at_path->fd.get(), row.saved.mark);
    if (!compared) return Problem(compared.error().With(path_), now);
  }
  restored_ = true;
  parked_ = false;
  first_look_ = false;
  rows_since_ = now;
  const Row newest = Newest();
  last_ = Last{newest.saved.seen_mtime_ns, newest.saved.id.birth_ns, {}};
  for (const Row& row : rows_) {
    closed_mtime_ns_ = std::max(closed_mtime_ns_, row.saved.closed_mtime_ns);
  }
  closed_before_ns_ = closed_mtime_ns_;
  // A symlink may lead elsewhere by now; what it led to, and its rotated copies, may not be read
  // out.
  if (std::string place = WithoutSuffix(newest.checkpoint.path); place != path_) {
    last_->target = std::move(place);
  }
  const bool found = at_path && BindAtPath(&*at_path);
  if (!found || active_->id() != newest.checkpoint.id) {
    RestoreRotated(newest, at_path && !found ? &*at_path : nullptr, now);
  } else if (!rows_.empty()) {
    BindRowsOnly(now);
  }
  GiveUpRows(now);
}

// Not always the one of the highest id: a rotated file may be found after the one at the path.
const SourceFiles::Impl::Row& SourceFiles::Impl::Newest() const {
  const auto active = std::find_if(rows_.rbegin(), rows_.rend(), [](const Row& row) {
    return row.checkpoint.state == FileCheckpoint::State::kActive;
  });
  return active != rows_.rend() ? *active : rows_.back();
}

bool SourceFiles::Impl::BindAtPath(OpenedFile* file) {
  for (size_t i = rows_.size(); i-- > 0;) {
    Row row = rows_[i];
    if (!row.saved.id.Same(file->stat.id)) continue;
    if (!row.decoded) {  // another version's identity: the inode and the offset are all there is
      Result<ContentMark> mark = MarkAt(file->fd.get(), row.checkpoint.offset);
      if (!mark) continue;
      row.saved.mark = *mark;
    }
    if (!HasMark(file->fd.get(), row.saved.mark)) continue;
    FileReader* reader = Bind(row, file, FileReader::Medium::kFile, kNoTime);
    // The empty mark says nothing of what the file holds now, in this run or in one after it.
    if (row.saved.mark.empty()) reader->set_seen_mtime_ns(row.saved.seen_mtime_ns);
    MakeActive(FindOpen(reader->id()));
    was_empty_ = row.saved.mark.empty();
    // Nothing new, nothing to commit: thousands of sources may start at once.
    const bool as_it_was = row.checkpoint.state == FileCheckpoint::State::kActive &&
                           row.checkpoint.path == reader->path() && row.decoded;
    reader->set_dirty(!as_it_was);
    return true;
  }
  return false;
}

// Puts the reader of a row among the files, in the order of their ids, and drops the row. Null, and
// nothing changed, if the file is a compressed one and does not hold what was read.
FileReader* SourceFiles::Impl::Bind(const Row& row, OpenedFile* file, FileReader::Medium medium,
                                    Time retired) {
  // What a copy holds of a truncated file does not grow; only such a row has a successor.
  if (row.saved.successor != 0 && medium == FileReader::Medium::kFile) {
    medium = FileReader::Medium::kCopy;
  }
  const FileId id = row.checkpoint.id;
  auto reader = FileReader::Resume(id, file, medium, row.saved.mark, options_.max_line);
  if (!reader) return nullptr;
  (*reader)->CarryOver(row.checkpoint.read_bytes, row.checkpoint.chain);
  if (row.saved.successor != 0) (*reader)->set_successor(FileId{row.saved.successor});
  const auto later = std::find_if(files_.begin(), files_.end(), [&](const Entry& entry) {
    return entry.reader.get() == active_ || entry.reader->id() > id;
  });
  if (options_.registry != nullptr) {
    options_.registry->RemoveClaim(row.checkpoint.inode, owner_);
  }
  std::erase_if(rows_, [&](const Row& other) { return other.checkpoint.id == id; });
  return Insert(static_cast<size_t>(later - files_.begin()), std::move(*reader), retired)
      .reader.get();
}

// What is not taken was not judged either: it may be news yet.
void SourceFiles::Impl::BindRowsOnly(Time now) {
  const bool searched = searched_;
  std::map<Inode, int64_t> known = known_;
  BindRotated(now);
  known_ = std::move(known);
  searched_ = searched;
}

// A deleted file that the run before left open for us. One that has a name is found by it.
void SourceFiles::Impl::BindInherited(Time now) {
  if (!options_.inherited) return;
  for (const Row& row : std::vector<Row>(rows_)) {
    const std::string path = options_.inherited(row.saved.id.inode);
    if (path.empty()) continue;
    Result<OpenedFile> file = OpenRegular(path);
    if (!file || file->stat.links > 0 || !row.saved.id.Same(file->stat.id)) continue;
    if (!HasMark(file->fd.get(), row.saved.mark)) continue;
    file->path = row.checkpoint.path;
    Bind(row, &*file, FileReader::Medium::kFile, now);
  }
}

// Where a row's file stood last it may stand still: the former target of a symlink.
void SourceFiles::Impl::BindWhereLeft(Time now) {
  for (const Row& row : std::vector<Row>(rows_)) {
    if (row.checkpoint.path == path_) continue;
    Result<OpenedFile> file = OpenLog(row.checkpoint.path);
    if (!file || !row.saved.id.Same(file->stat.id)) continue;
    const bool compressed = IsCompressed(file->fd.get());
    if (!compressed && !HasMark(file->fd.get(), row.saved.mark)) continue;
    using Medium = FileReader::Medium;
    Bind(row, &*file, compressed ? Medium::kCompressed : Medium::kFile, now);
  }
}

// Looks for the files of all rows under rotated names: by inode first, by content for what is left.
// Returns what was not taken.
std::vector<SourceFiles::Impl::Rotated> SourceFiles::Impl::BindRotated(Time now) {
  BindInherited(now);
  BindWhereLeft(now);
  int64_t since = last_->seen_mtime_ns;
  for (const Row& row : rows_) since = std::min(since, row.saved.seen_mtime_ns);
  std::vector<Rotated> rotated = CollectRotated(
      [&](const FileStat& stat) {
        return stat.mtime_ns >= since - kCopyMtimeSlackNs || IsOfRow(stat.id.inode);
      },
      now);
  BindRows(&rotated, now);
  for (const Row& row : std::vector<Row>(rows_)) BindUnread(row, &rotated, now);
  std::erase_if(rotated, [](const Rotated& file) { return file.gone(); });
  return rotated;
}

void SourceFiles::Impl::BindRows(std::vector<Rotated>* rotated, Time now) {
  for (const bool by_inode : {true, false}) {
    const std::vector<Row> rows = rows_;  // Bind drops the ones it places
    for (const Row& row : rows) BindRow(row, by_inode, rotated, now);
  }
}

bool SourceFiles::Impl::IsOfRow(uint64_t inode) const {
  return std::any_of(rows_.begin(), rows_.end(),
                     [&](const Row& row) { return row.saved.id.inode == inode; });
}

bool SourceFiles::Impl::BindRow(const Row& row, bool by_inode, std::vector<Rotated>* rotated,
                                Time now) {
  for (Rotated& other : *rotated) {
    if (other.gone() || row.saved.id.Same(other.file.stat.id) != by_inode) continue;
    if (!by_inode && !MayBeCopy(row.saved, other.file.stat, other.compressed)) continue;
    if (!other.compressed && !HasMark(other.file.fd.get(), row.saved.mark)) continue;
    const auto medium =
        by_inode && !other.compressed ? FileReader::Medium::kFile : other.copy_medium();
    if (Bind(row, &other.file, medium, now) != nullptr) return true;
  }
  return false;
}

// A file of which nothing was read, that its old writer went on with and that was compressed: it
// has another inode and another time, and no content is known of it. Its date gives it away, or,
// where files are numbered, that it is the oldest of those that nobody read.
bool SourceFiles::Impl::BindUnread(const Row& row, std::vector<Rotated>* rotated, Time now) {
  using Scheme = RotatedName::Scheme;
  if (!row.saved.mark.empty() || row.checkpoint.path == path_) return false;
  const std::string log = WithoutSuffix(row.checkpoint.path);
  const RotatedName was = ParseRotatedName(
      row.checkpoint.path, std::string_view(row.checkpoint.path).substr(log.size()));
  Rotated* oldest = nullptr;
  for (Rotated& other : *rotated) {
    const RotatedName& name = other.name;
    if (other.gone() || name.scheme != was.scheme || WithoutSuffix(name.path) != log) continue;
    if (was.scheme == Scheme::kDate ? name.date != was.date : name.number < was.number) continue;
    const int64_t mtime_ns = other.file.stat.mtime_ns;
    if (mtime_ns < row.saved.seen_mtime_ns || mtime_ns <= closed_mtime_ns_) continue;
    const bool copy = std::any_of(files_.begin(), files_.end(), [&](const Entry& entry) {
      return HeadOf(other, entry.reader->read_mark());
    });
    if (!copy && (oldest == nullptr || NewerByName(oldest->name, name))) oldest = &other;
  }
  return oldest != nullptr && oldest->compressed && was.scheme != Scheme::kOther &&
         Bind(row, &oldest->file, FileReader::Medium::kCompressed, now) != nullptr;
}

// The newest file that we had read is not at the path any more: it was rotated, truncated, replaced
// or deleted, perhaps more than once.
void SourceFiles::Impl::RestoreRotated(const Row& newest, OpenedFile* at_path, Time now) {
  std::vector<Rotated> rotated = BindRotated(now);
  const size_t index = FindOpen(newest.checkpoint.id);
  FileReader* reader = index < files_.size() ? files_[index].reader.get() : nullptr;
  const bool from_copy = reader != nullptr && reader->medium() != FileReader::Medium::kFile;
  std::erase_if(rotated, [&](const Rotated& other) {
    if (other.file.stat.mtime_ns <= closed_before_ns_) return true;
    const int64_t since = from_copy ? reader->stat().mtime_ns : newest.saved.seen_mtime_ns;
    const std::string& path = reader != nullptr ? reader->path() : newest.checkpoint.path;
    return !IsAfter(other, since, path) || (reader == nullptr && HeadOf(other, newest.saved.mark));
  });
  // Each took its rank by name and time; all are younger than what we had.
  InsertUnseen(active_ != nullptr ? files_.size() - 1 : files_.size(), std::move(rotated), now);
  if (at_path == nullptr) return;
  // It may have been rotated away since it was opened, and have been found under its new name.
  if (const size_t found = FindOpen(at_path->stat.id.key()); found < files_.size()) {
    return MakeActive(found);
  }
  const bool same_inode = newest.saved.id.Same(at_path->stat.id);
  if (reader == nullptr && !same_inode && newest.decoded && newest.saved.successor == 0 &&
      HoldsWhatWasRead(newest.checkpoint, newest.saved.mark, *at_path)) {  // it was saved anew
    const FileReader* saved = Bind(newest, at_path, FileReader::Medium::kFile, kNoTime);
    return MakeActive(FindOpen(saved->id()));
  }
  StartActive(std::move(*at_path), now);
  if (!same_inode || active_ == nullptr || active_->id() == newest.checkpoint.id) return;
  ++totals_.truncations;
  if (from_copy) {
    reader->set_successor(active_->id());
  } else if (reader == nullptr) {
    active_->CarryOver(newest.checkpoint.read_bytes, newest.checkpoint.chain);
  }
}

void SourceFiles::Impl::GiveUpRows(Time now) {
  rows_since_ = std::min(rows_since_, now);  // the clock may jump back
  const Duration wait = search_failed_                 ? options_.hold_deleted
                        : options_.registry != nullptr ? kClaimTime
                                                       : Duration::zero();
  if (rows_.empty()) return;
  if (now - rows_since_ < wait) {
    retry_ = std::min(retry_, now + kRestoreRetry);
    return;
  }
  for (const Row& row : std::exchange(rows_, {})) {
    const FileCheckpoint& checkpoint = row.checkpoint;
    CountLost(checkpoint.size - std::min(checkpoint.size, checkpoint.offset), checkpoint.offset,
              checkpoint.path, "neither it nor a copy of it is there any more");
    if (options_.registry != nullptr) {
      options_.registry->RemoveClaim(checkpoint.inode, owner_);
      options_.registry->Drop(checkpoint.id);
    }
    forgotten_.push_back(checkpoint.id);
    (*closed_)(checkpoint.id);
  }
}

}  // namespace alogd
