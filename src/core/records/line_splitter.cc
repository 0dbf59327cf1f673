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

LineSplitter::LineSplitter(uint32_t max_line, uint64_t offset, Encoding encoding)
    : max_line_(std::max(max_line, 1u)), consumed_(offset), encoding_(encoding) {}

Encoding LineSplitter::DecideEncoding(std::string_view next) {
  if (encoding_ != Encoding::kUnknown || held_emitted_) return encoding_;
  std::string head = held_.substr(0, kEncodingHead);
  head += next.substr(0, kEncodingHead - head.size());
  return encoding_ = EncodingOf(head);
}

// Of the line that rest_ begins or goes on with; npos where it has none yet.
size_t LineSplitter::FindLineEnd() const {
  size_t at = 0;
  const uint64_t base = consumed_ + held_bytes_;  // the file offset of rest_
  const char before = held_bytes_ > 0 ? last_held_ : '\1';
  if (encoding_ == Encoding::kUtf16Le && base % 2 == 1 && before == '\n' && rest_[0] == '\0')
    return 0;
  while (true) {
    const void* hit = std::memchr(rest_.data() + at, '\n', rest_.size() - at);
    if (hit == nullptr) return std::string_view::npos;
    const auto end = static_cast<size_t>(static_cast<const char*>(hit) - rest_.data());
    if (!is_wide()) return end;
    // Two bytes are one character where the offset of the first is even; the end lies on the last.
    if (encoding_ == Encoding::kUtf16Be) {
      const char high = end > 0 ? rest_[end - 1] : before;
      if ((base + end) % 2 == 1 && high == '\0') return end;
    } else if ((base + end) % 2 == 0) {
      if (end + 1 == rest_.size()) return std::string_view::npos;  // its other byte is to come
      if (rest_[end + 1] == '\0') return end + 1;
    }
    at = end + 1;
  }
}

void LineSplitter::Append(std::string_view bytes) {
  assert(rest_.empty() && "Next must have returned false before the next Append");
  DropEmitted();
  if (!undecided_.empty()) std::string().swap(undecided_);
  rest_ = bytes;
}

bool LineSplitter::Next(Line* line) {
  DropEmitted();
  if (rest_.empty()) return false;
  if (encoding_ == Encoding::kUnknown && DecideEncoding(rest_) != Encoding::kUnknown &&
      held_bytes_ > 0) {
    // A few bytes were held unread, and a line end may be among them.
    undecided_ = std::exchange(held_, {});
    undecided_ += rest_;
    rest_ = undecided_;
    held_bytes_ = 0;
  }
  const size_t length = encoding_ == Encoding::kUnknown ? std::string_view::npos : FindLineEnd();
  if (length == std::string_view::npos) {
    Hold(rest_);
    rest_ = {};
    return false;
  }
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
  const bool whole = length == raw.size();
  if (is_wide()) {
    // Without what is left of the line end, or of a character that a partial line was cut in.
    if (consumed_ % 2 == 1) raw.remove_prefix(std::min<size_t>(1, raw.size()));
    decoded_.clear();
    AppendWide(raw, encoding_, &decoded_);
    raw = decoded_;
  } else if (raw.starts_with("\xEF\xBB\xBF")) {
    raw.remove_prefix(3);
  }
  // All of a line that is not cut is in `raw`, so its last byte tells whether it ended in CR LF.
  if (!partial && whole && !raw.empty() && raw.back() == '\r') raw.remove_suffix(1);
  line->cut = raw.size() > max_line_ || !whole;
  line->text = raw.substr(0, max_line_);
  line->offset = consumed_;
  line->bytes = static_cast<uint32_t>(std::min<uint64_t>(with_end, UINT32_MAX));
  line->partial = partial;
  line->wide = is_wide();
  consumed_ += with_end;
  if (line->cut) ++cut_lines_;
}

void LineSplitter::Hold(std::string_view bytes) {
  const std::string_view kept = bytes.substr(0, limit() - std::min(limit(), held_.size()));
  // By hand, because append alone would double beyond the limit.
  const size_t needed = held_.size() + kept.size();
  if (needed > held_.capacity()) held_.reserve(std::min(limit(), std::max(needed, needed * 2)));
  held_.append(kept);
  held_bytes_ += bytes.size();
  if (!bytes.empty()) last_held_ = bytes.back();
}

void LineSplitter::DropEmitted() {
  if (!held_emitted_) return;
  held_emitted_ = false;
  held_.clear();
  if (held_.capacity() > kKeptCapacity) std::string().swap(held_);
}

}  // namespace alogd
