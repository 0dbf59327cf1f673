// SPDX-License-Identifier: MIT
// Finds what was written in a file that was allocated ahead of its writer, or that has holes.
#pragma once

#include <cstdint>

#include "core/result.h"

namespace alogd {

// Holes and unwritten extents are skipped where the file system tells of them; elsewhere their NULs
// are read. Errors name no path.

// Offset of the first byte from `from` on that is not NUL; UINT64_MAX where there is none.
Result<uint64_t> NextData(int fd, uint64_t from);
// Offset behind the last byte before `end` that is not NUL; 0 where there is none.
Result<uint64_t> EndOfData(int fd, uint64_t end);

}  // namespace alogd
