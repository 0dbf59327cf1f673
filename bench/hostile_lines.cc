// SPDX-License-Identifier: MIT
// What lines that mean harm cost the parser, a byte of them, beside lines as programs write them.
#include <fmt/format.h>

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "core/parser.h"

namespace alogd {
namespace {

constexpr size_t kLength = 64 * 1024;  // the longest line by default

double Seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

std::string Repeated(std::string_view piece) {
  std::string line;
  while (line.size() + piece.size() <= kLength) line += piece;
  return line;
}

// The lines through one parser; each differs from the one before in its first bytes.
void Measure(std::string_view name, const std::vector<std::string>& lines) {
  GroupConfig group;
  group.time_zone = "UTC";
  Parser parser = std::move(*Parser::Create(group, {}));
  const SourceId source = parser.AddSource("log", kNoTime);
  uint64_t offset = 0;
  size_t bytes = 0;
  double worst = 0;
  const double begin = Seconds();
  for (const std::string& line : lines) {
    const double before = lines.size() < 1000 ? Seconds() : 0;
    const auto length = static_cast<uint32_t>(line.size() + 1);
    parser.Add(source, FileId{1}, {.text = line, .offset = offset, .bytes = length});
    offset += length;
    bytes += line.size();
    if (before > 0) worst = std::max(worst, Seconds() - before);
  }
  const double seconds = Seconds() - begin;
  fmt::print("{:<34} {:8} {:10.0f} {:8.2f} {:10.1f} {:9} {:8}\n", name, lines.size(),
             1e9 * seconds / static_cast<double>(lines.size()),
             1e9 * seconds / static_cast<double>(bytes), 1e6 * worst, parser.catalog().size(),
             parser.drain().evicted());
}

std::vector<std::string> Long(std::string_view piece) {
  std::vector<std::string> lines;
  for (int i = 0; i < 200; ++i)
    lines.push_back(fmt::format("2024-03-01 10:00:{:02} INFO x{}: {}", i % 60, i, Repeated(piece)));
  return lines;
}

std::vector<std::string> Usual(bool distinct) {
  std::vector<std::string> lines;
  const auto word = [](size_t n) {
    std::string out = "q";
    for (; n > 0; n /= 26) out += static_cast<char>('a' + n % 26);
    return out;
  };
  for (size_t i = 0; i < 1'000'000; ++i)
    lines.push_back(fmt::format("2024-03-01 10:00:{:02} INFO server: {} of job {} took {} ms",
                                i % 60, distinct ? word(i) : "Step", i % 977, i % 5000));
  return lines;
}

int Main() {
  using namespace std::string_view_literals;
  fmt::print("{:<34} {:>8} {:>10} {:>8} {:>10} {:>9} {:>8}\n", "lines", "number", "ns/line",
             "ns/byte", "worst us", "templates", "evicted");
  Measure("usual", Usual(false));
  Measure("a million distinct first words", Usual(true));
  const std::pair<std::string_view, std::string_view> pieces[] = {
      {"64 KiB of words", "some words of a sentence "},
      {"64 KiB without a blank", "a"},
      {"64 KiB of blanks", " "},
      {"64 KiB of [", "["},
      {"64 KiB of [a,", "[a,"},
      {"64 KiB of ([{<", "([{<"},
      {"64 KiB of ()", "()"},
      {"64 KiB of \" '", "\" '"},
      {"64 KiB of =", "="},
      {"64 KiB of a=(", "a=("},
      {"64 KiB of msg=\"", "msg=\""},
      {"64 KiB of 1:", "1:"},
      {"64 KiB of a.b.c ", "a.b.c "},
      {"64 KiB of <*>", "<*>"},
      {"64 KiB of NUL", "\0"sv},
      {"64 KiB of invalid UTF-8", "\xff\xc3"},
      {"64 KiB of Error", "Error"},
  };
  for (const auto& [name, piece] : pieces) Measure(name, Long(piece));
  return 0;
}

}  // namespace
}  // namespace alogd

int main() { return alogd::Main(); }
