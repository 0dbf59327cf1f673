// SPDX-License-Identifier: MIT
// Which source of a group reads which inode: each is read by one, whatever names it has.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/types.h"

namespace alogd {

class SourceFiles;

// One a group, on its worker's thread; outlives the SourceFiles that use it. SourceFiles keep it up
// to date by themselves.
class FileRegistry {
 public:
  using Inode = std::pair<uint64_t, uint64_t>;  // st_dev, st_ino

  // The source that reads this inode now; nullptr where nobody does.
  SourceFiles* Owner(Inode inode) const;
  // The source that has this file open, or closed it to save descriptors; nullptr where nobody
  // does. For reading a record's text again.
  SourceFiles* Find(FileId id) const;

  // The source with a checkpoint for this inode number whose file it has not found; nullptr for
  // none.
  SourceFiles* Claimant(uint64_t inode) const;

  void Add(Inode inode, FileId id, SourceFiles* owner);
  void Remove(Inode inode, FileId id);
  // Closed to save descriptors: Find tells its source yet, until Drop or Add.
  void Park(Inode inode, FileId id, SourceFiles* owner);
  void Drop(FileId id);
  void AddClaim(uint64_t inode, SourceFiles* claimant);
  void RemoveClaim(uint64_t inode, SourceFiles* claimant);

 private:
  struct Owned {
    FileId id{};
    SourceFiles* owner = nullptr;
  };
  std::map<Inode, Owned> owners_;
  std::unordered_map<int64_t, SourceFiles*> files_;
  std::unordered_multimap<uint64_t, SourceFiles*> claims_;
};

}  // namespace alogd
