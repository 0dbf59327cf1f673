// SPDX-License-Identifier: MIT
// DeepLog with its cache over the blocks of 20,000 raw lines of HDFS: how much repeats, and how
// fast that is.
#include <benchmark/benchmark.h>

#include <map>
#include <set>
#include <vector>

#include "cli/corpus_builder.h"
#include "core/templates/catalog.h"
#include "detector_bench/parts.h"
#include "models/deeplog/deeplog.h"

namespace alogd {
namespace {

constexpr size_t kBatch = 64;  // as the pipeline has it

// The blocks as whole sessions, in order of their first record.
std::vector<std::vector<Event>> ReadBlocks(size_t* words) {
  const auto files =
      FindLogFiles({BenchData() + "/hdfs_raw/HDFS_20000.log.xz"}, {.max_depth = 1, .max_files = 0});
  GroupConfig group;
  group.stream.kind = StreamOptions::Kind::kSession;
  group.stream.session = "blk_-?\\d+";
  auto builder = CorpusBuilder::Create({}, group, {.filter = false});
  if (!files || !builder) return {};
  std::vector<std::string> remarks;
  AddSources(*files, group.max_line, &*builder, &remarks, [](uint64_t) { return true; });
  const Corpus corpus = builder->Finish(&remarks);
  std::vector<std::vector<Event>> blocks(corpus.streams.size());
  for (const CorpusRecord& record : corpus.records) {
    Event event;
    event.time = record.time;
    event.word = record.word;
    blocks[record.stream].push_back(event);
  }
  std::erase_if(blocks, [](const auto& block) { return block.empty(); });
  *words = corpus.templates.size();
  return blocks;
}

// Records and ends that are judged, and the share of them that came before.
void CountRepeats(const std::vector<std::vector<Event>>& blocks, const DeepLogModel& model,
                  size_t* judged, double* repeats) {
  std::set<std::vector<uint32_t>> seen;
  *judged = 0;
  for (const std::vector<Event>& block : blocks) {
    std::vector<uint32_t> words;
    for (const Event& event : block) words.push_back(event.word);
    for (size_t at = 0; at <= words.size(); ++at) {
      std::vector<uint32_t> key;
      AppendHistory(words, at, model.options.window, model.words, &key);
      key.push_back(at < words.size() ? words[at] : model.words);
      ++*judged;
      seen.insert(std::move(key));
    }
  }
  *repeats = 1 - static_cast<double>(seen.size()) / static_cast<double>(*judged);
}

void OverHdfs(benchmark::State& state, bool again) {
  size_t words = 0, judged = 0;
  const auto blocks = ReadBlocks(&words);
  if (blocks.empty()) return state.SkipWithError("no hdfs_raw in ALOGD_TEST_DATA");
  DeepLogModel model = RandomDeepLog(static_cast<uint32_t>(words));
  model.sessions = true;
  double repeats = 0;
  CountRepeats(blocks, model, &judged, &repeats);
  std::vector<Window> windows;
  for (const std::vector<Event>& block : blocks)
    windows.push_back({block, "block", block.back().time, true, false});
  const Calibration quiet{.median = 0, .threshold = 100, .top = 101, .held_out_windows = 0};
  std::vector<Score> scores(kBatch);
  const Catalog catalog;
  const auto pass = [&](Detector* detector) {
    for (size_t at = 0; at < windows.size(); at += kBatch) {
      const size_t count = std::min(kBatch, windows.size() - at);
      detector->ScoreBatch({catalog}, std::span(windows).subspan(at, count),
                           std::span(scores).first(count));
    }
  };
  auto detector = MakeDeepLogDetector(model, quiet, 0, {});
  if (again) pass(detector.get());
  for (auto _ : state) {
    if (!again) {
      state.PauseTiming();
      detector = MakeDeepLogDetector(model, quiet, 0, {});
      state.ResumeTiming();
    }
    pass(detector.get());
  }
  state.counters["windows/s"] = benchmark::Counter(static_cast<double>(judged),
                                                   benchmark::Counter::kIsIterationInvariantRate);
  state.counters["windows"] = static_cast<double>(judged);
  state.counters["hit_rate"] = again ? 1 : repeats;
}

}  // namespace

void RegisterDeepLogOnHdfs() {
  benchmark::RegisterBenchmark("deeplog/HDFS_20000/first_pass", OverHdfs, false);
  benchmark::RegisterBenchmark("deeplog/HDFS_20000/again", OverHdfs, true);
}

}  // namespace alogd
