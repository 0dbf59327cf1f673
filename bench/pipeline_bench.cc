// SPDX-License-Identifier: MIT
// Raw lines through the whole pipeline of a group, from memory and through the tailer.
//
// Usage: pipeline_bench [LINES [LOG]]   lines a log is repeated to (default: 2,000,000); one log
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/corpus_builder.h"
#include "core/pipeline.h"
#include "daemon/files/source_files.h"
#include "log_text.h"
#include "models/bundle/bundle.h"
#include "models/training/trainer.h"
#include "testing/grouping.h"

namespace alogd {
namespace {

using namespace bench;

constexpr size_t kTrainingLines = 20'000;  // of the log's beginning: what is measured is speed
constexpr size_t kLinesAUnit = 10'000;     // as often as `alogctl scan` takes what was produced

size_t ResidentMiB() {
  std::ifstream in("/proc/self/statm");
  size_t total = 0, resident = 0;
  in >> total >> resident;
  return resident * static_cast<size_t>(getpagesize()) >> 20;
}

GroupConfig Group(std::string_view log, bool deeplog) {
  GroupConfig group;
  group.time_zone = "UTC";
  if (log == "HDFS")
    group.stream = {.kind = StreamOptions::Kind::kSession, .session = "blk_-?\\d+"};
  group.deeplog.enabled = deeplog;
  group.baseline.enabled = group.counts.enabled = group.length.enabled = false;
  return group;
}

// The detectors trained on the log's beginning; few epochs, since no accuracy is measured here.
Result<ModelSet> Train(const Config& config, GroupConfig* group, std::string_view text) {
  group->deeplog.epochs = 5;
  auto builder = CorpusBuilder::Create(config, *group, {.filter = false});
  if (!builder) return builder.error();
  builder->BeginFile("log", "log", kNoTime);
  size_t lines = 0;
  uint64_t offset = 0;
  const size_t most = text.size();
  size_t end = 0;
  while (end < most && lines < kTrainingLines) {
    end = std::min(text.find('\n', end), most - 1) + 1;
    ++lines;
  }
  ForEachLine(text.substr(0, end), &offset, [&](const Line& line) { builder->Add(line); });
  std::vector<std::string> remarks;
  const Corpus corpus = builder->Finish(&remarks);
  auto bundle = TrainBundle(corpus, *group, {}, &remarks);
  if (!bundle) return bundle.error();
  return MakeModelSet(*group, &*bundle);
}

struct Row {
  double cold = 0, warm = 0, disk = 0;  // ns a line
  size_t templates = 0, mib = 0;
};

// One pipeline over the log once, then repeatedly.
class Run {
 public:
  Run(Pipeline* pipeline, SourceId source) : pipeline_(pipeline), source_(source) {}

  void Feed(FileId file, const Line& line) {
    pipeline_->Feed(source_, file, line);
    if (++lines_ % kLinesAUnit == 0) (void)pipeline_->TakeUnit();
  }
  double Memory(std::string_view text, size_t in_text, size_t rounds) {
    const double begin = Seconds();
    for (size_t i = 0; i < rounds; ++i)
      ForEachLine(text, &offset_, [&](const Line& line) { Feed(FileId{1}, line); });
    return 1e9 * (Seconds() - begin) / static_cast<double>(in_text * rounds);
  }
  // The same bytes `rounds` times in a file, read as the daemon reads.
  double Disk(std::string_view text, size_t rounds) {
    const std::string path =
        (std::filesystem::temp_directory_path() / fmt::format("alogd-bench-{}.log", getpid()))
            .string();
    {
      std::ofstream out(path, std::ios::binary);
      for (size_t i = 0; i < rounds; ++i)
        out.write(text.data(), static_cast<std::streamsize>(text.size()));
    }
    int64_t next = 2;
    SourceFiles files(path, {}, [&next] { return FileId{next++}; }, {});
    const uint64_t before = lines_;
    const Time now = FromMicros(int64_t{std::time(nullptr)} * 1'000'000);
    const double begin = Seconds();
    while (files.Read(
        now, [&](FileId file, const Line& line) { Feed(file, line); }, [](FileId) {})) {
    }
    const double seconds = Seconds() - begin;
    std::filesystem::remove(path);
    return 1e9 * seconds / static_cast<double>(lines_ - before);
  }

 private:
  Pipeline* pipeline_;
  SourceId source_;
  uint64_t lines_ = 0, offset_ = 0;
};

Result<Row> Measure(std::string_view log, bool trained, bool deeplog, std::string_view text,
                    size_t in_text, size_t lines) {
  Config config;
  GroupConfig group = Group(log, deeplog);
  group.loganomaly.enabled = group.novelty.enabled = trained;
  Result<ModelSet> models = ModelSet{};
  if (trained) models = Train(config, &group, text);
  if (!models) return models.error();
  const size_t before = ResidentMiB();
  auto pipeline = Pipeline::Create(config, group, std::move(*models),
                                   [](const RecordRef&) { return std::string(); });
  if (!pipeline) return pipeline.error();
  Run run(pipeline->get(), (*pipeline)->AddSource("log", kNoTime));
  const size_t rounds = std::max<size_t>(1, lines / in_text);
  Row row;
  row.cold = run.Memory(text, in_text, 1);
  row.warm = run.Memory(text, in_text, rounds);
  row.disk = run.Disk(text, rounds);
  row.templates = (*pipeline)->catalog().size();
  row.mib = std::max(PeakMiB(), before) - before;
  return row;
}

void Print(std::string_view log, const std::string& text, size_t lines) {
  const size_t n = CountLines(text);
  const double begin = Seconds();
  size_t counted = 0;
  while (counted < lines) counted += CountLines(text);
  const double newlines = 1e9 * (Seconds() - begin) / static_cast<double>(counted);
  struct Variant {
    const char* name;
    bool trained, deeplog;
  };
  for (const Variant v :
       {Variant{"no detectors", false, false}, Variant{"novelty, loganomaly", true, false},
        Variant{"and deeplog", true, true}}) {
    Apart([&] {
      const auto row = Measure(log, v.trained, v.deeplog, text, n, lines);
      if (!row) return fmt::print("{:<10} {:<20} {}\n", log, v.name, row.error().message);
      fmt::print(
          "{:<10} {:<20} {:6.1f} {:8.1f} {:8.1f} {:8.1f} {:7.2f} {:7.2f} {:7.0f} {:6} {:5}\n", log,
          v.name, newlines, row->cold, row->warm, row->disk, 1e3 / row->warm, 1e3 / row->disk,
          row->warm / newlines, row->templates, row->mib);
    });
  }
}

int Main(size_t lines, std::string_view only) {
  fmt::print(
      "one thread, CPU time; ns a line of: counting newlines by memchr, the pipeline the first "
      "time, repeated,\nand read through the tailer; then million lines a second repeated and "
      "through the tailer, times memchr,\ntemplates, MiB taken at the peak\n"
      "{:<10} {:<20} {:>6} {:>8} {:>8} {:>8} {:>7} {:>7} {:>7} {:>6} {:>5}\n",
      "log", "detectors", "memchr", "cold", "repeated", "tailer", "M/s", "M tail", "ratio",
      "templ.", "MiB");
  const std::string data = testing::TestDataPath();
  for (const auto& [name, path] : kWholeLogs) {
    if (!only.empty() && only != name) continue;
    const std::string text = ReadWholeLog(data + path);
    if (text.empty())
      fmt::print("{:<10} no data; set ALOGD_TEST_DATA\n", name);
    else
      Print(name, text, lines);
  }
  return 0;
}

}  // namespace
}  // namespace alogd

int main(int argc, char** argv) {
  return alogd::Main(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000'000,
                     argc > 2 ? argv[2] : "");
}
