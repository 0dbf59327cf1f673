// SPDX-License-Identifier: MIT
// Tables, colours, JSON lines and the progress bar.
#include "cli/output.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <cstdlib>

#include "core/text.h"

namespace alogd {
namespace {

constexpr std::string_view kGap = "  ";  // between columns
constexpr size_t kDefaultWidth = 100;

const char* Code(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kBold:
      return "\x1b[1m";
    case Style::kDim:
      return "\x1b[2m";
    case Style::kRed:
      return "\x1b[1;31m";
    case Style::kYellow:
      return "\x1b[33m";
    case Style::kBlue:
      return "\x1b[34m";
    case Style::kGreen:
      return "\x1b[32m";
    case Style::kCyan:
      return "\x1b[36m";
    case Style::kAlarm:
      return "\x1b[1;97;41m";
  }
  return "";
}

// A cell's text as it is printed: on one line, and free of tabs, which separate plain columns.
std::string OneLine(std::string_view text) {
  std::string out = EscapeForTerminal(text);
  std::ranges::replace(out, '\t', ' ');
  return out;
}

std::string Padded(std::string text, size_t width, bool right) {
  const size_t has = DisplayWidth(text);
  if (has >= width) return text;
  return right ? std::string(width - has, ' ') + text : text + std::string(width - has, ' ');
}

size_t WidthOf(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 0;
}

std::string Count(uint64_t n) {
  std::string digits = fmt::format("{}", n);
  for (size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

}  // namespace

Style StyleOf(RiskLevel level) {
  switch (level) {
    case RiskLevel::kCritical:
      return Style::kAlarm;
    case RiskLevel::kHigh:
      return Style::kRed;
    case RiskLevel::kMedium:
      return Style::kYellow;
    case RiskLevel::kLow:
      return Style::kCyan;
    case RiskLevel::kInfo:
      return Style::kDim;
  }
  return Style::kPlain;
}

std::string Styled(const CliContext& context, Style style, std::string_view text) {
  if (!context.color || style == Style::kPlain || text.empty()) return std::string(text);
  return fmt::format("{}{}\x1b[0m", Code(style), text);
}

size_t TerminalWidth() {
  if (const size_t width = WidthOf(STDOUT_FILENO); width > 0) return width;
  const char* columns = std::getenv("COLUMNS");
  const long width = columns == nullptr ? 0 : std::strtol(columns, nullptr, 10);
  return width >= 20 && width <= 10'000 ? static_cast<size_t>(width) : kDefaultWidth;
}

Table::Table(const CliContext& context, std::vector<Column> columns)
    : context_(context), columns_(std::move(columns)) {}

void Table::Add(std::vector<Cell> cells) {
  assert(cells.size() == columns_.size());
  for (Cell& cell : cells) cell.text = OneLine(cell.text);
  rows_.push_back(std::move(cells));
}

std::vector<size_t> Table::Shown() const {
  std::vector<size_t> shown;
  for (size_t c = 0; c < columns_.size(); ++c) {
    const bool same = columns_[c].drop_same && std::ranges::all_of(rows_, [&](const auto& row) {
                        return row[c].text == rows_.front()[c].text;
                      });
    if (!same) shown.push_back(c);
  }
  return shown;
}

// As wide as their contents; where that is too wide, the widest that may be cut loses first.
std::vector<size_t> Table::Widths(const std::vector<size_t>& shown, size_t width) const {
  std::vector<size_t> widths;
  size_t total = kGap.size() * (shown.size() - 1);
  for (const size_t c : shown) {
    size_t widest = DisplayWidth(columns_[c].title);
    for (const auto& row : rows_) widest = std::max(widest, DisplayWidth(row[c].text));
    widths.push_back(widest);
    total += widest;
  }
  while (total > width) {
    size_t* widest = nullptr;
    for (size_t i = 0; i < shown.size(); ++i) {
      const size_t least = columns_[shown[i]].shrink_to;
      if (least == 0 || widths[i] <= least) continue;
      if (widest == nullptr || widths[i] > *widest) widest = &widths[i];
    }
    if (widest == nullptr) break;
    --*widest;
    --total;
  }
  return widths;
}

void Table::AppendRow(const std::vector<Cell>& cells, const std::vector<size_t>& shown,
                      const std::vector<size_t>& widths, std::string* out) const {
  for (size_t i = 0; i < shown.size(); ++i) {
    const Cell& cell = cells[shown[i]];
    const bool last = i + 1 == shown.size();
    const bool right = columns_[shown[i]].right;
    std::string text = CutToWidth(cell.text, widths[i]);
    if (!last || right) text = Padded(std::move(text), widths[i], right);
    out->append(Styled(context_, cell.style, text));
    out->append(last ? "\n" : kGap);
  }
}

std::string Table::Render(size_t width) const {
  std::string out;
  if (!context_.terminal) {
    for (const auto& row : rows_) {
      for (size_t c = 0; c < row.size(); ++c) {
        out.append(row[c].text).append(c + 1 == row.size() ? "\n" : "\t");
      }
    }
    return out;
  }
  const std::vector<size_t> shown = Shown();
  if (shown.empty()) return out;
  const std::vector<size_t> widths = Widths(shown, width);
  std::vector<Cell> heading;
  for (const Column& column : columns_) heading.emplace_back(column.title, Style::kBold);
  AppendRow(heading, shown, widths, &out);
  for (const auto& row : rows_) AppendRow(row, shown, widths, &out);
  return out;
}

void Table::Print() const {
  if (rows_.empty()) return;
  const std::string text = Render(TerminalWidth());
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void PrintJson(const nlohmann::ordered_json& json) {
  const std::string line =
      json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  std::fwrite(line.data(), 1, line.size(), stdout);
}

Progress::Progress(const CliContext& context, std::string label, uint64_t total, std::string unit)
    : label_(std::move(label)),
      total_(total),
      unit_(std::move(unit)),
      enabled_(!context.quiet && isatty(STDERR_FILENO) == 1) {}

std::string Progress::Line(uint64_t done, double seconds, size_t width) const {
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string numbers = fmt::format("{} {}", Count(done), unit_);
  if (rate >= 1) numbers += fmt::format(", {}/s", Count(static_cast<uint64_t>(rate)));
  if (total_ == 0) return CutToWidth(fmt::format("{}  {}", label_, numbers), width);
  const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
  if (share > 0.01 && share < 1 && seconds > 2) {
    const auto left = std::chrono::duration<double>(seconds / share - seconds);
    numbers +=
        fmt::format(", {} left", HumanDuration(std::chrono::ceil<std::chrono::seconds>(left)));
  }
  const std::string percent = fmt::format("{:3.0f}%", share * 100);
  const size_t fixed = DisplayWidth(label_) + percent.size() + numbers.size() + 8;
  std::string bar;
  if (width > fixed + 10) {
    const size_t cells = std::min<size_t>(width - fixed, 40);
    const size_t full = static_cast<size_t>(share * static_cast<double>(cells));
    bar = fmt::format("  [{:#<{}}{:-<{}}]", "", full, "", cells - full);
  }
  return CutToWidth(fmt::format("{}{}  {}  {}", label_, bar, percent, numbers), width);
}

void Progress::Update(uint64_t done) {
  if (!enabled_) return;
  const Clock::time_point now = Clock::now();
  if (now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  drawn_ = true;
  const size_t width = std::max<size_t>(WidthOf(STDERR_FILENO), 20);
  const double seconds = std::chrono::duration<double>(now - began_).count();
  fmt::print(stderr, "\r\x1b[K{}", Line(done, seconds, width - 1));
  std::fflush(stderr);
}

void Progress::Finish() {
  if (drawn_) fmt::print(stderr, "\r\x1b[K");
  drawn_ = false;
}

}  // namespace alogd
