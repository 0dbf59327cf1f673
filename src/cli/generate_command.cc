// SPDX-License-Identifier: MIT
// alogctl generate: a log with labelled anomalies, at once or live.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>

#include "cli/cli.h"
#include "cli/generator.h"
#include "cli/output.h"

namespace alogd {
namespace {

struct GenerateArguments {
  std::string format = "service";
  uint64_t lines = 10'000;
  double anomaly_rate = 0.01;
  uint64_t seed = 1;
  double live = 0;
  double faults_after = 0;
  std::string out = "-";
  std::string labels;
  double ends_ago = 0;
};

volatile std::sig_atomic_t stopped = 0;

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File Open(const std::string& path, const char* mode) {
  if (path == "-") return File(stdout, [](std::FILE* f) { return std::fflush(f); });
  return File(std::fopen(path.c_str(), mode), std::fclose);
}

class Writer {
 public:
  Writer(File log, File labels) : log_(std::move(log)), labels_(std::move(labels)) {
    if (labels_) std::fputs("line,label,kind\n", labels_.get());
  }
  // A label row for every line: 1 for those of an anomaly.
  bool Write(const GeneratedLine& line) {
    ++number_;
    fmt::print(log_.get(), "{}\n", line.text);
    if (labels_)
      fmt::print(labels_.get(), "{},{},{}\n", number_, line.label.empty() ? 0 : 1, line.label);
    return std::ferror(log_.get()) == 0;
  }
  void Flush() {
    std::fflush(log_.get());
    if (labels_) std::fflush(labels_.get());
  }

 private:
  File log_, labels_;
  uint64_t number_ = 0;
};

// Writes about `rate` lines a second as time goes by; faults begin with a crash after
// `faults_after`.
bool WriteLive(const GenerateArguments& args, LogGenerator* generator, Writer* writer) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  bool faults = args.faults_after <= 0;
  generator->set_anomaly_rate(faults ? args.anomaly_rate : 0);
  for (uint64_t n = 0; (args.lines == 0 || n < args.lines) && !stopped; ++n) {
    if (!faults && elapsed() >= args.faults_after) {
      faults = true;
      generator->set_anomaly_rate(args.anomaly_rate);
      generator->CrashNext();
    }
    generator->set_time(Now());
    GeneratedLine line = generator->Next();
    if (!writer->Write(line)) return false;
    const double due = static_cast<double>(n + 1) / args.live - elapsed();
    if (due <= 0 || line.continuation) continue;
    writer->Flush();
    std::this_thread::sleep_for(std::chrono::duration<double>(due));
  }
  return true;
}

void Generate(const GenerateArguments& args, CliContext* context) {
  const auto format = FindLogFormat(args.format);
  LogGenerator::Options options;
  options.format = *format;
  options.anomaly_rate = args.anomaly_rate;
  options.seed = args.seed;
  if (args.live > 0) {
    options.lines_per_second = 1e6;  // event time is the clock's
    options.start = Now();
  } else {
    const double seconds =
        static_cast<double>(args.lines) / options.lines_per_second + args.ends_ago;
    options.start = args.ends_ago > 0
                        ? Now() - Duration(static_cast<int64_t>(seconds * 1e6))
                        : Time(std::chrono::hours(24 * 20454));  // 2026-01-01: the same each run
  }
  File log = Open(args.out, args.live > 0 ? "ae" : "we");
  if (!log) return Fail(context, ErrnoError("cannot write", args.out, errno).message);
  File labels(nullptr, std::fclose);
  if (!args.labels.empty()) {
    labels = Open(args.labels, "we");
    if (!labels) return Fail(context, ErrnoError("cannot write", args.labels, errno).message);
  }
  Writer writer(std::move(log), std::move(labels));
  std::signal(SIGINT, [](int) { stopped = 1; });
  std::signal(SIGTERM, [](int) { stopped = 1; });
  LogGenerator generator(options);
  bool written = true;
  if (args.live > 0) {
    written = WriteLive(args, &generator, &writer);
  } else {
    for (uint64_t n = 0; n < args.lines && written && !stopped; ++n)
      written = writer.Write(generator.Next());
  }
  writer.Flush();
  if (!written) Fail(context, ErrnoError("cannot write", args.out, errno).message);
}

}  // namespace

void AddGenerateCommand(CLI::App* app, CliContext* context) {
  auto args = std::make_shared<GenerateArguments>();
  CLI::App* generate =
      app->add_subcommand("generate", "Write the log of a made-up service with labelled anomalies");
  generate->add_option("--format", args->format, "service, syslog, iso, json or random")
      ->check(CLI::IsMember({"service", "syslog", "iso", "json", "random"}))
      ->capture_default_str();
  generate->add_option("--lines", args->lines, "How many; with --live, 0 goes on for ever")
      ->capture_default_str();
  generate
      ->add_option("--anomaly-rate", args->anomaly_rate,
                   "Share of the service's actions that go wrong")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  generate->add_option("--seed", args->seed, "The same seed writes the same log")
      ->capture_default_str();
  generate->add_option("--out", args->out, "The log; - is standard output; appended to with --live")
      ->capture_default_str();
  generate->add_option("--labels", args->labels,
                       "Write line,label,kind of every line to this CSV file");
  generate->add_option("--live", args->live, "Write so many lines a second, as time goes by")
      ->check(CLI::PositiveNumber);
  generate->add_option(
      "--faults-after", args->faults_after,
      "With --live: normal for so many seconds, then a crash and the anomaly rate");
  generate->add_option("--ends-ago", args->ends_ago,
                       "The last line's time is so many seconds before now");
  generate->callback([args, context] { Generate(*args, context); });
}

}  // namespace alogd
