// SPDX-License-Identifier: MIT
// Lays what was given over the shipped rule, value by value, with its origin.
#include "core/config/named_rules.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace alogd {
namespace {

constexpr std::string_view kPrefix = "rules.";

std::string KeyOf(size_t rule) { return fmt::format("{}{}", kPrefix, rule); }

// The keys that were given for rule `from` replace those of rule `to`.
void Overlay(const RuleConfig& given, size_t from, size_t to, RuleConfig* rule,
             ConfigNotes* notes) {
  const auto take = [&](std::string_view name, auto member) {
    const auto mark = notes->marks.find(fmt::format("{}.{}", KeyOf(from), name));
    if (mark == notes->marks.end()) return;
    rule->*member = given.*member;
    notes->marks[fmt::format("{}.{}", KeyOf(to), name)] = mark->second;
  };
  take("ignore", &RuleConfig::ignore);
  // One of the two: the rule's own level says nothing any more once it is told to ignore.
  if (rule->ignore) notes->marks.erase(KeyOf(to) + ".level");
  take("level", &RuleConfig::level);
  take("program", &RuleConfig::programs);
  take("enabled", &RuleConfig::enabled);
  take("count", &RuleConfig::count);
  take("within", &RuleConfig::within);
  take("by", &RuleConfig::by);
  take("examples", &RuleConfig::examples);
  take("counterexamples", &RuleConfig::counterexamples);
}

// The rule that a key such as "rules.12.level" belongs to, and what follows its number.
std::optional<std::pair<size_t, std::string>> SplitKey(const std::string& key) {
  if (!key.starts_with(kPrefix)) return std::nullopt;
  size_t rule = 0;
  const char* const end = key.data() + key.size();
  const auto [stop, error] = std::from_chars(key.data() + kPrefix.size(), end, rule);
  if (error != std::errc()) return std::nullopt;
  return std::pair(rule, std::string(stop, end));
}

// Rules that went are taken out, and the origins of those behind them follow.
void Remove(const std::vector<bool>& gone, std::vector<RuleConfig>* rules, ConfigNotes* notes) {
  std::vector<size_t> moved(rules->size());
  std::vector<RuleConfig> kept;
  for (size_t i = 0; i < rules->size(); ++i) {
    moved[i] = kept.size();
    if (!gone[i]) kept.push_back(std::move((*rules)[i]));
  }
  *rules = std::move(kept);
  decltype(notes->marks) marks;
  for (const auto& [key, mark] : notes->marks) {
    const auto split = SplitKey(key);
    if (!split || split->first >= gone.size())
      marks[key] = mark;
    else if (!gone[split->first])
      marks[KeyOf(moved[split->first]) + split->second] = mark;
  }
  notes->marks = std::move(marks);
}

}  // namespace

void MergeNamedRules(std::vector<RuleConfig>* rules, size_t own, ConfigNotes* notes) {
  std::vector<bool> gone(rules->size());
  std::vector<std::string_view> names;
  for (size_t i = own; i < rules->size(); ++i) names.push_back((*rules)[i].name);
  for (size_t i = 0; i < own; ++i) {
    const RuleConfig& given = (*rules)[i];
    if (!given.match.empty() || given.name.empty() || notes->Refused(KeyOf(i))) continue;
    bool found = false;
    for (size_t to = own; to < rules->size(); ++to) {
      if ((*rules)[to].name != given.name) continue;
      Overlay(given, i, to, &(*rules)[to], notes);
      found = true;
    }
    gone[i] = true;  // either way: without its pattern it is no rule
    if (found) continue;
    const std::string_view meant = NearestWord(given.name, names);
    notes->AddAt(KeyOf(i) + ".name",
                 fmt::format("{} has no match, and no rule of rules.d is named '{}'{}; add match: "
                             "'PATTERN', or name one of them",
                             KeyOf(i), given.name.substr(0, 80),
                             meant.empty() ? "" : fmt::format(", did you mean '{}'?", meant)));
  }
  Remove(gone, rules, notes);
}

}  // namespace alogd
