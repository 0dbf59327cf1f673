// SPDX-License-Identifier: MIT
// Nanoseconds a line for header parsing once the format has settled, and for what stands around it.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "core/headers/header_parser.h"
#include "core/records/line_splitter.h"
#include "core/records/record_assembler.h"
#include "core/records/severity.h"

namespace {

using Write = std::string (*)(int);

std::string Syslog(int i) {
  return fmt::format(
      "Feb 29 13:{:02}:{:02} web1 sshd[{}]: Accepted password for user{} from 10.0.{}.{} port {} "
      "ssh2",
      i / 600 % 60, i / 10 % 60, 1000 + i % 500, i % 40, i % 200, i % 250, 20000 + i);
}
std::string SyslogIso(int i) {
  return fmt::format(
      "2024-02-29T13:{:02}:{:02}.{:06}+01:00 web1 sshd[{}]: Accepted password for user{} from "
      "10.0.{}.{} port {} ssh2",
      i / 600 % 60, i / 10 % 60, i * 7919 % 1000000, 1000 + i % 500, i % 40, i % 200, i % 250,
      20000 + i);
}
std::string Log4j(int i) {
  return fmt::format(
      "2024-02-29 13:{:02}:{:02},{:03} INFO [pool-1-thread-{}] com.example.server.RequestHandler: "
      "served request {} in {} ms",
      i / 600 % 60, i / 10 % 60, i * 7 % 1000, i % 8, i, i % 90);
}
std::string IsoLevel(int i) {
  return fmt::format("2024-02-29T13:{:02}:{:02}.{:03}Z {} request {} took {} ms", i / 600 % 60,
                     i / 10 % 60, i * 7 % 1000, i % 9 == 0 ? "WARN" : "INFO", i, i % 90);
}
std::string Access(int i) {
  return fmt::format(
      "10.0.{}.{} - - [29/Feb/2024:13:{:02}:{:02} +0000] \"GET /item/{} HTTP/1.1\" {} {} \"-\" "
      "\"curl/7.88.1\"",
      i % 200, i % 250, i / 600 % 60, i / 10 % 60, i, i % 50 == 0 ? 404 : 200, 100 + i % 9000);
}
std::string Json(int i) {
  return fmt::format(
      R"({{"time":"2024-02-29T13:{:02}:{:02}Z","level":"info","msg":"served request","id":{},"took":{}}})",
      i / 600 % 60, i / 10 % 60, i, i % 90);
}
std::string Plain(int i) { return fmt::format("worker {} took {} items off the queue", i % 8, i); }

std::vector<std::string> Lines(Write write) {
  std::vector<std::string> lines;
  for (int i = 0; i < 20000; ++i) lines.push_back(write(i));
  return lines;
}

void BM_Header(benchmark::State& state, Write write) {
  const std::vector<std::string> lines = Lines(write);
  alogd::HeaderParser parser = alogd::HeaderParser::Create({.time_zone = "Europe/Berlin"}).value();
  for (const std::string& line : lines) parser.Parse(line);
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(parser.Parse(lines[i]));
    if (++i == lines.size()) i = 0;
  }
  state.SetLabel(std::string(parser.format()));
}
BENCHMARK_CAPTURE(BM_Header, syslog, Syslog);
BENCHMARK_CAPTURE(BM_Header, syslog_iso, SyslogIso);
BENCHMARK_CAPTURE(BM_Header, log4j, Log4j);
BENCHMARK_CAPTURE(BM_Header, iso_level, IsoLevel);
BENCHMARK_CAPTURE(BM_Header, access, Access);
BENCHMARK_CAPTURE(BM_Header, json, Json);
BENCHMARK_CAPTURE(BM_Header, none, Plain);

// Splitting and assembly around the header.
void BM_Lines(benchmark::State& state, Write write) {
  std::string bytes;
  const std::vector<std::string> lines = Lines(write);
  for (const std::string& line : lines) bytes += line + "\n";
  alogd::HeaderParser parser = alogd::HeaderParser::Create({.time_zone = "Europe/Berlin"}).value();
  alogd::RecordAssembler assembler(&parser);
  alogd::LineSplitter splitter(64 * 1024);
  for (auto _ : state) {
    splitter.Append(bytes);
    for (alogd::Line line; splitter.Next(&line);) benchmark::DoNotOptimize(assembler.Add(line));
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * lines.size()));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes.size()));
}
BENCHMARK_CAPTURE(BM_Lines, syslog, Syslog);
BENCHMARK_CAPTURE(BM_Lines, log4j, Log4j);

void BM_Split(benchmark::State& state) {
  std::string bytes;
  for (const std::string& line : Lines(Syslog)) bytes += line + "\n";
  alogd::LineSplitter splitter(64 * 1024);
  for (auto _ : state) {
    splitter.Append(bytes);
    for (alogd::Line line; splitter.Next(&line);) benchmark::DoNotOptimize(line);
  }
  state.SetItemsProcessed(state.iterations() * 20000);
}
BENCHMARK(BM_Split);

void BM_Severity(benchmark::State& state) {
  const alogd::SeverityTable table{alogd::SeverityOptions{}};
  const std::string message =
      "Accepted password for user7 from 10.0.12.31 port 20431 ssh2 after some other words";
  const alogd::Level level = state.range(0) == 0 ? alogd::Level::kNone : alogd::Level::kInfo;
  for (auto _ : state) benchmark::DoNotOptimize(table.OfRecord(level, message));
}
BENCHMARK(BM_Severity)->Arg(0)->Arg(1);

}  // namespace

BENCHMARK_MAIN();
