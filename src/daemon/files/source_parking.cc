// SPDX-License-Identifier: MIT
// A source whose file is closed to save descriptors: a checkpoint that the next turn finds again.
#include <algorithm>
#include <utility>

#include "daemon/files/source_files_impl.h"

namespace alogd {

// Rejected: a reader without a descriptor, which every step of a turn would have to ask for. What a
// restart does with a checkpoint is what has to be done here: the file may have been rotated,
// truncated, replaced or deleted since.
bool SourceFiles::Impl::Park(bool behind) {
  if (!restored_ || active_ == nullptr || files_.size() != 1 || !rows_.empty()) return false;
  if (active_->medium() != FileReader::Medium::kFile || !active_->problem().empty()) return false;
  if (!behind && (!active_->Quiet() || active_->has_partial())) return false;
  const bool dirty = active_->dirty();
  Row row;
  row.checkpoint = active_->Checkpoint(path_, FileCheckpoint::State::kActive, closed_mtime_ns_);
  SavedIdentity::Decode(row.checkpoint.identity, &row.saved);
  if (dirty) written_rows_.push_back(row.checkpoint);
  // Its unfinished line has to wait anew, but not for the next change.
  if (active_->has_partial()) retry_ = std::min(retry_, last_read_ + options_.partial_timeout);
  const std::unique_ptr<FileReader> reader = Extract(0);
  totals_.lines += reader->lines();
  totals_.cut_lines += reader->cut_lines();
  if (options_.registry != nullptr) {
    options_.registry->Park(reader->inode().key(), reader->id(), owner_);
    options_.registry->AddClaim(row.checkpoint.inode, owner_);
  }
  rows_.push_back(std::move(row));
  restored_ = false;
  parked_ = true;
  return true;
}

const SourceFiles::Impl::Row* SourceFiles::Impl::Parked(FileId id) const {
  const auto row = std::find_if(rows_.begin(), rows_.end(),
                                [&](const Row& other) { return other.checkpoint.id == id; });
  return parked_ && row != rows_.end() ? &*row : nullptr;
}

// Whether the file is one that this source goes on to read.
bool SourceFiles::Impl::KeepsParked(const OpenedFile& file) const {
  return parked_ && std::any_of(rows_.begin(), rows_.end(),
                                [&](const Row& row) { return row.saved.id.Same(file.stat.id); });
}

// Opened for this once: a window of a quiet log is asked for rarely.
std::string SourceFiles::Impl::ReadParkedText(const RecordRef& ref) const {
  const Row* row = Parked(ref.file);
  if (row == nullptr) return {};
  Result<OpenedFile> file = OpenLog(row->checkpoint.path);
  if (!file || !row->saved.id.Same(file->stat.id) || !HasMark(file->fd.get(), row->saved.mark)) {
    return {};
  }
  auto reader = FileReader::Resume(ref.file, &*file, FileReader::Medium::kFile, row->saved.mark,
                                   options_.max_line);
  return reader ? (*reader)->ReadText(ref.offset, ref.bytes) : std::string();
}

void SourceFiles::Impl::AddParked(Info* info) const {
  const FileCheckpoint& row = rows_.front().checkpoint;
  info->offset = row.offset;
  info->size = row.size;
  info->lag = row.size - std::min(row.size, row.offset);
}

}  // namespace alogd
