// SPDX-License-Identifier: MIT
// Files of a bundle on disk: read with suspicion, written to last.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"

namespace alogd {

// An open descriptor, closed with its owner.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~OwnedFd();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// True for a name of one path component that does not begin with a dot and holds only letters,
// digits and ._+-, so that nothing escapes the models directory or a terminal.
bool IsBareName(std::string_view name);

// Opens a directory for reading. One that its group or others may write is refused with the chmod
// that mends it: whoever can write weights decides what is normal.
Result<OwnedFd> OpenTrustedDirectory(const std::string& path);
// Reads a regular file of at most `limit` bytes; symlinks are not followed, and the same rule on
// who may write holds. `directory_path` is for messages.
Result<std::string> ReadTrustedFile(const OwnedFd& directory, const std::string& directory_path,
                                    const std::string& name, size_t limit);

// Makes a directory and what is missing above it (0750). As root, what is made gets the owner of
// the directory it is made in, so that the service can read what an administrator trained.
Status MakeDirectories(const std::string& path);
// Writes a new file (0640) and syncs it; its owner likewise.
Status WriteNewFile(const std::string& path, std::string_view bytes);
// Syncs a directory: names in it are then on disk.
Status SyncDirectory(const std::string& path);

}  // namespace alogd
