// SPDX-License-Identifier: MIT
// Reads and merges logs at rest.
#include "cli/log_reader.h"

#include <algorithm>

namespace alogd {
namespace {

// Large enough that libarchive's calls do not count, small enough for a thousand open logs.
constexpr size_t kReadBytes = 128 * 1024;

}  // namespace

LogReader::LogReader(LogSource source, uint32_t max_line)
    : source_(std::move(source)), max_line_(max_line) {}

// Opens the next member, or the next file's first one.
bool LogReader::OpenNext() {
  while (true) {
    if (!archive_) {
      if (next_file_ == source_.files.size()) return false;
      auto opened = ArchiveReader::Open(source_.files[next_file_++]);
      if (!opened) {
        remarks_.push_back(opened.error().message + "; left out");
        continue;
      }
      archive_.emplace(std::move(*opened));
    }
    int64_t mtime_us = 0;
    std::string name;
    auto next = archive_->NextMember(&name, &mtime_us);
    if (next && *next) {
      // A plain or compressed file belongs to its source; an archive's members are logs of their
      // own.
      const std::string& path = source_.files[next_file_ - 1];
      member_ = name == path ? source_.name : name;
      plain_path_ = name == path && !HasPackedSuffix(path) ? path : std::string();
      mtime_ = FromMicros(mtime_us);
      ++files_begun_;
      splitter_.emplace(max_line_);
      return true;
    }
    if (!next) remarks_.push_back(next.error().message + "; the rest of it is left out");
    archive_.reset();
  }
}

// Appends the next bytes to the splitter; false at the end of the member.
bool LogReader::Fill() {
  buffer_.resize(kReadBytes);
  auto n = archive_->Read(buffer_);
  if (!n) {
    remarks_.push_back(n.error().message + "; the rest of it is left out");
    return false;
  }
  if (*n == 0) return false;
  bytes_ += *n;
  splitter_->Append({buffer_.data(), *n});
  return true;
}

std::optional<Line> LogReader::Next() {
  Line line;
  while (true) {
    if (at_end_) {
      if (!OpenNext()) return std::nullopt;
      at_end_ = false;
    }
    if (splitter_->Next(&line)) return line;
    if (Fill()) continue;
    at_end_ = true;
    if (splitter_->Flush(&line)) return line;
  }
}

Result<MergedReader> MergedReader::Create(const std::vector<LogSource>& sources,
                                          const GroupConfig& group) {
  MergedReader merged;
  merged.group_ = group;
  for (const LogSource& source : sources) {
    auto input = std::make_unique<Input>();
    input->reader = std::make_unique<LogReader>(source, group.max_line);
    if (sources.size() > 1) {
      HeaderOptions options;
      options.format = group.format;
      options.time_zone = group.time_zone;
      auto header = HeaderParser::Create(options);
      if (!header) return header.error();
      input->header = std::make_unique<HeaderParser>(std::move(*header));
    }
    merged.inputs_.push_back(std::move(input));
  }
  for (const auto& input : merged.inputs_)
    if (merged.Advance(input.get())) merged.heap_.push_back(input.get());
  std::stable_sort(merged.heap_.begin(), merged.heap_.end(),
                   [](Input* a, Input* b) { return Later(a, b); });
  std::make_heap(merged.heap_.begin(), merged.heap_.end(), Later);
  return merged;
}

// A max-heap of the latest is a min-heap of the earliest; ties go by the number of the file.
bool MergedReader::Later(const Input* a, const Input* b) {
  return a->time != b->time ? a->time > b->time : a->file > b->file;
}

bool MergedReader::Advance(Input* input) {
  const std::optional<Line> line = input->reader->Next();
  if (!line) return false;
  input->text.assign(line->text);
  input->line = *line;
  input->line.text = input->text;
  if (input->file_in_reader != input->reader->file()) {
    input->file_in_reader = input->reader->file();
    input->file = ++files_;
    input->source_name = input->reader->source_name();
    input->plain_path = input->reader->plain_path();
    input->reference = input->reader->reference();
    if (input->header) {
      HeaderOptions options;
      options.format = group_.format;
      options.time_zone = group_.time_zone;
      options.reference = input->reference;
      if (auto header = HeaderParser::Create(options))
        input->header = std::make_unique<HeaderParser>(std::move(*header));
    }
  }
  if (!input->header) return true;
  const Header header = input->header->Parse(input->text);
  if (header.time != kNoTime) input->time = header.time;
  return true;
}

std::optional<MergedReader::Next> MergedReader::ReadLine() {
  if (current_) {
    if (Advance(current_)) {
      heap_.push_back(current_);
      std::push_heap(heap_.begin(), heap_.end(), Later);
    }
    current_ = nullptr;
  }
  if (heap_.empty()) return std::nullopt;
  std::pop_heap(heap_.begin(), heap_.end(), Later);
  current_ = heap_.back();
  heap_.pop_back();
  return Next{current_->line, &current_->source_name, &current_->plain_path, current_->reference,
              current_->file};
}

uint64_t MergedReader::bytes() const {
  uint64_t sum = 0;
  for (const auto& input : inputs_) sum += input->reader->bytes();
  return sum;
}

std::vector<std::string> MergedReader::remarks() const {
  std::vector<std::string> all;
  for (const auto& input : inputs_)
    all.insert(all.end(), input->reader->remarks().begin(), input->reader->remarks().end());
  return all;
}

}  // namespace alogd
