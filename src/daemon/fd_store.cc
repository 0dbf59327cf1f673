// SPDX-License-Identifier: MIT
// FDSTORE= and FDSTOREREMOVE= messages, and the descriptors that come back.
#include "daemon/fd_store.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include <cstdlib>
#include <iterator>
#include <string_view>

namespace alogd {
namespace {

constexpr std::string_view kPrefix = "log-";

std::string NameOf(int64_t file) { return fmt::format("{}{}", kPrefix, file); }

// FDPOLL=0: nothing can happen to a regular file that polling would tell.
void Store(int64_t file, int fd) {
  const std::string message = fmt::format("FDSTORE=1\nFDPOLL=0\nFDNAME={}", NameOf(file));
  sd_pid_notify_with_fds(0, 0, message.c_str(), &fd, 1);
}

void Remove(const std::string& name) {
  sd_notify(0, fmt::format("FDSTOREREMOVE=1\nFDNAME={}", name).c_str());
}

}  // namespace

FdStore::FdStore() {
  char** names = nullptr;
  const int count = sd_listen_fds_with_names(/*unset_environment=*/1, &names);
  for (int i = 0; i < count; ++i) {
    UniqueFd fd(SD_LISTEN_FDS_START + i);
    const std::string name = names[i];
    struct stat st {};
    if (name.starts_with(kPrefix) && fstat(fd.get(), &st) == 0 && S_ISREG(st.st_mode)) {
      inherited_.insert_or_assign(uint64_t{st.st_ino}, std::move(fd));
    }
    Remove(name);  // stored again by whoever goes on with it
    std::free(names[i]);
  }
  std::free(names);
}

std::string FdStore::InheritedPath(uint64_t inode) const {
  const std::lock_guard lock(mutex_);
  const auto it = inherited_.find(inode);
  return it == inherited_.end() ? "" : fmt::format("/proc/self/fd/{}", it->second.get());
}

void FdStore::CloseInherited() {
  const std::lock_guard lock(mutex_);
  inherited_.clear();
}

void FdStore::Update(const std::string& group, const Held& held) {
  const std::lock_guard lock(mutex_);
  std::set<int64_t>& stored = stored_[group];
  std::set<int64_t> now;
  for (const auto& [file, fd] : held) {
    now.insert(Index(file));
    if (!stored.contains(Index(file))) Store(Index(file), fd);
  }
  for (const int64_t file : stored) {
    if (!now.contains(file)) Remove(NameOf(file));
  }
  stored = std::move(now);
}

}  // namespace alogd
