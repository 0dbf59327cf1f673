// SPDX-License-Identifier: MIT
// Windows worked out by hand, and against a naive computation over whole streams.
#include "core/detection/window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>

namespace alogd {
namespace {

using Kind = WindowEvent::Kind;
using Lines = std::vector<std::string>;

constexpr uint64_t kBudget = 32u << 20;

Time At(int64_t seconds) { return Time(std::chrono::seconds(seconds)); }

Event EventAt(int64_t seconds, uint32_t id = 0) {
  Event event;
  event.time = At(seconds);
  event.id = TemplateId{id};
  return event;
}

// A windower with what it emitted, as "key spec[begin+count] marks ids".
struct Harness {
  explicit Harness(std::vector<WindowSpec> specs, StreamOptions streams = {},
                   uint64_t budget = kBudget, Duration gap = std::chrono::minutes(10))
      : windower(streams, gap, budget, std::move(specs)) {}

  void Add(const std::string& key, int64_t seconds, uint32_t id = 0, uint16_t numbers = 0) {
    watermark = std::max(watermark, At(seconds));
    std::vector<WindowEvent> out;
    windower.Advance(watermark, &out);
    Event event = EventAt(seconds, id);
    event.numbers = numbers;
    windower.Add(key, event, {FileId{1}, records * 10, 10}, watermark, &out);
    ++records;
    Note(out);
  }
  void Advance(Time now) {
    std::vector<WindowEvent> out;
    windower.Advance(now, &out);
    Note(out);
  }
  void Note(const std::vector<WindowEvent>& out) {
    for (const WindowEvent& e : out) {
      std::string line(windower.Key(e.stream));
      if (e.kind == Kind::kPause) line += " pause";
      if (e.kind == Kind::kEnd) line += " end";
      if (e.kind == Kind::kWindow) {
        line += " " + std::to_string(e.spec) + "[" + std::to_string(e.begin) + "+" +
                std::to_string(e.count) + "]";
        line += std::string(e.tail ? " tail" : "") + (e.session ? " session" : "");
        const Window view = windower.View(e);
        EXPECT_EQ(view.events.size(), e.count);
        for (const Event& event : view.events) line += " " + std::to_string(Index(event.id));
      }
      log.push_back(line);
    }
  }
  Lines Take() {
    windower.Release();
    return std::exchange(log, {});
  }

  Windower windower;
  Time watermark = At(0);
  uint64_t records = 0;
  Lines log;
};

StreamOptions Sessions(Duration idle, uint32_t max = 1000, uint32_t max_records = 1000) {
  StreamOptions options;
  options.kind = StreamOptions::Kind::kSession;
  options.idle = idle;
  options.max = max;
  options.max_records = max_records;
  return options;
}

TEST(WindowerTest, SizeAndStride) {
  Harness h({{3, 2, Duration(0)}});
  for (uint32_t i = 0; i < 7; ++i) h.Add("a", i, i);
  EXPECT_EQ(h.Take(), (Lines{"a 0[0+3] 0 1 2", "a 0[2+3] 2 3 4", "a 0[4+3] 4 5 6"}));
}

TEST(WindowerTest, StreamsDoNotMix) {
  Harness h({{2, 1, Duration(0)}});
  h.Add("a", 0, 1);
  h.Add("b", 0, 2);
  h.Add("a", 0, 3);
  h.Add("b", 0, 4);
  EXPECT_EQ(h.Take(), (Lines{"a 0[0+2] 1 3", "b 0[0+2] 2 4"}));
}

TEST(WindowerTest, PauseEndsWindowsAndLeavesATail) {
  Harness h({{3, 1, Duration(0)}});
  h.Add("a", 0, 1);
  h.Add("a", 1, 2);
  h.Add("a", 700, 3);
  h.Add("a", 701, 4);
  h.Add("a", 702, 5);
  EXPECT_EQ(h.Take(), (Lines{"a 0[0+2] tail 1 2", "a pause", "a 0[2+3] 3 4 5"}));
}

TEST(WindowerTest, StridedTailHoldsTheLastFullWindow) {
  Harness h({{3, 3, Duration(0)}});
  for (uint32_t i = 0; i < 5; ++i) h.Add("a", i, i);
  h.Advance(kEndOfTime);
  EXPECT_EQ(h.Take(), (Lines{"a 0[0+3] 0 1 2", "a 0[2+3] tail 2 3 4", "a pause"}));
}

// Of spec 0 only records with numbers end a window, which reaches back to the pause at the most.
TEST(WindowerTest, RecordsWithNumbersEndWindowsOfTheirOwn) {
  const WindowSpec numbers{.size = 2, .stride = 1, .span = Duration(0), .each = true};
  const WindowSpec three{.size = 3, .stride = 1, .span = Duration(0)};
  Harness h({numbers, three});
  h.Add("a", 0, 1, 7);
  h.Add("a", 1, 2);
  h.Add("a", 2, 3, 7);
  h.Add("a", 700, 4, 7);
  EXPECT_EQ(h.Take(),
            (Lines{"a 0[0+1] 1", "a 1[0+3] 1 2 3", "a 0[1+2] 2 3", "a pause", "a 0[3+1] 4"}));
  Harness s({numbers, three}, Sessions(std::chrono::seconds(60)));
  s.Add("s", 0, 1);
  s.Add("s", 1, 2, 7);
  s.Add("s", 2, 3);
  s.Advance(kEndOfTime);
  EXPECT_EQ(s.Take(), (Lines{"s 0[0+2] 1 2", "s 1[0+3] session 1 2 3", "s end"}));
}

TEST(WindowerTest, SessionIsScoredWholeWhenIdle) {
  Harness h({{10, 1, Duration(0)}}, Sessions(std::chrono::seconds(60)));
  h.Add("s1", 0, 1);
  h.Add("s2", 10, 2);
  h.Add("s1", 20, 3);
  h.Add("s3", 75, 4);  // s2 ended at 70, s1 would at 80
  EXPECT_EQ(h.Take(), (Lines{"s2 0[0+1] session 2", "s2 end"}));
  h.Advance(kEndOfTime);
  EXPECT_EQ(h.Take(), (Lines{"s1 0[0+2] session 1 3", "s1 end", "s3 0[0+1] session 4", "s3 end"}));
}

TEST(WindowerTest, DeadlineStampsTheWindow) {
  Harness h({{10, 1, Duration(0)}}, Sessions(std::chrono::seconds(60)));
  h.Add("s", 5, 1);
  std::vector<WindowEvent> out;
  h.windower.Advance(At(1000), &out);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].end, At(65));
}

TEST(WindowerTest, SessionAtItsLimitIsCut) {
  Harness h({{10, 1, Duration(0)}}, Sessions(std::chrono::seconds(60), 1000, 3));
  for (uint32_t i = 0; i < 4; ++i) h.Add("s", 0, i);
  EXPECT_EQ(h.Take(), (Lines{"s 0[0+3] session 0 1 2", "s end"}));
  EXPECT_EQ(h.windower.cut_sessions(), 1u);
}

TEST(WindowerTest, MostStreamsLimitEndsTheLongestIdle) {
  Harness h({{10, 1, Duration(0)}}, Sessions(std::chrono::seconds(60), 2));
  h.Add("a", 0, 1);
  h.Add("b", 1, 2);
  h.Add("a", 2, 3);
  h.Add("c", 3, 4);
  EXPECT_EQ(h.Take(), (Lines{"b 0[0+1] session 2", "b end"}));
  EXPECT_EQ(h.windower.evicted(), 1u);
  EXPECT_EQ(h.windower.streams(), 2u);
}

TEST(WindowerTest, BudgetBoundsMemory) {
  Harness h({{10, 1, Duration(0)}}, Sessions(std::chrono::hours(1), 1'000'000), 100'000);
  for (uint32_t i = 0; i < 5000; ++i) {
    h.Add("session" + std::to_string(i), 0, i);
    EXPECT_LE(h.windower.memory(), 100'000 + 1000u);
    h.Take();
  }
  EXPECT_GT(h.windower.evicted(), 4000u);
}

TEST(WindowerTest, TimeWindowsEndAtMultiplesOfTheSpan) {
  Harness h({{100, 1, std::chrono::seconds(60)}});
  h.Add("a", 10, 1);
  h.Add("b", 20, 2);
  h.Add("a", 59, 3);
  h.Add("a", 60, 4);
  EXPECT_EQ(h.Take(), (Lines{"a 0[0+2] 1 3", "b 0[0+1] 2"}));
  h.Advance(At(120));
  EXPECT_EQ(h.Take(), (Lines{"a 0[2+1] 4"}));
}

TEST(WindowerTest, ReboundWordsFollowTheNewVocabulary) {
  Harness h({{2, 1, Duration(0)}});
  h.Add("a", 0, 7);
  h.Take();
  h.windower.Rebind({{2, 1, Duration(0)}}, [](TemplateId id) { return Index(id) * 100; });
  std::vector<WindowEvent> out;
  h.windower.Add("a", EventAt(1, 8), {}, At(1), &out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(h.windower.View(out[0]).events[0].word, 700u);
}

TEST(WindowerTest, RaisedSeverityStandsInLaterWindows) {
  Harness h({{2, 1, Duration(0)}});
  h.Add("a", 0, 1);
  h.windower.RaiseSeverity("a", 0, 80);
  h.windower.RaiseSeverity("a", 5, 80);
  h.windower.RaiseSeverity("b", 0, 80);
  std::vector<WindowEvent> out;
  h.windower.Add("a", EventAt(1, 2), {}, At(1), &out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(h.windower.View(out[0]).events[0].severity, 80);
}

// A random history of several streams with pauses.
struct Step {
  std::string key;
  int64_t time;
  uint32_t id;
};

std::vector<Step> RandomSteps(uint64_t seed, int count) {
  std::mt19937_64 rng(seed);
  std::vector<Step> steps;
  int64_t now = 0;
  for (int i = 0; i < count; ++i) {
    now += static_cast<int64_t>(rng() % 20 == 0 ? rng() % 2000 : rng() % 30);
    steps.push_back({"k" + std::to_string(rng() % 5), now, static_cast<uint32_t>(rng() % 50)});
  }
  return steps;
}

// The windows of one run without pauses, [begin, end) of a stream.
void NaiveRun(const std::vector<Step>& all, size_t begin, size_t end,
              const std::vector<WindowSpec>& specs, Lines* lines) {
  for (size_t s = 0; s < specs.size(); ++s) {
    const auto note = [&](size_t from, size_t to, bool tail) {
      std::string line = all[0].key + " " + std::to_string(s) + "[" + std::to_string(from) + "+" +
                         std::to_string(to - from) + "]" + (tail ? " tail" : "");
      for (size_t i = from; i < to; ++i) line += " " + std::to_string(all[i].id);
      lines->push_back(line);
    };
    size_t covered = begin;
    for (size_t from = begin; from + specs[s].size <= end; from += specs[s].stride) {
      note(from, from + specs[s].size, false);
      covered = from + specs[s].size;
    }
    if (covered < end) note(end - std::min<size_t>(end - begin, specs[s].size), end, true);
  }
}

// Each stream's windows computed from the whole stream at once: cut at gaps, slide, add the tail.
std::map<std::string, Lines> Naive(const std::vector<Step>& steps,
                                   const std::vector<WindowSpec>& specs, int64_t gap) {
  std::map<std::string, std::vector<Step>> by_key;
  for (const Step& step : steps) by_key[step.key].push_back(step);
  std::map<std::string, Lines> result;
  for (const auto& [key, all] : by_key) {
    for (size_t begin = 0, end = 0; begin < all.size(); begin = end) {
      for (end = begin + 1; end < all.size() && all[end].time < all[end - 1].time + gap;) ++end;
      NaiveRun(all, begin, end, specs, &result[key]);
    }
  }
  for (auto& [key, lines] : result) std::sort(lines.begin(), lines.end());
  return result;
}

std::map<std::string, Lines> ByKey(const Lines& log) {
  std::map<std::string, Lines> result;
  for (const std::string& line : log)
    if (line.find('[') != std::string::npos) result[line.substr(0, line.find(' '))].push_back(line);
  for (auto& [key, lines] : result) std::sort(lines.begin(), lines.end());
  return result;
}

const std::vector<WindowSpec> kSpecs = {
    {1, 1, Duration(0)}, {5, 1, Duration(0)}, {8, 3, Duration(0)}};

TEST(WindowerTest, RandomStreamsGiveTheWindowsOfANaiveComputation) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const auto steps = RandomSteps(seed, 400);
    Harness h(kSpecs, {}, kBudget, std::chrono::seconds(300));
    Lines log;
    for (const Step& step : steps) {
      h.Add(step.key, step.time, step.id);
      if (seed % 2 == 0) {
        const Lines some = h.Take();
        log.insert(log.end(), some.begin(), some.end());
      }
    }
    h.Advance(kEndOfTime);
    const Lines rest = h.Take();
    log.insert(log.end(), rest.begin(), rest.end());
    EXPECT_EQ(ByKey(log), Naive(steps, kSpecs, 300)) << "seed " << seed;
  }
}

TEST(WindowerTest, RandomTicksChangeNothing) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const auto steps = RandomSteps(seed, 300);
    Harness plain(kSpecs), ticked(kSpecs);
    std::mt19937_64 rng(seed);
    for (size_t i = 0; i < steps.size(); ++i) {
      plain.Add(steps[i].key, steps[i].time, steps[i].id);
      if (i > 0 && rng() % 3 == 0) {
        const auto between = static_cast<uint64_t>(steps[i].time - steps[i - 1].time) + 1;
        ticked.Advance(At(steps[i - 1].time + static_cast<int64_t>(rng() % between)));
      }
      ticked.Add(steps[i].key, steps[i].time, steps[i].id);
    }
    EXPECT_EQ(plain.Take(), ticked.Take()) << "seed " << seed;
  }
}

// Shards and changes as the database would hold them.
struct Saved {
  std::map<uint32_t, std::pair<uint64_t, std::string>> shards;
  std::vector<std::pair<uint64_t, std::vector<std::pair<uint32_t, std::string>>>> deltas;
};

void Restore(const Saved& saved, Windower* windower) {
  for (const auto& [shard, entry] : saved.shards) {
    StateReader in(entry.second);
    ASSERT_TRUE(windower->LoadShard(in));
  }
  for (const auto& [seq, sections] : saved.deltas) {
    for (const auto& [shard, bytes] : sections) {
      const auto it = saved.shards.find(shard);
      if (it != saved.shards.end() && seq <= it->second.first) continue;
      StateReader in(bytes);
      ASSERT_TRUE(windower->ApplyChanges(in));
      EXPECT_TRUE(in.at_end());
    }
  }
  windower->FinishLoad();
}

void SaveSome(std::mt19937_64& rng, uint64_t seq, Windower* windower, Saved* saved) {
  saved->deltas.emplace_back(seq, windower->SaveChanges());
  if (rng() % 3 != 0) return;
  const auto shard = static_cast<uint32_t>(rng() % Windower::kShards);
  std::string blob;
  StateWriter out(&blob);
  windower->SaveShard(shard, out);
  saved->shards[shard] = {seq, blob};
}

TEST(WindowerTest, RestoredFromShardsAndDeltasGoesOnTheSame) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    std::mt19937_64 rng(seed);
    const StreamOptions streams =
        seed % 2 == 1 ? Sessions(std::chrono::seconds(200), 4, 50) : StreamOptions();
    Harness h(kSpecs, streams);
    auto restarted = std::make_unique<Harness>(kSpecs, streams);
    Saved saved;
    uint64_t seq = 0;
    for (const Step& step : RandomSteps(seed, 300)) {
      h.Add(step.key, step.time, step.id);
      restarted->Add(step.key, step.time, step.id);
      EXPECT_EQ(h.Take(), restarted->Take()) << "seed " << seed;
      if (rng() % 4 != 0) continue;
      SaveSome(rng, ++seq, &restarted->windower, &saved);
      if (rng() % 5 != 0) continue;
      auto fresh = std::make_unique<Harness>(kSpecs, streams);
      Restore(saved, &fresh->windower);
      EXPECT_EQ(fresh->windower.streams(), restarted->windower.streams());
      fresh->watermark = restarted->watermark;
      fresh->records = restarted->records;
      restarted = std::move(fresh);
    }
    h.Advance(kEndOfTime);
    restarted->Advance(kEndOfTime);
    EXPECT_EQ(h.Take(), restarted->Take()) << "seed " << seed;
  }
}

TEST(WindowerTest, DamagedStateIsRefusedWithoutReadingPastIt) {
  Harness h(kSpecs);
  for (const Step& step : RandomSteps(1, 200)) h.Add(step.key, step.time, step.id);
  h.Take();
  std::string blob;
  StateWriter out(&blob);
  for (uint32_t shard = 0; shard < Windower::kShards; ++shard) h.windower.SaveShard(shard, out);
  std::mt19937_64 rng(7);
  for (int i = 0; i < 2000; ++i) {
    std::string bad = blob.substr(0, rng() % (blob.size() + 1));
    if (!bad.empty()) bad[rng() % bad.size()] = static_cast<char>(rng());
    Windower windower({}, std::chrono::minutes(10), kBudget, kSpecs);
    StateReader in(bad);
    if (windower.LoadShard(in)) windower.FinishLoad();
  }
}

}  // namespace
}  // namespace alogd
