// SPDX-License-Identifier: MIT
// How often counted rules matched lately, by key: bursts of lines that are harmless one by one.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "core/config/config.h"
#include "core/state.h"
#include "core/types.h"

namespace alogd {

// What stands behind a match of a counted rule that made an anomaly.
struct RuleBurst {
  uint32_t count = 0;
  Duration took{0};  // from the first of them to the last
  std::string key;   // empty: they are counted together
};

// A function of the matches in order and their event times; part of the group's state. Keys come
// from log text: at most kMaxTimes times are remembered, and the key that was silent longest goes
// first.
class RuleCounts {
 public:
  static constexpr size_t kMaxTimes = 100'000;  // of all keys together: about 10 MB at the worst
  static constexpr size_t kMaxKey = 128;        // bytes of a key; what is longer is cut

  // A match of `rule` at `time`, by `key`. A burst if it is the rule's count-th within its time;
  // counting then begins anew.
  std::optional<RuleBurst> Hit(const RuleConfig& rule, std::string_view key, Time time);
  // After a reload: forgets rules that are not counted any more, or by something else.
  void Keep(const std::vector<RuleConfig>& rules);
  size_t times() const { return times_; }

  bool changed() const { return !changed_.empty(); }  // since the last SaveChanges
  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in);
  void SaveChanges(StateWriter& out);
  [[nodiscard]] bool ApplyChanges(StateReader& in);

 private:
  // A rule is known by what it says, since its number changes with the configuration.
  using Key = std::pair<std::string, std::string>;  // identity of the rule, key
  struct Entry {
    std::deque<Time> times;  // ascending, fewer than the rule's count
    Time expires;            // from then on none of them counts any more
  };

  static std::string IdentityOf(const RuleConfig& rule);
  void Forget(std::map<Key, Entry>::iterator it);
  void DropExpired(Time now);
  void SaveEntry(const Key& key, const Entry& entry, StateWriter& out) const;
  bool LoadEntry(StateReader& in);

  std::map<Key, Entry> entries_;
  std::set<std::pair<Time, Key>> by_expiry_;
  size_t times_ = 0;
  std::set<Key> changed_;  // since the last SaveChanges; gone ones too
};

}  // namespace alogd
