// SPDX-License-Identifier: MIT
// Time a message takes: masking alone, Drain once it knows the messages, and Drain the first time.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/headers/header_parser.h"
#include "core/templates/drain.h"
#include "core/templates/skeleton.h"
#include "core/templates/tokenizer.h"
#include "testing/grouping.h"

namespace alogd {
namespace {

// Another word for another number.
std::string Letters(uint32_t n) {
  std::string word = "x";
  for (; n > 0; n /= 26) word += static_cast<char>('a' + n % 26);
  return word;
}

// The messages of a real log, headers taken off, or of a made-up one where the path is empty.
std::vector<std::string> Messages(const std::string& path) {
  std::vector<std::string> messages;
  if (path.empty()) {
    std::mt19937 random(1);
    for (int i = 0; i < 1'000'000; ++i) {
      const auto statement = static_cast<uint32_t>(random() % 100'000);
      messages.push_back(fmt::format("Statement {} number {} of worker {} took {} ms",
                                     Letters(statement), Letters(statement * 7919), random() % 64,
                                     random() % 10'000));
    }
    return messages;
  }
  HeaderOptions options;
  options.time_zone = "UTC";
  auto header = HeaderParser::Create(options);
  for (const std::string& line : testing::ReadLines(testing::TestDataPath() + path))
    messages.emplace_back(header->Parse(line).message);
  return messages;
}

void Report(benchmark::State& state, const std::vector<std::string>& messages) {
  size_t bytes = 0;
  for (const std::string& message : messages) bytes += message.size();
  const auto rounds = static_cast<int64_t>(state.iterations());
  state.SetItemsProcessed(rounds * static_cast<int64_t>(messages.size()));
  state.SetBytesProcessed(rounds * static_cast<int64_t>(bytes));
}

void MaskOnly(benchmark::State& state, const std::string& path) {
  const auto messages = Messages(path);
  if (messages.empty()) return state.SkipWithError("no data; set ALOGD_TEST_DATA");
  auto tokenizer = Tokenizer::Create({}, 512);
  for (auto _ : state)
    for (const std::string& message : messages)
      benchmark::DoNotOptimize(tokenizer->Mask(message).data());
  Report(state, messages);
}

void SkeletonOnly(benchmark::State& state, const std::string& path) {
  const auto messages = Messages(path);
  if (messages.empty()) return state.SkipWithError("no data; set ALOGD_TEST_DATA");
  const auto skeleton = std::make_unique<Skeleton>();
  for (auto _ : state)
    for (const std::string& message : messages) benchmark::DoNotOptimize(skeleton->Build(message));
  Report(state, messages);
}

void DrainWarm(benchmark::State& state, const std::string& path) {
  const auto messages = Messages(path);
  if (messages.empty()) return state.SkipWithError("no data; set ALOGD_TEST_DATA");
  Catalog catalog;
  auto drain = Drain::Create({}, &catalog);
  for (int round = 0; round < 2; ++round)
    for (const std::string& message : messages) drain->Add(message, kNoTime);
  for (auto _ : state)
    for (const std::string& message : messages)
      benchmark::DoNotOptimize(drain->Add(message, kNoTime).id);
  Report(state, messages);
  state.counters["templates"] = static_cast<double>(catalog.size());
}

void DrainCold(benchmark::State& state, const std::string& path) {
  const auto messages = Messages(path);
  if (messages.empty()) return state.SkipWithError("no data; set ALOGD_TEST_DATA");
  for (auto _ : state) {
    Catalog catalog;
    auto drain = Drain::Create({}, &catalog);
    for (const std::string& message : messages)
      benchmark::DoNotOptimize(drain->Add(message, kNoTime).id);
  }
  Report(state, messages);
}

void Register() {
  const std::pair<const char*, const char*> logs[] = {{"hdfs", "/hdfs_raw/HDFS_20000.log.xz"},
                                                      {"linux", "/full/Linux.log.xz"},
                                                      {"apache", "/full/Apache.log.xz"},
                                                      {"proxifier", "/full/Proxifier.log.xz"},
                                                      {"100k_statements", ""}};
  const std::pair<const char*, void (*)(benchmark::State&, const std::string&)> benches[] = {
      {"skeleton", SkeletonOnly}, {"mask", MaskOnly}, {"warm", DrainWarm}, {"cold", DrainCold}};
  for (const auto& [log, path] : logs) {
    for (const auto& [name, bench] : benches) {
      const std::string file = path;
      benchmark::RegisterBenchmark(
          (std::string(name) + "/" + log).c_str(),
          [bench = bench, file](benchmark::State& state) { bench(state, file); })
          ->Unit(benchmark::kMillisecond);
    }
  }
}

}  // namespace
}  // namespace alogd

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  alogd::Register();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
