// SPDX-License-Identifier: MIT
// Raw lines through the parser: how many a second, beside counting the newlines of the same bytes.
//
// Usage: parse_throughput [LINES [LOG]]   lines a log is repeated to (default: 2,000,000); one log
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

#include "core/headers/header_parser.h"
#include "core/parser.h"
#include "log_text.h"
#include "testing/grouping.h"

namespace alogd {
namespace {

using namespace bench;

struct Passes {
  double cold = 0, warm = 0;  // ns a line
};

// One pass that learns, then as many as `lines` takes.
template <typename Take>
Passes Run(std::string_view text, size_t in_text, size_t lines, Take take) {
  uint64_t offset = 0;
  Passes out;
  double begin = Seconds();
  ForEachLine(text, &offset, take);
  out.cold = 1e9 * (Seconds() - begin) / static_cast<double>(in_text);
  const size_t rounds = std::max<size_t>(1, lines / in_text);
  begin = Seconds();
  for (size_t i = 0; i < rounds; ++i) ForEachLine(text, &offset, take);
  out.warm = 1e9 * (Seconds() - begin) / static_cast<double>(in_text * rounds);
  return out;
}

void Measure(std::string_view name, const std::string& text, size_t lines) {
  const size_t n = CountLines(text);
  const size_t rounds = std::max<size_t>(1, lines / n);
  double begin = Seconds();
  size_t counted = 0;
  for (size_t i = 0; i < rounds; ++i) counted += CountLines(text);
  const double newlines = 1e9 * (Seconds() - begin) / static_cast<double>(counted);

  const Passes split = Run(text, n, lines, [](const Line&) {});
  HeaderParser header = std::move(*HeaderParser::Create({.time_zone = "UTC"}));
  const Passes headers = Run(text, n, lines, [&](const Line& l) { header.Parse(l.text); });
  const size_t before = PeakMiB();
  GroupConfig group;
  group.time_zone = "UTC";
  Parser parser = std::move(*Parser::Create(group, {}));
  const SourceId source = parser.AddSource("log", kNoTime);
  const Passes all = Run(text, n, lines, [&](const Line& l) { parser.Add(source, FileId{1}, l); });
  const double bytes = static_cast<double>(text.size()) / static_cast<double>(n);
  fmt::print(
      "{:<10} {:8} {:5.0f} {:7.1f} {:6.1f} {:7.1f} {:7.1f} {:7.1f} {:6.2f} {:6.2f} {:6.0f} "
      "{:6.0f} {:6} {:5}\n",
      name, n, bytes, newlines, split.warm, headers.warm, all.cold, all.warm, 1e3 / all.cold,
      1e3 / all.warm, 1e3 * bytes / all.warm, all.warm / newlines, parser.catalog().size(),
      PeakMiB() - before);
}

// `statements` with four variables, all equally common.
std::string MadeUp(size_t lines, size_t statements) {
  std::mt19937 random(1);
  std::string text;
  const auto word = [](size_t n) {
    std::string out = "x";
    for (; n > 0; n /= 26) out += static_cast<char>('a' + n % 26);
    return out;
  };
  for (size_t i = 0; i < lines; ++i) {
    const size_t s = random() % statements;
    text += fmt::format(
        "2024-03-01 10:{:02}:{:02},{:03} INFO worker: {} {} number {} of {} took {} ms\n",
        i / 60000 % 60, i / 1000 % 60, i % 1000, word(s), word(s * 7919), random() % 64,
        random() % 999, random() % 10000);
  }
  return text;
}

int Main(size_t lines, std::string_view only) {
  fmt::print(
      "one thread, CPU time; ns a line of: counting newlines by memchr, cutting lines, that "
      "and headers,\nall of the parser (lines, headers, templates, severity) the first time "
      "and repeated; then million\nlines a second of the parser cold and repeated, MB/s, "
      "times memchr, templates, MiB taken\n"
      "{:<10} {:>8} {:>5} {:>7} {:>6} {:>7} {:>7} {:>7} {:>6} {:>6} {:>6} {:>6} {:>6} {:>5}\n",
      "log", "lines", "bytes", "memchr", "cut", "header", "cold", "all", "M cold", "M/s", "MB/s",
      "ratio", "templ.", "MiB");
  const std::string data = testing::TestDataPath();
  for (const auto& [name, path] : kWholeLogs) {
    if (!only.empty() && only != name) continue;
    Apart([&, name = name, path = path] {
      const std::string text = ReadWholeLog(data + path);
      if (text.empty()) return fmt::print("{:<10} no data; set ALOGD_TEST_DATA\n", name);
      Measure(name, text, lines);
    });
  }
  for (const size_t statements : {size_t{500}, size_t{100'000}}) {
    const std::string name = std::to_string(statements);
    if (only.empty() || only == name)
      Apart([&] { Measure(name, MadeUp(statements * 20 + 500'000, statements), lines); });
  }
  return 0;
}

}  // namespace
}  // namespace alogd

int main(int argc, char** argv) {
  return alogd::Main(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000'000,
                     argc > 2 ? argv[2] : "");
}
