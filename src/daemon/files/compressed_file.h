// SPDX-License-Identifier: MIT
// A compressed copy of a log, read on from a place in the uncompressed text.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "core/records/archive_reader.h"
#include "core/result.h"
#include "daemon/files/file_identity.h"

namespace alogd {

// Whether an open file starts with the magic number of a compression (gzip, xz, zstd, bzip2, lz4).
bool IsCompressed(int fd);

class CompressedFile {
 public:
  // Decompresses up to the mark's offset, checking that the text begins and stands there as the
  // mark says; fails with the code EINVAL where it does not. The head is compared first, so that a
  // file that is another one costs a kilobyte.
  static Result<std::unique_ptr<CompressedFile>> Open(const OpenedFile& file,
                                                      const ContentMark& mark);

  // Whether the text begins with the mark's head; false also where it cannot be read.
  static bool HasHead(const OpenedFile& file, const ContentMark& mark);

  // The next bytes of the text; 0 at its end.
  Result<size_t> Read(std::span<char> buffer);
  // What stands before the next byte, at most ContentMark::kBlockBytes.
  const std::string& block() const { return block_; }

 private:
  explicit CompressedFile(ArchiveReader archive) : archive_(std::move(archive)) {}
  Status Skip(const ContentMark& mark);
  void Remember(std::string_view bytes);

  ArchiveReader archive_;
  std::string block_;
};

}  // namespace alogd
