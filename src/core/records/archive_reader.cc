// SPDX-License-Identifier: MIT
// libarchive, with only those formats that logs come in.
#include "core/records/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/types.h"

namespace alogd {
namespace {

constexpr size_t kBlock = 256 * 1024;  // of a read(2): a few calls a compressed log

int64_t MtimeOf(const struct stat& info) {
  return int64_t{info.st_mtim.tv_sec} * 1'000'000 + info.st_mtim.tv_nsec / 1000;
}

// Each of these returns ARCHIVE_WARN at the worst, where a filter would need a program; none of
// them does.
bool Support(archive* a) {
  int result = ARCHIVE_OK;
  for (const auto add : {archive_read_support_filter_gzip, archive_read_support_filter_xz,
                         archive_read_support_filter_zstd, archive_read_support_filter_bzip2,
                         archive_read_support_filter_lz4, archive_read_support_filter_lzma,
                         archive_read_support_filter_lzip, archive_read_support_filter_compress,
                         archive_read_support_format_tar, archive_read_support_format_zip,
                         archive_read_support_format_empty, archive_read_support_format_raw})
    result = std::min(result, add(a));
  return result >= ARCHIVE_WARN;
}

struct ArchiveFree {
  void operator()(archive* a) const { archive_read_free(a); }
};

struct CloseDescriptor {
  int fd = -1;
  CloseDescriptor() = default;
  CloseDescriptor(const CloseDescriptor&) = delete;
  CloseDescriptor& operator=(const CloseDescriptor&) = delete;
  ~CloseDescriptor() {
    if (fd > STDIN_FILENO) close(fd);
  }
};

}  // namespace

struct ArchiveReader::Impl {
  std::string path;
  CloseDescriptor fd;  // closed after the archive, which reads from it
  int64_t mtime_us = Micros(kNoTime);
  std::unique_ptr<archive, ArchiveFree> handle;
  uint64_t members = 0;
  bool ended = false;
  // The rest of the block that libarchive gave last; valid until its next call.
  std::string_view block;

  Status OpenFile();
  bool IsArchive() const;
  Error Failed(std::string_view what) const;
  Result<archive_entry*> NextEntry();
  std::string MemberName(archive_entry* entry) const;
};

Error ArchiveReader::Impl::Failed(std::string_view what) const {
  const char* reason = archive_error_string(handle.get());
  return Error{fmt::format("{} {}: {}", what, path, reason != nullptr ? reason : "unknown error"),
               archive_errno(handle.get())};
}

Status ArchiveReader::Impl::OpenFile() {
  if (path == "-") {
    fd.fd = STDIN_FILENO;
  } else {
    fd.fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd.fd < 0) return ErrnoError("cannot open", path, errno);
  }
  struct stat info {};
  if (fstat(fd.fd, &info) != 0) return ErrnoError("cannot stat", path, errno);
  if (S_ISDIR(info.st_mode)) return ErrnoError("cannot read", path, EISDIR);
  if (S_ISREG(info.st_mode)) mtime_us = MtimeOf(info);
  handle.reset(archive_read_new());
  if (handle == nullptr) return ErrnoError("cannot read", path, ENOMEM);
  if (!Support(handle.get()) || archive_read_open_fd(handle.get(), fd.fd, kBlock) != ARCHIVE_OK)
    return Failed("cannot read");
  return {};
}

Result<ArchiveReader> ArchiveReader::Open(const std::string& path) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  if (const Status status = impl->OpenFile(); !status) return status.error();
  return ArchiveReader(std::move(impl));
}

bool ArchiveReader::Impl::IsArchive() const {
  const int format = archive_format(handle.get()) & ARCHIVE_FORMAT_BASE_MASK;
  return format != ARCHIVE_FORMAT_RAW && format != ARCHIVE_FORMAT_EMPTY;
}

// The next entry with content; null at the end.
Result<archive_entry*> ArchiveReader::Impl::NextEntry() {
  while (true) {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(handle.get(), &entry);
    if (result == ARCHIVE_EOF) return nullptr;
    if (result < ARCHIVE_WARN) return Failed("cannot read");
    if (!IsArchive()) return entry;
    if (++members > kMaxMembers)
      return Error{fmt::format("cannot read {}: more than {} members", path, kMaxMembers)};
    if (archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == nullptr &&
        archive_entry_is_encrypted(entry) == 0)
      return entry;
  }
}

std::string ArchiveReader::Impl::MemberName(archive_entry* entry) const {
  if (!IsArchive()) return path;
  const char* name = archive_entry_pathname(entry);
  if (name == nullptr) name = archive_entry_pathname_utf8(entry);
  if (name == nullptr)
    return fmt::format("{}!(member {})", path, members);  // in no known character set
  return fmt::format("{}!{}", path, std::string_view(name).substr(0, kMaxName));
}

Result<bool> ArchiveReader::NextMember(std::string* name, int64_t* mtime_us) {
  Impl& impl = *impl_;
  impl.block = {};
  if (impl.ended) return false;
  const bool first = impl.members == 0;
  Result<archive_entry*> entry = impl.NextEntry();
  if (!entry || *entry == nullptr) impl.ended = true;
  if (!entry) return entry.error();
  *mtime_us = impl.mtime_us;
  if (*entry == nullptr) {
    *name = impl.path;
    return first && !impl.IsArchive();  // an empty file
  }
  if (!impl.IsArchive()) ++impl.members;
  *name = impl.MemberName(*entry);
  if (archive_entry_mtime_is_set(*entry) != 0 && archive_entry_mtime(*entry) > 0)
    *mtime_us =
        int64_t{archive_entry_mtime(*entry)} * 1'000'000 + archive_entry_mtime_nsec(*entry) / 1000;
  return true;
}

Result<size_t> ArchiveReader::Read(std::span<char> buffer) {
  Impl& impl = *impl_;
  while (impl.block.empty()) {
    if (impl.ended) return size_t{0};
    const void* data = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    const int result = archive_read_data_block(impl.handle.get(), &data, &size, &offset);
    if (result == ARCHIVE_EOF) return size_t{0};
    if (result < ARCHIVE_WARN) {
      impl.ended = result == ARCHIVE_FATAL;
      return impl.Failed("cannot read");
    }
    impl.block = {static_cast<const char*>(data), size};
  }
  const size_t n = std::min(buffer.size(), impl.block.size());
  std::memcpy(buffer.data(), impl.block.data(), n);
  impl.block.remove_prefix(n);
  return n;
}

ArchiveReader::ArchiveReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ArchiveReader::ArchiveReader(ArchiveReader&&) noexcept = default;
ArchiveReader& ArchiveReader::operator=(ArchiveReader&&) noexcept = default;
ArchiveReader::~ArchiveReader() = default;

}  // namespace alogd
