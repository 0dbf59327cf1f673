// SPDX-License-Identifier: MIT
// restore: a backup in the place of the database, while alogd is stopped.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "cli/cli.h"
#include "cli/output.h"
#include "core/store/restore.h"
#include "core/text.h"

namespace alogd {
namespace {

// Held until it goes.
class Lock {
 public:
  explicit Lock(int fd) : fd_(fd) {}
  Lock(Lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Lock& operator=(Lock&&) = delete;
  ~Lock() {
    if (fd_ >= 0) close(fd_);
  }

 private:
  int fd_;
};

// The lock that a running alogd holds on its state directory, see daemon/state_dir.
Result<Lock> LockState(const std::string& state_dir) {
  const std::string path = state_dir + "/lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (fd < 0) return ErrnoError("open the lock file", path, errno);
  Lock lock(fd);
  // Made by root just now, the service could not open it.
  struct stat info {};
  if (geteuid() == 0 && stat(state_dir.c_str(), &info) == 0 &&
      fchown(fd, info.st_uid, info.st_gid) != 0)
    return ErrnoError("give to its owner", path, errno);
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return ErrnoError("lock", path, errno);
  return Error{fmt::format("alogd runs on {}: systemctl stop alogd, restore, and start it again",
                           state_dir)};
}

void Restore(CliContext* context, const std::string& backup) {
  Config config;
  if (!LoadCliConfig(context, &config)) return;
  const auto lock = LockState(config.state_dir);
  if (!lock) return Fail(context, lock.error().message);
  const std::string database = config.DatabasePath();
  const auto restored = RestoreDatabase(backup, database, Now());
  if (!restored) return Fail(context, restored.error().message);
  if (context->json) {
    fmt::print("{}\n", nlohmann::json{{"database", ToValidUtf8(database)},
                                      {"kept", ToValidUtf8(restored->kept)},
                                      {"anomalies", restored->anomalies}}
                           .dump());
    return;
  }
  if (context->quiet) return;
  const std::string latest =
      restored->latest == kNoTime ? "" : ", the latest of " + LongTime(restored->latest);
  fmt::print("{}: restored from {} ({} anomalies{})\n", EscapeForTerminal(database),
             EscapeForTerminal(backup), restored->anomalies, latest);
  if (!restored->kept.empty())
    fmt::print("what stood there is kept: {}\n", EscapeForTerminal(restored->kept));
  fmt::print("next: systemctl start alogd; it reads the logs on from where the backup stood\n");
}

}  // namespace

void AddRestoreCommand(CLI::App* app, CliContext* context) {
  const auto backup = std::make_shared<std::string>();
  CLI::App* restore = app->add_subcommand(
      "restore", "Put a backup of the database in its place, while alogd is stopped");
  restore->add_option("FILE", *backup, "A copy made by sqlite3's .backup or VACUUM INTO")
      ->required();
  restore->footer(
      "Checks that the backup is whole and alogd's own, refuses while alogd runs, and keeps the "
      "database that stood there beside it.");
  restore->callback([backup, context] { Restore(context, *backup); });
}

}  // namespace alogd
