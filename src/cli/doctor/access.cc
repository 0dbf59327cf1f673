// SPDX-License-Identifier: MIT
// Whether an account may read a file, from its bits and its access list, for somebody who is not
// it.
#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cstring>

#include "cli/doctor/host.h"

namespace alogd {
namespace {

constexpr unsigned kRead = 4, kSearch = 1;

// An entry of an access list as the kernel stores it (linux/posix_acl_xattr.h), little endian.
struct AclEntry {
  uint16_t tag, permissions;
  uint32_t id;
};
constexpr uint16_t kUser = 2, kGroupObject = 4, kGroup = 8, kMask = 16;
constexpr size_t kMostEntries = 1000;

std::vector<AclEntry> ReadAcl(const std::string& path) {
  char bytes[4 + kMostEntries * sizeof(AclEntry)];
  const ssize_t size = getxattr(path.c_str(), "system.posix_acl_access", bytes, sizeof bytes);
  if (size < 4) return {};  // the file system has none, or the file
  std::vector<AclEntry> entries((static_cast<size_t>(size) - 4) / sizeof(AclEntry));
  std::memcpy(entries.data(), bytes + 4, entries.size() * sizeof(AclEntry));
  return entries;
}

bool IsMember(const Account& account, gid_t gid) {
  return std::ranges::find(account.groups, gid) != account.groups.end();
}

// acl(5), "access check algorithm".
bool AclAllows(const Account& account, const struct stat& info,
               const std::vector<AclEntry>& entries, unsigned wanted) {
  unsigned mask = 7;
  for (const AclEntry& e : entries)
    if (e.tag == kMask) mask = e.permissions;
  for (const AclEntry& e : entries)
    if (e.tag == kUser && e.id == account.uid) return (e.permissions & mask & wanted) == wanted;
  bool in_group = false;
  for (const AclEntry& e : entries) {
    const bool mine = (e.tag == kGroupObject && IsMember(account, info.st_gid)) ||
                      (e.tag == kGroup && IsMember(account, e.id));
    if (mine && (e.permissions & mask & wanted) == wanted) return true;
    in_group |= mine;
  }
  return !in_group && (info.st_mode & wanted) == wanted;
}

bool Allows(const Account& account, const std::string& path, const struct stat& info,
            unsigned wanted) {
  if (account.uid == info.st_uid) return (info.st_mode >> 6 & wanted) == wanted;
  if (const auto entries = ReadAcl(path); !entries.empty())
    return AclAllows(account, info, entries, wanted);
  if (IsMember(account, info.st_gid)) return (info.st_mode >> 3 & wanted) == wanted;
  return (info.st_mode & wanted) == wanted;
}

}  // namespace

std::optional<Refusal> WhyUnreadable(const Account& account, const std::string& path) {
  if (account.reads_everything) return std::nullopt;
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string directory = path.substr(0, slash);
    struct stat info {};
    if (stat(directory.c_str(), &info) == 0 && !Allows(account, directory, info, kSearch))
      return Refusal{directory, true};
  }
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return std::nullopt;  // gone meanwhile
  if (!Allows(account, path, info, S_ISDIR(info.st_mode) ? kRead | kSearch : kRead))
    return Refusal{path, S_ISDIR(info.st_mode)};
  return std::nullopt;
}

}  // namespace alogd
