// SPDX-License-Identifier: MIT
// Recognises the header format of a source by itself and takes its lines apart.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/record.h"
#include "core/result.h"
#include "core/state.h"

namespace alogd {

struct HeaderOptions {
  // "auto", the name of a known format, or a header pattern such as
  // '<time:%Y-%m-%d %H:%M:%S> <level> [<program>] <message>' (see alogd.yaml).
  std::string format = "auto";
  // IANA zone of times without an offset; empty: the host's zone.
  std::string time_zone;
  // Times without a year take the year that puts them nearest before this; usually the file's mtime.
  Time reference = kNoTime;
};

// The header parser of one source. It votes over the first 20 to 200 lines (each line is taken apart
// by the best format that fits it meanwhile), then keeps to the winner, and votes again when lines
// stop fitting. A line that does not fit keeps its whole text as the message.
class HeaderParser {
 public:
  // Fails for an unknown format name or a malformed pattern; the message says what is wrong where.
  static Result<HeaderParser> Create(const HeaderOptions& options);
  HeaderParser(HeaderParser&&) noexcept;
  HeaderParser& operator=(HeaderParser&&) noexcept;
  ~HeaderParser();

  // `line` has no line end. The result's views are valid until the next call and while `line` is.
  Header Parse(std::string_view line);

  // The settled format's name, "undecided" during a vote.
  std::string_view format() const;

  // Votes, settled format and reference year: what makes the next Parse go on where this one was.
  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in);

 private:
  struct Impl;
  explicit HeaderParser(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  friend class RecordAssembler;
};

}  // namespace alogd
