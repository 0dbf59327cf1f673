// SPDX-License-Identifier: MIT
// Three maps: inode to reader, file id to reader, checkpointed inode to claimant.
#include "daemon/files/file_registry.h"

namespace alogd {

SourceFiles* FileRegistry::Owner(Inode inode) const {
  const auto found = owners_.find(inode);
  return found == owners_.end() ? nullptr : found->second.owner;
}

SourceFiles* FileRegistry::Find(FileId id) const {
  const auto found = files_.find(Index(id));
  return found == files_.end() ? nullptr : found->second;
}

SourceFiles* FileRegistry::Claimant(uint64_t inode) const {
  const auto found = claims_.find(inode);
  return found == claims_.end() ? nullptr : found->second;
}

void FileRegistry::Add(Inode inode, FileId id, SourceFiles* owner) {
  owners_[inode] = {id, owner};
  files_[Index(id)] = owner;
}

void FileRegistry::Remove(Inode inode, FileId id) {
  const auto owned = owners_.find(inode);
  // A truncated file has a new id by now, under the same inode.
  if (owned != owners_.end() && owned->second.id == id) owners_.erase(owned);
  files_.erase(Index(id));
}

void FileRegistry::Park(Inode inode, FileId id, SourceFiles* owner) {
  Remove(inode, id);
  files_[Index(id)] = owner;
}

void FileRegistry::Drop(FileId id) { files_.erase(Index(id)); }

void FileRegistry::AddClaim(uint64_t inode, SourceFiles* claimant) {
  claims_.emplace(inode, claimant);
}

void FileRegistry::RemoveClaim(uint64_t inode, SourceFiles* claimant) {
  const auto [first, last] = claims_.equal_range(inode);
  for (auto claim = first; claim != last; ++claim) {
    if (claim->second == claimant) {
      claims_.erase(claim);
      return;
    }
  }
}

}  // namespace alogd
