// SPDX-License-Identifier: MIT
// Reads one file from where it was left to its end, turn by turn, and notices when it was
// truncated.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/commit_unit.h"
#include "core/records/line_splitter.h"
#include "core/types.h"
#include "daemon/files/compressed_file.h"
#include "daemon/files/file_identity.h"

namespace alogd {

// One stream of bytes with a FileId: a plain file that may grow, or a copy at rest (plain or
// compressed) that holds what had been in a file. What was read, and the offset that may be
// checkpointed, differ by the unfinished last line.
class FileReader {
 public:
  using LineSink = std::function<void(FileId, const Line&)>;

  enum class Medium : uint8_t {
    kFile,        // may grow
    kCopy,        // what copytruncate saved: does not grow
    kCompressed,  // likewise, read through ArchiveReader
  };
  enum class Outcome : uint8_t {
    kMore,       // read something, and there may be more
    kEnd,        // at the end
    kTruncated,  // what stood before the read position is not there any more; nothing was read
    kFailed,     // see `problem`; nothing was read
  };

  FileReader(FileId id, OpenedFile file, uint32_t max_line);  // at offset 0
  // Goes on behind `mark`, which the caller has verified; in a compressed file it is verified here,
  // and that alone can fail. `file` is taken only on success.
  static Result<std::unique_ptr<FileReader>> Resume(FileId id, OpenedFile* file, Medium medium,
                                                    const ContentMark& mark, uint32_t max_line);

  // Reads up to `budget` bytes and emits the lines in them.
  Outcome Turn(Time now, size_t budget, const LineSink& sink);
  // Emits the unfinished last line.
  void FlushPartial(const LineSink& sink);
  // From now on the same bytes come from another file, which holds read_mark() (checked here where
  // it is compressed). `copy` is taken only if that succeeds.
  Status MoveTo(OpenedFile* copy, Medium medium);

  FileId id() const { return id_; }
  const FileStat& stat() const { return file_.stat; }
  const InodeIdentity& inode() const { return file_.stat.id; }
  int fd() const { return file_.fd.get(); }
  Medium medium() const { return medium_; }
  const std::string& path() const { return file_.path; }
  void set_path(std::string path) { file_.path = std::move(path); }
  // Hands the file to another reader; this one must MoveTo another or end.
  OpenedFile TakeFile() { return std::move(file_); }

  uint64_t read_offset() const { return read_mark_.offset; }
  uint64_t consumed() const { return mark_.offset; }
  uint64_t lag() const;  // bytes in the file behind what was consumed, as last seen
  // As last seen, all that was written of the file was read.
  bool at_end() const { return read_mark_.offset + blank_ >= file_.stat.size; }
  const ContentMark& read_mark() const { return read_mark_; }
  bool has_partial() const { return partial_; }
  Time last_growth() const { return last_growth_; }
  void ShiftTimes(Duration back) {  // the wall clock jumped back
    if (last_growth_ != kNoTime) last_growth_ -= back;
  }
  uint64_t cut_lines() const { return cut_lines_ + splitter_.cut_lines(); }
  uint64_t lines() const { return lines_; }
  const std::string& problem() const { return problem_; }

  // Counts that go over truncations: bytes consumed and their chain.
  uint64_t read_bytes() const { return read_bytes_; }
  uint32_t chain() const { return chain_; }
  void CarryOver(uint64_t read_bytes, uint32_t chain);
  // The file's mtime and size when it was last found to be what had been read.
  int64_t seen_mtime_ns() const { return seen_mtime_ns_; }
  void set_seen_mtime_ns(int64_t mtime_ns) { seen_mtime_ns_ = mtime_ns; }
  uint64_t seen_size() const { return seen_size_; }
  bool IsTruncated();
  // While nothing was read of it, its time is all that tells it once it is compressed.
  void KeepTimeWhileEmpty() {
    if (read_mark_.empty()) seen_mtime_ns_ = file_.stat.mtime_ns;
  }
  // Nothing happened to the file since the last turn, which ended at its end.
  bool Quiet() const;
  void set_successor(FileId id) {
    successor_ = Index(id);
    dirty_ = true;
  }
  int64_t successor() const { return successor_; }

  // For checkpoints; `dirty` says whether it differs from the last one taken.
  FileCheckpoint Checkpoint(const std::string& source, FileCheckpoint::State state,
                            int64_t closed_mtime_ns);
  bool dirty() const { return dirty_; }
  void set_dirty(bool dirty) { dirty_ = dirty; }

  std::string ReadText(uint64_t offset, uint32_t bytes) const;

 private:
  Outcome Fail(const Error& error);
  // Of the fresh bytes behind the block, how many were written, and not only allocated.
  Result<size_t> Written(std::string_view buffer, size_t fresh) const;
  // Fill the buffer with the block before read_offset and up to `budget` new bytes.
  Outcome FillPlain(char* buffer, size_t budget, size_t* fresh);
  Outcome FillCompressed(char* buffer, size_t budget, size_t* fresh);
  // `bytes`: the block of read_mark_ and what follows it in the file.
  void Accept(std::string_view bytes, const LineSink& sink);
  void Split(std::string_view fresh, const LineSink& sink);
  void EmitLines(const LineSink& sink);
  ContentMark MarkIn(std::string_view bytes, uint64_t offset) const;

  FileId id_;
  OpenedFile file_;
  Medium medium_ = Medium::kFile;
  std::unique_ptr<CompressedFile> text_;  // null for plain files, and after damage
  uint32_t max_line_;
  LineSplitter splitter_;
  bool partial_ = false;
  ContentMark mark_;       // at consumed()
  ContentMark read_mark_;  // at read_offset()
  // What stands before it can be read again: while lines are handed out it is the end of the turn,
  // because an anomaly among them asks for the text of the ones before.
  uint64_t verified_to_ = 0;
  uint64_t read_bytes_ = 0;
  uint32_t chain_ = 0;       // over what was consumed
  uint32_t read_chain_ = 0;  // over what was read
  int64_t seen_mtime_ns_ = 0;
  uint64_t seen_size_ = 0;
  // NULs from read_offset() to the end of the file, as last seen: allocated ahead of its writer.
  // They are not read before something follows them or takes their place.
  uint64_t blank_ = 0;
  int64_t successor_ = 0;
  Time last_growth_ = kNoTime;
  uint64_t lines_ = 0, cut_lines_ = 0;
  bool dirty_ = true;
  std::string problem_;
};

}  // namespace alogd
