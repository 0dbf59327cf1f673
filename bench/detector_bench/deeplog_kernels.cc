// SPDX-License-Identifier: MIT
// Windows a second of DeepLog's kernels for each instruction set, with and without the cache,
// beside a large product of Eigen on the same core; and the time of a training epoch.
#include <benchmark/benchmark.h>

#include <Eigen/Core>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/templates/catalog.h"
#include "detector_bench/parts.h"
#include "models/deeplog/deeplog.h"
#include "models/sequence/history_table.h"
#include "models/sequence/lstm_kernels.h"
#include "models/sequence/next_word.h"
#include "models/sequence/sequence_model.h"

namespace alogd {

DeepLogModel RandomDeepLog(uint32_t words) {
  DeepLogModel model;
  model.words = words;
  model.top = 9;
  model.common.assign(words + 1, 1.0f / static_cast<float>(words));
  model.layout = MakeLstmLayout(words, model.options.embedding, model.options.layers.data(), 2);
  std::mt19937_64 random(1);
  for (size_t i = 0; i < model.layout.size; ++i)
    model.parameters.push_back(static_cast<float>(random() % 2001) * 2e-4f - 0.2f);
  return model;
}

namespace {

constexpr uint32_t kWindow = 10;

std::vector<uint32_t> RandomWords(size_t count, uint32_t below, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint32_t> words(count);
  for (uint32_t& word : words) word = static_cast<uint32_t>(random() % below);
  return words;
}

// Multiplications and additions of one window, as the formulas have them (a table that saves some
// counts as if it did not).
double Flops(const LstmLayout& layout) {
  double flops = 0;
  for (uint32_t l = 0; l < layout.layers; ++l)
    flops += 8.0 * layout.units[l] * (layout.units[l] + (l > 0 ? layout.units[l - 1] : 0.0));
  return flops * kWindow + 2.0 * (layout.words + 1.0) * layout.units[layout.layers - 1];
}

void Rate(benchmark::State& state, double windows, double flops) {
  using benchmark::Counter;
  state.counters["windows/s"] = Counter(windows, Counter::kIsIterationInvariantRate);
  state.counters["GFLOP/s"] = Counter(windows * flops * 1e-9, Counter::kIsIterationInvariantRate);
}

// Random windows, so that none repeats: what a cache cannot answer.
void ScoreKernels(benchmark::State& state, const LstmKernels* kernels) {
  const auto batch = static_cast<size_t>(state.range(0));
  const auto words = static_cast<uint32_t>(state.range(1));
  const DeepLogModel model = RandomDeepLog(words);
  NextWordScorer scorer(model.layout, model.parameters, kWindow, *kernels);
  const std::vector<uint32_t> histories = RandomWords(batch * kWindow, words, 2);
  const std::vector<uint32_t> targets = RandomWords(batch, words, 3);
  std::vector<LstmVerdict> verdicts(batch);
  for (auto _ : state) {
    scorer.Score(histories, targets, verdicts);
    benchmark::DoNotOptimize(verdicts.data());
  }
  Rate(state, static_cast<double>(batch), Flops(model.layout));
}

// The detector on windows that repeat: 512 different ones, as after the first minutes of a log.
void Detector64(benchmark::State& state, size_t cache) {
  const DeepLogModel model = RandomDeepLog(30);
  Calibration quiet;  // nothing is over its threshold: evidence is for the few
  quiet.threshold = 100;
  quiet.top = 101;
  const auto detector = MakeDeepLogDetector(model, quiet, 0, {}, cache);
  const std::vector<uint32_t> words = RandomWords(512 * (kWindow + 1), 30, 4);
  std::vector<Event> events(words.size());
  for (size_t i = 0; i < words.size(); ++i) events[i].word = words[i];
  std::vector<Window> windows;
  for (size_t i = 0; i < 512; ++i)
    windows.push_back(
        {std::span(events).subspan(i * (kWindow + 1), kWindow + 1), "stream", {}, false, false});
  std::vector<alogd::Score> scores(64);
  const Catalog catalog;
  for (auto _ : state)
    for (size_t at = 0; at < windows.size(); at += 64)
      detector->ScoreBatch({catalog}, std::span(windows).subspan(at, 64), scores);
  state.counters["windows/s"] = benchmark::Counter(static_cast<double>(windows.size()),
                                                   benchmark::Counter::kIsIterationInvariantRate);
}

// One minibatch of 64 histories, forward and backward; an epoch of HDFS (3,457 different histories
// of 80,000 windows) is 55 of them.
void Train(benchmark::State& state, const LstmKernels* kernels) {
  const DeepLogModel model = RandomDeepLog(30);
  const uint32_t columns = 64;
  const std::vector<uint32_t> histories = RandomWords(columns * kWindow, 30, 5);
  const std::vector<uint32_t> targets = RandomWords(columns, 30, 6);
  std::vector<uint32_t> begin(columns + 1);
  for (uint32_t i = 0; i <= columns; ++i) begin[i] = i;
  const std::vector<float> weights(columns, 1.0f);
  AlignedFloats parameters(model.layout.size), gradient(model.layout.size);
  std::copy(model.parameters.begin(), model.parameters.end(), parameters.data());
  AlignedFloats scratch(LstmScratch(model.layout, columns, kWindow));
  const LstmBatch<float> batch{columns,      kWindow,        histories.data(),
                               begin.data(), targets.data(), weights.data()};
  for (auto _ : state)
    benchmark::DoNotOptimize(kernels->gradient(model.layout, parameters.data(), batch, nullptr,
                                               gradient.data(), scratch.data()));
  // The backward pass multiplies twice for each product of the forward pass.
  Rate(state, columns, 3 * Flops(model.layout));
}

// What a product can reach here: 512 x 512 x 512. This file is compiled for the machine that builds
// it.
void LargeProduct(benchmark::State& state) {
  const Eigen::MatrixXf a = Eigen::MatrixXf::Random(512, 512),
                        b = Eigen::MatrixXf::Random(512, 512);
  Eigen::MatrixXf c(512, 512);
  for (auto _ : state) {
    c.noalias() = a * b;
    benchmark::DoNotOptimize(c.data());
  }
  state.counters["GFLOP/s"] = benchmark::Counter(2.0 * 512 * 512 * 512 * 1e-9,
                                                 benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

void RegisterDeepLogKernels() {
  for (const char* name : {"baseline", "v3", "v4"}) {
    const LstmKernels* kernels = FindLstmKernels(name);
    if (kernels == nullptr) continue;
    const std::string set(name);
    benchmark::RegisterBenchmark(("deeplog/score/" + set).c_str(), ScoreKernels, kernels)
        ->ArgNames({"batch", "words"})
        ->ArgsProduct({{1, 64, 2048}, {30, 1000}});
    benchmark::RegisterBenchmark(("deeplog/train/" + set).c_str(), Train, kernels);
  }
  benchmark::RegisterBenchmark("deeplog/cached", Detector64, kSequenceCache);
  benchmark::RegisterBenchmark("deeplog/uncached", Detector64, size_t{0});
  benchmark::RegisterBenchmark("eigen/512x512x512", LargeProduct);
}

}  // namespace alogd
