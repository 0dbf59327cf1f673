// SPDX-License-Identifier: MIT
// What happened between two looks: files that came and went, and where truncated text was saved.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <set>
#include <utility>

#include "daemon/source_files_impl.h"

namespace alogd {
namespace {

// Tools that compress or copy keep a file's time, some in whole seconds.
constexpr int64_t kCopyMtimeSlackNs = 1'000'000'000;

bool OlderFirst(const RotatedName& a, const FileStat& a_stat, const RotatedName& b,
                const FileStat& b_stat, bool by_name) {
  if (by_name) return NewerByName(b, a);
  return a_stat.mtime_ns < b_stat.mtime_ns;
}

}  // namespace

bool SourceFiles::Impl::HeadOf(const Rotated& file, const ContentMark& mark) {
  if (mark.empty()) return false;
  return file.compressed ? CompressedFile::HasHead(file.file, mark)
                         : HasHead(file.file.fd.get(), mark);
}

// A name that reads like a rotated one may be a source by itself: worker.1 beside worker.
bool SourceFiles::Impl::OfAnother(Inode inode) const {
  if (options_.registry == nullptr) return false;
  const SourceFiles* owner = options_.registry->Owner(inode);
  const SourceFiles* claimant = options_.registry->Claimant(inode.second);
  return (owner != nullptr && owner != owner_) || (claimant != nullptr && claimant != owner_);
}

// Opens the rotated names of the log that are wanted. Newest first: a rotation meanwhile shifts
// files to higher numbers, towards where we have not been yet, so none slips by (it may be met
// twice).
std::vector<SourceFiles::Impl::Rotated> SourceFiles::Impl::CollectRotated(const Wanted& wanted,
                                                                          Time now) {
  std::vector<Rotated> found;
  std::set<std::string> places = {path_};
  if (last_ && !last_->target.empty()) places.insert(last_->target);
  std::map<Inode, int64_t> looked_at;
  search_failed_ = false;
  const auto fail = [&](const Error& error) {
    search_failed_ = true;
    Problem(error, now);
  };
  for (const std::string& place : places) {
    Result<std::vector<RotatedName>> names = ListRotated(place);
    if (!names) {
      fail(names.error());
      continue;
    }
    for (RotatedName& name : *names) {
      struct stat st;
      if (::stat(name.path.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) continue;
      FileStat stat;
      stat.id.device = st.st_dev;
      stat.id.inode = st.st_ino;
      stat.size = static_cast<uint64_t>(st.st_size);
      stat.mtime_ns = int64_t{st.st_mtim.tv_sec} * 1'000'000'000 + st.st_mtim.tv_nsec;
      if (!OfAnother(stat.id.key()) && wanted(stat)) {
        Result<OpenedFile> file = OpenRegular(name.path);
        if (!file && file.error().code != ENOENT) fail(file.error());
        // Another file may stand there by now.
        if (!file || OfAnother(file->stat.id.key()) || !wanted(file->stat)) continue;
        stat = file->stat;
        if (looked_at.contains(stat.id.key())) continue;
        const bool compressed = IsCompressed(file->fd.get());
        found.push_back({std::move(name), std::move(*file), compressed});
      }
      looked_at[stat.id.key()] = stat.mtime_ns;
    }
  }
  known_ = std::move(looked_at);
  searched_ = true;
  return found;
}

// Written after the log was last seen to be what we had read. Clocks tick coarsely: at the very
// same tick, what was not there at the last search is news, or what was born after the log.
bool SourceFiles::Impl::IsNews(const Rotated& file, bool searched) const {
  const FileStat& stat = file.file.stat;
  if (stat.mtime_ns != last_->seen_mtime_ns) return stat.mtime_ns > last_->seen_mtime_ns;
  return searched ||
         (!file.compressed && stat.id.birth_ns > last_->birth_ns && last_->birth_ns != 0);
}

void SourceFiles::Impl::InsertUnseen(size_t index, std::vector<Rotated> unseen, Time now) {
  std::erase_if(unseen, [](const Rotated& file) { return file.gone(); });
  const bool by_name = std::all_of(unseen.begin(), unseen.end(), [&](const Rotated& file) {
    return file.name.scheme == unseen.front().name.scheme &&
           file.name.scheme != RotatedName::Scheme::kOther;
  });
  std::stable_sort(unseen.begin(), unseen.end(), [&](const Rotated& a, const Rotated& b) {
    return OlderFirst(a.name, a.file.stat, b.name, b.file.stat, by_name);
  });
  for (Rotated& file : unseen) {
    Insert(index++, NewReader(std::move(file.file), file.compressed), now);
  }
}

// The path leads to another file than before. If there was more than one rotation since the last
// look, the ones between stand under rotated names.
void SourceFiles::Impl::InsertRotatedBetween(Time now) {
  searched_at_ = now;
  // The one we had is the newest rotated one: nothing came between. (Asked of the descriptor: the
  // name may have moved on since it was retired.)
  if (!files_.empty() && CurrentPath(files_.back().reader->fd()) == path_ + ".1") return;
  const bool searched = searched_;
  std::vector<Rotated> rotated = CollectRotated(
      [&, known = known_](const FileStat& stat) {
        const Inode inode = stat.id.key();
        const auto looked_at = known.find(inode);
        return stat.mtime_ns >= last_->seen_mtime_ns && FindOpen(inode) == files_.size() &&
               (looked_at == known.end() || looked_at->second != stat.mtime_ns);
      },
      now);
  std::erase_if(rotated, [&](const Rotated& file) { return !IsNews(file, searched); });
  InsertUnseen(files_.size(), std::move(rotated), now);
}

// Hands the reader the newest copy that holds what it had read; the rest of it is read from there.
bool SourceFiles::Impl::MoveToCopy(FileReader* reader, std::vector<Rotated>* rotated,
                                   FileStat* copy) {
  const ContentMark mark = reader->read_mark();
  std::vector<Rotated*> newest_first;
  for (Rotated& file : *rotated) newest_first.push_back(&file);
  std::stable_sort(newest_first.begin(), newest_first.end(),
                   [](const Rotated* a, const Rotated* b) {
                     return a->file.stat.mtime_ns > b->file.stat.mtime_ns;
                   });
  for (Rotated* file : newest_first) {
    if (!file->compressed && !HasMark(file->file.fd.get(), mark)) continue;
    *copy = file->file.stat;
    if (reader->MoveTo(&file->file, file->copy_medium())) return true;
  }
  return false;
}

// What stood before the read position is gone. copytruncate saved it under a rotated name; if it
// did so more than once since the last look, the later copies were never seen.
void SourceFiles::Impl::Truncated(size_t index, Time now) {
  FileReader* reader = files_[index].reader.get();
  const bool was_active = reader == active_;
  const bool searched = searched_;
  const int64_t since = reader->seen_mtime_ns() - kCopyMtimeSlackNs;
  ++totals_.truncations;
  totals_.last_rotation = now;
  std::vector<Rotated> rotated = CollectRotated(
      [&, known = known_](const FileStat& stat) {
        const auto looked_at = known.find(stat.id.key());
        return stat.mtime_ns >= since && FindOpen(stat.id.key()) == files_.size() &&
               (looked_at == known.end() || looked_at->second != stat.mtime_ns);
      },
      now);
  if (options_.registry != nullptr) {
    options_.registry->Remove(reader->inode().key(), reader->id());
  }
  OpenedFile file = reader->TakeFile();
  FileStat copy;
  const bool moved = MoveToCopy(reader, &rotated, &copy);
  if (moved) {
    files_[index].retired = now;
    if (options_.registry != nullptr) options_.registry->Add(copy.id.key(), reader->id(), owner_);
  }
  if (was_active) {
    active_ = nullptr;
    const ContentMark mark = reader->read_mark();
    std::erase_if(rotated, [&](const Rotated& other) {
      if (other.gone()) return true;
      if (moved) return other.file.stat.mtime_ns <= copy.mtime_ns;
      // A copy that is shorter than what was read of the same text holds nothing new.
      return !IsNews(other, searched) || HeadOf(other, mark);
    });
    InsertUnseen(index + 1, std::move(rotated), now);
    auto next = std::make_unique<FileReader>(new_file_id_(), std::move(file), options_.max_line);
    reader->set_successor(next->id());
    Insert(files_.size(), std::move(next), kNoTime);
    MakeActive(files_.size() - 1);
  }
  if (moved) return;
  CountLost(reader->seen_size() - std::min(reader->seen_size(), reader->read_offset()),
            reader->read_offset(), path_, "it was truncated and no copy of it was found");
  Finish(index);
}

}  // namespace alogd
