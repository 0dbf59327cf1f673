// SPDX-License-Identifier: MIT
// Speed of the detectors: windows a second on one core, and the time and memory of training.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "detector_bench/parts.h"
#include "models/baseline/baseline.h"
#include "models/bundle/golden.h"
#include "models/loganomaly/loganomaly.h"
#include "models/novelty/novelty.h"

namespace alogd {
namespace {

constexpr size_t kBatch = 64;  // as the pipeline has it
constexpr size_t kRecords = 1 << 14;

// `n` templates of seven words out of 200; their frequencies fall as 1 / rank, as in real logs.
struct Log {
  explicit Log(size_t n) {
    std::mt19937 random(1);
    std::vector<double> weights;
    for (size_t i = 0; i < n; ++i) {
      std::string text;
      for (int k = 0; k < 7; ++k) text += "word" + std::to_string(random() % 200) + " <*> ";
      vocabulary.push_back(text + std::to_string(i));
      weights.push_back(1.0 / static_cast<double>(i + 1));
      counts.push_back(1 + 1'000'000 / (i + 1));
    }
    std::discrete_distribution<uint32_t> next(weights.begin(), weights.end());
    for (size_t i = 0; i < kRecords; ++i) {
      Event event;
      event.time = FromMicros(static_cast<int64_t>(i) * 1000);
      event.word = next(random);
      event.id = TemplateId{event.word};
      event.seen = 100'000;
      events.push_back(event);
    }
  }

  // All windows of `size`, one ending every `stride` records.
  std::vector<Window> Windows(size_t size, size_t stride) const {
    std::vector<Window> windows;
    for (size_t end = size; end <= events.size(); end += stride) {
      Window window;
      window.events = std::span(events).subspan(end - size, size);
      window.stream = "stream";
      windows.push_back(window);
    }
    return windows;
  }

  std::vector<std::string> vocabulary;
  std::vector<uint64_t> counts;
  std::vector<Event> events;
};

void Run(benchmark::State& state, const Log& log, Detector& detector) {
  const Catalog catalog = CatalogOf(log.vocabulary);
  const std::vector<Window> windows = log.Windows(detector.spec().size, detector.spec().stride);
  std::vector<Score> scores(kBatch);
  size_t at = 0;
  for (auto _ : state) {
    if (at + kBatch > windows.size()) at = 0;
    detector.ScoreBatch({.catalog = catalog, .explain_all = false},
                        std::span(windows).subspan(at, kBatch), scores);
    benchmark::DoNotOptimize(scores.data());
    at += kBatch;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch));
}

void BM_Novelty(benchmark::State& state) {
  const Log log(static_cast<size_t>(state.range(0)));
  const std::vector<bool> rare(log.vocabulary.size(), false);
  const auto detector =
      MakeNoveltyDetector({}, TrainNovelty(log.counts, rare, 0), UntrainedNoveltyCalibration());
  Run(state, log, *detector);
}
BENCHMARK(BM_Novelty)->Arg(30)->Arg(1000);

void BM_Baseline(benchmark::State& state) {
  const Log log(static_cast<size_t>(state.range(0)));
  const auto detector = MakeBaselineDetector({}, UntrainedBaselineCalibration());
  Run(state, log, *detector);
}
BENCHMARK(BM_Baseline)->Arg(30)->Arg(1000);

LogAnomalyModel Train(const Log& log) {
  LogAnomalyTrainer trainer({}, log.vocabulary, log.counts, {"stream"});
  for (const Window& window : log.Windows(15, 1)) trainer.Add(window);
  return trainer.Finish();
}

// A threshold that normal windows do not reach: evidence is for anomalies, not for throughput.
constexpr Calibration kHigh = {.median = 0, .threshold = 1e6, .top = 2e6, .held_out_windows = 0};

void BM_LogAnomaly(benchmark::State& state) {
  const Log log(static_cast<size_t>(state.range(0)));
  const auto detector = MakeLogAnomalyDetector(Train(log), log.vocabulary, kHigh);
  Run(state, log, *detector);
}
BENCHMARK(BM_LogAnomaly)->Arg(30)->Arg(1000);

// Every fourth record of a template that training never saw.
void BM_LogAnomalyUnseen(benchmark::State& state) {
  Log log(static_cast<size_t>(state.range(0)));
  const LogAnomalyModel model = Train(log);
  for (size_t i = 0; i < log.events.size(); i += 4) log.events[i].word = kUnknownWord;
  const auto detector = MakeLogAnomalyDetector(model, log.vocabulary, kHigh);
  Run(state, log, *detector);
}
BENCHMARK(BM_LogAnomalyUnseen)->Arg(30)->Arg(1000);

}  // namespace
}  // namespace alogd

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  alogd::RegisterTraining();  // first: its memory is that of a process that has done nothing else
  alogd::RegisterDeepLogKernels();
  alogd::RegisterDeepLogOnHdfs();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
