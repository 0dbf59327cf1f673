// SPDX-License-Identifier: MIT
// One turn of a source: look at the path, read its files in order, let go of those that are done.
#include "daemon/files/source_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "daemon/files/source_files_impl.h"

namespace alogd {
namespace {

// As often as the watcher stats everything.
constexpr Duration kRetry = std::chrono::seconds(2);
// Less than this is not worth the verification that each turn begins with.
constexpr size_t kLeastTurn = ContentMark::kBlockBytes;

std::string_view Advice(int code) {
  switch (code) {
    case EACCES:
    case EPERM:
      return "; let the service read it: put its user into the file's group (adm for most logs) "
             "and "
             "see that the group may read the file and search its directories";
    case EMFILE:
      return "; raise LimitNOFILE= of the service";
    case ENFILE:
      return "; raise fs.file-max";
    case EIO:
      return "; the disk or the network file system fails, see the kernel's log";
    default:
      return "";
  }
}

bool Gone(int code) { return code == ENOENT || code == ENOTDIR || code == EINVAL; }

}  // namespace

SourceFiles::SourceFiles(std::string path, Options options, std::function<FileId()> new_file_id,
                         std::vector<FileCheckpoint> checkpoints)
    : impl_(std::make_unique<Impl>(this, std::move(path), options, std::move(new_file_id),
                                   std::move(checkpoints))) {}
SourceFiles::~SourceFiles() = default;

bool SourceFiles::Read(Time now, const LineSink& line, const ClosedSink& closed) {
  return impl_->Read(now, line, closed);
}
void SourceFiles::Open(Time now, const LineSink& line, const ClosedSink& closed) {
  impl_->Read(now, line, closed, /*only_look=*/true);
}
Time SourceFiles::deadline() const { return impl_->deadline(); }
bool SourceFiles::done() const { return impl_->done(); }
std::vector<FileCheckpoint> SourceFiles::TakeCheckpoints() { return impl_->TakeCheckpoints(); }
std::vector<FileId> SourceFiles::TakeForgotten() { return impl_->TakeForgotten(); }
std::vector<std::string> SourceFiles::TakeProblems() { return impl_->TakeProblems(); }
size_t SourceFiles::ReleaseHeld(const ClosedSink& closed) { return impl_->ReleaseHeld(closed); }
bool SourceFiles::Park(bool behind) { return impl_->Park(behind); }
std::string SourceFiles::ReadText(const RecordRef& ref) const { return impl_->ReadText(ref); }
void SourceFiles::AddHeld(std::vector<std::pair<FileId, int>>* held) const { impl_->AddHeld(held); }
const std::string& SourceFiles::path() const { return impl_->path(); }
SourceFiles::Info SourceFiles::info() const { return impl_->info(); }

bool SourceFiles::Impl::Read(Time now, const LineSink& line, const ClosedSink& closed,
                             bool only_look) {
  line_ = &line;
  closed_ = &closed;
  if (now < last_read_) ShiftTimes(last_read_ - now);
  last_read_ = now;
  retry_ = kEndOfTime;
  current_problem_.clear();
  if (!restored_ || !rows_.empty()) Restore(now);
  bool more = false;
  if (restored_) LookAtPath(now);
  if (only_look) only_opened_ = active_ != nullptr && active_->read_offset() == 0;
  if (restored_ && !only_look) {
    more = ReadFiles(now);
    was_empty_ = active_ != nullptr && active_->read_offset() == 0;
    Expire(now);
  }
  if (!current_problem_.empty() && current_problem_ != problem_) {
    problems_.push_back(current_problem_);
  }
  problem_ = current_problem_;
  return more;
}

// The clock jumped back: what has waited for so long has waited for as long.
void SourceFiles::Impl::ShiftTimes(Duration back) {
  for (Time* time : {&searched_at_, &rows_since_, &memory_until_}) {
    if (*time != kNoTime) *time -= back;
  }
  for (Entry& entry : files_) {
    if (entry.retired != kNoTime) entry.retired -= back;
    entry.reader->ShiftTimes(back);
  }
}

void SourceFiles::Impl::LookAtPath(Time now) {
  struct stat st {};
  alias_ = false;
  const int failed = ::stat(path_.c_str(), &st) != 0 ? errno : 0;
  if (failed != 0 || !S_ISREG(st.st_mode)) {
    const int code = failed != 0 ? failed : EINVAL;
    missing_ = Gone(code);
    if (!missing_) return Problem(ErrnoError("cannot look at", path_, code), now);
    return LeftPath(now);
  }
  missing_ = false;
  // The open descriptor keeps the inode from being reused, so the number is enough here.
  if (active_ != nullptr && active_->inode().key() == Inode(st.st_dev, st.st_ino)) {
    // Before an older file is closed: by the time of what was closed, a start after a kill tells
    // what is still unread.
    if (FilledAgain()) InsertRotatedBetween(files_.size() - 1, now);
    return;
  }
  Retire(now);
  if (first_look_ && !first_size_) first_size_.emplace(st.st_ino, st.st_size);
  OpenActive(now);
}

// What was rotated away together with the path need not wait for a new file to come.
void SourceFiles::Impl::LeftPath(Time now) {
  first_look_ = false;
  const bool left_now = active_ != nullptr;
  Retire(now);
  if (!last_ || NothingBetween()) {
    search_due_ = false;
    return;
  }
  search_due_ |= left_now || searched_at_ == kNoTime || now < searched_at_;
  if (!search_due_ && now - searched_at_ < kRetry) {
    retry_ = std::min(retry_, searched_at_ + kRetry);
    return;
  }
  const bool wanted = !last_->first || MayBeRotated(path_);
  if (wanted && options_.listings != nullptr && !options_.listings->Due(DirectoryOf(path_))) {
    search_due_ = true;
    retry_ = std::min(retry_, now + Listings::kPause);
    return;
  }
  search_due_ = false;
  InsertRotatedBetween(files_.size(), now, /*shared=*/true);
}

void SourceFiles::Impl::OpenActive(Time now) {
  Result<OpenedFile> file = OpenLog(path_);
  if (!file) {
    if (!Gone(file.error().code)) Problem(file.error(), now);
    return;  // gone again: the next look retires or finds what came
  }
  const size_t open = FindOpen(file->stat.id.key());
  if (open < files_.size()) return MakeActive(open);
  if (last_ && !NothingBetween()) InsertRotatedBetween(files_.size(), now);
  // It may have been rotated away since it was opened, and have been found under its new name.
  if (const size_t found = FindOpen(file->stat.id.key()); found < files_.size()) {
    return MakeActive(found);
  }
  if (!rows_.empty() && BindAtPath(&*file)) return;
  StartActive(std::move(*file), now);
}

void SourceFiles::Impl::Retire(Time now) {
  if (active_ == nullptr) return;
  // It may have been truncated before it was moved: then its text stands in a copy, which must not
  // be taken for another file.
  if (active_->IsTruncated()) {
    const int64_t seen = last_->seen_mtime_ns;
    Truncated(files_.size() - 1, now);
    last_->seen_mtime_ns = seen;
  }
  active_->KeepTimeWhileEmpty();
  Entry& entry = files_.back();
  entry.retired = now;
  const std::string path = CurrentPath(active_->fd());
  if (!path.empty()) active_->set_path(path);
  active_->set_dirty(true);
  active_ = nullptr;
  ++totals_.rotations;
  totals_.last_rotation = now;
}

bool SourceFiles::Impl::FilledAgain() {
  FileStat now = active_->stat();
  if (only_opened_) {
    const uint64_t size = now.size;
    return Restat(active_->fd(), &now) &&
           (now.size < size || now.mtime_ns != last_->seen_mtime_ns) && MayBeRotated(path_);
  }
  if (!was_empty_ || !Restat(active_->fd(), &now)) return false;
  if (now.size == 0 && now.mtime_ns == last_->seen_mtime_ns) return false;
  was_empty_ = false;
  return true;
}

bool SourceFiles::Impl::ReadFiles(Time now) {
  size_t budget = options_.turn_bytes;
  for (size_t i = 0; i < files_.size();) {
    FileReader* reader = files_[i].reader.get();
    if (reader != active_ && reader->Quiet()) {
      EndTurn(now, reader);
      ++i;
      continue;
    }
    if (budget < std::min(kLeastTurn, options_.turn_bytes)) return true;
    if (reader == active_ && FilledAgain()) {
      InsertRotatedBetween(i, now);
      if (files_[i].reader.get() != reader) continue;
    }
    const uint64_t before = reader->read_offset();
    const FileReader::Outcome outcome = reader->Turn(now, budget, *line_);
    const uint64_t got = reader->read_offset() - before;
    totals_.bytes += got;
    budget -= static_cast<size_t>(got);
    if (reader == active_) only_opened_ = false;
    if (reader == active_ && outcome != FileReader::Outcome::kTruncated) {
      last_->seen_mtime_ns = reader->seen_mtime_ns();
    }
    switch (outcome) {
      case FileReader::Outcome::kMore:
        return true;
      case FileReader::Outcome::kTruncated:
        Truncated(i, now);
        return true;
      case FileReader::Outcome::kFailed:
        Problem(Error{reader->problem(), 0}, now);
        ++i;
        break;
      case FileReader::Outcome::kEnd:
        EndTurn(now, reader);
        if (reader->medium() == FileReader::Medium::kFile)
          ++i;
        else
          Finish(i, now);  // a copy does not grow
        break;
    }
  }
  return false;
}

void SourceFiles::Impl::EndTurn(Time now, FileReader* reader) {
  if (reader->has_partial() && now - reader->last_growth() >= options_.partial_timeout) {
    FlushPartial(reader);
  }
}

void SourceFiles::Impl::Expire(Time now) {
  if (memory_ && now >= memory_until_) Forget(std::exchange(memory_, std::nullopt));
  for (size_t i = 0; i < files_.size();) {
    const Entry& entry = files_[i];
    const FileReader& reader = *entry.reader;
    const bool failed = !reader.problem().empty();
    const bool unread = reader.medium() != FileReader::Medium::kFile || !reader.at_end();
    if (&reader == active_ || (unread && !failed) ||
        now - std::max(reader.last_growth(), entry.retired) < options_.hold_deleted) {
      ++i;
      continue;
    }
    if (failed) CountLost(reader.lag(), reader.consumed(), reader.path(), reader.problem());
    Finish(i, now);
  }
}

Time SourceFiles::Impl::deadline() const {
  Time next = memory_ ? std::min(retry_, memory_until_) : retry_;
  for (const Entry& entry : files_) {
    const FileReader& reader = *entry.reader;
    if (reader.last_growth() == kNoTime) continue;
    if (reader.has_partial()) {
      next = std::min(next, reader.last_growth() + options_.partial_timeout);
    }
    if (&reader != active_) {
      next = std::min(next, std::max(reader.last_growth(), entry.retired) + options_.hold_deleted);
    }
  }
  return next;
}

bool SourceFiles::Impl::done() const {
  return restored_ && missing_ && files_.empty() && rows_.empty() && !memory_ && !search_due_;
}

std::vector<FileCheckpoint> SourceFiles::Impl::TakeCheckpoints() {
  std::vector<FileCheckpoint> rows = std::exchange(written_rows_, {});
  for (const Entry& entry : files_) {
    FileReader& reader = *entry.reader;
    if (!reader.dirty() || entry.saved_anew) continue;
    using State = FileCheckpoint::State;
    const State state = &reader == active_         ? State::kActive
                        : reader.stat().links == 0 ? State::kGone
                                                   : State::kRotated;
    rows.push_back(reader.Checkpoint(path_, state, closed_mtime_ns_));
  }
  return rows;
}

size_t SourceFiles::Impl::ReleaseHeld(const ClosedSink& closed) {
  closed_ = &closed;
  const Time now = last_read_;
  size_t released = 0;
  for (size_t i = 0; i < files_.size();) {
    const FileReader& reader = *files_[i].reader;
    if (&reader == active_ || !reader.Quiet() || reader.has_partial()) {
      ++i;
      continue;
    }
    Finish(i, now);
    ++released;
  }
  return released;
}

void SourceFiles::Impl::AddHeld(std::vector<std::pair<FileId, int>>* held) const {
  for (const Entry& entry : files_) {
    const FileReader& reader = *entry.reader;
    if (&reader == active_ || reader.medium() != FileReader::Medium::kFile) continue;
    held->emplace_back(reader.id(), reader.fd());
  }
}

std::string SourceFiles::Impl::ReadText(const RecordRef& ref) const {
  const size_t index = FindOpen(ref.file);
  return index < files_.size() ? files_[index].reader->ReadText(ref.offset, ref.bytes)
                               : ReadParkedText(ref);
}

SourceFiles::Info SourceFiles::Impl::info() const {
  Info info = totals_;
  info.path = path_;
  info.problem = problem_;
  info.open_files = files_.size();
  for (const Entry& entry : files_) {
    info.lag += entry.reader->lag();
    info.lines += entry.reader->lines();
    info.cut_lines += entry.reader->cut_lines();
    if (entry.reader.get() == active_) continue;
    ++info.left_files;
    if (entry.reader->lag() > 0) continue;
    ++info.held_files;
    info.held_since =
        std::min(info.held_since, std::max(entry.reader->last_growth(), entry.retired));
  }
  if (parked_) AddParked(&info);
  if (active_ != nullptr) {
    info.offset = active_->consumed();
    info.size = info.offset + active_->lag();
  }
  info.state = !problem_.empty() ? "unreadable"
               : alias_          ? "alias"
               : info.lag > 0    ? "reading"
               : active_         ? "idle"
               : parked_         ? "idle"
               : !files_.empty() ? "rotated"
                                 : "missing";
  return info;
}

void SourceFiles::Impl::Problem(const Error& error, Time now) {
  retry_ = std::min(retry_, now + kRetry);
  if (current_problem_.empty()) {
    current_problem_ = error.message + std::string(Advice(error.code));
  }
}

void SourceFiles::Impl::CountLost(uint64_t bytes, uint64_t offset, const std::string& path,
                                  std::string_view why) {
  if (bytes == 0) return;
  totals_.lost_bytes += bytes;
  problems_.push_back(
      fmt::format("lost {} bytes of {} after offset {}: {}; let the rotated copy "
                  "stand beside the log until it was read",
                  bytes, path, offset, why));
}

}  // namespace alogd
