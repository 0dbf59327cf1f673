// SPDX-License-Identifier: MIT
// What happened between two looks: files that came and went, and where truncated text was saved.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <set>
#include <utility>

#include "core/config/trusted_links.h"
#include "daemon/files/source_files_impl.h"

namespace alogd {
namespace {

// Tools that compress or copy keep a file's time, some in whole seconds.
constexpr int64_t kCopyMtimeSlackNs = 1'000'000'000;

// Each takes what was rotated during the one before; a storm of rotations is met again at the next
// look.
constexpr int kMaxPasses = 8;

// Numbers of generations that are filled up; beyond it they are other numbers.
constexpr uint64_t kMaxGenerations = 1000;

// Names that are being shifted may be on their way while the directory is listed: all numbers up to
// the highest, and two more, are looked at whether they were listed or not.
void FillNumbers(const std::string& place, std::vector<RotatedName>* names) {
  std::set<std::string> there;
  uint64_t highest = 0;
  for (const RotatedName& name : *names) {
    there.insert(name.path);
    if (name.number <= kMaxGenerations) highest = std::max(highest, name.number);
  }
  if (highest == 0) return;
  for (uint64_t number = 1; number <= highest + 2; ++number) {
    std::string path = fmt::format("{}.{}", place, number);
    if (there.contains(path)) continue;
    names->push_back({std::move(path), RotatedName::Scheme::kNumber, number, {}});
  }
  std::stable_sort(names->begin(), names->end(), NewerByName);
}

bool OlderFirst(const RotatedName& a, const FileStat& a_stat, const RotatedName& b,
                const FileStat& b_stat, bool by_name) {
  if (by_name) return NewerByName(b, a);
  return a_stat.mtime_ns < b_stat.mtime_ns;
}

// What a search needs to know of a name before it opens it; false for what is no file.
bool StatName(const std::string& path, FileStat* stat) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) return false;
  stat->id.device = st.st_dev;
  stat->id.inode = st.st_ino;
  stat->size = static_cast<uint64_t>(st.st_size);
  stat->mtime_ns = int64_t{st.st_mtim.tv_sec} * 1'000'000'000 + st.st_mtim.tv_nsec;
  return true;
}

}  // namespace

bool SourceFiles::Impl::HeadOf(const Rotated& file, const ContentMark& mark) {
  if (mark.empty()) return false;
  return file.compressed ? CompressedFile::HasHead(file.file, mark)
                         : HasHead(file.file.fd.get(), mark);
}

// Where a symlink leads, though nothing may stand there; empty for what is no symlink.
std::string SourceFiles::Impl::TargetOf(const std::string& path) {
  std::error_code error;
  const std::filesystem::path target = std::filesystem::read_symlink(path, error);
  if (error || !ResolveLinks(path, ::geteuid())) return {};
  return std::filesystem::weakly_canonical(std::filesystem::path(path).parent_path() / target,
                                           error)
      .string();
}

// A name that reads like a rotated one may be a source by itself: worker.1 beside worker.
bool SourceFiles::Impl::OfAnother(Inode inode) const {
  if (options_.registry == nullptr) return false;
  const SourceFiles* owner = options_.registry->Owner(inode);
  const SourceFiles* claimant = options_.registry->Claimant(inode.second);
  return (owner != nullptr && owner != owner_) || (claimant != nullptr && claimant != owner_);
}

// Open, judged by an earlier search, or read by another source.
bool SourceFiles::Impl::IsKnown(const FileStat& stat) const {
  const Inode inode = stat.id.key();
  const auto known = known_.find(inode);
  return FindOpen(inode) < files_.size() || OfAnother(inode) ||
         (known != known_.end() && known->second == stat.mtime_ns);
}

// What a judged file was compressed to has another inode and the same time.
bool SourceFiles::Impl::KnownTime(int64_t mtime_ns) const {
  return std::any_of(known_.begin(), known_.end(),
                     [&](const auto& known) { return known.second == mtime_ns; });
}

// The names under which a part of the log may stand, newest first.
std::vector<RotatedName> SourceFiles::Impl::NamesOfRotated(bool shared, Time now) {
  const std::string target = TargetOf(path_);
  const std::string former = last_ && last_->target != target ? last_->target : std::string();
  std::vector<RotatedName> all;
  // What a symlink led to before may have been replaced before it was left.
  if (!former.empty()) {
    all.push_back({former, RotatedName::Scheme::kNumber, 0, {}});
  }
  std::set<std::string> places{path_, target, former};
  // A symlink may have been swapped more than once since the rows were written.
  for (const Row& row : rows_) places.insert(WithoutSuffix(row.checkpoint.path));
  for (const std::string& place : places) {
    if (place.empty()) continue;
    Result<std::vector<RotatedName>> names = RotatedBeside(place, shared);
    if (names) {
      FillNumbers(place, &*names);
      std::move(names->begin(), names->end(), std::back_inserter(all));
    } else {
      search_failed_ = true;
      Problem(names.error(), now);
    }
  }
  return all;
}

Result<std::vector<RotatedName>> SourceFiles::Impl::RotatedBeside(const std::string& path,
                                                                  bool shared) {
  const std::string directory = DirectoryOf(path);
  if (shared && options_.listings != nullptr) {
    Result<const Names*> names = options_.listings->Shared(directory);
    if (!names) return names.error();
    return RotatedIn(**names, path);
  }
  Result<Names> names = ListDirectory(directory);
  if (!names) return names.error();
  return RotatedIn(*names, path);
}

// Opens the rotated names of the log that are wanted. Newest first: a rotation meanwhile shifts
// files to higher numbers, towards where we have not been yet, so none slips by (it may be met
// twice).
std::vector<SourceFiles::Impl::Rotated> SourceFiles::Impl::CollectRotated(const Wanted& wanted,
                                                                          Time now, bool shared) {
  std::vector<Rotated> found;
  std::map<Inode, int64_t> looked_at;
  search_failed_ = false;
  // A directory that is being rotated can hide a name from one listing: what was found is news, so
  // there may be more of it.
  size_t before = 0;
  for (int pass = 0; pass == 0 || (found.size() > before && pass < kMaxPasses); ++pass) {
    before = found.size();
    SearchOnce(NamesOfRotated(shared && pass == 0, now), wanted, now, &looked_at, &found);
  }
  known_ = std::move(looked_at);
  searched_ = true;
  return found;
}

void SourceFiles::Impl::SearchOnce(std::vector<RotatedName> names, const Wanted& wanted, Time now,
                                   std::map<Inode, int64_t>* looked_at,
                                   std::vector<Rotated>* found) {
  for (RotatedName& name : names) {
    FileStat stat;
    if (!StatName(name.path, &stat)) continue;
    if (!IsKnown(stat) && wanted(stat)) {
      Result<OpenedFile> file = OpenLog(name.path);
      const Status readable = file ? CheckReadable(*file) : Status(file.error());
      if (!readable && readable.error().code != ENOENT) {
        search_failed_ = true;
        Problem(readable.error(), now);
        continue;
      }
      // Another file may stand there by now.
      if (!file || IsKnown(file->stat) || !wanted(file->stat)) continue;
      stat = file->stat;
      if (looked_at->contains(stat.id.key())) continue;
      const bool compressed = IsCompressed(file->fd.get());
      const bool known = compressed && KnownTime(stat.mtime_ns);
      if (!known) found->push_back({std::move(name), std::move(*file), compressed});
    }
    (*looked_at)[stat.id.key()] = stat.mtime_ns;
  }
}

// Written after the log was last seen to be what we had read. Clocks tick coarsely: at the very
// same tick, what was not there at the last search is news.
bool SourceFiles::Impl::IsNews(const Rotated& file, bool searched) const {
  const int64_t mtime_ns = file.file.stat.mtime_ns;
  return mtime_ns > last_->seen_mtime_ns || (mtime_ns == last_->seen_mtime_ns && searched);
}

// Written after the file of that mtime that stands at `path` under a rotated name: by its time, or
// by its name, because a writer that keeps its descriptor can make the older file the younger one.
bool SourceFiles::Impl::IsAfter(const Rotated& file, int64_t mtime_ns,
                                const std::string& path) const {
  if (file.file.stat.mtime_ns > mtime_ns) return true;
  const std::string log = WithoutSuffix(path);
  if (WithoutSuffix(file.name.path) != log) return false;
  const RotatedName other = ParseRotatedName(path, std::string_view(path).substr(log.size()));
  return other.scheme == file.name.scheme && other.scheme != RotatedName::Scheme::kOther &&
         NewerByName(file.name, other);
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

// A file that is open here was compressed meanwhile: its text is read from the descriptor. What was
// read of a truncated one may well stand in a copy.
bool SourceFiles::Impl::IsOpenUncompressed(const Rotated& file, const FileReader* truncated) const {
  if (!file.compressed) return false;
  return std::any_of(files_.begin(), files_.end(), [&](const Entry& entry) {
    const FileReader& reader = *entry.reader;
    FileStat now = reader.stat();
    if (entry.saved_anew) return false;
    // The tools unlink what they compressed, and give its time to the result.
    if (reader.medium() != FileReader::Medium::kFile || !Restat(reader.fd(), &now) ||
        now.links > 0) {
      return false;
    }
    return file.file.stat.mtime_ns == now.mtime_ns ||
           (&reader != truncated && reader.read_offset() > 0 &&
            CompressedFile::Open(file.file, reader.read_mark()));
  });
}

// Inserts what was written under the path since the last look and was rotated away already.
// `shared`: the names as of the last word of a change will do.
void SourceFiles::Impl::InsertRotatedBetween(size_t index, Time now, bool shared) {
  searched_at_ = now;
  // A listing for each of thousands of new files would be a square of them.
  if (last_->first && !MayBeRotated(path_)) return;
  const bool searched = searched_;
  std::vector<Rotated> rotated = CollectRotated(
      [&](const FileStat& stat) {
        return stat.mtime_ns >= last_->seen_mtime_ns || IsOfRow(stat.id.inode);
      },
      now, shared);
  // On its way between two names while the rows were looked for, a file is met here.
  const size_t open = files_.size();
  BindRows(&rotated, now);
  index += files_.size() - open;
  std::erase_if(rotated, [](const Rotated& file) { return file.gone(); });
  // At the same tick, what was born after the log came after it, if the log itself left the path.
  std::erase_if(rotated, [&](const Rotated& file) {
    const FileStat& stat = file.file.stat;
    const int64_t birth_ns = file.compressed || last_->birth_ns == 0 ? INT64_MIN : stat.id.birth_ns;
    const bool younger = (active_ == nullptr && birth_ns > last_->birth_ns) ||
                         (only_opened_ && birth_ns >= last_->birth_ns);
    // Before the first file: only what was begun since the path is watched.
    if (last_->first && (file.compressed || stat.id.birth_ns < last_->birth_ns)) return true;
    // Read out and closed by the run before, as all that is older than what it closed.
    if (!searched && stat.mtime_ns <= closed_before_ns_) return true;
    return !IsNews(file, searched || younger) || IsOpenUncompressed(file, nullptr);
  });
  InsertUnseen(index, std::move(rotated), now);
}

// The file that we had read is the newest rotated one, so that nothing came between. (Asked of the
// descriptor: the name may have moved on since the file was retired.)
bool SourceFiles::Impl::NothingBetween() const {
  return !was_empty_ && !files_.empty() && CurrentPath(files_.back().reader->fd()) == path_ + ".1";
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
  std::vector<Rotated> rotated =
      CollectRotated([&](const FileStat& stat) { return stat.mtime_ns >= since; }, now);
  if (options_.registry != nullptr) {
    options_.registry->Remove(reader->inode().key(), reader->id());
  }
  std::erase_if(rotated, [&](const Rotated& other) { return IsOpenUncompressed(other, reader); });
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
      if (moved) return !IsAfter(other, copy.mtime_ns, reader->path());
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
  Finish(index, now);
}

}  // namespace alogd
