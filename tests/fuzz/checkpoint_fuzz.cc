// SPDX-License-Identifier: MIT
// Fuzzes the rows that say how far files were read: a source starts with any of them over a log
// that was rotated and compressed, and hands out only lines of it.
#include <archive.h>
#include <archive_entry.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"
#include "daemon/files/file_identity.h"
#include "daemon/files/source_files.h"
#include "fuzz.h"

namespace {

using namespace alogd;

constexpr size_t kMostRows = 8;

void Gzip(const std::string& path, std::string_view text) {
  archive* writer = archive_write_new();
  archive_write_add_filter_gzip(writer);
  archive_write_set_format_raw(writer);
  fuzz::Require(archive_write_open_filename(writer, path.c_str()) == ARCHIVE_OK);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(writer, entry);
  archive_write_data(writer, text.data(), text.size());
  archive_entry_free(entry);
  archive_write_free(writer);
}

// Made once, never written again.
const std::string& LogPath() {
  static const std::string path = [] {
    std::string directory = std::filesystem::temp_directory_path() / "alogd-fuzz-XXXXXX";
    fuzz::Require(::mkdtemp(directory.data()) != nullptr);
    std::ofstream(directory + "/app.log") << "four\nfive\n";
    std::ofstream(directory + "/app.log.1") << "two\nthree\n";
    Gzip(directory + "/app.log.2.gz", "zero\none\n");
    return directory + "/app.log";
  }();
  return path;
}

// Four lines: identity, name, state with numbers, the inode ("=" and a name: that file's own).
FileCheckpoint TakeRow(std::string_view* input) {
  FileCheckpoint row;
  row.source = LogPath();
  row.identity = std::string(fuzz::TakeLine(input));
  std::string name(fuzz::TakeLine(input));
  std::replace(name.begin(), name.end(), '/', '_');
  row.path = std::filesystem::path(LogPath()).parent_path() / name;
  const std::string_view numbers = fuzz::TakeLine(input);
  const auto number = [&](size_t at) -> uint64_t {
    return at < numbers.size() ? static_cast<uint8_t>(numbers[at]) : 0;
  };
  row.state = FileCheckpoint::State{static_cast<uint8_t>(number(0) % 3)};
  row.offset = number(1) << (number(2) % 64);
  row.size = number(3) << (number(4) % 64);
  row.read_bytes = number(5);
  const std::string_view inode = fuzz::TakeLine(input);
  const Result<OpenedFile> file = OpenRegular(row.path);
  row.inode = file && inode == "=" ? file->stat.id.inode : inode.size();
  SavedIdentity own;
  if (!file || inode != "=" || !SavedIdentity::Decode(row.identity, &own)) return row;
  own.id = file->stat.id;
  const Result<ContentMark> mark = MarkAt(file->fd.get(), row.offset);
  own.mark = mark ? *mark : ContentMark();
  row.identity = own.Encode();
  return row;
}

void Start(std::vector<FileCheckpoint> rows) {
  static const std::set<std::string> known = {"zero", "one", "two", "three", "four", "five"};
  int64_t next = 100;
  SourceFiles files(
      LogPath(), {}, [&] { return FileId{++next}; }, std::move(rows));
  const Time now = FromMicros(1'790'000'000'000'000);
  const auto line = [&](FileId, const Line& got) {
    // A row may point into the middle of a line.
    const bool ours = std::any_of(known.begin(), known.end(), [&](const std::string& whole) {
      return whole.ends_with(got.text);
    });
    fuzz::Require(ours);
  };
  for (int turn = 0; turn < 50 && files.Read(now, line, [](FileId) {}); ++turn) {
  }
  for (FileCheckpoint& row : files.TakeCheckpoints()) {
    SavedIdentity saved;
    fuzz::Require(SavedIdentity::Decode(row.identity, &saved) && saved.Encode() == row.identity);
    KeepExactNames(&row);
    RestoreExactNames(&row);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::vector<FileCheckpoint> rows;
  while (!input.empty() && rows.size() < kMostRows) {
    rows.push_back(TakeRow(&input));
    rows.back().id = FileId{static_cast<int64_t>(rows.size())};
    RestoreExactNames(&rows.back());
  }
  Start(std::move(rows));
  return 0;
}
