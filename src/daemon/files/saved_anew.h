// SPDX-License-Identifier: MIT
// Tells a log that was saved anew (an editor, sed -i, rsync: a new inode with the old text) from a
// new one.
#pragma once

#include <cstdint>

#include "core/commit_unit.h"
#include "daemon/files/file_identity.h"
#include "daemon/files/file_reader.h"

namespace alogd {

// Longer prefixes are not compared byte by byte: a worker that compares does not read, and 256 MiB
// take about as long as a busy second.
constexpr uint64_t kMaxSavedPrefix = 256ull << 20;

// How much at the beginning of a file needs no reading, because it was read elsewhere.
struct KnownPrefix {
  uint64_t bytes = 0;  // 0: nothing
  uint32_t chain = 0;  // over them
};

// Compares with a file that is open still, as far as it was read or may be: up to `end`. `before`:
// how far it had been read when the new file was met, which is the least that a saved file holds.
KnownPrefix PrefixReadFrom(const FileReader& old, uint64_t before, uint64_t end,
                           const OpenedFile& file);
// Compares with what a checkpoint tells of a file that is gone: by its chain, or, where the chain
// goes back over a truncation or the text is too long, by head and block, as a file is told
// everywhere.
bool HoldsWhatWasRead(const FileCheckpoint& row, const ContentMark& mark, const OpenedFile& file);

}  // namespace alogd
