// SPDX-License-Identifier: MIT
// Writes the configuration in force as one file.
#include "daemon/last_good.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "daemon/unique_fd.h"

namespace alogd {
namespace {

// In a directory of its own: a conf.d beside it would be read too.
constexpr const char* kDirectory = "/last-good";
constexpr const char* kFile = "/alogd.yaml";

Status WriteBeside(const std::string& path, std::string_view text) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!fd.ok()) return ErrnoError("write", path, errno);
  while (!text.empty()) {
    const ssize_t n = write(fd.get(), text.data(), text.size());
    if (n < 0) return ErrnoError("write", path, errno);
    text.remove_prefix(static_cast<size_t>(n));
  }
  if (fsync(fd.get()) != 0) return ErrnoError("write", path, errno);
  return {};
}

}  // namespace

std::string LastGoodPath() {
  const char* state = std::getenv("STATE_DIRECTORY");
  if (state == nullptr || *state != '/') return "";
  return std::string(state) + kDirectory + kFile;
}

Status SaveLastGood(const Config& config, const std::string& path) {
  const std::string directory = path.substr(0, path.rfind('/'));
  if (mkdir(directory.c_str(), 0750) != 0 && errno != EEXIST) {
    return ErrnoError("make the directory", directory, errno);
  }
  LoadedConfig loaded;
  loaded.config = config;
  const std::string text =
      "# What alogd ran with last. It starts with this if /etc/alogd is wrong; changes here are "
      "overwritten.\n" +
      ShowConfig(loaded);
  const std::string beside = path + ".new";
  if (Status written = WriteBeside(beside, text); !written) return written;
  if (rename(beside.c_str(), path.c_str()) != 0) return ErrnoError("write", path, errno);
  return {};
}

}  // namespace alogd
