// SPDX-License-Identifier: MIT
// The inside of SourceFiles, shared by its three source files: turns, search and restore.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/files/file_identity.h"
#include "daemon/files/file_reader.h"
#include "daemon/files/file_registry.h"
#include "daemon/files/rotation.h"
#include "daemon/files/source_files.h"

namespace alogd {

class SourceFiles::Impl {
 public:
  Impl(SourceFiles* owner, std::string path, Options options, std::function<FileId()> new_file_id,
       std::vector<FileCheckpoint> checkpoints);
  ~Impl();

  bool Read(Time now, const LineSink& line, const ClosedSink& closed, bool only_look = false);
  Time deadline() const;
  bool done() const;
  std::vector<FileCheckpoint> TakeCheckpoints();
  std::vector<FileId> TakeForgotten() { return std::exchange(forgotten_, {}); }
  std::vector<std::string> TakeProblems() { return std::exchange(problems_, {}); }
  size_t ReleaseHeld(const ClosedSink& closed);
  void AddHeld(std::vector<std::pair<FileId, int>>* held) const;
  bool Park(bool behind);
  std::string ReadText(const RecordRef& ref) const;
  const std::string& path() const { return path_; }
  Info info() const;

 private:
  using Inode = FileRegistry::Inode;

  // One open file. All but the active one are read out and then held for a while.
  struct Entry {
    std::unique_ptr<FileReader> reader;
    Time retired = kNoTime;  // when it ceased to be the active one
    // What it held when it was saved anew is of its successor. It is read on for its old writer,
    // but has no checkpoint: at a start its text would be met in the successor again.
    bool saved_anew = false;
  };
  // A checkpoint whose file has not been found yet.
  struct Row {
    FileCheckpoint checkpoint;
    SavedIdentity saved;
    bool decoded = true;
  };
  // A file under a rotated name that is not open yet.
  struct Rotated {
    RotatedName name;
    OpenedFile file;
    bool compressed = false;
    bool gone() const { return !file.fd.ok(); }  // somebody took it
    FileReader::Medium copy_medium() const {
      return compressed ? FileReader::Medium::kCompressed : FileReader::Medium::kCopy;
    }
  };
  // A file that was read out and closed, in case it comes back under the path.
  struct Closed {
    SavedIdentity saved;
    uint64_t read_bytes = 0;
    uint32_t chain = 0;
  };
  // What the log was when its path was last found to be what we read: files written later are news.
  struct Last {
    int64_t seen_mtime_ns = 0;
    int64_t birth_ns = 0;
    std::string target;  // where the path led to, if it is a symlink
    bool first = false;  // there was no file yet: since when the path is watched
  };

  // What a search wants opened, asked before it is opened.
  using Wanted = std::function<bool(const FileStat&)>;

  // source_files.cc: turns
  void ShiftTimes(Duration back);
  void LookAtPath(Time now);
  void LeftPath(Time now);
  void OpenActive(Time now);
  void Retire(Time now);
  bool ReadFiles(Time now);
  bool FilledAgain();
  void EndTurn(Time now, FileReader* reader);
  void Expire(Time now);
  void Problem(const Error& error, Time now);
  void CountLost(uint64_t bytes, uint64_t offset, const std::string& path, std::string_view why);

  // source_entries.cc: what is open
  Entry& Insert(size_t index, std::unique_ptr<FileReader> reader, Time retired);
  std::unique_ptr<FileReader> Extract(size_t index);
  void Finish(size_t index, Time now);  // closes, forgets, hands its counts on
  void Forget(std::optional<FileId> id);
  void FlushPartial(FileReader* reader);
  size_t FindOpen(Inode inode) const;  // files_.size() where it is not
  size_t FindOpen(FileId id) const;
  void StartActive(OpenedFile file, Time now);
  void MakeActive(size_t index);
  bool ReadElsewhere(const OpenedFile& file, Time now);
  bool StartSavedAnew(OpenedFile* file, Time now);
  bool DrainForSaved(FileReader* reader, Time now);
  std::unique_ptr<FileReader> NewReader(OpenedFile file, bool compressed);
  std::unique_ptr<FileReader> StartAtEnd(OpenedFile file);
  std::unique_ptr<FileReader> GiveAway(Inode inode);
  std::optional<Row> GiveRow(const OpenedFile& file);

  // source_parking.cc: closed to save descriptors
  const Row* Parked(FileId id) const;
  bool KeepsParked(const OpenedFile& file) const;
  std::string ReadParkedText(const RecordRef& ref) const;
  void AddParked(Info* info) const;

  // source_search.cc: what happened between two looks
  std::vector<RotatedName> NamesOfRotated(bool shared, Time now);
  Result<std::vector<RotatedName>> RotatedBeside(const std::string& path, bool shared);
  std::vector<Rotated> CollectRotated(const Wanted& wanted, Time now, bool shared = false);
  void SearchOnce(std::vector<RotatedName> names, const Wanted& wanted, Time now,
                  std::map<Inode, int64_t>* looked_at, std::vector<Rotated>* found);
  static std::string TargetOf(const std::string& path);
  bool OfAnother(Inode inode) const;
  bool IsKnown(const FileStat& stat) const;
  bool KnownTime(int64_t mtime_ns) const;
  bool IsNews(const Rotated& file, bool searched) const;
  bool IsOpenUncompressed(const Rotated& file, const FileReader* truncated) const;
  bool IsAfter(const Rotated& file, int64_t mtime_ns, const std::string& path) const;
  void InsertUnseen(size_t index, std::vector<Rotated> unseen, Time now);
  void InsertRotatedBetween(size_t index, Time now, bool shared = false);
  bool NothingBetween() const;
  void Truncated(size_t index, Time now);
  bool MoveToCopy(FileReader* reader, std::vector<Rotated>* rotated, FileStat* copy);
  static bool HeadOf(const Rotated& file, const ContentMark& mark);

  // source_restore.cc: what happened while we were down
  void Restore(Time now);
  const Row& Newest() const;
  bool BindAtPath(OpenedFile* file);
  FileReader* Bind(const Row& row, OpenedFile* file, FileReader::Medium medium, Time retired);
  void BindRowsOnly(Time now);
  void BindInherited(Time now);
  void BindWhereLeft(Time now);
  std::vector<Rotated> BindRotated(Time now);
  void BindRows(std::vector<Rotated>* rotated, Time now);
  bool IsOfRow(uint64_t inode) const;
  bool BindRow(const Row& row, bool by_inode, std::vector<Rotated>* rotated, Time now);
  bool BindUnread(const Row& row, std::vector<Rotated>* rotated, Time now);
  void RestoreRotated(const Row& newest, OpenedFile* at_path, Time now);
  void GiveUpRows(Time now);

  SourceFiles* owner_;
  std::string path_;
  Options options_;
  std::function<FileId()> new_file_id_;
  std::vector<Row> rows_;     // whose files were not found yet, oldest first
  std::vector<Entry> files_;  // oldest first; the active one, if any, is the last
  FileReader* active_ = nullptr;
  std::optional<Last> last_;        // none before the first file
  std::map<Inode, int64_t> known_;  // rotated files that were looked at, with their mtime
  bool searched_ = false;           // known_ is complete
  bool search_failed_ = false;      // something in the directory could not be opened
  std::deque<Closed> closed_files_;
  int64_t closed_mtime_ns_ = 0;   // as SavedIdentity has it
  int64_t closed_before_ns_ = 0;  // likewise, of the run before
  // The row of the last file, which was closed and stands under a rotated name.
  std::optional<FileId> memory_;
  Time memory_until_ = kNoTime;
  std::vector<FileCheckpoint> written_rows_;  // of closed files, to be taken
  bool restored_ = false;
  bool parked_ = false;  // its only file is a row, of this run and not of one before
  bool first_look_ = true;
  bool missing_ = false;
  // The active file was seen empty. If it has content at the next look, it may have had other
  // content in between, which copytruncate took away: without a mark nothing in the file tells.
  bool was_empty_ = false;
  // The active file was opened and nothing was read of it: had it content, copytruncate may have
  // taken that away, too.
  bool only_opened_ = false;
  bool alias_ = false;
  // Inode and size of a file that stood at the first look and could not be opened.
  std::optional<std::pair<uint64_t, uint64_t>> first_size_;
  Time last_read_ = kNoTime;
  Time rows_since_ = kNoTime;
  Time searched_at_ = kNoTime;  // last time for what was rotated between two looks
  bool search_due_ = false;     // its path was left since
  Time retry_ = kEndOfTime;     // a problem or an alias is looked at again
  std::string problem_, current_problem_;
  std::vector<std::string> problems_;
  std::vector<FileId> forgotten_;
  Info totals_;  // counters, with what closed files had counted

  // Valid during Read.
  const LineSink* line_ = nullptr;
  const ClosedSink* closed_ = nullptr;
};

}  // namespace alogd
