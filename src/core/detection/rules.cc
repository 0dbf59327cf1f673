// SPDX-License-Identifier: MIT
// Rules: literal texts first, RE2 where one was found.
#include "core/detection/rules.h"

#include <fmt/format.h>
#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "core/records/literal_scanner.h"
#include "core/text.h"

namespace alogd {
namespace {

// Of one pattern's program and automaton: some 10,000 instructions; an automaton that would need
// more starts again, and RE2 stays linear. 256 rules (the most that the configuration takes) stay
// under 128 MiB.
constexpr int64_t kPatternMemory = 512 << 10;
constexpr size_t kLongestPattern = 4096;
// Longer required literals mean fewer looks at a line; longer than this few patterns have.
constexpr int kLongestMinimum = 16;

RE2::Options PatternOptions() {
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(kPatternMemory);
  options.set_never_capture(true);
  return options;
}

bool IsAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

Status CheckRulePattern(std::string_view pattern) {
  if (pattern.size() > kLongestPattern)
    return Error{fmt::format("a pattern of {} bytes; the longest may have {}", pattern.size(),
                             kLongestPattern)};
  const RE2 compiled(re2::StringPiece(pattern.data(), pattern.size()), PatternOptions());
  if (compiled.ok()) return {};
  return Error{fmt::format("RE2 does not take '{}': {}", pattern.substr(0, 200), compiled.error())};
}

struct RuleSet::Impl {
  std::vector<RuleConfig> rules;
  std::vector<std::unique_ptr<RE2>> keys;  // by rule; null where `by` is empty
  std::unique_ptr<re2::FilteredRE2> filter;
  LiteralScanner scanner;
  std::vector<int>
      undecided;  // literals that the scanner cannot find: counted as found in every line
  std::vector<int> unfiltered;  // rules that need no literal: RE2 runs on every line

  // Takes the filter with the given shortest literal; false if it leaves more rules unfiltered than
  // before.
  bool Adopt(int shortest, bool first);
  Status CompileKeys();
  Matches MatchSlowly(std::string_view line, std::vector<int>* found) const;
};

bool RuleSet::Impl::Adopt(int shortest, bool first) {
  auto candidate = std::make_unique<re2::FilteredRE2>(shortest);
  for (const RuleConfig& rule : rules) {
    int id = 0;
    if (candidate->Add(rule.match, PatternOptions(), &id) != RE2::NoError) return false;
  }
  std::vector<std::string> literals;
  candidate->Compile(&literals);
  // Case folding beyond ASCII is RE2's business: lines cannot be filtered by such a literal. It
  // keeps its index, with a text that no line of a log holds.
  std::vector<int> foreign;
  for (size_t i = 0; i < literals.size(); ++i) {
    if (IsAscii(literals[i]) && literals[i].size() >= LiteralScanner::kShortest) continue;
    foreign.push_back(static_cast<int>(i));
    literals[i] = std::string(LiteralScanner::kShortest + kLongestMinimum, '\0');
  }
  std::vector<int> always;
  candidate->AllPotentials(foreign, &always);
  if (!first && always.size() > unfiltered.size()) return false;
  filter = std::move(candidate);
  scanner = literals.empty() ? LiteralScanner() : LiteralScanner(std::move(literals));
  undecided = std::move(foreign);
  unfiltered = std::move(always);
  return true;
}

Status RuleSet::Impl::CompileKeys() {
  RE2::Options options = PatternOptions();
  options.set_never_capture(false);
  for (const RuleConfig& rule : rules) {
    keys.push_back(rule.by.empty() ? nullptr : std::make_unique<RE2>(rule.by, options));
    if (keys.back() && !keys.back()->ok())
      return Error{fmt::format("rules: RE2 does not take '{}': {}", rule.by.substr(0, 200),
                               keys.back()->error())};
  }
  return {};
}

std::string RuleSet::KeyOf(const RuleConfig& rule, std::string_view line) const {
  const RE2* by = impl_->keys[static_cast<size_t>(&rule - impl_->rules.data())].get();
  if (by == nullptr) return {};
  const std::string valid = ToValidUtf8(line, line.size() * 3);
  re2::StringPiece found[2];
  const int groups = by->NumberOfCapturingGroups() > 0 ? 2 : 1;
  if (!by->Match(valid, 0, valid.size(), RE2::UNANCHORED, found, groups)) return {};
  return std::string(found[groups - 1].data(), found[groups - 1].size());
}

Result<RuleSet> RuleSet::Create(std::vector<RuleConfig> rules) {
  auto impl = std::make_unique<Impl>();
  for (size_t i = 0; i < rules.size(); ++i)
    if (const Status status = CheckRulePattern(rules[i].match); !status)
      return status.error().With(fmt::format("rules.{}", i));
  std::erase_if(rules, [](const RuleConfig& rule) { return !rule.enabled; });
  impl->rules = std::move(rules);
  if (const Status status = impl->CompileKeys(); !status) return status.error();
  if (impl->rules.empty()) return RuleSet(std::move(impl));
  if (!impl->Adopt(LiteralScanner::kShortest, true)) return Error{"rules: RE2 is out of memory"};
  for (int shortest = kLongestMinimum; shortest > static_cast<int>(LiteralScanner::kShortest);
       --shortest)
    if (impl->Adopt(shortest, false)) break;
  return RuleSet(std::move(impl));
}

RuleSet::Matches RuleSet::Match(std::string_view line) const {
  std::vector<int> found;  // neither this nor the result allocates while it is empty
  impl_->scanner.Scan(line, &found);
  if (found.empty() && impl_->unfiltered.empty()) [[likely]]
    return {};
  return impl_->MatchSlowly(line, &found);
}

RuleSet::Matches RuleSet::Impl::MatchSlowly(std::string_view line, std::vector<int>* found) const {
  // RE2 reads UTF-8, and '.' matches no invalid byte: one of those must not hide a line from its
  // rule.
  std::string valid;
  if (!IsAscii(line)) line = valid = ToValidUtf8(line, line.size() * 3);
  const re2::StringPiece text(line.data(), line.size());
  std::vector<int> matching;
  if (found->empty()) {
    for (const int rule : unfiltered)
      if (RE2::PartialMatch(text, filter->GetRE2(rule))) matching.push_back(rule);
  } else {
    found->insert(found->end(), undecided.begin(), undecided.end());
    filter->AllMatches(text, *found, &matching);
    std::ranges::sort(matching);
  }
  Matches matches;
  for (const int rule : matching) {
    matches.push_back(&rules[static_cast<size_t>(rule)]);
    if (matches.back()->ignore) break;
  }
  return matches;
}

const std::vector<RuleConfig>& RuleSet::rules() const { return impl_->rules; }
bool RuleSet::empty() const { return impl_->rules.empty(); }

RuleSet::RuleSet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RuleSet::RuleSet(RuleSet&&) noexcept = default;
RuleSet& RuleSet::operator=(RuleSet&&) noexcept = default;
RuleSet::~RuleSet() = default;

}  // namespace alogd
