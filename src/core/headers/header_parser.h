// SPDX-License-Identifier: MIT
// Recognises the header format of a source by itself and takes its lines apart.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "core/result.h"
#include "core/state.h"

namespace alogd {

struct LineParts;
struct Wrapped;

struct HeaderOptions {
  // "auto", the name of a known format, or a header pattern such as
  // '<time:%Y-%m-%d %H:%M:%S> <level> [<program>] <message>' (see alogd.yaml).
  std::string format = "auto";
  // IANA zone of times without an offset; empty: the host's zone.
  std::string time_zone;
  // Times without a year take the year that puts them nearest before this; usually the file's
  // mtime.
  Time reference = kNoTime;
};

// A header pattern is literal text with these in it, and ends in <message>:
//   <time>            a time of any form that auto knows
//   <time:PATTERN>    a time by the conversions of strptime, %f being a fraction of a second
//   <level>           a level word or letter
//   <host> <program> <pid> <skip>   text up to the literal text that follows
//   <message>         the rest of the line
// A blank stands for one or more blanks. A line that does not fit but begins with the time is taken
// apart as far as it fits; any other keeps its whole text.

// The header parser of one source. It votes over the first 20 to 200 lines (each line is taken
// apart by the best format that fits it meanwhile), then keeps to the winner, and votes again when
// lines stop fitting. A line that does not fit but begins with a time as the source's records do
// gets that time, the level and what other columns it has; any other keeps its whole text as the
// message.
class HeaderParser {
 public:
  // Fails for an unknown format name or a malformed pattern; the message says what is wrong where.
  static Result<HeaderParser> Create(const HeaderOptions& options);
  HeaderParser(HeaderParser&&) noexcept;
  HeaderParser& operator=(HeaderParser&&) noexcept;
  ~HeaderParser();

  // `line` has no line end. The result's views are valid until the next call and while `line` is.
  Header Parse(std::string_view line);

  // The settled format's name or, for a learned one, its pattern; "undecided" during the first
  // vote, "none" where no format was found. Valid until the next call.
  std::string_view format() const;

  // True where times without a date came: it was taken from the reference and what came before.
  bool guesses_dates() const;
  // The formats that were found, for a source of the same kind to begin with: empty until they are
  // settled, and where the configuration names the format.
  std::string Formats() const;
  // Begins with such formats; before the first line. False where they are malformed; the source
  // then finds its own.
  bool SetFormats(std::string_view formats);
  // Lines are taken apart by a guess: what is taken for message may hold a part of the header.
  bool guesses() const;

  // True while the source's lines are voted on: what they mean may still turn out to be otherwise.
  bool undecided() const;
  // The message of a line, without what a container runtime puts around it, as the formats known by
  // now see it. It has no vote and moves no time. Valid until the next call.
  std::string_view MessageOf(std::string_view line);

  // Votes, settled format and reference year: what makes the next Parse go on where this one was.
  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in);

 private:
  struct Impl;
  explicit HeaderParser(std::unique_ptr<Impl> impl);
  // For RecordAssembler, which joins pieces of container lines before they are taken apart: Parse
  // is Unwrap, if the line is one of a container, and ParseParts.
  bool Unwrap(std::string_view line, Wrapped* out);
  LineParts ParseParts(std::string_view line, const Wrapped* wrapped);
  // True where a line without a header belongs to the record before it; where that is a guess yet,
  // only if it looks so.
  bool expects_header(std::string_view line) const;

  std::unique_ptr<Impl> impl_;
  friend class RecordAssembler;
};

// The names that HeaderOptions::format takes besides "auto" and patterns.
std::vector<std::string_view> HeaderFormatNames();

}  // namespace alogd
