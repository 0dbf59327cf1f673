// SPDX-License-Identifier: MIT
// Keeps the process ids of the last runs in a small file.
#include "daemon/own_pids.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "daemon/unique_fd.h"

namespace alogd {
namespace {

// kKept ids of at most seven digits.
constexpr size_t kMostBytes = 1024;

bool IsPid(std::string_view text) {
  return !text.empty() && text.size() <= 7 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

OwnPids::OwnPids(const std::string& path, int pid) {
  const UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
  char buffer[kMostBytes];
  const ssize_t n = fd.ok() ? pread(fd.get(), buffer, sizeof buffer, 0) : 0;
  std::string_view rest(buffer, static_cast<size_t>(std::max<ssize_t>(n, 0)));
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    if (IsPid(rest.substr(0, end))) pids_.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  std::erase(pids_, std::to_string(pid));
  pids_.push_back(std::to_string(pid));
  if (pids_.size() > kKept) pids_.erase(pids_.begin(), pids_.end() - kKept);
  const std::string text = fmt::format("{}\n", fmt::join(pids_, "\n"));
  [[maybe_unused]] const bool written =
      fd.ok() && ftruncate(fd.get(), 0) == 0 && pwrite(fd.get(), text.data(), text.size(), 0) > 0;
}

bool OwnPids::IsOwn(std::string_view program, std::string_view pid) const {
  return program == "alogd" && std::find(pids_.begin(), pids_.end(), pid) != pids_.end();
}

}  // namespace alogd
