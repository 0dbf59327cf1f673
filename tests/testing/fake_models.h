// SPDX-License-Identifier: MIT
// Detectors with a memory that score by a fixed rule, lines of three programs, and a driver of
// both.
#pragma once

#include <fmt/format.h>

#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/pipeline.h"
#include "core/templates/catalog.h"
#include "testing/pipeline_driver.h"

namespace alogd::testing {

// Scores the last record's template by a fixed table of odd ids; remembers how often a stream had
// each, so that order and memory matter.
class FakeDetector : public Detector {
 public:
  FakeDetector(std::string name, WindowSpec spec) : name_(std::move(name)), spec_(spec) {}
  std::string_view name() const override { return name_; }
  WindowSpec spec() const override { return spec_; }

  void ScoreBatch(const ScoreContext& context, std::span<const Window> windows,
                  std::span<Score> scores) override {
    for (size_t i = 0; i < windows.size(); ++i) {
      uint64_t sum = 0;
      for (const Event& event : windows[i].events) sum += Index(event.id) + 1;
      const uint64_t turn = ++seen_[std::string(windows[i].stream)];
      scores[i].raw = static_cast<float>((sum * 7 + turn) % 11);
      if (scores[i].raw < 8 && !context.explain_all) continue;
      scores[i].anomaly = scores[i].raw < 8 ? 0 : 40 * (scores[i].raw - 8) + 10;
      scores[i].evidence = std::make_unique<Evidence>();
      scores[i].evidence->summary = fmt::format("sum {} at turn {} in '{}'", sum, turn,
                                                context.catalog.Text(windows[i].events.back().id));
      scores[i].evidence->last = static_cast<uint32_t>(windows[i].events.size() - 1);
    }
  }
  void Save(StateWriter& out) const override {
    out.U64(seen_.size());
    for (const auto& [stream, n] : seen_) out.Bytes(stream), out.U64(n);
  }
  bool Load(StateReader& in) override {
    seen_.clear();
    for (size_t n = in.Count(2); n > 0; --n) {
      std::string stream(in.Bytes());
      seen_[stream] = in.U64();
    }
    return in.ok();
  }
  void SaveChanges(StateWriter& out) override { Save(out); }
  bool ApplyChanges(StateReader& in) override { return Load(in); }
  void Forget(std::string_view stream) override { seen_.erase(std::string(stream)); }

 private:
  std::string name_;
  WindowSpec spec_;
  std::map<std::string, uint64_t> seen_;
};

inline ModelSet FakeModels(const std::string& bundle = "first") {
  ModelSet models;
  models.bundle = bundle;
  models.detectors.push_back(
      std::make_unique<FakeDetector>("pairs", WindowSpec{2, 1, Duration(0)}));
  models.detectors.push_back(
      std::make_unique<FakeDetector>("fives", WindowSpec{5, 3, Duration(0)}));
  return models;
}

inline std::string Stamp(int64_t seconds) {
  return fmt::format("2026-11-{:02}T{:02}:{:02}:{:02}.000000+00:00", 1 + seconds / 86400,
                     seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
}

inline std::vector<Given> RandomLines(uint64_t seed, int count) {
  constexpr const char* kPrograms[] = {"sshd[12]", "cron[3]", "app[77]"};
  constexpr const char* kMessages[] = {"session opened for user root",
                                       "job finished with status {}",
                                       "cannot open /tmp/file{}: permission denied",
                                       "heartbeat",
                                       "request {} served in 12 ms",
                                       "cache rebuilt",
                                       "volume {} is mounted read only"};
  // Words without digits: their place becomes <*> only after some of them, which widens a template.
  constexpr const char* kVolumes[] = {"alpha", "bravo", "charlie", "delta", "echo",
                                      "hotel", "india", "juliett", "kilo",  "lima"};
  std::mt19937_64 rng(seed);
  std::vector<Given> lines;
  int64_t now = 0;
  for (int i = 0; i < count; ++i) {
    if (i > 0 && rng() % 15 == 0) {
      lines.push_back({now, "    at com.example.Thing.run(Thing.java:" +
                                std::to_string(rng() % 90) + ") java.io.IOException"});
      continue;
    }
    now += static_cast<int64_t>(rng() % 30 == 0 ? 900 : rng() % 20);
    const size_t message = rng() % 7;
    const std::string value = message == 6 ? kVolumes[rng() % 10] : std::to_string(rng() % 1000);
    lines.push_back({now, fmt::format("{} web1 {}: {}", Stamp(now), kPrograms[rng() % 3],
                                      fmt::format(fmt::runtime(kMessages[message]), value))});
  }
  return lines;
}

// With the fake detectors, unless told otherwise.
class Driver : public PipelineDriver {
 public:
  explicit Driver(const Config& config = {}, const GroupConfig& group = {},
                  ModelSet models = FakeModels())
      : PipelineDriver("/var/log/test.log", config, group, std::move(models)) {}
};

}  // namespace alogd::testing
