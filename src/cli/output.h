// SPDX-License-Identifier: MIT
// What alogctl prints: tables for terminals, plain columns for pipes, JSON, times, and progress.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/cli.h"
#include "core/detection/anomaly.h"
#include "core/types.h"

namespace alogd {

enum class Style : uint8_t { kPlain, kBold, kDim, kRed, kYellow, kBlue, kGreen, kCyan, kAlarm };

Style StyleOf(RiskLevel level);
// `text` in that style where the context has colours; it must be safe to print.
std::string Styled(const CliContext& context, Style style, std::string_view text);

// Columns that valid, escaped UTF-8 takes on a terminal: 2 for East Asian wide characters and
// emoji, 0 for combining marks.
size_t DisplayWidth(std::string_view text);
// The longest beginning of `text` that fits into `columns`, with an ellipsis where something is
// cut.
std::string CutToWidth(std::string_view text, size_t columns);
// `text` broken at blanks into lines of at most `columns`; words longer than that are broken too.
std::vector<std::string> Wrap(std::string_view text, size_t columns);
// Of standard output; COLUMNS where it is no terminal, else 100.
size_t TerminalWidth();

struct Column {
  std::string title;
  bool right = false;  // numbers
  // Columns it may be cut to where the terminal is narrow; 0: it is never cut.
  size_t shrink_to = 0;
  // Left out on a terminal where all rows say the same: the only group.
  bool drop_same = false;
};

struct Cell {
  // NOLINTNEXTLINE(google-explicit-constructor): rows are lists of texts
  Cell(std::string t, Style s = Style::kPlain) : text(std::move(t)), style(s) {}
  std::string text;  // any text: the table escapes it
  Style style;
};

// Rows under a heading, cut to the terminal; without a terminal one row a line, columns separated
// by tabs, without a heading and never cut.
class Table {
 public:
  // The context outlives the table.
  Table(const CliContext& context, std::vector<Column> columns);
  void Add(std::vector<Cell> cells);
  size_t rows() const { return rows_.size(); }
  // For a terminal of `width` columns, or plain where the context has none.
  std::string Render(size_t width) const;
  // Renders to standard output.
  void Print() const;

 private:
  // Indexes of the columns that a terminal shows.
  std::vector<size_t> Shown() const;
  // Of those, in their order.
  std::vector<size_t> Widths(const std::vector<size_t>& shown, size_t width) const;
  void AppendRow(const std::vector<Cell>& cells, const std::vector<size_t>& shown,
                 const std::vector<size_t>& widths, std::string* out) const;

  const CliContext& context_;
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// One object, one line; invalid UTF-8 is replaced.
void PrintJson(const nlohmann::ordered_json& json);

// Local time for people. kNoTime is "-".
std::string LongTime(Time time);  // "2026-11-22 10:00:00"
std::string ShortTime(Time time,
                      Time now);  // "Nov 22 10:00:00", with the year where it is not near
// Local time with its offset, for other programs: "2026-11-22T10:00:00.000000+01:00".
std::string IsoTime(Time time);
// "3m 12s", "1d 4h", for how long something took or is ago.
std::string HumanDuration(Duration duration);
// The clock.
Time Now();

// A bar on standard error for work that takes long, if that is a terminal and nobody asked for
// quiet; else nothing. Drawn at most ten times a second; gone when the work is.
class Progress {
 public:
  // `total` in units of `unit`; 0 where it is not known.
  Progress(const CliContext& context, std::string label, uint64_t total, std::string unit);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { Finish(); }

  void Update(uint64_t done);
  // Work that turned out to be more or less.
  void set_total(uint64_t total) { total_ = total; }
  // Takes the bar away, so that other output can follow.
  void Finish();

  // The line as drawn, for a terminal of `width` columns after `seconds`.
  std::string Line(uint64_t done, double seconds, size_t width) const;

 private:
  using Clock = std::chrono::steady_clock;
  std::string label_;
  uint64_t total_;
  std::string unit_;
  bool enabled_;
  bool drawn_ = false;
  Clock::time_point began_ = Clock::now();
  Clock::time_point last_{};
};

}  // namespace alogd
