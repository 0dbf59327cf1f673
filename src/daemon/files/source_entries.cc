// SPDX-License-Identifier: MIT
// The list of a source's open files: who comes in, who leaves, and what is handed on.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cassert>
#include <string_view>
#include <utility>

#include "daemon/files/saved_anew.h"
#include "daemon/files/source_files_impl.h"
#include "daemon/files/written_bytes.h"

namespace alogd {
namespace {

// Files that were read out and come back under the path (a symlink that swings between two) are
// rare.
constexpr size_t kMaxClosed = 16;

// So long a source is remembered whose path is gone and whose last file stands under a rotated
// name. A day: what is rotated without a new file is written again at the next job or the next
// night.
constexpr Duration kRemembered = std::chrono::hours(24);

constexpr Duration kAliasRetry = std::chrono::seconds(2);

}  // namespace

SourceFiles::Impl::Impl(SourceFiles* owner, std::string path, Options options,
                        std::function<FileId()> new_file_id,
                        std::vector<FileCheckpoint> checkpoints)
    : owner_(owner),
      path_(std::move(path)),
      options_(options),
      new_file_id_(std::move(new_file_id)) {
  std::sort(checkpoints.begin(), checkpoints.end(),
            [](const FileCheckpoint& a, const FileCheckpoint& b) { return a.id < b.id; });
  for (FileCheckpoint& checkpoint : checkpoints) {
    Row row;
    row.decoded = SavedIdentity::Decode(checkpoint.identity, &row.saved);
    if (!row.decoded) row.saved.id.inode = checkpoint.inode;
    if (options_.registry != nullptr) options_.registry->AddClaim(checkpoint.inode, owner_);
    row.checkpoint = std::move(checkpoint);
    rows_.push_back(std::move(row));
  }
}

SourceFiles::Impl::~Impl() {
  if (options_.registry == nullptr) return;
  for (const Row& row : rows_) {
    options_.registry->RemoveClaim(row.checkpoint.inode, owner_);
    options_.registry->Drop(row.checkpoint.id);
  }
  while (!files_.empty()) Extract(files_.size() - 1);
}

SourceFiles::Impl::Entry& SourceFiles::Impl::Insert(size_t index,
                                                    std::unique_ptr<FileReader> reader,
                                                    Time retired) {
  if (options_.registry != nullptr) {
    options_.registry->Add(reader->inode().key(), reader->id(), owner_);
  }
  const auto at = files_.begin() + static_cast<std::ptrdiff_t>(index);
  return *files_.insert(at, Entry{std::move(reader), retired, false});
}

std::unique_ptr<FileReader> SourceFiles::Impl::Extract(size_t index) {
  std::unique_ptr<FileReader> reader = std::move(files_[index].reader);
  files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(index));
  if (options_.registry != nullptr) {
    options_.registry->Remove(reader->inode().key(), reader->id());
  }
  if (reader.get() == active_) active_ = nullptr;
  return reader;
}

void SourceFiles::Impl::FlushPartial(FileReader* reader) {
  if (!reader->has_partial()) return;
  reader->FlushPartial(*line_);
  ++totals_.partial_lines;
}

void SourceFiles::Impl::Finish(size_t index, Time now) {
  const std::unique_ptr<FileReader> reader = Extract(index);
  FlushPartial(reader.get());
  const size_t successor = FindOpen(FileId{reader->successor()});
  if (reader->successor() != 0 && successor < files_.size()) {
    files_[successor].reader->CarryOver(reader->read_bytes(), reader->chain());
  }
  totals_.lines += reader->lines();
  totals_.cut_lines += reader->cut_lines();
  known_[reader->inode().key()] = reader->stat().mtime_ns;
  closed_mtime_ns_ = std::max(closed_mtime_ns_, reader->stat().mtime_ns);
  if (!files_.empty()) files_.back().reader->set_dirty(true);
  const bool may_return = reader->medium() == FileReader::Medium::kFile && reader->fd() >= 0;
  if (may_return && reader->stat().links > 0) {
    const SavedIdentity saved{reader->inode(), reader->read_mark(), reader->seen_mtime_ns(), 0, 0};
    closed_files_.push_back({saved, reader->read_bytes(), reader->chain()});
    if (closed_files_.size() > kMaxClosed) closed_files_.pop_front();
  }
  (*closed_)(reader->id());
  // The last one stays in the database: what is written from now on and rotated away while we are
  // down can only be told by being younger than this one. Not that of a log that was deleted and
  // never rotated: thousands of such come and go.
  if (files_.empty() && reader->fd() >= 0 &&
      (reader->stat().links > 0 || !closed_files_.empty() || memory_)) {
    Forget(std::exchange(memory_, reader->id()));
    memory_until_ = now + kRemembered;
    written_rows_.push_back(
        reader->Checkpoint(path_, FileCheckpoint::State::kRotated, closed_mtime_ns_));
    return;
  }
  Forget(reader->id());
}

void SourceFiles::Impl::Forget(std::optional<FileId> id) {
  if (!id) return;
  forgotten_.push_back(*id);
  std::erase_if(written_rows_, [&](const FileCheckpoint& row) { return row.id == *id; });
}

size_t SourceFiles::Impl::FindOpen(Inode inode) const {
  const auto found = std::find_if(files_.begin(), files_.end(), [&](const Entry& entry) {
    return entry.reader->inode().key() == inode;
  });
  return static_cast<size_t>(found - files_.begin());
}

size_t SourceFiles::Impl::FindOpen(FileId id) const {
  const auto found = std::find_if(files_.begin(), files_.end(),
                                  [&](const Entry& entry) { return entry.reader->id() == id; });
  return static_cast<size_t>(found - files_.begin());
}

void SourceFiles::Impl::MakeActive(size_t index) {
  std::rotate(files_.begin() + static_cast<std::ptrdiff_t>(index),
              files_.begin() + static_cast<std::ptrdiff_t>(index) + 1, files_.end());
  files_.back().retired = kNoTime;
  files_.back().saved_anew = false;
  active_ = files_.back().reader.get();
  active_->set_path(path_);
  active_->set_dirty(true);
  first_look_ = false;
  Forget(std::exchange(memory_, std::nullopt));
  was_empty_ = only_opened_ = false;
  search_due_ = false;
  last_ = Last{active_->seen_mtime_ns(), active_->inode().birth_ns, {}};
  // Rotated copies stand beside the target of a symlink, not beside the link.
  last_->target = TargetOf(path_);
  if (!last_->target.empty()) active_->set_path(last_->target);
}

void SourceFiles::Impl::StartActive(OpenedFile file, Time now) {
  if (ReadElsewhere(file, now) || StartSavedAnew(&file, now)) return;
  const bool from_end = first_look_ && !options_.from_beginning && !last_ &&
                        (!first_size_ || first_size_->first == file.stat.id.inode);
  std::unique_ptr<FileReader> reader =
      from_end ? StartAtEnd(std::move(file)) : NewReader(std::move(file), false);
  Insert(files_.size(), std::move(reader), kNoTime);
  MakeActive(files_.size() - 1);
}

// The log was replaced by a file that begins as it did: what was read of the one is not read again
// of the other. Not if the old one stands under a rotated name: then the new one only looks alike,
// as the first lines of a program's logs do.
bool SourceFiles::Impl::StartSavedAnew(OpenedFile* file, Time now) {
  if (file->stat.size == 0) return false;
  for (size_t i = files_.size(); i-- > 0;) {
    FileReader* old = files_[i].reader.get();
    FileStat stat = old->stat();
    if (old->medium() != FileReader::Medium::kFile || !Restat(old->fd(), &stat)) continue;
    const std::string path = CurrentPath(old->fd());
    if (!path.empty() && WithoutSuffix(path) == WithoutSuffix(old->path()) &&
        ParseRotatedName(path, std::string_view(path).substr(WithoutSuffix(path).size())).scheme !=
            RotatedName::Scheme::kOther) {
      continue;
    }
    const uint64_t before = old->consumed();
    if (PrefixReadFrom(*old, before, stat.size, *file).bytes == 0 || !DrainForSaved(old, now)) {
      continue;
    }
    const KnownPrefix known = PrefixReadFrom(*old, before, old->read_offset(), *file);
    const Result<ContentMark> mark = MarkAt(file->fd.get(), known.bytes);
    if (known.bytes == 0 || !mark) continue;
    auto reader = FileReader::Resume(new_file_id_(), file, FileReader::Medium::kFile, *mark,
                                     options_.max_line);
    assert(reader.ok() && "a plain file is not read here, a compressed one not at its start");
    (*reader)->CarryOver(known.bytes, known.chain);
    files_[i].saved_anew = true;
    Forget(old->id());
    Insert(files_.size(), std::move(*reader), kNoTime);
    MakeActive(files_.size() - 1);
    return true;
  }
  return false;
}

// What the new file holds of the old one has to be read there before it is left out here, and to be
// committed with it. Rare and bounded, so that no turns are kept for it.
bool SourceFiles::Impl::DrainForSaved(FileReader* reader, Time now) {
  using Outcome = FileReader::Outcome;
  Outcome outcome = Outcome::kMore;
  while (outcome == Outcome::kMore && reader->read_offset() <= kMaxSavedPrefix) {
    const uint64_t before = reader->read_offset();
    outcome = reader->Turn(now, options_.turn_bytes, *line_);
    totals_.bytes += reader->read_offset() - before;
  }
  if (outcome != Outcome::kEnd) return false;
  FlushPartial(reader);
  return true;
}

// True if the inode is read under another path's name, or was and is now ours.
bool SourceFiles::Impl::ReadElsewhere(const OpenedFile& file, Time now) {
  if (options_.registry == nullptr) return false;
  const Inode inode = file.stat.id.key();
  if (SourceFiles* other = options_.registry->Owner(inode); other != nullptr && other != owner_) {
    std::unique_ptr<FileReader> reader = other->impl_->GiveAway(inode);
    if (reader == nullptr) {
      alias_ = true;
      retry_ = std::min(retry_, now + kAliasRetry);
      return true;
    }
    Insert(files_.size(), std::move(reader), kNoTime);
    MakeActive(files_.size() - 1);
    return true;
  }
  SourceFiles* claimant = options_.registry->Claimant(inode.second);
  if (claimant == nullptr || claimant == owner_) return false;
  const std::optional<Row> row = claimant->impl_->GiveRow(file);
  if (!row && claimant->impl_->KeepsParked(file)) {
    alias_ = true;
    retry_ = std::min(retry_, now + kAliasRetry);
    return true;
  }
  Result<OpenedFile> again = OpenLog(path_);
  if (!row || !again) return false;
  MakeActive(FindOpen(Bind(*row, &*again, FileReader::Medium::kFile, kNoTime)->id()));
  return true;
}

// Another source's path leads to this inode now: it goes over, with all that was read of it, once
// our own path has left it and it is read out (until then it is read here).
std::unique_ptr<FileReader> SourceFiles::Impl::GiveAway(Inode inode) {
  const size_t index = FindOpen(inode);
  if (index == files_.size()) return nullptr;
  const FileReader& reader = *files_[index].reader;
  struct stat st;
  const bool at_path = ::stat(path_.c_str(), &st) == 0 && Inode(st.st_dev, st.st_ino) == inode;
  FileStat now = reader.stat();
  if (at_path || reader.medium() != FileReader::Medium::kFile || !Restat(reader.fd(), &now) ||
      now.size != reader.stat().size || !reader.at_end()) {
    return nullptr;
  }
  return Extract(index);
}

std::optional<SourceFiles::Impl::Row> SourceFiles::Impl::GiveRow(const OpenedFile& file) {
  for (auto row = rows_.begin(); row != rows_.end(); ++row) {
    if (!row->saved.id.Same(file.stat.id) || !HasMark(file.fd.get(), row->saved.mark)) continue;
    struct stat st;
    if (::stat(path_.c_str(), &st) == 0 && Inode(st.st_dev, st.st_ino) == file.stat.id.key())
      continue;
    Row given = std::move(*row);
    rows_.erase(row);
    parked_ = parked_ && !rows_.empty();
    options_.registry->RemoveClaim(given.checkpoint.inode, owner_);
    options_.registry->Drop(given.checkpoint.id);
    return given;
  }
  return std::nullopt;
}

std::unique_ptr<FileReader> SourceFiles::Impl::NewReader(OpenedFile file, bool compressed) {
  const auto back =
      std::find_if(closed_files_.begin(), closed_files_.end(), [&](const Closed& closed) {
        return closed.saved.id.Same(file.stat.id) && HasMark(file.fd.get(), closed.saved.mark);
      });
  const bool known = back != closed_files_.end() && !compressed;
  const auto medium = compressed ? FileReader::Medium::kCompressed : FileReader::Medium::kFile;
  auto reader = FileReader::Resume(new_file_id_(), &file, medium,
                                   known ? back->saved.mark : ContentMark(), options_.max_line);
  assert(reader.ok() && "a plain file is not read here, a compressed one not at its start");
  if (known) {
    (*reader)->CarryOver(back->read_bytes, back->chain);
    closed_files_.erase(back);
  }
  return std::move(*reader);
}

// Begins with the last line, so that a line that is being written is not read from its middle.
std::unique_ptr<FileReader> SourceFiles::Impl::StartAtEnd(OpenedFile file) {
  uint64_t end = file.stat.size;
  if (first_size_) end = std::min(end, first_size_->second);
  if (const Result<uint64_t> written = EndOfData(file.fd.get(), end)) end = *written;
  std::string last(static_cast<size_t>(std::min<uint64_t>(end, options_.max_line)), '\0');
  const Result<size_t> got = PreadAll(file.fd.get(), last.data(), last.size(), end - last.size());
  if (got && *got == last.size() && !last.empty()) {
    const size_t newline = last.rfind('\n');
    // A line longer than the limit is met in its middle: what is left of it comes as a line.
    if (newline != std::string::npos)
      end -= last.size() - newline - 1;
    else if (end == last.size())
      end = 0;
  }
  const Result<ContentMark> mark = MarkAt(file.fd.get(), end);
  // A file that shrank while it was looked at is a new one.
  auto reader = FileReader::Resume(new_file_id_(), &file, FileReader::Medium::kFile,
                                   mark ? *mark : ContentMark(), options_.max_line);
  assert(reader.ok() && "a plain file is not read here, a compressed one not at its start");
  return std::move(*reader);
}

}  // namespace alogd
