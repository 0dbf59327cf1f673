// SPDX-License-Identifier: MIT
// Log files at rest: plain, compressed or in archives, one stream of bytes each.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace alogd {

// Reads a file with whatever compression (.gz .xz .zst .bz2 .lz4) and archive format (tar, zip) libarchive
// knows by content; a file that is neither is read as it is. Hostile archives: nothing is ever
// extracted, names are only labels.
class ArchiveReader {
 public:
  static Result<ArchiveReader> Open(const std::string& path);  // "-" is standard input
  ArchiveReader(ArchiveReader&&) noexcept;
  ArchiveReader& operator=(ArchiveReader&&) noexcept;
  ~ArchiveReader();

  // Goes to the next member (the first one at the first call); false at the end. A plain or compressed
  // file is one member, named by its path; an archive's are named PATH!MEMBER.
  Result<bool> NextMember(std::string* name, int64_t* mtime_us);
  // Reads up to buffer.size() bytes; 0 at the member's end. Errors name the path and what libarchive said.
  Result<size_t> Read(std::span<char> buffer);

 private:
  struct Impl;
  explicit ArchiveReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace alogd
