// SPDX-License-Identifier: MIT
// Each example against its own rule alone, and against all of them in order.
#include "core/config/rule_examples.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/detection/rules.h"
#include "core/text.h"

namespace alogd {
namespace {

std::string Title(const RuleConfig& rule) {
  return rule.name.empty() ? rule.match.substr(0, 80) : rule.name;
}

std::string_view Short(std::string_view line) { return line.substr(0, 200); }

class ExampleCheck {
 public:
  ExampleCheck(const LoadedConfig& loaded, const RuleSet& all) : loaded_(loaded), all_(all) {}

  void Rule(size_t number) {
    const RuleConfig& rule = loaded_.config.rules[number];
    const auto alone = RuleSet::Create({rule});
    if (!rule.enabled || !alone) return;  // what RE2 refuses was said already
    number_ = number;
    for (const std::string& line : rule.examples) Example(rule, *alone, line);
    for (const std::string& line : rule.counterexamples)
      if (!alone->Match(ExampleLine(line).subject()).empty())
        Add("counterexamples",
            fmt::format("matches the counterexample '{}'; make the pattern narrower", Short(line)));
  }

  std::vector<ConfigProblem> Take() && { return std::move(problems_); }

 private:
  void Example(const RuleConfig& rule, const RuleSet& alone, const std::string& line) {
    const ExampleLine parsed(line);
    const RuleSet::Matches own = alone.Match(parsed.subject());
    if (own.empty())
      return Add("examples",
                 fmt::format("does not match its example '{}'; mend the pattern or the example",
                             Short(line)));
    if (!rule.by.empty() && alone.KeyOf(*own.front(), parsed.subject()).empty())
      Add("by",
          fmt::format("finds nothing to count by in the example '{}'; mend `by`", Short(line)));
    const RuleSet::Matches matches = all_.Match(parsed.subject());
    const bool seen = std::ranges::any_of(matches, [&](const RuleConfig* match) {
      return match->match == rule.match && match->name == rule.name;
    });
    if (!seen && RuleSet::Ignored(matches))
      Add("examples",
          fmt::format("never sees its example '{}', which the earlier rule '{}' ignores",
                      Short(line), Title(*matches.back())),
          true);
  }

  void Add(std::string_view key, const std::string& message, bool warning = false) {
    const RuleConfig& rule = loaded_.config.rules[number_];
    const auto origin = loaded_.origins.find(fmt::format("rules.{}.{}", number_, key));
    const std::string where = origin == loaded_.origins.end() ? "(rules)" : origin->second;
    problems_.push_back({EscapeForTerminal(where),
                         EscapeForTerminal(fmt::format("rule '{}' {}", Title(rule), message)),
                         warning});
  }

  const LoadedConfig& loaded_;
  const RuleSet& all_;
  size_t number_ = 0;
  std::vector<ConfigProblem> problems_;
};

}  // namespace

ExampleLine::ExampleLine(const std::string& line, std::string_view formats) : line_(line) {
  auto parser = HeaderParser::Create({});
  if (!parser) return;
  parser_ = std::move(*parser);
  if (!formats.empty()) static_cast<void>(parser_->SetFormats(formats));
  header_ = parser_->Parse(line_);
}

std::vector<ConfigProblem> CheckRuleExamples(const LoadedConfig& loaded) {
  const auto all = RuleSet::Create(loaded.config.rules);
  if (!all) return {};
  ExampleCheck check(loaded, *all);
  for (size_t i = 0; i < loaded.config.rules.size(); ++i) check.Rule(i);
  return std::move(check).Take();
}

size_t CountRuleExamples(const Config& config) {
  size_t count = 0;
  for (const RuleConfig& rule : config.rules)
    if (rule.enabled) count += rule.examples.size() + rule.counterexamples.size();
  return count;
}

}  // namespace alogd
