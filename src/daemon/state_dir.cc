// SPDX-License-Identifier: MIT
// mkdir and flock for the state directory.
#include "daemon/state_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace alogd {
namespace {

constexpr mode_t kDirectoryMode = 0750;  // operators in the group look in, nobody else

Status MakeDirectory(const std::string& path) {
  const std::filesystem::path directory(path);
  std::error_code error;
  if (directory.has_parent_path())
    std::filesystem::create_directories(directory.parent_path(), error);
  if (mkdir(path.c_str(), kDirectoryMode) == 0) {
    // Whatever the umask says.
    if (chmod(path.c_str(), kDirectoryMode) != 0) return ErrnoError("set the mode of", path, errno);
    return {};
  }
  if (errno != EEXIST) {
    return ErrnoError("make the state directory", path, errno)
        .With("no place for the state (set state_dir, or make it)");
  }
  struct stat st {};
  if (stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) return {};
  return Error{fmt::format("state_dir {} is no directory; remove it or set another", path),
               ENOTDIR};
}

// The process that holds the lock wrote its id into the file; empty where it cannot be read.
std::string HolderOf(int fd) {
  char text[16] = {};
  const ssize_t n = pread(fd, text, sizeof text - 1, 0);
  if (n <= 0 || std::atoi(text) <= 0) return "";
  return fmt::format(" (pid {})", std::atoi(text));
}

}  // namespace

Result<StateDirectory> StateDirectory::Open(const std::string& path) {
  if (Status made = MakeDirectory(path); !made) return made.error();
  const std::string lock = path + "/lock";
  const int fd = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (fd < 0) return ErrnoError("open the lock file", lock, errno);
  StateDirectory directory(fd);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return ErrnoError("lock", lock, errno);
    return Error{fmt::format("another alogd{} runs on {}; stop it, or set another state_dir",
                             HolderOf(fd), path),
                 EWOULDBLOCK};
  }
  const std::string pid = fmt::format("{}\n", getpid());
  // For people only: a full disk must not keep us from starting.
  [[maybe_unused]] const bool written =
      ftruncate(fd, 0) == 0 && pwrite(fd, pid.data(), pid.size(), 0) > 0;
  return directory;
}

StateDirectory::StateDirectory(StateDirectory&& other) noexcept
    : lock_fd_(std::exchange(other.lock_fd_, -1)) {}

StateDirectory& StateDirectory::operator=(StateDirectory&& other) noexcept {
  std::swap(lock_fd_, other.lock_fd_);
  return *this;
}

StateDirectory::~StateDirectory() {
  if (lock_fd_ >= 0) close(lock_fd_);
}

}  // namespace alogd
