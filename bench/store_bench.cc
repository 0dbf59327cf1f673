// SPDX-License-Identifier: MIT
// What a commit costs: state deltas, anomalies, files; what a query of the history costs.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/store/history.h"
#include "core/store/sqlite.h"
#include "core/store/store.h"

namespace alogd {
namespace {

// Databases stand below ALOGD_BENCH_DIR, else the working directory: /tmp may be memory, and a
// commit that is made durable costs what its disk costs.
class Folder {
 public:
  Folder() {
    const char* base = std::getenv("ALOGD_BENCH_DIR");
    path_ = fmt::format("{}/store-bench-{}", base == nullptr ? "." : base, getpid());
    std::filesystem::create_directories(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string db() const { return path_ + "/alogd.db"; }

 private:
  std::string path_;
};

Anomaly MakeAnomaly(uint64_t seq) {
  Anomaly a;
  a.seq = a.incident_seq = seq;
  a.time = a.last_time = FromMicros(1'790'000'000'000'000 + static_cast<int64_t>(seq) * 1'000'000);
  a.level = static_cast<RiskLevel>(seq % 5);
  a.risk = 20.0f * static_cast<float>(seq % 5);
  a.detector = "deeplog";
  a.source = "/var/log/syslog";
  a.stream = "sshd";
  a.template_text = "Failed password for <*> from <*> port <*> ssh2";
  a.message = fmt::format("Failed password for root from 192.0.2.{} port 41234 ssh2", seq % 256);
  Evidence e;
  e.detector = "deeplog";
  e.summary =
      "after 'Connection from <*> port <*>' came 'Failed password for <*> from <*> port <*> ssh2'";
  e.expected = {{"Accepted publickey for <*>", 0.9f}, {"Connection closed by <*>", 0.05f}};
  a.evidence = {e, e};
  return a;
}

CommitUnit MakeUnit(uint64_t seq, size_t anomalies) {
  CommitUnit unit;
  unit.group = "system";
  for (size_t i = 0; i < anomalies; ++i) {
    unit.anomalies.push_back(MakeAnomaly(seq + i));
    Incident incident;
    incident.seq = incident.top_anomaly = seq + i;
    incident.level = unit.anomalies.back().level;
    incident.title = "sshd: Failed password";
    unit.incidents.push_back(incident);
  }
  return unit;
}

void Must(const Status& status) {
  if (status.ok()) return;
  fmt::print(stderr, "{}\n", status.error().message);
  std::exit(1);
}

Store OpenStore(const Folder& folder) {
  Result<Store> store = Store::Open(folder.db(), {});
  if (!store.ok()) Must(store.error());
  return std::move(*store);
}

// The quiet second of a host: offsets of range(1) files and a delta of range(0) bytes, not durable.
void BM_CommitDelta(benchmark::State& state) {
  Folder folder;
  Store store = OpenStore(folder);
  CommitUnit unit;
  unit.group = "system";
  unit.delta.assign(static_cast<size_t>(state.range(0)), 'd');
  for (int64_t i = 1; i <= state.range(1); ++i) {
    FileCheckpoint file;
    file.id = FileId{i};
    file.source = file.path = fmt::format("/var/log/app{}.log", i);
    file.identity.assign(64, 'i');
    unit.files.push_back(file);
  }
  for (auto _ : state) {
    ++unit.state_seq;
    for (FileCheckpoint& file : unit.files) file.offset += 1000;
    unit.drop_deltas_to = unit.state_seq > 16 ? unit.state_seq - 16 : 0;
    Must(store.Commit(unit));
    if (unit.state_seq % 64 == 0) {
      state.PauseTiming();
      Must(store.CheckpointWal());
      state.ResumeTiming();
    }
  }
}
BENCHMARK(BM_CommitDelta)
    ->Args({1 << 10, 1})
    ->Args({128 << 10, 1})
    ->Args({1 << 20, 1})
    ->Args({1 << 10, 200})
    ->Unit(benchmark::kMicrosecond);

// range(0) anomalies of incidents of their own in one durable commit.
void BM_CommitAnomalies(benchmark::State& state) {
  Folder folder;
  Store store = OpenStore(folder);
  const auto anomalies = static_cast<size_t>(state.range(0));
  uint64_t seq = 1;
  for (auto _ : state) {
    Must(store.Commit(MakeUnit(seq, anomalies)));
    seq += anomalies;
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_CommitAnomalies)->Arg(1)->Arg(100)->Unit(benchmark::kMicrosecond);

// A hundred thousand anomalies to ask.
const Folder& FullFolder() {
  static const Folder folder;
  static const bool filled = [] {
    Store store = OpenStore(folder);
    for (uint64_t seq = 1; seq <= 100'000; seq += 1000) Must(store.Commit(MakeUnit(seq, 1000)));
    Must(store.CheckpointWal());
    return true;
  }();
  (void)filled;
  return folder;
}

void Ask(benchmark::State& state, const AnomalyFilter& filter) {
  Result<History> history = History::Open(FullFolder().db());
  if (!history.ok()) Must(history.error());
  size_t rows = 0;
  for (auto _ : state) {
    Result<std::vector<StoredAnomaly>> found = history->Anomalies(filter);
    if (!found.ok()) Must(found.error());
    rows = found->size();
  }
  state.counters["rows"] = static_cast<double>(rows);
}

void BM_ListNewest(benchmark::State& state) { Ask(state, {}); }
BENCHMARK(BM_ListNewest)->Unit(benchmark::kMillisecond);

// The last minute of a hundred thousand: 60 anomalies at one a second.
void BM_ListLastMinute(benchmark::State& state) {
  AnomalyFilter filter;
  filter.since = FromMicros(1'790'000'000'000'000) + std::chrono::seconds(99'941);
  Ask(state, filter);
}
BENCHMARK(BM_ListLastMinute)->Unit(benchmark::kMillisecond);

void BM_ListFirstMinute(benchmark::State& state) {
  AnomalyFilter filter;
  filter.until = FromMicros(1'790'000'000'000'000) + std::chrono::seconds(60);
  Ask(state, filter);
}
BENCHMARK(BM_ListFirstMinute)->Unit(benchmark::kMillisecond);

void BM_GrepAll(benchmark::State& state) {
  AnomalyFilter filter;
  filter.grep = "nothing is like this$";
  Ask(state, filter);
}
BENCHMARK(BM_GrepAll)->Unit(benchmark::kMillisecond);

// What a start pays for 10,000 templates and 10,000 files.
void BM_LoadGroup(benchmark::State& state) {
  Folder folder;
  Store store = OpenStore(folder);
  CommitUnit unit;
  unit.group = "system";
  for (uint32_t i = 0; i < 10'000; ++i) {
    unit.templates.push_back(Template{TemplateId{i}, fmt::format("template {} of <*> for <*>", i),
                                      i, FromMicros(i), FromMicros(i), false, kNoTemplate});
    FileCheckpoint file;
    file.id = FileId{i + 1};
    file.source = file.path = fmt::format("/var/log/app{}.log", i);
    unit.files.push_back(file);
  }
  Must(store.Commit(unit));
  for (auto _ : state) {
    Result<GroupState> group = store.LoadGroup("system");
    if (!group.ok()) Must(group.error());
    benchmark::DoNotOptimize(group->templates.data());
  }
}
BENCHMARK(BM_LoadGroup)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace alogd

BENCHMARK_MAIN();
