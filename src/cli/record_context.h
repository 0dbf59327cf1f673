// SPDX-License-Identifier: MIT
// The lines before and after a record, read from its file while that is still there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/types.h"

namespace alogd {

struct ContextLine {
  uint64_t offset = 0;  // of its first byte
  std::string text;     // as it stands in the file, without the line end: hostile
  bool blamed = false;  // the record itself
};

struct RecordContext {
  std::string path;  // where the file stands now: rotation may have renamed it
  std::vector<ContextLine> lines;
};

// Reads the record at `ref` with up to `around` lines on each side. The file is looked for at
// `path`, and if another one stands there now, by its inode in that directory. Fails with what
// became of it where it is gone, or was truncated or compressed since.
Result<RecordContext> ReadRecordContext(const std::string& path, uint64_t inode,
                                        const RecordRef& ref, size_t around);

}  // namespace alogd
