// SPDX-License-Identifier: MIT
// Drives SourceFiles over real files: writers, rotators, commits, kills and restarts, in one
// thread.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/commit_unit.h"
#include "daemon/files/source_files.h"
#include "daemon/unique_fd.h"

namespace alogd::testing {

// A directory that goes away with its object.
class TailDirectory {
 public:
  // `in_memory`: where there is a file system in memory, which is ten times as fast.
  explicit TailDirectory(bool in_memory = false) {
    const bool shm = in_memory && ::access("/dev/shm", W_OK) == 0;
    const std::string parent = shm ? "/dev/shm" : std::filesystem::temp_directory_path().string();
    std::string name = parent + "/alogd-tail-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~TailDirectory() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  TailDirectory(const TailDirectory&) = delete;
  TailDirectory& operator=(const TailDirectory&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

// A program that keeps its log open, as most do.
class LogWriter {
 public:
  explicit LogWriter(const std::string& path, int flags = O_APPEND)
      : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644)) {
    EXPECT_TRUE(fd_.ok()) << path;
  }
  void Write(std::string_view text) const {
    EXPECT_EQ(::write(fd_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

inline void AppendTo(const std::string& path, std::string_view text) {
  LogWriter(path).Write(text);
}

inline void Rename(const std::string& from, const std::string& to) {
  EXPECT_EQ(::rename(from.c_str(), to.c_str()), 0) << from;
}

inline void CopyFile(const std::string& from, const std::string& to) {
  std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
}

inline void Truncate(const std::string& path) { EXPECT_EQ(::truncate(path.c_str(), 0), 0) << path; }

// gzip of the base system: the tool that logrotate calls.
inline void Gzip(const std::string& path) {
  EXPECT_EQ(std::system(("gzip -f '" + path + "'").c_str()), 0) << path;
}

inline std::vector<std::string> Numbered(std::string_view prefix, int from, int to) {
  std::vector<std::string> lines;
  for (int i = from; i < to; ++i) lines.push_back(std::string(prefix) + " " + std::to_string(i));
  return lines;
}

inline std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// Two lists of lines, compared so that a failure names the first difference and not all lines.
inline void ExpectLines(const std::vector<std::string>& got, const std::vector<std::string>& want) {
  const auto [g, w] = std::mismatch(got.begin(), got.end(), want.begin(), want.end());
  EXPECT_TRUE(g == got.end() && w == want.end())
      << "line " << g - got.begin() << " of " << got.size() << ", " << want.size()
      << " expected: " << (g == got.end() ? "nothing" : *g) << " instead of "
      << (w == want.end() ? "nothing" : *w);
}

// One source with the database it is committed to.
class TailRig {
 public:
  explicit TailRig(std::string path, SourceFiles::Options options = {})
      : path_(std::move(path)), options_(options) {
    Start();
  }

  // Builds the source from what was committed.
  void Start() {
    std::vector<FileCheckpoint> rows;
    for (const auto& [id, row] : rows_) rows.push_back(row);
    files_.reset();
    files_ = std::make_unique<SourceFiles>(
        path_, options_, [this] { return FileId{++last_id_}; }, std::move(rows));
  }
  void Commit() {
    for (const FileCheckpoint& row : files_->TakeCheckpoints()) rows_[row.id] = row;
    for (const FileId id : files_->TakeForgotten()) rows_.erase(id);
    committed_ = lines_.size();
  }
  // What was not committed never happened.
  void Kill() {
    files_.reset();
    lines_.resize(committed_);
  }
  void KillAndRestart() {
    Kill();
    Start();
  }
  void Restart() {
    Commit();
    KillAndRestart();
  }

  bool ReadOnce() {
    const bool more = files_->Read(
        now_,
        [this](FileId, const Line& line) {
          lines_.emplace_back(line.text);
          if (line.partial) ++partials_;
          if (line.cut) ++cuts_;
        },
        [this](FileId id) { closed_.push_back(id); });
    for (std::string& problem : files_->TakeProblems()) problems_.push_back(std::move(problem));
    return more;
  }
  void ReadAll() {
    for (int turn = 0; turn < 100000; ++turn) {
      if (!ReadOnce()) return;
    }
    ADD_FAILURE() << "there is always more to read";
  }
  void Wait(Duration time) { now_ += time; }

  SourceFiles& files() { return *files_; }
  SourceFiles::Info info() const { return files_->info(); }
  const std::vector<std::string>& lines() const { return lines_; }
  const std::vector<std::string>& problems() const { return problems_; }
  const std::vector<FileId>& closed() const { return closed_; }
  const std::map<FileId, FileCheckpoint>& rows() const { return rows_; }
  std::map<FileId, FileCheckpoint>& rows() { return rows_; }
  size_t committed() const { return committed_; }  // of lines()
  bool up() const { return files_ != nullptr; }
  size_t partials() const { return partials_; }
  size_t cuts() const { return cuts_; }
  Time now() const { return now_; }

 private:
  std::string path_;
  SourceFiles::Options options_;
  int64_t last_id_ = 0;
  std::unique_ptr<SourceFiles> files_;
  std::map<FileId, FileCheckpoint> rows_;
  std::vector<std::string> lines_, problems_;
  std::vector<FileId> closed_;
  size_t committed_ = 0, partials_ = 0, cuts_ = 0;
  Time now_ = FromMicros(1'795'000'000'000'000);
};

}  // namespace alogd::testing
