// SPDX-License-Identifier: MIT
// Makes reads and writes fail that no file system can be made to fail for a test.
#pragma once

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <initializer_list>

namespace alogd::testing {

// While one lives, SQLite's writes fail, with EIO or another code: through the hook that its VFS
// has for it. One at a time; other threads may use SQLite meanwhile.
class SqliteWriteErrors {
 public:
  explicit SqliteWriteErrors(int code = EIO) { failing_ = code; }
  ~SqliteWriteErrors() { failing_ = 0; }
  SqliteWriteErrors(const SqliteWriteErrors&) = delete;
  SqliteWriteErrors& operator=(const SqliteWriteErrors&) = delete;

  // Before the first database is opened, and for good: open connections keep the calls they found.
  static void Install() {
    sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
    vfs->xSetSystemCall(vfs, "write", reinterpret_cast<sqlite3_syscall_ptr>(&Write));
    for (const char* name : {"pwrite", "pwrite64"}) {
      if (vfs->xGetSystemCall(vfs, name) == nullptr) continue;
      vfs->xSetSystemCall(vfs, name, reinterpret_cast<sqlite3_syscall_ptr>(&PWrite));
    }
  }

 private:
  static ssize_t Write(int fd, const void* data, size_t size) {
    const int code = failing_;
    if (code == 0) return ::write(fd, data, size);
    errno = code;
    return -1;
  }
  static ssize_t PWrite(int fd, const void* data, size_t size, off_t at) {
    const int code = failing_;
    if (code == 0) return ::pwrite(fd, data, size, at);
    errno = code;
    return -1;
  }
  static inline std::atomic<int> failing_{0};
};

}  // namespace alogd::testing
