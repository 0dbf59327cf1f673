// SPDX-License-Identifier: MIT
// readdir, and when its answer will do again.
#include "daemon/files/listings.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

namespace alogd {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

}  // namespace

Result<Names> ListDirectory(const std::string& directory) {
  const std::unique_ptr<DIR, CloseDir> dir(::opendir(directory.c_str()));
  Names names;
  if (!dir) {
    if (errno == ENOENT || errno == ENOTDIR) return names;
    return ErrnoError("cannot look for rotated files in", directory, errno);
  }
  while (const dirent* entry = ::readdir(dir.get())) names.emplace_back(entry->d_name);
  std::sort(names.begin(), names.end());
  return names;
}

void Listings::Begin(uint64_t heard, Time now) {
  heard_ = heard;
  now_ = now;
}

// The clock may jump back; a pause must not grow by it.
bool Listings::Recent(const Listing& listing) const {
  return now_ >= listing.at && now_ - listing.at < kPause;
}

bool Listings::Due(const std::string& directory) const {
  const auto known = listings_.find(directory);
  if (known == listings_.end() || Usable(known->second)) return true;
  return known->second.names.size() <= kSmall || !Recent(known->second);
}

Result<const Names*> Listings::Shared(const std::string& directory) {
  const auto known = listings_.find(directory);
  if (known != listings_.end() && Usable(known->second)) return &known->second.names;
  const uint64_t made = Mark();  // before: what happens while it is listed may be missing
  Result<Names> names = ListDirectory(directory);
  if (!names) return names.error();
  Listing& listing = listings_[directory];
  listing = {std::move(*names), made, now_};
  return &listing.names;
}

void Listings::DropOld(Time now) {
  now_ = now;
  std::erase_if(listings_, [this](const auto& listing) { return !Recent(listing.second); });
}

}  // namespace alogd
