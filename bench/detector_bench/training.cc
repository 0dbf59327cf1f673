// SPDX-License-Identifier: MIT
// What training costs: CPU seconds and the peak of memory, each in a process of its own.
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>
#include <functional>
#include <vector>

#include "cli/corpus_builder.h"
#include "cli/log_reader.h"
#include "detector_bench/parts.h"
#include "models/corpus/training_split.h"
#include "models/evaluation/session_files.h"
#include "models/evaluation/session_model.h"
#include "models/training/trainer.h"
#include "testing/splice.h"

namespace alogd {
namespace {

constexpr size_t kRecords = 500'000;

double CpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// What a child has to tell, through a pipe.
struct Cost {
  double seconds = 0;  // of CPU, to what the benchmark is named for
  double first = 0, second = 0;
  bool done = false;
};

// Runs `work` in a child, so that the peak of memory is its own.
Cost InChild(const std::function<Cost()>& work, double* peak_mib) {
  Cost cost;
  int ends[2];
  if (pipe(ends) != 0) return cost;
  const pid_t child = fork();
  if (child == 0) {
    const Cost told = work();
    _exit(write(ends[1], &told, sizeof told) == sizeof told ? 0 : 1);
  }
  close(ends[1]);
  if (read(ends[0], &cost, sizeof cost) != sizeof cost) cost = {};
  close(ends[0]);
  rusage usage{};
  int status = 0;
  if (child > 0) wait4(child, &status, 0, &usage);
  *peak_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  return cost;
}

// first: the best epoch; second: all that ran.
Cost TrainHdfs() {
  const auto sessions = ReadSessions(BenchData() + "/hdfs_seq/train_normal.txt");
  if (!sessions) return {};
  const Corpus corpus = SessionCorpus(*sessions);
  const GroupConfig group = SessionGroup({});
  const auto split = SplitCorpus(corpus, group, TrainOptions().held_out);
  if (!split) return {};
  TrainingSequences sequences = MakeSequences(corpus, *split, group);
  const auto words = static_cast<uint32_t>(split->vocabulary.size());
  const SequenceSet train{words, std::move(sequences.train), true};
  const SequenceSet held_out{words, std::move(sequences.held_out), true};
  std::vector<double> ends(1);  // of epochs
  const double begin = CpuSeconds();
  DeepLogReport report;
  const auto model = TrainDeepLog(
      train, held_out, group.deeplog, 1,
      [&](const DeepLogProgress& progress) {
        ends.resize(std::max<size_t>(ends.size(), progress.epoch + 1));
        ends[progress.epoch] = CpuSeconds() - begin;
        return true;
      },
      &report);
  if (!model) return {};
  return {ends[report.best_epoch], static_cast<double>(report.best_epoch),
          static_cast<double>(report.epochs), true};
}

// The logs of Hadoop again and again, each time a week later, until there are records enough.
bool AddHadoop(CorpusBuilder* builder) {
  for (int week = 0; builder->records() < kRecords; ++week) {
    const auto files = FindLogFiles({BenchData() + "/hadoop_full.tar.xz"}, {1, 0});
    if (!files || files->sources.empty() || week > 10) return false;
    LogReader reader(files->sources.front(), GroupConfig().max_line);
    size_t file = SIZE_MAX;
    const SpliceTime time{0, "%Y-%m-%d %H:%M:%S"};
    while (const auto line = reader.Next()) {
      if (builder->records() >= kRecords) return true;
      if (reader.source_name().ends_with("abnormal_label.txt")) continue;
      if (reader.file() != file) {
        const std::string name = reader.source_name() + "." + std::to_string(week);
        builder->BeginFile(name, name, reader.reference());
        file = reader.file();
      }
      const std::string text(line->text);
      const auto moved = MoveTime(text, time, std::chrono::hours(7 * 24 * week));
      Line again = *line;
      again.text = moved ? *moved : text;
      builder->Add(again);
    }
  }
  return true;
}

// first: seconds of reading; second: records.
Cost TrainHadoop() {
  GroupConfig group;
  group.stream.kind = StreamOptions::Kind::kSource;
  const double begin = CpuSeconds();
  auto builder = CorpusBuilder::Create({}, group, {.max_records = kRecords, .filter = false});
  if (!builder || !AddHadoop(&*builder)) return {};
  std::vector<std::string> remarks;
  const Corpus corpus = builder->Finish(&remarks);
  const double read = CpuSeconds() - begin;
  if (!TrainBundle(corpus, group, {}, nullptr)) return {};
  return {CpuSeconds() - begin, read, static_cast<double>(corpus.records.size()), true};
}

void Run(benchmark::State& state, Cost (*work)(), const char* first, const char* second) {
  Cost cost;
  double peak = 0;
  for (auto _ : state) cost = InChild(work, &peak);
  if (!cost.done) return state.SkipWithError("no such data in ALOGD_TEST_DATA");
  state.counters["cpu_s"] = cost.seconds;
  state.counters["peak_MiB"] = peak;
  state.counters[first] = cost.first;
  state.counters[second] = cost.second;
}

}  // namespace

void RegisterTraining() {
  benchmark::RegisterBenchmark("train/hdfs_deeplog_to_best", Run, TrainHdfs, "best_epoch", "epochs")
      ->Iterations(1)
      ->Unit(benchmark::kSecond);
  benchmark::RegisterBenchmark("train/hadoop_500k_all_detectors", Run, TrainHadoop, "read_s",
                               "records")
      ->Iterations(1)
      ->Unit(benchmark::kSecond);
}

}  // namespace alogd
