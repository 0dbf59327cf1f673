// SPDX-License-Identifier: MIT
// Joins the lines of one file into records: header line, continuation lines, pieces of split lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/headers/header_parser.h"
#include "core/record.h"
#include "core/state.h"

namespace alogd {

// What a line turned out to be.
struct Assembled {
  enum class Kind : uint8_t {
    kRecord,        // opens a record: `header` is filled; its place in the window is taken at once
    kContinuation,  // belongs to the file's open record: a stack trace line, DETAIL, same audit
                    // event
    kHeld,          // a piece of a split line (docker, CRI); it comes with its last piece
  };
  Kind kind = Kind::kRecord;
  Header header;          // kRecord only
  std::string_view text;  // the line as rules match it: unwrapped where nested, without colours
  uint64_t offset = 0;    // of the first raw byte (of the first piece)
  uint32_t bytes = 0;     // raw bytes from there to the end of this line
};

// One per file. Lines after a header that continue its record join it until the next header or
// `max_lines`; no timer closes a record, so ticks change nothing. Views in the result are valid
// until the next call.
class RecordAssembler {
 public:
  static constexpr uint32_t kMaxLines = 1000;  // of a record: a thread dump fits, a flood does not
  static constexpr uint32_t kMaxJoined =
      256 * 1024;  // bytes of a joined record: 16 pieces of docker's 16 KiB

  // `parser` is the source's and outlives this.
  explicit RecordAssembler(HeaderParser* parser) : parser_(parser) {}

  Assembled Add(const Line& line);

  // Open record, held pieces and audit event: small unless a piece is held.
  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in);

 private:
  // Pieces of a line that a container runtime split; its two outputs may take turns.
  struct Held {
    std::string text;  // at most kMaxJoined bytes
    uint64_t offset = 0;
    bool begun = false;
  };
  Assembled Join(const Line& line, const Wrapped& wrapped);
  bool Continues(const LineParts& parts, std::string_view text) const;
  void Follow(const LineParts& parts, std::string_view text, bool continues);
  Assembled Finish(std::string_view text, const Wrapped* wrapped, uint64_t offset, uint64_t end);

  HeaderParser* parser_;
  uint32_t lines_ = 0;      // of the open record; 0: none is open
  bool traceback_ = false;  // its next line that is not indented is the traceback's last
  std::string event_;       // of the open record
  Held held_[2];            // standard output, standard error
  std::string visible_;     // the last line that had colours, without them
  std::string joined_;      // the last line that came in pieces, for the views in the result
};

}  // namespace alogd
