// SPDX-License-Identifier: MIT
// Cuts the bytes of one file into lines, with limits, and says how far it got.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/record.h"
#include "core/records/wide_text.h"

namespace alogd {

// Bytes go in by Append in file order, lines come out of Next. A line ends at LF; one CR before it
// belongs to the line end. A line longer than `max_line` is emitted once its end is known, cut to
// the limit and marked, and costs no more memory than the limit: what is over it is counted, not
// kept. Chunk borders never change what comes out.
//
// A UTF-8 byte order mark before a line is no text. UTF-16 is told by its first bytes (see
// EncodingOf) and comes out as UTF-8; offsets and lengths stay those of the file's bytes.
class LineSplitter {
 public:
  // `max_line` in bytes; `offset` is the file offset of the first byte that will be appended.
  // `encoding`: as the file's beginning said, where it is known.
  explicit LineSplitter(uint32_t max_line, uint64_t offset = 0,
                        Encoding encoding = Encoding::kUnknown);

  // `bytes` must stay valid until Next has returned false: complete lines are views into it.
  void Append(std::string_view bytes);
  // False when no complete line is left; `line` is valid until the next call of any method.
  bool Next(Line* line);
  // Emits the unfinished last line, marked partial; false where there is none. What the file adds
  // to that line later is a line of its own. A CR at its end is text: no LF has said otherwise.
  bool Flush(Line* line);

  // File offset behind the last emitted line: what a checkpoint may call consumed.
  uint64_t consumed() const { return consumed_; }
  bool has_partial() const { return held_bytes_ > 0; }
  uint64_t cut_lines() const { return cut_lines_; }
  // What the text is in, as far as what was appended and `next` tell.
  Encoding DecideEncoding(std::string_view next);

 private:
  bool is_wide() const { return encoding_ > Encoding::kBytes; }
  size_t FindLineEnd() const;
  // Bytes that a line may have: more are not kept.
  size_t limit() const {
    if (is_wide()) return size_t{2} * max_line_ + 4;
    const size_t bytes = size_t{max_line_} + 1;
    return encoding_ == Encoding::kUnknown && bytes < kEncodingHead ? kEncodingHead : bytes;
  }
  // `raw` is the line's first bytes without LF, `length` their number before anything was left out.
  void Emit(std::string_view raw, uint64_t length, bool partial, Line* line);
  void Hold(std::string_view bytes);
  void DropEmitted();

  uint32_t max_line_;
  std::string_view rest_;    // appended, not yet looked at
  std::string held_;         // start of the unfinished line, at most limit() bytes
  std::string undecided_;    // the first chunk with what was held before it, while rest_ is of it
  std::string decoded_;      // the line that was emitted last, where it is UTF-16
  uint64_t held_bytes_ = 0;  // raw length of the unfinished line so far
  char last_held_ = 0;       // the last byte of those
  uint64_t consumed_ = 0;
  uint64_t cut_lines_ = 0;
  Encoding encoding_;
  bool held_emitted_ = false;  // held_ was handed out and is cleared at the next call
};

}  // namespace alogd
