// SPDX-License-Identifier: MIT
// Log files at rest: plain, compressed or in archives, one stream of bytes each.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace alogd {

// Reads a file with whatever compression (.gz .xz .zst .bz2 .lz4 .lzma .lz .Z, several upon each
// other too) and archive format (tar, zip) stands in it, by content; a file that is neither is read
// as it is. Hostile archives: nothing is ever extracted, names are only labels, only regular
// members are read, and their number is limited.
//
// Rejected: all that libarchive knows. Its mtree reader opens the files that the text names, its
// uudecode filter takes a line "begin 644 x" for its own, its lrzip and grzip filters start
// programs; the rest of its formats never holds logs.
class ArchiveReader {
 public:
  static constexpr uint64_t kMaxMembers = 1'000'000;
  static constexpr size_t kMaxName = 1024;  // bytes of a member's name; longer ones are cut

  // Errors name the path and the cause. "-" is standard input.
  static Result<ArchiveReader> Open(const std::string& path);
  ArchiveReader(ArchiveReader&&) noexcept;
  ArchiveReader& operator=(ArchiveReader&&) noexcept;
  ~ArchiveReader();

  // Goes to the next member (the first one at the first call); false at the end, and after an
  // error. A plain or compressed file is one member, named by its path; an archive's are named
  // PATH!MEMBER. An empty file has one empty member. `mtime_us` is the member's own, else the
  // file's, else that of kNoTime. Names are hostile text: escape them where they are shown.
  Result<bool> NextMember(std::string* name, int64_t* mtime_us);
  // Reads up to buffer.size() bytes; 0 at the member's end. Errors name the path and what
  // libarchive said; what was read before them is good. Holes of sparse members are left out.
  Result<size_t> Read(std::span<char> buffer);

 private:
  struct Impl;
  explicit ArchiveReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace alogd
