// SPDX-License-Identifier: MIT
// VACUUM INTO beside the target, synced, then renamed; and databases put out of the way.
#include "core/store/whole_copy.h"

#include <date/date.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace alogd {
namespace {

// Opens, syncs, closes. VACUUM INTO leaves that to its caller.
Status Sync(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoError("cannot open", path, errno);
  const int failed = fsync(fd) != 0 ? errno : 0;
  close(fd);
  if (failed != 0) return ErrnoError("cannot write to disk", path, failed);
  return {};
}

// An empty file of that mode, which VACUUM INTO takes.
Status MakeEmpty(const std::string& path) {
  unlink(path.c_str());
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (fd < 0) return ErrnoError("cannot create", path, errno);
  const int failed = fchmod(fd, 0640) != 0 ? errno : 0;
  close(fd);
  if (failed != 0) return ErrnoError("cannot set the mode of", path, failed);
  return {};
}

Status Fill(Database* db, const std::string& path) {
  if (Status made = MakeEmpty(path); !made) return made;
  if (Status copied = db->Run("VACUUM INTO ?", path); !copied) return copied;
  return Sync(path);
}

}  // namespace

Status CopyWhole(Database* db, const std::string& to) {
  const std::string beside = to + ".copy";
  Status status = Fill(db, beside);
  if (status && rename(beside.c_str(), to.c_str()) != 0) {
    status = ErrnoError("cannot rename to its place", beside, errno);
  }
  if (!status) {
    unlink(beside.c_str());
    return status;
  }
  return Sync(to.substr(0, to.rfind('/') + 1) + ".");
}

Result<std::string> SetDatabaseAside(const std::string& path, std::string_view why, Time now) {
  const std::string base =
      fmt::format("{}.{}-{}", path, why,
                  date::format("%Y%m%dT%H%M%SZ", date::floor<std::chrono::seconds>(now)));
  std::string aside = base;
  for (int n = 2; access(aside.c_str(), F_OK) == 0; ++n) aside = fmt::format("{}.{}", base, n);
  // The log first: a database without its log is older, a log without its database is nothing.
  if (rename((path + "-wal").c_str(), (aside + "-wal").c_str()) != 0 && errno != ENOENT) {
    return ErrnoError("cannot set aside", path + "-wal", errno);
  }
  if (rename(path.c_str(), aside.c_str()) != 0) {
    return ErrnoError("cannot set aside the database", path, errno);
  }
  unlink((path + "-shm").c_str());
  return aside;
}

}  // namespace alogd
