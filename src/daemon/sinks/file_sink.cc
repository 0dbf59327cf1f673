// SPDX-License-Identifier: MIT
// Opening, mending, appending and rotating a file of JSON lines.
#include "daemon/sinks/file_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "daemon/sinks/alert_json.h"

namespace alogd {
namespace {

// Bytes at the end of a file among which the last line begins: a line holds texts of at most
// 8 KiB each and a body of 256 KiB.
constexpr uint64_t kLongestLine = 1 << 20;

}  // namespace

Status FileSink::Open() {
  // Not through a link: whoever may write in the directory would choose what grows. Not waiting for
  // the reader of a pipe.
  constexpr int kFlags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  UniqueFd fd(open(options_.path.c_str(), kFlags, 0640));
  if (fd.get() < 0)
    return ErrnoError("cannot open for alerts (may alogd write there?)", options_.path, errno);
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return ErrnoError("cannot stat", options_.path, errno);
  if (!S_ISREG(info.st_mode))
    return Error{"cannot write alerts to " + options_.path + ": it is no regular file"};
  // Whatever the umask. Of a file that another made it is that one's choice.
  if (info.st_size == 0 && info.st_uid == geteuid()) static_cast<void>(fchmod(fd.get(), 0640));
  fd_ = std::move(fd);
  return MendEnd(static_cast<uint64_t>(info.st_size));
}

// A line without its end is what a crash left of one.
Status FileSink::MendEnd(uint64_t size) {
  std::string end(std::min(size, kLongestLine), '\0');
  const uint64_t begin = size - end.size();
  if (!end.empty() && pread(fd_.get(), end.data(), end.size(), static_cast<off_t>(begin)) !=
                          static_cast<ssize_t>(end.size())) {
    Status failed = ErrnoError("cannot read", options_.path, errno);
    fd_.Reset(-1);
    return failed;
  }
  size_ = size;
  if (end.empty() || end.back() == '\n') return {};
  const size_t last = end.rfind('\n');
  if (last == std::string::npos && begin > 0) {
    fd_.Reset(-1);
    return Error{"cannot append alerts to " + options_.path +
                 ": its last line is longer than any alert's; name another file"};
  }
  size_ = last == std::string::npos ? 0 : begin + last + 1;
  if (ftruncate(fd_.get(), static_cast<off_t>(size_)) == 0) return {};
  Status failed = ErrnoError("cannot cut off the unfinished line of", options_.path, errno);
  fd_.Reset(-1);
  return failed;
}

bool FileSink::Moved() const {
  struct stat open {};
  struct stat there {};
  if (fstat(fd_.get(), &open) != 0 || lstat(options_.path.c_str(), &there) != 0) return true;
  return open.st_dev != there.st_dev || open.st_ino != there.st_ino;
}

Status FileSink::Rotate() {
  const auto name = [this](uint32_t n) { return fmt::format("{}.{}", options_.path, n); };
  fd_.Reset(-1);
  for (uint32_t n = options_.keep; n > 1; --n) {
    if (rename(name(n - 1).c_str(), name(n).c_str()) != 0 && errno != ENOENT)
      return ErrnoError("cannot rotate", name(n - 1), errno);
  }
  const bool done = options_.keep > 0 ? rename(options_.path.c_str(), name(1).c_str()) == 0
                                      : unlink(options_.path.c_str()) == 0;
  if (!done && errno != ENOENT) return ErrnoError("cannot rotate", options_.path, errno);
  return Open();
}

Status FileSink::Send(const Alert& alert) {
  const std::string line = AlertJson(alert) + '\n';
  if (fd_.get() >= 0 && Moved()) fd_.Reset(-1);
  if (fd_.get() < 0) {
    if (Status opened = Open(); !opened) return opened;
  }
  if (options_.max_size > 0 && size_ > 0 && size_ + line.size() > options_.max_size) {
    if (Status rotated = Rotate(); !rotated) return rotated;
  }
  for (size_t done = 0; done < line.size();) {
    const ssize_t n = write(fd_.get(), line.data() + done, line.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      Status failed = ErrnoError("cannot append an alert to", options_.path, errno);
      // What cannot be cut off is, when it is opened again.
      if (done > 0 && ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0) fd_.Reset(-1);
      return failed;
    }
    done += static_cast<size_t>(n);
  }
  if (fdatasync(fd_.get()) != 0) {
    Status failed = ErrnoError("cannot write to disk", options_.path, errno);
    fd_.Reset(-1);
    return failed;
  }
  size_ += line.size();
  return {};
}

}  // namespace alogd
