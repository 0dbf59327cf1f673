// SPDX-License-Identifier: MIT
// Reads and writes a bundle's files.
#include "models/bundle/bundle_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

namespace alogd {
namespace {

constexpr const char* kServiceUser = "alogd";

// The directory that a path stands in.
std::string Parent(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// As root: the owner of the directory around it.
void AdoptOwner(const std::string& path, int fd) {
  struct stat parent {};
  if (geteuid() != 0 || stat(Parent(path).c_str(), &parent) != 0) return;
  // Where it fails the service may not read it; loading says so, with the reason.
  static_cast<void>(fchown(fd, parent.st_uid, parent.st_gid));
}

Status CheckWriters(const struct stat& info, const std::string& path) {
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) == 0) return {};
  return Error{fmt::format(
      "{}: others than its owner may write it; mend that with: chmod go-w '{}'", path, path)};
}

// Root, whoever runs this program, and the service's user, whose bundles operators look at.
bool IsTrusted(uid_t owner) {
  if (owner == 0 || owner == geteuid()) return true;
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer;
  return getpwnam_r(kServiceUser, &entry, buffer.data(), buffer.size(), &found) == 0 &&
         found != nullptr && found->pw_uid == owner;
}

Status CheckOwner(const struct stat& info, const std::string& path) {
  if (IsTrusted(info.st_uid)) return {};
  return Error{fmt::format(
      "{}: it belongs to user {}, who is neither root nor the service's user; if you trust what is "
      "in it: chown -R root '{}'",
      path, info.st_uid, path)};
}

// Who may rename a directory on the way can put another bundle in its place. In a sticky directory
// (/tmp) that is the owner of what stands there, who is checked anyway.
Status CheckParents(const std::string& directory) {
  std::array<char, PATH_MAX> real;
  if (realpath(directory.c_str(), real.data()) == nullptr)
    return ErrnoError("cannot examine", directory, errno);
  for (std::string path = real.data(); path != "/";) {
    path = Parent(path);
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) return ErrnoError("cannot examine", path, errno);
    if ((info.st_mode & S_IWOTH) != 0 && (info.st_mode & S_ISVTX) == 0)
      return Error{fmt::format(
          "{}: everybody may write it, and so replace the bundle in it; mend that with: chmod o-w "
          "'{}'",
          path, path)};
    if (const Status status = CheckOwner(info, path); !status) return status;
  }
  return {};
}

Result<std::string> ReadAll(int fd, const std::string& path, size_t size) {
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t n = read(fd, bytes.data() + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError("cannot read", path, errno);
    if (n == 0) return Error{fmt::format("{}: it became shorter while it was read", path)};
    done += static_cast<size_t>(n);
  }
  return bytes;
}

Status WriteAll(int fd, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError("cannot write", path, errno);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

}  // namespace

OwnedFd::~OwnedFd() {
  if (fd_ >= 0) close(fd_);
}

bool IsBareName(std::string_view name) {
  if (name.empty() || name.size() > 200 || name[0] == '.' || name == "current" ||
      name == "previous")
    return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("._+-").find(c) != std::string_view::npos;
  });
}

Result<OwnedFd> OpenTrustedDirectory(const std::string& path) {
  OwnedFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return ErrnoError("cannot open bundle", path, errno);
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return ErrnoError("cannot examine", path, errno);
  if (const Status status = CheckWriters(info, path); !status) return status.error();
  if (const Status status = CheckOwner(info, path); !status) return status.error();
  if (const Status status = CheckParents(path); !status) return status.error();
  return fd;
}

Result<std::string> ReadTrustedFile(const OwnedFd& directory, const std::string& directory_path,
                                    const std::string& name, size_t limit) {
  const std::string path = directory_path + "/" + name;
  // Not blocking: a FIFO in its place must not hang the loader.
  const OwnedFd fd(
      openat(directory.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!fd && errno == ELOOP)
    return Error{fmt::format("{}: it is a symlink, which a bundle may not hold", path)};
  if (!fd) return ErrnoError("cannot open", path, errno);
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return ErrnoError("cannot examine", path, errno);
  if (!S_ISREG(info.st_mode)) return Error{fmt::format("{}: it is not a regular file", path)};
  if (const Status status = CheckWriters(info, path); !status) return status.error();
  if (const Status status = CheckOwner(info, path); !status) return status.error();
  if (static_cast<uint64_t>(info.st_size) > limit)
    return Error{fmt::format("{}: {} bytes, over the limit of {}", path, info.st_size, limit)};
  return ReadAll(fd.get(), path, static_cast<size_t>(info.st_size));
}

Status MakeDirectories(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return {};
    return ErrnoError("cannot use as a directory", path, ENOTDIR);
  }
  if (const Status status = MakeDirectories(Parent(path)); !status) return status;
  if (mkdir(path.c_str(), 0750) != 0) return ErrnoError("cannot make directory", path, errno);
  const OwnedFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return ErrnoError("cannot open directory", path, errno);
  AdoptOwner(path, fd.get());
  return {};
}

Status WriteNewFile(const std::string& path, std::string_view bytes) {
  const OwnedFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!fd) return ErrnoError("cannot create", path, errno);
  AdoptOwner(path, fd.get());
  if (fchmod(fd.get(), 0640) != 0) return ErrnoError("cannot set the mode of", path, errno);
  if (const Status status = WriteAll(fd.get(), path, bytes); !status) return status;
  if (fsync(fd.get()) != 0) return ErrnoError("cannot sync", path, errno);
  return {};
}

Status SyncDirectory(const std::string& path) {
  const OwnedFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return ErrnoError("cannot open directory", path, errno);
  if (fsync(fd.get()) != 0) return ErrnoError("cannot sync", path, errno);
  return {};
}

}  // namespace alogd
