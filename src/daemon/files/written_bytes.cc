// SPDX-License-Identifier: MIT
// lseek(SEEK_DATA) where it is to be had, and a search for bytes that are not NUL.
#include "daemon/files/written_bytes.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>

#include "daemon/files/file_identity.h"

namespace alogd {
namespace {

constexpr size_t kChunk = 64 * 1024;

// Where the file system's next data begins, `from` where it does not tell, nothing at its end.
std::optional<uint64_t> SeekData(int fd, uint64_t from) {
  const off_t data = ::lseek(fd, static_cast<off_t>(from), SEEK_DATA);
  if (data >= 0) return static_cast<uint64_t>(data);
  if (errno == ENXIO) return std::nullopt;
  return from;
}

// `size` bytes at `from`, valid until the next call of this thread.
Result<std::string_view> ReadChunk(int fd, uint64_t from, size_t size) {
  thread_local std::array<char, kChunk> buffer;
  const Result<size_t> got = PreadAll(fd, buffer.data(), size, from);
  if (!got) return got.error();
  return std::string_view(buffer.data(), *got);
}

}  // namespace

Result<uint64_t> NextData(int fd, uint64_t from) {
  while (const std::optional<uint64_t> data = SeekData(fd, from)) {
    const Result<std::string_view> chunk = ReadChunk(fd, *data, kChunk);
    if (!chunk) return chunk.error();
    const size_t found = chunk->find_first_not_of('\0');
    if (found != std::string_view::npos) return *data + found;
    if (chunk->empty()) break;
    from = *data + chunk->size();
  }
  return UINT64_MAX;
}

Result<uint64_t> EndOfData(int fd, uint64_t end) {
  while (end > 0) {
    const uint64_t from = end - std::min<uint64_t>(end, kChunk);
    const std::optional<uint64_t> data = SeekData(fd, from);
    if (data && *data < end) {
      const auto size = static_cast<size_t>(end - *data);
      const Result<std::string_view> chunk = ReadChunk(fd, *data, size);
      if (!chunk) return chunk.error();
      const size_t found = chunk->find_last_not_of('\0');
      if (found != std::string_view::npos) return *data + found + 1;
    }
    end = from;
  }
  return uint64_t{0};
}

}  // namespace alogd
