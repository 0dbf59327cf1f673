// SPDX-License-Identifier: MIT
// Compares two files from their beginning, or a file with a chain.
#include "daemon/files/saved_anew.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "daemon/files/crc32c.h"

namespace alogd {
namespace {

constexpr size_t kChunk = 64 * 1024;
using Buffer = std::array<char, kChunk>;

// The bytes of [from, end) that are there, at most a chunk of them; nothing on an error.
std::string_view ReadChunk(int fd, uint64_t from, uint64_t end, Buffer* buffer) {
  const auto size = static_cast<size_t>(std::min<uint64_t>(kChunk, end - from));
  const Result<size_t> got = PreadAll(fd, buffer->data(), size, from);
  return {buffer->data(), got ? *got : 0};
}

// Over the first `bytes`; false where the file is shorter.
bool ChainOver(int fd, uint64_t bytes, uint32_t* chain) {
  thread_local Buffer buffer;
  *chain = 0;
  for (uint64_t at = 0; at < bytes;) {
    const std::string_view chunk = ReadChunk(fd, at, bytes, &buffer);
    if (chunk.empty()) return false;
    *chain = Crc32c(*chain, chunk);
    at += chunk.size();
  }
  return true;
}

struct Common {
  uint64_t bytes = 0;
  uint64_t line = 0;  // where the line begins in which the files part
};

Common CommonPrefix(int old_fd, int new_fd, uint64_t end) {
  thread_local Buffer of_old, of_new;
  Common common;
  while (common.bytes < end) {
    const std::string_view a = ReadChunk(old_fd, common.bytes, end, &of_old);
    const std::string_view b = ReadChunk(new_fd, common.bytes, end, &of_new);
    const std::string_view shorter = a.substr(0, std::min(a.size(), b.size()));
    const auto part = std::mismatch(shorter.begin(), shorter.end(), b.begin()).first;
    const auto same = static_cast<size_t>(part - shorter.begin());
    const size_t newline = a.substr(0, same).rfind('\n');
    if (newline != std::string_view::npos) common.line = common.bytes + newline + 1;
    common.bytes += same;
    if (same < kChunk) break;
  }
  return common;
}

}  // namespace

KnownPrefix PrefixReadFrom(const FileReader& old, uint64_t before, uint64_t end,
                           const OpenedFile& file) {
  end = std::min(end, file.stat.size);
  if (end == 0 || end > kMaxSavedPrefix) return {};
  const Common common = CommonPrefix(old.fd(), file.fd.get(), end);
  const bool whole = common.bytes == end;
  if (!whole && (before == 0 || common.bytes < before)) return {};
  KnownPrefix known;
  known.bytes = whole ? common.bytes : common.line;
  return ChainOver(file.fd.get(), known.bytes, &known.chain) ? known : KnownPrefix();
}

bool HoldsWhatWasRead(const FileCheckpoint& row, const ContentMark& mark, const OpenedFile& file) {
  // Who saves a file makes the new one beside the old one, so that they have two inodes. One that
  // took the number of a deleted file is another log.
  if (row.inode == file.stat.id.inode) return false;
  if (mark.empty() || !HasMark(file.fd.get(), mark)) return false;
  if (row.read_bytes != mark.offset || mark.offset > kMaxSavedPrefix) return true;
  uint32_t chain = 0;
  return ChainOver(file.fd.get(), mark.offset, &chain) && chain == row.chain;
}

}  // namespace alogd
