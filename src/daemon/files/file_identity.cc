// SPDX-License-Identifier: MIT
// stat, statx, name_to_handle_at and hashes of content.
#include "daemon/files/file_identity.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "core/config/trusted_links.h"
#include "core/text.h"

namespace alogd {
namespace {

int64_t Nanoseconds(const struct timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

uint64_t FileSystemId(int fd, uint64_t device) {
  struct statfs fs;
  if (::fstatfs(fd, &fs) != 0) return device;
  uint64_t id = 0;
  static_assert(sizeof(fs.f_fsid) == sizeof(id));
  std::memcpy(&id, &fs.f_fsid, sizeof(id));
  return id != 0 ? id : device;
}

// Inode and generation, as the file system packs them. Needs no privilege; file systems that cannot
// be exported (some overlays, FUSE) answer EOPNOTSUPP.
uint64_t HandleHash(int fd) {
  struct alignas(file_handle) Buffer {
    char bytes[sizeof(file_handle) + MAX_HANDLE_SZ];
  } buffer{};
  auto* handle = reinterpret_cast<file_handle*>(buffer.bytes);
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  if (::name_to_handle_at(fd, "", handle, &mount, AT_EMPTY_PATH) != 0) return 0;
  const uint64_t hash = XXH3_64bits_withSeed(handle->f_handle, handle->handle_bytes,
                                             static_cast<XXH64_hash_t>(handle->handle_type));
  return std::max<uint64_t>(hash, 1);
}

int64_t BirthTime(int fd) {
  struct statx info;
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &info) != 0) return 0;
  if ((info.stx_mask & STATX_BTIME) == 0) return 0;
  return info.stx_btime.tv_sec * 1'000'000'000 + info.stx_btime.tv_nsec;
}

void FillFrom(const struct stat& st, FileStat* stat) {
  stat->size = static_cast<uint64_t>(st.st_size);
  stat->mtime_ns = Nanoseconds(st.st_mtim);
  stat->ctime_ns = Nanoseconds(st.st_ctim);
  stat->links = st.st_nlink;
}

constexpr int kOpenFlags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;

// Fails with ELOOP where a link came in between. Kernels before 5.6 lack openat2, and some
// sandboxes refuse it: there the path that the open file has tells.
UniqueFd OpenWithoutLinks(const std::string& path) {
  struct open_how how {};
  how.flags = kOpenFlags;
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long opened = ::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof(how));
  if (opened >= 0 || (errno != ENOSYS && errno != EPERM)) return UniqueFd(static_cast<int>(opened));
  UniqueFd fd(::open(path.c_str(), kOpenFlags | O_NOFOLLOW));
  if (!fd.ok() || CurrentPath(fd.get()) == path) return fd;
  fd = UniqueFd();
  errno = ELOOP;
  return fd;
}

// What was opened, if it is a regular file; errno tells why nothing was.
Result<OpenedFile> Examine(UniqueFd fd, const std::string& path) {
  if (!fd.ok()) return ErrnoError("cannot open", path, errno);
  OpenedFile file;
  file.path = path;
  file.fd = std::move(fd);
  struct stat st;
  if (::fstat(file.fd.get(), &st) != 0) return ErrnoError("cannot look at", path, errno);
  if (!S_ISREG(st.st_mode)) return Error{path + " is not a regular file and is not read", EINVAL};
  FillFrom(st, &file.stat);
  file.stat.id.device = st.st_dev;
  file.stat.id.inode = st.st_ino;
  file.stat.id.fsid = FileSystemId(file.fd.get(), st.st_dev);
  file.stat.id.handle = HandleHash(file.fd.get());
  file.stat.id.birth_ns = BirthTime(file.fd.get());
  return file;
}

}  // namespace

bool InodeIdentity::Same(const InodeIdentity& other) const {
  if (inode != other.inode) return false;
  const bool handles = handle != 0 && other.handle != 0;
  const bool births = birth_ns != 0 && other.birth_ns != 0;
  if (handles && handle != other.handle) return false;
  if (births && birth_ns != other.birth_ns) return false;
  if (fsid == 0 || other.fsid == 0) return true;  // unknown: all there is to go by
  // A device number that changed at a reboot does not matter where generation and birth time agree.
  return fsid == other.fsid || (handles && births);
}

Result<OpenedFile> OpenRegular(const std::string& path) {
  struct stat st;
  // Asked before open, because opening a device can act on it (a tape rewinds).
  if (::stat(path.c_str(), &st) != 0) return ErrnoError("cannot look at", path, errno);
  if (!S_ISREG(st.st_mode)) return Error{path + " is not a regular file and is not read", EINVAL};
  return Examine(UniqueFd(::open(path.c_str(), kOpenFlags)), path);
}

Result<OpenedFile> OpenLog(const std::string& path) {
  const Result<std::string> real = ResolveLinks(path, ::geteuid());
  if (!real) return real.error();
  struct stat st;
  if (::lstat(real->c_str(), &st) != 0) return ErrnoError("cannot look at", path, errno);
  if (!S_ISREG(st.st_mode)) return Error{path + " is not a regular file and is not read", EINVAL};
  return Examine(OpenWithoutLinks(*real), path);
}

Status Restat(int fd, FileStat* stat) {
  struct stat st;
  if (::fstat(fd, &st) != 0) return ErrnoError("cannot look at", "open file", errno);
  FillFrom(st, stat);
  return {};
}

std::string CurrentPath(int fd) {
  std::array<char, 4096> target;
  const std::string link = fmt::format("/proc/self/fd/{}", fd);
  const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
  if (length <= 0 || static_cast<size_t>(length) == target.size()) return {};
  std::string path(target.data(), static_cast<size_t>(length));
  struct stat named, open;
  // A deleted file reads "PATH (deleted)"; a file may also be named so. Only the inode can tell.
  if (::stat(path.c_str(), &named) != 0 || ::fstat(fd, &open) != 0) return {};
  return named.st_dev == open.st_dev && named.st_ino == open.st_ino ? path : std::string();
}

Hash128 HashBytes(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

Result<size_t> PreadAll(int fd, char* buffer, size_t size, uint64_t offset) {
  size_t got = 0;
  while (got < size) {
    const ssize_t n = ::pread(fd, buffer + got, size - got, static_cast<off_t>(offset + got));
    if (n == 0) break;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error{fmt::format("cannot read: {}", std::strerror(errno)), errno};
    got += static_cast<size_t>(n);
  }
  return got;
}

ContentMark ContentMark::Of(uint64_t offset) {
  ContentMark mark;
  mark.offset = offset;
  mark.head_bytes = static_cast<uint32_t>(std::min<uint64_t>(kHeadBytes, offset));
  mark.block_bytes = static_cast<uint32_t>(std::min<uint64_t>(kBlockBytes, offset));
  return mark;
}

Result<ContentMark> MarkAt(int fd, uint64_t offset) {
  ContentMark mark = ContentMark::Of(offset);
  std::array<char, ContentMark::kBlockBytes> buffer;
  const auto hash = [&](uint32_t bytes, uint64_t at) -> Result<Hash128> {
    const Result<size_t> got = PreadAll(fd, buffer.data(), bytes, at);
    if (!got) return got.error();
    if (*got < bytes) return Error{"the file is shorter than its offset", EINVAL};
    return HashBytes({buffer.data(), bytes});
  };
  const Result<Hash128> head = hash(mark.head_bytes, 0);
  if (!head) return head.error();
  const Result<Hash128> block = hash(mark.block_bytes, offset - mark.block_bytes);
  if (!block) return block.error();
  mark.head = *head;
  mark.block = *block;
  return mark;
}

Result<bool> MatchesHead(int fd, const ContentMark& mark) {
  std::array<char, ContentMark::kHeadBytes> buffer;
  if (mark.head_bytes > buffer.size()) return false;
  const Result<size_t> got = PreadAll(fd, buffer.data(), mark.head_bytes, 0);
  if (!got) return got.error();
  return *got == mark.head_bytes && HashBytes({buffer.data(), *got}) == mark.head;
}

Result<bool> MatchesMark(int fd, const ContentMark& mark) {
  if (mark.empty()) return true;
  std::array<char, ContentMark::kBlockBytes> buffer;
  if (mark.block_bytes > buffer.size() || mark.block_bytes > mark.offset) return false;
  const Result<size_t> got =
      PreadAll(fd, buffer.data(), mark.block_bytes, mark.offset - mark.block_bytes);
  if (!got) return got.error();
  if (*got != mark.block_bytes || HashBytes({buffer.data(), *got}) != mark.block) return false;
  return MatchesHead(fd, mark);
}

bool HasHead(int fd, const ContentMark& mark) {
  const Result<bool> matches = MatchesHead(fd, mark);
  return matches && *matches;
}

bool HasMark(int fd, const ContentMark& mark) {
  const Result<bool> matches = MatchesMark(fd, mark);
  return matches && *matches;
}

Status CheckReadable(const OpenedFile& file) {
  char byte;
  const Result<size_t> got = PreadAll(file.fd.get(), &byte, 1, 0);
  if (!got) return got.error().With(file.path);
  return {};
}

std::string SavedIdentity::Encode() const {
  return fmt::format("2 {:x} {:x} {:x} {:x} {:x} {:x} {:x} {:x} {:x} {:x} {:x} {:x}", id.fsid,
                     id.inode, id.handle, static_cast<uint64_t>(id.birth_ns),
                     static_cast<uint64_t>(seen_mtime_ns), mark.offset, mark.head.high,
                     mark.head.low, mark.block.high, mark.block.low,
                     static_cast<uint64_t>(successor), static_cast<uint64_t>(closed_mtime_ns));
}

bool SavedIdentity::Decode(std::string_view text, SavedIdentity* identity) {
  std::array<uint64_t, 13> fields{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (uint64_t& field : fields) {
    const auto [next, error] = std::from_chars(at, end, field, 16);
    const bool last = &field == &fields.back();
    if (error != std::errc() || (last ? next != end : next == end || *next != ' ')) return false;
    at = next + 1;
  }
  if (fields[0] != 2) return false;
  SavedIdentity read;
  read.id = {0, fields[1], fields[2], fields[3], static_cast<int64_t>(fields[4])};
  read.seen_mtime_ns = static_cast<int64_t>(fields[5]);
  read.mark = ContentMark::Of(fields[6]);
  read.mark.head = {fields[8], fields[7]};
  read.mark.block = {fields[10], fields[9]};
  read.successor = static_cast<int64_t>(fields[11]);
  read.closed_mtime_ns = static_cast<int64_t>(fields[12]);
  *identity = read;
  return true;
}

void KeepExactNames(FileCheckpoint* row) {
  if (ToValidUtf8(row->source) == row->source && ToValidUtf8(row->path) == row->path) return;
  row->identity += '\0' + row->source + '\0' + row->path;  // no path holds a NUL
}

void RestoreExactNames(FileCheckpoint* row) {
  const size_t source = row->identity.find('\0');
  if (source == std::string::npos) return;
  const size_t path = row->identity.find('\0', source + 1);
  if (path == std::string::npos) return;
  row->source = row->identity.substr(source + 1, path - source - 1);
  row->path = row->identity.substr(path + 1);
  row->identity.resize(source);
}

}  // namespace alogd
