// SPDX-License-Identifier: MIT
// Lines out of chunks: views where a line lies whole in a chunk, one bounded buffer where not.
#include "core/records/line_splitter.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace alogd {

namespace {
// A held buffer larger than this is given back after its line: thousands of files may be open, and
// almost all of their lines are shorter.
constexpr size_t kKeptCapacity = 4096;
}  // namespace

LineSplitter::LineSplitter(uint32_t max_line, uint64_t offset)
    : max_line_(std::max(max_line, 1u)), consumed_(offset) {}

void LineSplitter::Append(std::string_view bytes) {
  assert(rest_.empty() && "Next must have returned false before the next Append");
  DropEmitted();
  rest_ = bytes;
}

bool LineSplitter::Next(Line* line) {
  DropEmitted();
  if (rest_.empty()) return false;
  const void* end = std::memchr(rest_.data(), '\n', rest_.size());
  if (end == nullptr) {
    Hold(rest_);
    rest_ = {};
    return false;
  }
  const auto length = static_cast<size_t>(static_cast<const char*>(end) - rest_.data());
  const std::string_view head = rest_.substr(0, length);
  rest_.remove_prefix(length + 1);
  if (held_bytes_ == 0) {
    Emit(head, length, false, line);
    return true;
  }
  Hold(head);
  Emit(held_, std::exchange(held_bytes_, 0), false, line);
  held_emitted_ = true;
  return true;
}

bool LineSplitter::Flush(Line* line) {
  DropEmitted();
  assert(rest_.empty() && "Next must have returned false before Flush");
  if (held_bytes_ == 0) return false;
  Emit(held_, std::exchange(held_bytes_, 0), true, line);
  held_emitted_ = true;
  return true;
}

void LineSplitter::Emit(std::string_view raw, uint64_t length, bool partial, Line* line) {
  const uint64_t with_end = length + (partial ? 0 : 1);
  // All of a line that is not cut is in `raw`, so its last byte tells whether it ended in CR LF.
  if (!partial && length == raw.size() && !raw.empty() && raw.back() == '\r') raw.remove_suffix(1);
  line->cut = raw.size() > max_line_;
  line->text = raw.substr(0, max_line_);
  line->offset = consumed_;
  line->bytes = static_cast<uint32_t>(std::min<uint64_t>(with_end, UINT32_MAX));
  line->partial = partial;
  consumed_ += with_end;
  if (line->cut) ++cut_lines_;
}

void LineSplitter::Hold(std::string_view bytes) {
  const size_t limit = size_t{max_line_} + 1;
  const std::string_view kept = bytes.substr(0, limit - std::min(limit, held_.size()));
  // By hand, because append alone would double beyond the limit.
  const size_t needed = held_.size() + kept.size();
  if (needed > held_.capacity()) held_.reserve(std::min(limit, std::max(needed, needed * 2)));
  held_.append(kept);
  held_bytes_ += bytes.size();
}

void LineSplitter::DropEmitted() {
  if (!held_emitted_) return;
  held_emitted_ = false;
  held_.clear();
  if (held_.capacity() > kKeptCapacity) std::string().swap(held_);
}

}  // namespace alogd
