// SPDX-License-Identifier: MIT
// Reads logs at rest line by line: one source, or many merged by the time of their records.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/log_files.h"
#include "core/config/config.h"
#include "core/headers/header_parser.h"
#include "core/record.h"
#include "core/records/archive_reader.h"
#include "core/records/line_splitter.h"
#include "core/result.h"

namespace alogd {

// Reads one source's files one after the other. Archives give a source a member.
class LogReader {
 public:
  LogReader(LogSource source, uint32_t max_line);

  // The next line; empty at the end. A file that cannot be read further is left with a remark and
  // the next one begun.
  std::optional<Line> Next();
  // Of the line that Next returned last.
  const std::string& source_name() const { return member_; }
  // The file whose offsets the lines' are; empty inside compressed files and archives.
  const std::string& plain_path() const { return plain_path_; }
  size_t file() const { return files_begun_ - 1; }  // counts files and members of this reader
  Time reference() const { return mtime_; }         // when that file was last written
  uint64_t bytes() const { return bytes_; }
  const std::vector<std::string>& remarks() const { return remarks_; }

 private:
  bool OpenNext();
  bool Fill();

  LogSource source_;
  uint32_t max_line_;
  size_t next_file_ = 0;
  std::optional<ArchiveReader> archive_;
  std::optional<LineSplitter> splitter_;
  std::string member_;
  std::string plain_path_;
  Time mtime_{};
  size_t files_begun_ = 0;
  uint64_t bytes_ = 0;
  std::vector<char> buffer_;
  bool at_end_ = true;  // of the member
  std::vector<std::string> remarks_;
};

// Merges readers by the time of their records, so that a scan of logs at rest sees them in the
// order in which the daemon would have; lines without a time stay with their predecessor. One
// reader is read straight through.
class MergedReader {
 public:
  // Fails where the group's format or time zone is wrong.
  static Result<MergedReader> Create(const std::vector<LogSource>& sources,
                                     const GroupConfig& group);

  // The next line, or none at the end; `line` and names are valid until the next call.
  struct Next {
    Line line;
    const std::string* source_name = nullptr;
    const std::string* plain_path = nullptr;  // see LogReader
    Time reference{};
    int64_t file = 0;  // unique among all files read, from 1
  };
  std::optional<Next> ReadLine();
  uint64_t bytes() const;
  std::vector<std::string> remarks() const;

 private:
  struct Input {
    std::unique_ptr<LogReader> reader;
    std::unique_ptr<HeaderParser> header;  // to learn the time of the line ahead
    std::string text;                      // of the line ahead
    Line line;
    Time time = Time::min();
    std::string source_name;
    std::string plain_path;
    Time reference{};
    int64_t file = 0;
    size_t file_in_reader = SIZE_MAX;
  };
  bool Advance(Input* input);
  static bool Later(const Input* a, const Input* b);

  GroupConfig group_;
  std::vector<std::unique_ptr<Input>> inputs_;  // in order of names: ties go to the first
  std::vector<Input*> heap_;
  Input* current_ = nullptr;
  int64_t files_ = 0;
};

}  // namespace alogd
