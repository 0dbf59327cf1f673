// SPDX-License-Identifier: MIT
// Turns of the journal: entries to lines, our own passed over, the cursor kept.
#include "daemon/journal_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "core/records/line_splitter.h"
#include "core/text.h"
#include "daemon/files/crc32c.h"

namespace alogd {
namespace {

constexpr Duration kRetry = std::chrono::seconds(2);
// Evidence quotes the records of a window: some thousand lines are more than any window has.
constexpr size_t kRecentBytes = 4u << 20;
constexpr std::string_view kVersion = "1";

// "1 TIME_US CURSOR"
std::string Encode(const std::string& cursor, Time time) {
  return fmt::format("{} {} {}", kVersion, Micros(time), cursor);
}

bool Decode(std::string_view text, std::string* cursor, Time* time) {
  if (!text.starts_with("1 ")) return false;
  text.remove_prefix(2);
  int64_t us = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), us);
  if (error != std::errc{} || end == text.data() + text.size() || *end != ' ') return false;
  *time = FromMicros(us);
  cursor->assign(end + 1, text.data() + text.size());
  return !cursor->empty();
}

// The boot id in a cursor: "s=...;i=...;b=BOOT;m=...".
std::string BootOf(std::string_view cursor) {
  constexpr std::string_view kKey = ";b=";
  const size_t at = cursor.find(kKey);
  if (at == std::string_view::npos) return {};
  cursor.remove_prefix(at + kKey.size());
  return std::string(cursor.substr(0, cursor.find(';')));
}

}  // namespace

JournalSource::JournalSource(Options options, std::optional<FileCheckpoint> checkpoint,
                             FileId new_id)
    : options_(std::move(options)) {
  if (checkpoint) {
    checkpoint_ = std::move(*checkpoint);
    Decode(checkpoint_.identity, &cursor_, &time_);
    boot_ = BootOf(cursor_);
    return;
  }
  checkpoint_.id = new_id;
  checkpoint_.source = kJournalSource;
  checkpoint_.path = kJournalSource;
}

void JournalSource::Open(Time now) {
  if (reader_ || now < retry_at_) return;
  auto reader = JournalReader::Open(options_.selection, options_.directory, options_.max_line);
  if (!reader) return Failed(reader.error(), now);
  reader_ = std::move(*reader);
  if (Status sought = Seek(); !sought) return Failed(sought.error(), now);
  problem_.clear();
}

Status JournalSource::Seek() {
  if (!cursor_.empty()) return reader_->SeekAfter(cursor_, time_);
  return options_.from_beginning ? reader_->SeekBeginning() : reader_->SeekEnd();
}

void JournalSource::Failed(const Error& error, Time now) {
  reader_.reset();
  retry_at_ = now + kRetry;
  const std::string problem =
      error.message + "; let the service read it: put its user into the group systemd-journal";
  if (problem != problem_) problems_.push_back(problem);
  problem_ = problem;
}

bool JournalSource::IsOwn(const JournalEntry& entry) const {
  if (IsOwnUnit(entry.unit)) return true;
  return options_.own_pids != nullptr && options_.own_pids->IsOwn(entry.identifier, entry.pid);
}

uint64_t JournalSource::Read(Time now, const Sinks& sinks) {
  ready_ = false;
  Open(now);
  if (!reader_) return 0;
  reader_->Refresh();
  const uint64_t before = checkpoint_.offset;
  JournalEntry entry;
  while (checkpoint_.offset - before < options_.turn_bytes) {
    const Result<bool> there = reader_->Next(&entry);
    if (!there) {
      Failed(there.error(), now);
      return checkpoint_.offset - before;
    }
    if (!*there) return checkpoint_.offset - before;
    Result<std::string> cursor = reader_->Cursor();
    if (!cursor) {
      Failed(cursor.error(), now);
      return checkpoint_.offset - before;
    }
    cursor_ = std::move(*cursor);
    time_ = entry.time;
    dirty_ = true;
    if (!boot_.empty() && boot_ != entry.boot) sinks.boot(entry.time);
    boot_ = entry.boot;
    if (IsOwn(entry)) {
      ++own_;
    } else {
      Hand(entry, sinks);
    }
  }
  ready_ = true;
  return checkpoint_.offset - before;
}

void JournalSource::Hand(const JournalEntry& entry, const Sinks& sinks) {
  const std::string text = RenderEntry(entry);
  LineSplitter splitter(options_.max_line, checkpoint_.offset);  // each line has an end
  splitter.Append(text);
  for (Line line; splitter.Next(&line); ++lines_) {
    Remember(line.offset, std::string(line.text));
    sinks.line(checkpoint_.id, line);
  }
  checkpoint_.offset = splitter.consumed();
  checkpoint_.chain = Crc32c(checkpoint_.chain, text);
}

void JournalSource::Remember(uint64_t offset, std::string text) {
  recent_bytes_ += text.size();
  recent_.emplace_back(offset, std::move(text));
  while (recent_bytes_ > kRecentBytes) {
    recent_bytes_ -= recent_.front().second.size();
    recent_.pop_front();
  }
}

std::string JournalSource::ReadText(const RecordRef& ref) const {
  const auto at =
      std::lower_bound(recent_.begin(), recent_.end(), ref.offset,
                       [](const auto& line, uint64_t offset) { return line.first < offset; });
  return at != recent_.end() && at->first == ref.offset ? at->second : std::string();
}

void JournalSource::TakeInto(CommitUnit* unit) {
  if (!std::exchange(dirty_, false)) return;
  checkpoint_.identity = Encode(cursor_, time_);
  checkpoint_.size = checkpoint_.read_bytes = checkpoint_.offset;
  unit->files.push_back(checkpoint_);
}

SourceFiles::Info JournalSource::info() const {
  SourceFiles::Info info;
  info.path = kJournalSource;
  info.state = !problem_.empty() ? "unreadable" : ready_ ? "reading" : "idle";
  info.offset = info.size = info.bytes = checkpoint_.offset;
  info.lines = lines_;
  info.problem = problem_;
  return info;
}

}  // namespace alogd
