// SPDX-License-Identifier: MIT
// Times of matches by rule and key, bounded, saved and restored.
#include "core/detection/rule_counts.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace alogd {

std::string RuleCounts::IdentityOf(const RuleConfig& rule) {
  return rule.match + '\n' + rule.by + '\n' + std::to_string(rule.count) + '\n' +
         std::to_string(rule.within.count());
}

std::optional<RuleBurst> RuleCounts::Hit(const RuleConfig& rule, std::string_view key, Time time) {
  DropExpired(time);
  Key id(IdentityOf(rule), std::string(key.substr(0, kMaxKey)));
  const auto it = entries_.try_emplace(id).first;
  Entry& entry = it->second;
  by_expiry_.erase({entry.expires, id});
  changed_.insert(id);
  // Records of several files come a little out of order.
  if (!entry.times.empty()) time = std::max(time, entry.times.back());
  entry.times.push_back(time);
  ++times_;
  while (time - entry.times.front() > rule.within) {
    entry.times.pop_front();
    --times_;
  }
  if (entry.times.size() >= rule.count) {
    RuleBurst burst{rule.count, time - entry.times.front(), id.second};
    times_ -= entry.times.size();
    entries_.erase(it);
    return burst;
  }
  entry.expires = time + rule.within;
  by_expiry_.insert({entry.expires, std::move(id)});
  while (times_ > kMaxTimes) Forget(entries_.find(by_expiry_.begin()->second));
  return std::nullopt;
}

void RuleCounts::Forget(std::map<Key, Entry>::iterator it) {
  times_ -= it->second.times.size();
  by_expiry_.erase({it->second.expires, it->first});
  changed_.insert(it->first);
  entries_.erase(it);
}

void RuleCounts::DropExpired(Time now) {
  while (!by_expiry_.empty() && by_expiry_.begin()->first < now)
    Forget(entries_.find(by_expiry_.begin()->second));
}

void RuleCounts::Keep(const std::vector<RuleConfig>& rules) {
  std::set<std::string> wanted;
  for (const RuleConfig& rule : rules)
    if (rule.enabled && rule.count > 1) wanted.insert(IdentityOf(rule));
  for (auto it = entries_.begin(); it != entries_.end();) {
    const auto here = it++;
    if (!wanted.contains(here->first.first)) Forget(here);
  }
}

void RuleCounts::SaveEntry(const Key& key, const Entry& entry, StateWriter& out) const {
  out.Bytes(key.first);
  out.Bytes(key.second);
  out.At(entry.expires);
  out.U64(entry.times.size());
  for (const Time time : entry.times) out.At(time);
}

// Replaces the key's entry; one without times is one that is gone.
bool RuleCounts::LoadEntry(StateReader& in) {
  Key key;
  key.first = in.Bytes();
  key.second = in.Bytes();
  Entry entry;
  entry.expires = in.At();
  for (size_t n = in.Count(1); n > 0 && in.ok(); --n) entry.times.push_back(in.At());
  if (!in.ok() || !std::ranges::is_sorted(entry.times)) return false;
  if (const auto it = entries_.find(key); it != entries_.end()) Forget(it);
  changed_.erase(key);
  if (entry.times.empty()) return true;
  times_ += entry.times.size();
  by_expiry_.insert({entry.expires, key});
  entries_.emplace(std::move(key), std::move(entry));
  return times_ <= kMaxTimes;
}

void RuleCounts::Save(StateWriter& out) const {
  out.U64(entries_.size());
  for (const auto& [key, entry] : entries_) SaveEntry(key, entry, out);
}

bool RuleCounts::Load(StateReader& in) {
  *this = RuleCounts();
  return ApplyChanges(in);
}

void RuleCounts::SaveChanges(StateWriter& out) {
  out.U64(changed_.size());
  for (const Key& key : changed_) {
    const auto it = entries_.find(key);
    SaveEntry(key, it == entries_.end() ? Entry() : it->second, out);
  }
  changed_.clear();
}

bool RuleCounts::ApplyChanges(StateReader& in) {
  for (size_t n = in.Count(4); n > 0 && in.ok(); --n)
    if (!LoadEntry(in)) return false;
  return in.ok();
}

}  // namespace alogd
