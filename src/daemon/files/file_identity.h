// SPDX-License-Identifier: MIT
// Tells one file from another, by what the file system says of its inode and by what stands in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/commit_unit.h"
#include "core/result.h"
#include "daemon/unique_fd.h"

namespace alogd {

// An inode number alone is reused within seconds on ext4 and tmpfs; its generation (in the handle
// that NFS servers give out) and its birth time are not. Device numbers may change at a reboot.
struct InodeIdentity {
  uint64_t device = 0;  // st_dev, good until the next boot
  uint64_t fsid = 0;    // f_fsid where the file system has one, else st_dev
  uint64_t inode = 0;
  uint64_t handle = 0;   // hash of the file handle; 0: the file system gives none
  int64_t birth_ns = 0;  // since the epoch; 0: unknown

  std::pair<uint64_t, uint64_t> key() const { return {device, inode}; }
  // The same file, perhaps after a reboot.
  bool Same(const InodeIdentity& other) const;
};

struct FileStat {
  InodeIdentity id;
  uint64_t size = 0;
  int64_t mtime_ns = 0;
  int64_t ctime_ns = 0;
  uint64_t links = 0;
};

// A regular file, open for reading.
struct OpenedFile {
  UniqueFd fd;
  FileStat stat;
  std::string path;
};

// Opens a regular file without blocking on FIFOs and without touching devices; anything else is
// refused with the code EINVAL. Symlinks are followed.
Result<OpenedFile> OpenRegular(const std::string& path);
// The same of a log, whose links are followed only where ResolveLinks does; EXDEV where it does
// not.
Result<OpenedFile> OpenLog(const std::string& path);
// Size and times of an open file; `id` keeps what it was.
Status Restat(int fd, FileStat* stat);
// The path at which an open file stands now (it may have been renamed), empty if it was deleted.
std::string CurrentPath(int fd);

struct Hash128 {
  uint64_t low = 0, high = 0;
  bool operator==(const Hash128&) const = default;
};
Hash128 HashBytes(std::string_view bytes);

// What stood in a file at a given offset: hashes of its head and of the block that ends at the
// offset.
struct ContentMark {
  // Long enough to hold a few lines with times in them, short enough to be read at each turn.
  static constexpr uint32_t kHeadBytes = 1024;
  // Lines whose last kilobyte looks alike still differ somewhere in 4 KiB; one page costs one copy.
  static constexpr uint32_t kBlockBytes = 4096;

  uint64_t offset = 0;
  uint32_t head_bytes = 0;   // min(kHeadBytes, offset)
  uint32_t block_bytes = 0;  // min(kBlockBytes, offset)
  Hash128 head, block;

  static ContentMark Of(uint64_t offset);  // with the sizes set and no hashes
  // Nothing was read, so nothing can be recognised.
  bool empty() const { return offset == 0; }
};

// The mark of an open file's first `offset` bytes; fails with EINVAL where it is shorter.
Result<ContentMark> MarkAt(int fd, uint64_t offset);
// Whether the file begins as the mark says and holds the mark's block before the mark's offset;
// every file has the empty mark. Fails where it cannot be read, which says nothing of what it is.
Result<bool> MatchesMark(int fd, const ContentMark& mark);
Result<bool> MatchesHead(int fd, const ContentMark& mark);
// The same, false also where it cannot be read.
bool HasMark(int fd, const ContentMark& mark);
bool HasHead(int fd, const ContentMark& mark);
// Reads a byte, so that a failing disk is told from another content.
Status CheckReadable(const OpenedFile& file);

// pread until `size` bytes or the end; the error names no path.
Result<size_t> PreadAll(int fd, char* buffer, size_t size, uint64_t offset);

// What a checkpoint's `identity` holds.
struct SavedIdentity {
  InodeIdentity id;
  ContentMark mark;
  int64_t seen_mtime_ns = 0;  // the file's mtime when it was last found to be what we had read
  int64_t successor = 0;  // FileId of the file that goes on with the counts of this one; 0: none
  // The newest mtime among the source's files that were read out and closed. One of them may be
  // younger than the file that was begun after it: a writer that kept the old descriptor.
  int64_t closed_mtime_ns = 0;

  std::string Encode() const;
  // False for what another version wrote.
  static bool Decode(std::string_view text, SavedIdentity* identity);
};

// The columns of a checkpoint hold text: names that are no UTF-8 go along within `identity`, behind
// what SavedIdentity wrote, and come back from there.
void KeepExactNames(FileCheckpoint* row);
void RestoreExactNames(FileCheckpoint* row);

}  // namespace alogd
