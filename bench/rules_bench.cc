// SPDX-License-Identifier: MIT
// What rules cost a line that matches none of them, beside one RE2 set of the same patterns.
#include <benchmark/benchmark.h>
#include <re2/set.h>

#include <string>
#include <vector>

#include "core/detection/rules.h"

namespace alogd {
namespace {

const char* const kPatterns[] = {
    "Out of memory: Killed process",
    "session (opened|closed) for user",
    "segfault at [0-9a-f]+",
    "(?i)remounting filesystem read-only",
    "I/O error, dev \\w+, sector \\d+",
    "Failed with result '(watchdog|oom-kill|core-dump)'",
    "Start request repeated too quickly",
    "Machine Check Exception",
    "No space left on device",
    "error: maximum authentication attempts exceeded",
};

// 120 bytes of a kind that syslog is full of.
const std::string kLine =
    "2026-11-22T01:30:00.123456+00:00 host1 sshd[1234]: Accepted publickey for deploy from "
    "192.0.2.17 "
    "port 50022 ssh2: ED25519";

RuleSet MakeRules(size_t n) {
  std::vector<RuleConfig> rules;
  for (size_t i = 0; i < n; ++i) {
    RuleConfig rule;
    rule.match = kPatterns[i % std::size(kPatterns)];
    if (i >= std::size(kPatterns)) rule.match += " variant " + std::to_string(i);
    rules.push_back(rule);
  }
  return *RuleSet::Create(std::move(rules));
}

void BM_NoMatch(benchmark::State& state) {
  const RuleSet rules = MakeRules(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(rules.Match(kLine));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(kLine.size()));
}
BENCHMARK(BM_NoMatch)->Arg(1)->Arg(10)->Arg(60)->Arg(250);

// One rule without a literal: RE2 sees every line.
void BM_NoLiteral(benchmark::State& state) {
  RuleConfig rule;
  rule.match = "[0-9]{3}x[0-9]{3}";
  const RuleSet rules = *RuleSet::Create({rule});
  for (auto _ : state) benchmark::DoNotOptimize(rules.Match(kLine));
}
BENCHMARK(BM_NoLiteral);

void BM_Match(benchmark::State& state) {
  const RuleSet rules = MakeRules(10);
  const std::string line = kLine + " pam_unix: session opened for user root";
  for (auto _ : state) benchmark::DoNotOptimize(rules.Match(line));
}
BENCHMARK(BM_Match);

// The rejected alternative.
void BM_Re2Set(benchmark::State& state) {
  RE2::Set set(RE2::Quiet, RE2::UNANCHORED);
  for (const char* pattern : kPatterns) set.Add(pattern, nullptr);
  set.Compile();
  std::vector<int> found;
  for (auto _ : state) benchmark::DoNotOptimize(set.Match(kLine, &found));
}
BENCHMARK(BM_Re2Set);

}  // namespace
}  // namespace alogd

BENCHMARK_MAIN();
