// SPDX-License-Identifier: MIT
// Walks a path component by component and asks of each link who made it.
#include "core/config/trusted_links.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <string_view>

namespace alogd {
namespace {

constexpr int kMaxLinks = 40;  // as the kernel has it

class LinkWalk {
 public:
  LinkWalk(const std::string& path, uid_t service) : path_(path), service_(service) { Push(path); }

  Result<std::string> Run() {
    for (int links = 0; !rest_.empty();) {
      const std::string name = rest_.front();
      rest_.pop_front();
      if (name == "..") {
        real_.resize(real_.empty() ? 0 : real_.rfind('/'));
        continue;
      }
      std::string target;
      if (const Status read = ReadLink(name, &target); !read) return read.error();
      if (target.empty()) {
        real_ += '/' + name;
        continue;
      }
      if (++links > kMaxLinks) return ErrnoError("cannot look at", path_, ELOOP);
      if (target.front() == '/') real_.clear();
      Push(target);
    }
    if (!confined_to_.empty() && !real_.starts_with(confined_to_ + "/")) {
      return Error{fmt::format("{} is a symbolic link that leads out of {} and is not followed, "
                               "because others than root and the service may make links there; "
                               "watch {} by its own path",
                               path_, confined_to_, real_),
                   EXDEV};
    }
    return real_.empty() ? "/" : real_;
  }

 private:
  void Push(std::string_view path) {
    std::deque<std::string> names;
    while (!path.empty()) {
      const size_t slash = std::min(path.find('/'), path.size());
      const std::string_view name = path.substr(0, slash);
      path.remove_prefix(std::min(slash + 1, path.size()));
      if (!name.empty() && name != ".") names.emplace_back(name);
    }
    rest_.insert(rest_.begin(), names.begin(), names.end());
  }

  bool IsTrusted(uid_t owner) const { return owner == 0 || owner == service_; }

  // The target of a link; empty for anything else, and for what does not stand there. Owner and
  // target are of one and the same link, should it be replaced meanwhile.
  Status ReadLink(const std::string& name, std::string* target) {
    const std::string at = real_ + '/' + name;
    struct stat info {};
    if (::lstat(at.c_str(), &info) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return {};
      return ErrnoError("cannot look at", path_, errno);
    }
    if (!S_ISLNK(info.st_mode)) return {};
    const int fd = ::open(at.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return ErrnoError("cannot look at", path_, errno);
    std::array<char, PATH_MAX> text;
    const bool looked = ::fstat(fd, &info) == 0;
    const ssize_t size = ::readlinkat(fd, "", text.data(), text.size());
    const int failed = errno;
    ::close(fd);
    if (!looked || size <= 0) return ErrnoError("cannot look at", path_, failed);
    target->assign(text.data(), static_cast<size_t>(size));
    if (confined_to_.empty() && !MayLead(info.st_uid)) confined_to_ = real_;
    return {};
  }

  // Whether a link of `owner` in the directory real_ is followed anywhere.
  bool MayLead(uid_t owner) const {
    struct stat info {};
    if (!IsTrusted(owner) || ::stat(real_.empty() ? "/" : real_.c_str(), &info) != 0) return false;
    const bool open_to_all = (info.st_mode & S_IWOTH) != 0 && (info.st_mode & S_ISVTX) == 0;
    return IsTrusted(info.st_uid) && !open_to_all;
  }

  const std::string& path_;
  const uid_t service_;
  std::deque<std::string> rest_;
  std::string real_;         // what was walked, without links; empty: the root
  std::string confined_to_;  // the directory of the first link that may not lead out of it
};

}  // namespace

Result<std::string> ResolveLinks(const std::string& path, uid_t service) {
  return LinkWalk(path, service).Run();
}

}  // namespace alogd
