// SPDX-License-Identifier: MIT
// The operator's patterns: lines that always alert, and lines to ignore.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/config/config.h"
#include "core/record.h"
#include "core/result.h"

namespace alogd {

// What rules look at: a line and, of a record's first line, its header. The views are not kept.
struct RuleSubject {
  template <typename T>
  requires std::convertible_to<const T&, std::string_view>
  // NOLINTNEXTLINE(google-explicit-constructor): a line is a subject
  RuleSubject(const T& text, const Header* of = nullptr) : line(text), header(of) {}

  // What a rule that is bound to programs looks at first.
  std::string_view message() const;

  std::string_view line;
  const Header* header;  // null for a continuation line, which nobody says
};

// Refuses what RE2 does, with its reason, and patterns that would take too much memory. For every
// pattern of the configuration, so that what `check` accepts also loads.
Status CheckRulePattern(std::string_view pattern);

// All patterns of a configuration, looked for in one cheap pass over each line: most rules cannot
// match without one of a few literal texts ("killed process"), and those are looked for by hashes
// of four bytes at every few bytes; RE2 runs only on lines that hold one. Invalid UTF-8 does not
// hide a line from a rule.
//
// A rule that is bound to programs is asked only about records whose header names one of them: what
// a stranger got into a message cannot make another program speak.
//
// Rejected: RE2::Set, whose automaton steps through every byte of every line (measured in
// bench/rules_bench.cc).
//
// Safe to use from several threads.
class RuleSet {
 public:
  // Fails with the rule's number and RE2's reason. Rules that are not enabled are left out.
  static Result<RuleSet> Create(std::vector<RuleConfig> rules);
  RuleSet(RuleSet&&) noexcept;
  RuleSet& operator=(RuleSet&&) noexcept;
  ~RuleSet();

  // All rules that match, in the order of the configuration, up to the first that ignores: what a
  // stranger writes into a line cannot hide it from a rule. The pointers live as long as the set.
  using Matches = std::vector<const RuleConfig*>;
  Matches Match(const RuleSubject& subject) const;
  // Whether a rule ends the line: nothing but the rules before it saw it.
  static bool Ignored(const Matches& matches) { return !matches.empty() && matches.back()->ignore; }
  // What a counted rule counts the line by; `rule` is one that Match returned for it.
  std::string KeyOf(const RuleConfig& rule, const RuleSubject& subject) const;
  const std::vector<RuleConfig>& rules() const;  // those that are enabled
  bool empty() const;

 private:
  struct Impl;
  explicit RuleSet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace alogd
