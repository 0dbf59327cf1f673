// SPDX-License-Identifier: MIT
// Skips and checks what was read of a log before it was compressed.
#include "daemon/files/compressed_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <vector>

namespace alogd {

bool IsCompressed(int fd) {
  static constexpr std::array<std::string_view, 5> kMagic = {
      std::string_view("\x1f\x8b", 2),
      std::string_view("\xfd"
                       "7zXZ\0",
                       6),
      std::string_view("\x28\xb5\x2f\xfd", 4), std::string_view("BZh", 3),
      std::string_view("\x04\x22\x4d\x18", 4)};
  std::array<char, 6> start;
  const Result<size_t> got = PreadAll(fd, start.data(), start.size(), 0);
  if (!got) return false;
  const std::string_view bytes(start.data(), *got);
  return std::any_of(kMagic.begin(), kMagic.end(),
                     [&](std::string_view magic) { return bytes.starts_with(magic); });
}

Result<std::unique_ptr<CompressedFile>> CompressedFile::Open(const OpenedFile& file,
                                                             const ContentMark& mark) {
  // By descriptor: the name may stand for another file by now.
  auto archive = ArchiveReader::Open(fmt::format("/proc/self/fd/{}", file.fd.get()));
  if (!archive) return archive.error().With(file.path);
  std::unique_ptr<CompressedFile> opened(new CompressedFile(std::move(*archive)));
  std::string name;
  int64_t mtime_us = 0;
  const Result<bool> member = opened->archive_.NextMember(&name, &mtime_us);
  if (!member) return member.error().With(file.path);
  if (const Status skipped = opened->Skip(mark); !skipped) return skipped.error().With(file.path);
  return opened;
}

bool CompressedFile::HasHead(const OpenedFile& file, const ContentMark& mark) {
  auto opened = Open(file, ContentMark::Of(0));
  if (!opened) return false;
  std::string head(mark.head_bytes, '\0');
  const Result<size_t> got = (*opened)->Read(head);
  return got && *got == head.size() && HashBytes(head) == mark.head;
}

Status CompressedFile::Skip(const ContentMark& mark) {
  std::vector<char> buffer(64 * 1024);
  std::string head;
  for (uint64_t at = 0; at < mark.offset;) {
    // The head first and alone, to turn away what is another file before all of it is decompressed.
    const uint64_t until = at < mark.head_bytes ? mark.head_bytes : mark.offset;
    const auto want = static_cast<size_t>(std::min<uint64_t>(until - at, buffer.size()));
    const Result<size_t> got = archive_.Read({buffer.data(), want});
    if (!got) return got.error();
    if (*got == 0) return Error{"is shorter than what was read", EINVAL};
    const std::string_view bytes(buffer.data(), *got);
    Remember(bytes);
    if (at < mark.head_bytes) head.append(bytes);
    at += *got;
    if (at == mark.head_bytes && HashBytes(head) != mark.head)
      return Error{"begins otherwise", EINVAL};
  }
  if (block_.size() != mark.block_bytes || HashBytes(block_) != mark.block) {
    return mark.empty() ? Status() : Error{"goes on otherwise", EINVAL};
  }
  return {};
}

Result<size_t> CompressedFile::Read(std::span<char> buffer) {
  size_t got = 0;
  while (got < buffer.size()) {
    const Result<size_t> n = archive_.Read(buffer.subspan(got));
    if (!n) {
      if (got == 0) return n.error();
      break;  // what came before the damage counts; the next call meets it again
    }
    if (*n == 0) break;
    got += *n;
  }
  Remember({buffer.data(), got});
  return got;
}

void CompressedFile::Remember(std::string_view bytes) {
  if (bytes.size() >= ContentMark::kBlockBytes) {
    block_.assign(bytes.substr(bytes.size() - ContentMark::kBlockBytes));
    return;
  }
  block_.append(bytes);
  if (block_.size() > ContentMark::kBlockBytes) {
    block_.erase(0, block_.size() - ContentMark::kBlockBytes);
  }
}

}  // namespace alogd
