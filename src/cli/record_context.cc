// SPDX-License-Identifier: MIT
// Finds a file by path or inode and cuts the lines around an offset.
#include "cli/record_context.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "core/records/line_splitter.h"

namespace alogd {
namespace {

// Read on each side of the record at most; a longer line is shown in part.
constexpr uint64_t kReach = 64 * 1024;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

// Opens `path` if the regular file of that inode stands there.
std::optional<Descriptor> OpenInode(const std::string& path, uint64_t inode, struct stat* info) {
  // NONBLOCK: a pipe that somebody put there must not hold us up.
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0 || fstat(file.get(), info) != 0) return {};
  if (!S_ISREG(info->st_mode) || info->st_ino != inode) return {};
  return file;
}

// The path of `inode` in the directory of `path`, where log rotation renames files to.
std::string FindInode(const std::string& path, uint64_t inode) {
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder.empty() ? "." : folder.c_str()),
                                                &closedir);
  if (!dir) return {};
  while (const dirent* entry = readdir(dir.get())) {
    if (entry->d_ino == inode) return folder + entry->d_name;
  }
  return {};
}

std::string ReadAt(int fd, uint64_t offset, uint64_t bytes) {
  std::string out(bytes, '\0');
  size_t have = 0;
  while (have < bytes) {
    const ssize_t n = pread(fd, out.data() + have, bytes - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    have += static_cast<size_t>(n);
  }
  out.resize(have);
  return out;
}

// Cuts `text`, which stands at `offset` of the file, into lines.
std::vector<ContextLine> Lines(int fd, std::string_view text, uint64_t offset) {
  std::vector<ContextLine> lines;
  LineSplitter splitter(UINT32_MAX / 4, offset, EncodingOf(ReadAt(fd, 0, kEncodingHead)));
  splitter.Append(text);
  Line line;
  while (splitter.Next(&line)) lines.push_back({line.offset, std::string(line.text), false});
  if (splitter.Flush(&line)) lines.push_back({line.offset, std::string(line.text), false});
  return lines;
}

// UTF-16 ends its lines in LF and NUL, in one order or the other.
bool BeginsLine(int fd, uint64_t offset) {
  const uint64_t reach = std::min<uint64_t>(offset, 2);
  const std::string before = ReadAt(fd, offset - reach, reach);
  return offset == 0 || before.ends_with('\n') || before == std::string_view("\n\0", 2);
}

Error Gone(const std::string& path, std::string_view why) {
  return Error{fmt::format("the records are not in {} any more: {}", path, why)};
}

std::vector<ContextLine> Before(int fd, uint64_t offset, size_t around) {
  const uint64_t reach = std::min(offset, kReach);
  std::vector<ContextLine> lines = Lines(fd, ReadAt(fd, offset - reach, reach), offset - reach);
  // The first one may be the end of a line.
  if (reach < offset && !lines.empty()) lines.erase(lines.begin());
  if (lines.size() > around) {
    lines.erase(lines.begin(), lines.end() - static_cast<ptrdiff_t>(around));
  }
  return lines;
}

}  // namespace

Result<RecordContext> ReadRecordContext(const std::string& path, uint64_t inode,
                                        const RecordRef& ref, size_t around) {
  RecordContext context;
  context.path = path;
  struct stat info {};
  std::optional<Descriptor> file = OpenInode(path, inode, &info);
  if (!file) {
    context.path = FindInode(path, inode);
    if (!context.path.empty()) file = OpenInode(context.path, inode, &info);
  }
  if (!file) return Gone(path, "it was removed, compressed or moved elsewhere, or may not be read");
  const auto size = static_cast<uint64_t>(info.st_size);
  if (ref.bytes == 0 || ref.offset >= size || ref.bytes > size - ref.offset) {
    return Gone(context.path, "it was truncated since");
  }
  if (!BeginsLine(file->get(), ref.offset)) {
    return Gone(context.path, "it was truncated and written again");
  }
  context.lines = Before(file->get(), ref.offset, around);
  const std::string rest =
      ReadAt(file->get(), ref.offset, std::min<uint64_t>(ref.bytes, kReach) + kReach);
  std::vector<ContextLine> after = Lines(file->get(), rest, ref.offset);
  for (size_t i = 0; i < after.size() && i <= around; ++i) {
    after[i].blamed = after[i].offset < ref.offset + ref.bytes;
    context.lines.push_back(std::move(after[i]));
  }
  return context;
}

}  // namespace alogd
