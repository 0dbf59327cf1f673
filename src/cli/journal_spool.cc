// SPDX-License-Identifier: MIT
// Renders journal entries into a file of their own.
#include "cli/journal_spool.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "core/journal/journal_reader.h"

namespace alogd {
namespace {

struct Closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Closer>;

constexpr uint64_t kAskEvery = 4096;  // entries

}  // namespace

JournalSpool::JournalSpool(std::string path) : path_(std::move(path)) {}

JournalSpool::JournalSpool(JournalSpool&& other) noexcept
    : path_(std::exchange(other.path_, {})), cut_(other.cut_) {}

JournalSpool& JournalSpool::operator=(JournalSpool&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(cut_, other.cut_);
  return *this;
}

JournalSpool::~JournalSpool() {
  if (!path_.empty()) unlink(path_.c_str());
}

Result<JournalSpool> JournalSpool::Write(const GroupConfig& group, Time since,
                                         const std::function<bool()>& go_on) {
  auto reader = JournalReader::Open(SelectionOf(group), "", group.max_line);
  if (!reader) return reader.error();
  if (Status sought = (*reader)->SeekTime(since); !sought) return sought.error();
  std::string path = "/var/tmp/alogd-journal-XXXXXX";
  const int fd = mkstemp(path.data());
  if (fd < 0) return ErrnoError("cannot write", path, errno);
  JournalSpool spool(std::move(path));
  const File file(fdopen(fd, "w"));
  uint64_t bytes = 0, entries = 0;
  for (JournalEntry entry;;) {
    const Result<bool> there = (*reader)->Next(&entry);
    if (!there) return there.error();
    if (!*there) break;
    if (IsOwnUnit(entry.unit)) continue;
    const std::string text = RenderEntry(entry);
    bytes += text.size();
    spool.cut_ = bytes > kMostBytes;
    if (spool.cut_) break;
    std::fwrite(text.data(), 1, text.size(), file.get());
    if (++entries % kAskEvery == 0 && !go_on()) return Error{"interrupted"};
  }
  if (std::fflush(file.get()) != 0 || std::ferror(file.get()) != 0)
    return ErrnoError("cannot write", spool.path_, errno);
  return spool;
}

void JournalSpool::AddTo(LogFiles* files, std::vector<std::string>* remarks) const {
  files->sources.push_back({kJournalSource, {path_}});
  if (cut_)
    remarks->push_back(
        fmt::format("only the first {} MiB of the journal's entries are taken; ask for less of it",
                    kMostBytes >> 20));
}

}  // namespace alogd
