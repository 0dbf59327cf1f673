// SPDX-License-Identifier: MIT
// Progress, scratch directories and archives.
#include "detection_quality/sections.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "core/records/archive_reader.h"

namespace alogd {

namespace fs = std::filesystem;

ProgressLine::ProgressLine(std::string task)
    : task_(std::move(task)), terminal_(isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() {
  if (terminal_) fmt::print(stderr, "\r{:78}\r", "");
}

bool ProgressLine::operator()(const std::string& step, double done) {
  const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  if (!terminal_ && seconds < next_) return true;
  next_ = seconds + 30;
  const std::string line =
      fmt::format("{}: {:.0f}% after {:.0f} s: {:60}", task_, 100 * done, seconds, step);
  if (terminal_)
    fmt::print(stderr, "\r{:.78}", line);
  else
    fmt::print(stderr, "{:.78}\n", line);
  return true;
}

ScratchDirectory::ScratchDirectory() {
  std::string name = (fs::temp_directory_path() / "detection_quality.XXXXXX").string();
  if (mkdtemp(name.data())) path_ = name;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

Status Extract(const std::string& archive, const fs::path& to) {
  Result<ArchiveReader> reader = ArchiveReader::Open(archive);
  if (!reader) return reader.error();
  std::string name;
  int64_t mtime = 0;
  std::vector<char> buffer(1 << 20);
  while (true) {
    const Result<bool> more = reader->NextMember(&name, &mtime);
    if (!more) return more.error();
    if (!*more) return {};
    const fs::path member(name.substr(name.find('!') + 1));
    const fs::path path = to / member.parent_path().filename() / member.filename();
    fs::create_directories(path.parent_path());
    std::ofstream out(path, std::ios::binary);
    while (true) {
      const auto bytes = reader->Read(buffer);
      if (!bytes) return bytes.error();
      if (*bytes == 0) break;
      out.write(buffer.data(), static_cast<std::streamsize>(*bytes));
    }
  }
}

}  // namespace alogd
