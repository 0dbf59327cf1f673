// SPDX-License-Identifier: MIT
// One turn of one file: verify, read, split, and keep the books of what was read and consumed.
#include "daemon/files/file_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "core/records/wide_text.h"
#include "daemon/files/crc32c.h"
#include "daemon/files/written_bytes.h"

namespace alogd {
namespace {

// One buffer a worker, because nothing in it outlives a turn: 10,000 sources with one each would
// hold 2.5 GB.
char* TurnBuffer(size_t size) {
  thread_local std::vector<char> buffer;
  if (buffer.size() < size) buffer.resize(size);
  return buffer.data();
}

// Where the next line that begins with NUL begins, from `from` on; bytes.size() where there is
// none.
size_t NextLineOfNul(std::string_view bytes, size_t from) {
  for (size_t at = bytes.find('\0', from); at != std::string_view::npos;
       at = bytes.find('\0', at)) {
    if (at > from && bytes[at - 1] == '\n') return at;
    at = std::min(bytes.find_first_not_of('\0', at), bytes.size());
  }
  return bytes.size();
}

// What a file's first bytes say of the rest; a compressed file's lines have to say it themselves.
Encoding EncodingAtHead(const FileReader& reader, uint64_t offset) {
  char head[kEncodingHead];
  if (offset == 0 || reader.medium() == FileReader::Medium::kCompressed) return Encoding::kUnknown;
  const Result<size_t> got = PreadAll(reader.fd(), head, sizeof(head), 0);
  return got ? EncodingOf({head, *got}) : Encoding::kUnknown;
}

}  // namespace

FileReader::FileReader(FileId id, OpenedFile file, uint32_t max_line)
    : id_(id),
      file_(std::move(file)),
      max_line_(max_line),
      splitter_(max_line),
      seen_mtime_ns_(file_.stat.mtime_ns) {}

Result<std::unique_ptr<FileReader>> FileReader::Resume(FileId id, OpenedFile* file, Medium medium,
                                                       const ContentMark& mark, uint32_t max_line) {
  std::unique_ptr<CompressedFile> text;
  if (medium == Medium::kCompressed && !mark.empty()) {
    auto opened = CompressedFile::Open(*file, mark);
    if (!opened) return opened.error();
    text = std::move(*opened);
  }
  auto reader = std::make_unique<FileReader>(id, std::move(*file), max_line);
  reader->mark_ = reader->read_mark_ = mark;
  reader->verified_to_ = mark.offset;
  reader->medium_ = medium;
  reader->splitter_ = LineSplitter(max_line, mark.offset, EncodingAtHead(*reader, mark.offset));
  reader->text_ = std::move(text);
  return reader;
}

Status FileReader::MoveTo(OpenedFile* copy, Medium medium) {
  if (medium == Medium::kCompressed) {
    auto text = CompressedFile::Open(*copy, read_mark_);
    if (!text) return text.error();
    text_ = std::move(*text);
  }
  file_ = std::move(*copy);
  medium_ = medium;
  seen_mtime_ns_ = file_.stat.mtime_ns;
  dirty_ = true;
  return {};
}

FileReader::Outcome FileReader::Turn(Time now, size_t budget, const LineSink& sink) {
  if (last_growth_ == kNoTime) last_growth_ = now;
  char* buffer = TurnBuffer(ContentMark::kBlockBytes + budget);
  size_t fresh = 0;
  const Outcome outcome = medium_ == Medium::kCompressed ? FillCompressed(buffer, budget, &fresh)
                                                         : FillPlain(buffer, budget, &fresh);
  if (outcome == Outcome::kTruncated || outcome == Outcome::kFailed) return outcome;
  problem_.clear();
  if (fresh == 0) return outcome;
  last_growth_ = now;
  Accept({buffer, read_mark_.block_bytes + fresh}, sink);
  return outcome;
}

bool FileReader::IsTruncated() {
  const int64_t mtime_ns = file_.stat.mtime_ns;
  if (!Restat(fd(), &file_.stat)) return false;
  if (file_.stat.mtime_ns != mtime_ns) blank_ = 0;  // some of it may be text by now
  if (file_.stat.size < read_mark_.offset) return true;
  const Result<bool> same = MatchesMark(fd(), read_mark_);
  return same && !*same;
}

bool FileReader::Quiet() const {
  // What is written into allocated space changes no size, and no time within the clock's tick.
  char next = '\0';
  if (blank_ > 0 && (!PreadAll(fd(), &next, 1, read_mark_.offset) || next != '\0')) return false;
  FileStat now = file_.stat;
  return medium_ == Medium::kFile && problem_.empty() && read_mark_.offset + blank_ == now.size &&
         Restat(fd(), &now) && now.size == file_.stat.size && now.mtime_ns == file_.stat.mtime_ns &&
         now.ctime_ns == file_.stat.ctime_ns;
}

FileReader::Outcome FileReader::Fail(const Error& error) {
  problem_ = error.message;
  return Outcome::kFailed;
}

FileReader::Outcome FileReader::FillPlain(char* buffer, size_t budget, size_t* fresh) {
  if (const Status seen = Restat(fd(), &file_.stat); !seen) return Fail(seen.error().With(path()));
  const uint64_t offset = read_mark_.offset;
  if (file_.stat.size < offset) return Outcome::kTruncated;
  // A short file's block reaches back over its head. The head is read before the block, so that
  // what is read with a good block is never thrown away for a head that changed a moment later.
  if (offset > ContentMark::kBlockBytes) {
    const Result<bool> same = MatchesHead(fd(), read_mark_);
    if (!same) return Fail(same.error().With(path()));
    if (!*same) return Outcome::kTruncated;
  }
  const auto want = static_cast<size_t>(std::min<uint64_t>(budget, file_.stat.size - offset));
  const size_t block = read_mark_.block_bytes;
  const Result<size_t> got = PreadAll(fd(), buffer, block + want, offset - block);
  if (!got) return Fail(got.error().With(path()));
  if (*got < block || HashBytes({buffer, block}) != read_mark_.block) {
    if (block > 0) return Outcome::kTruncated;
  }
  const Result<size_t> written = Written({buffer, *got}, *got - block);
  if (!written) return Fail(written.error().With(path()));
  *fresh = *written;
  const uint64_t end = offset + *fresh;
  const bool all = *fresh == *got - block;
  blank_ = all ? 0 : file_.stat.size - std::min(file_.stat.size, end);
  seen_mtime_ns_ = file_.stat.mtime_ns;
  seen_size_ = file_.stat.size - blank_;
  return all && *fresh == budget ? Outcome::kMore : Outcome::kEnd;
}

// A writer that allocates ahead (posix_fallocate, mmap) leaves NULs behind what it wrote; they are
// no text, and what it writes in their place must not be taken for a change of what was read. NULs
// that something follows are a hole that nobody will fill: they are read.
Result<size_t> FileReader::Written(std::string_view buffer, size_t fresh) const {
  const size_t begin = buffer.size() - fresh;
  size_t end = buffer.find_last_not_of('\0');
  end = end == std::string_view::npos ? 0 : end + 1;
  if (end == buffer.size()) return fresh;
  // The second byte of a line's end in UTF-16, in the order of most machines.
  const bool even = (read_mark_.offset - begin + end) % 2 == 1;
  if (end >= 2 && even && buffer[end - 1] == '\n' && buffer[end - 2] == '\0') ++end;
  end = std::max(end, begin);
  if (end == buffer.size()) return fresh;
  // Its writer came on and was alone at the last look: no need to look through all that is left.
  const bool alone = blank_ > 0 && seen_size_ + blank_ == file_.stat.size;
  if (alone && end > begin) return end - begin;
  const Result<uint64_t> next = NextData(fd(), read_mark_.offset + fresh);
  if (!next) return next.error();
  return *next < file_.stat.size ? fresh : end - begin;
}

FileReader::Outcome FileReader::FillCompressed(char* buffer, size_t budget, size_t* fresh) {
  if (!text_) {
    auto text = CompressedFile::Open(file_, read_mark_);
    if (!text) return Fail(text.error());
    text_ = std::move(*text);
  }
  const size_t block = read_mark_.block_bytes;
  std::memcpy(buffer, text_->block().data(), block);
  const Result<size_t> got = text_->Read({buffer + block, budget});
  if (!got) {
    text_.reset();  // tried again from the start: it may be a copy still being written
    return Fail(got.error().With(path()));
  }
  *fresh = *got;
  return *fresh == 0 ? Outcome::kEnd : Outcome::kMore;
}

void FileReader::Accept(std::string_view bytes, const LineSink& sink) {
  const std::string_view fresh = bytes.substr(read_mark_.block_bytes);
  const uint64_t base = read_mark_.offset;
  verified_to_ = base + fresh.size();
  Split(fresh, sink);
  const uint64_t consumed = splitter_.consumed();
  if (consumed > base) {
    const auto whole = static_cast<size_t>(consumed - base);
    chain_ = Crc32c(read_chain_, fresh.substr(0, whole));
    read_chain_ = Crc32c(chain_, fresh.substr(whole));
    read_bytes_ += consumed - mark_.offset;
    mark_ = MarkIn(bytes, consumed);
    dirty_ = true;
  } else {
    read_chain_ = Crc32c(read_chain_, fresh);
    // Its time is all that tells it once it is compressed, see MayBeCopy.
    if (mark_.empty()) dirty_ = true;
  }
  const uint64_t end = base + fresh.size();
  read_mark_ = consumed == end ? mark_ : MarkIn(bytes, end);
}

// The mark at `offset`, which is behind read_mark_; `bytes` begin at read_mark_'s block.
ContentMark FileReader::MarkIn(std::string_view bytes, uint64_t offset) const {
  ContentMark mark = ContentMark::Of(offset);
  const uint64_t first = read_mark_.offset - read_mark_.block_bytes;
  // While the head is not complete, the block reaches back to the beginning of the file.
  mark.head = read_mark_.head_bytes == ContentMark::kHeadBytes
                  ? read_mark_.head
                  : HashBytes(bytes.substr(0, mark.head_bytes));
  const auto end = static_cast<size_t>(offset - first);
  mark.block = HashBytes(bytes.substr(end - mark.block_bytes, mark.block_bytes));
  return mark;
}

// NULs at the start of a line are what a writer without O_APPEND leaves behind after copytruncate:
// a hole as long as the old file, which would fill the line up to its limit and push its text out.
// They are counted and chained, and belong to no line.
void FileReader::Split(std::string_view fresh, const LineSink& sink) {
  const uint64_t base = read_mark_.offset;
  size_t at = 0;
  if (splitter_.DecideEncoding(fresh) > Encoding::kBytes) {  // NULs are half of its text
    splitter_.Append(fresh);
    EmitLines(sink);
    at = fresh.size();
  }
  while (at < fresh.size()) {
    if (fresh[at] == '\0' && !splitter_.has_partial()) {
      at = std::min(fresh.find_first_not_of('\0', at), fresh.size());
      cut_lines_ += splitter_.cut_lines();
      splitter_ = LineSplitter(max_line_, base + at, splitter_.DecideEncoding({}));
      continue;
    }
    const size_t end = NextLineOfNul(fresh, at);
    splitter_.Append(fresh.substr(at, end - at));
    EmitLines(sink);
    at = end;
  }
  partial_ = splitter_.has_partial();
}

void FileReader::EmitLines(const LineSink& sink) {
  Line line;
  while (splitter_.Next(&line)) {
    ++lines_;
    sink(id_, line);
  }
}

void FileReader::FlushPartial(const LineSink& sink) {
  Line line;
  if (!partial_ || !splitter_.Flush(&line)) return;
  ++lines_;
  sink(id_, line);
  EmitLines(sink);  // has the splitter let go of the line
  partial_ = false;
  chain_ = read_chain_;
  read_bytes_ += read_mark_.offset - mark_.offset;
  mark_ = read_mark_;
  dirty_ = true;
}

uint64_t FileReader::lag() const {
  if (medium_ == Medium::kCompressed) return 0;  // nobody knows how long the text is
  const uint64_t end = file_.stat.size - std::min(blank_, file_.stat.size);
  return end > mark_.offset ? end - mark_.offset : 0;
}

void FileReader::CarryOver(uint64_t read_bytes, uint32_t chain) {
  // Counts can be continued only before there are own ones: a checksum has an order.
  if (read_mark_.offset != mark_.offset || read_bytes_ != 0) return;
  read_bytes_ = read_bytes;
  chain_ = read_chain_ = chain;
  dirty_ = true;
}

FileCheckpoint FileReader::Checkpoint(const std::string& source, FileCheckpoint::State state,
                                      int64_t closed_mtime_ns) {
  dirty_ = false;
  FileCheckpoint row;
  row.id = id_;
  row.source = source;
  row.path = path();
  row.inode = inode().inode;
  row.identity =
      SavedIdentity{inode(), mark_, seen_mtime_ns_, successor_, closed_mtime_ns}.Encode();
  row.offset = mark_.offset;
  row.size = medium_ == Medium::kCompressed ? mark_.offset : mark_.offset + lag();
  row.read_bytes = read_bytes_;
  row.chain = chain_;
  row.state = state;
  return row;
}

std::string FileReader::ReadText(uint64_t offset, uint32_t bytes) const {
  // Records are cut to far less; this only bounds what a damaged reference can ask for.
  constexpr uint32_t kMaxText = 1 << 20;
  if (medium_ == Medium::kCompressed || offset + bytes > verified_to_) return {};
  std::string text(std::min(bytes, kMaxText), '\0');
  const Result<size_t> got = PreadAll(fd(), text.data(), text.size(), offset);
  if (!got || *got != text.size()) return {};
  text = TextOfBytes(std::move(text));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace alogd
