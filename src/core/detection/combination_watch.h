// SPDX-License-Identifier: MIT
// Values of a template that are new, or never went together, where few values occur.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.h"
#include "core/detection/watch.h"

namespace alogd {

// Of each template the values at its first six <*>, the host and the program are counted, each
// alone and each pair of them, as long as there are few: more than kMostValues or kMostPairs make
// it free, and a template whose <*> are all free costs nothing more.
//
// A value or pair that never came has the chance P0 = (those that came once + 1) / (records + 1)
// (Good 1953); the raw score is -log10 of it. A pair also has to be missed: its values came at
// least ten times each, and would have met ten times if they were independent. And it has to be
// news: nothing new came for two days and for three times as long as ever between two new ones, so
// that a date or a counter, which is new each day, says nothing.
//
// Values are known by 64-bit hashes: who finds a collision can pass one value for another, no more.
// A function of the records in order. Memory: kMaxPatterns x at most 20 KB, mostly under 3.
class CombinationWatch {
 public:
  static constexpr size_t kMaxPatterns = 512;
  static constexpr size_t kParameters = 6, kSlots = kParameters + 2;
  static constexpr size_t kPairs = kSlots * (kSlots - 1) / 2;
  static constexpr size_t kMostValues = 24, kMostPairs = 32;
  static constexpr size_t kMostBytes = 128;  // longer values are no names

  explicit CombinationWatch(const CombinationsOptions& options) : options_(options) {}
  void set_options(const CombinationsOptions& options) { options_ = options; }

  // False where the values of this template need not be found.
  bool Wants(TemplateId id) const {
    if (!options_.enabled) return false;
    const auto it = patterns_.find(Index(id));
    return it == patterns_.end() || !it->second.free;
  }
  // `parameters` are those of the message at the <*> of `text`, its template's.
  void Observe(const Sighting& record, std::string_view text,
               std::span<const std::string_view> parameters, WatchSteps* out);
  void Clear() { *this = CombinationWatch(options_); }
  size_t patterns() const { return patterns_.size(); }

  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in);
  void SaveChanges(StateWriter& out);
  [[nodiscard]] bool ApplyChanges(StateReader& in);

 private:
  struct Count {
    uint64_t key = 0;
    uint32_t count = 0;
    bool listed = false;  // changed since the last SaveChanges
  };
  // What came at one place, or at two together.
  struct Variety {
    bool free = false;
    Time last_new = kNoTime;
    Duration longest{0};  // between two new ones
    std::vector<Count> counts;
  };
  struct Pattern {
    uint64_t text = 0;  // hash of the template's: another one has other places
    bool free = false;  // all places of the template are
    uint64_t records = 0;
    Time last = kNoTime;
    uint64_t touched = 0;  // bit by variety, since the last SaveChanges
    bool whole = true;     // likewise: all of it changed
    std::array<Variety, kSlots + kPairs> varieties;
  };
  // What one record has at a place, and how often that came before.
  struct Value {
    std::string_view text;
    uint64_t key = 0;
    uint32_t before = 0;
    bool counted = false;
  };
  using Values = std::array<Value, kSlots>;
  // The most surprising thing about a record.
  struct News {
    float raw = 0;
    size_t a = 0, b = kSlots;  // places; b is kSlots for a single value
  };

  Pattern* Find(const Sighting& record, uint64_t text);
  void CountValues(const Sighting& record, std::span<const std::string_view> parameters,
                   Pattern* pattern, Values* values, News* news) const;
  void CountPairs(const Sighting& record, const Values& values, Pattern* pattern, News* news) const;
  // Counts `key`; returns how often it came before.
  static uint32_t Add(size_t index, uint64_t key, size_t most, Time now, Pattern* pattern);
  static void SetFree(size_t index, Pattern* pattern);
  // -log10 of the chance of something new; 0 where it is no news.
  float Surprise(const Pattern& pattern, size_t index, Time now) const;
  WatchStep Describe(const Sighting& record, std::string_view text, const Pattern& pattern,
                     const Values& values, const News& news) const;
  void DropOldest();
  static void SavePattern(uint32_t id, const Pattern& pattern, bool whole, StateWriter& out);
  bool LoadPatterns(StateReader& in);
  static bool LoadVariety(StateReader& in, Pattern* pattern);

  CombinationsOptions options_;
  std::map<uint32_t, Pattern> patterns_;
  std::set<uint32_t> changed_, dropped_;
};

}  // namespace alogd
