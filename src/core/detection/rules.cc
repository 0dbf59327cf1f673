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

constexpr std::string_view kNoProgram = "none";

bool Inside(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

// Whether the header leads to the message, so that its beginning is that of what the program said.
// Made of fields that no one called a message, or taken from within a word or value
// ("user@database"), it may begin with a stranger's words.
bool HasMessage(const RuleSubject& subject) {
  if (subject.header == nullptr || subject.header->fields) return false;
  const std::string_view message = subject.header->message;
  if (!Inside(message, subject.line)) return true;
  const size_t size = static_cast<size_t>(message.data() - subject.line.data());
  const std::string_view before = subject.line.substr(0, size);
  const size_t last = before.find_last_not_of(" \t");
  if (last == std::string_view::npos) return true;
  return std::string_view("@=\"'(<,;").find(before[last]) == std::string_view::npos;
}

bool MaySay(const RuleConfig& rule, const RuleSubject& subject) {
  if (rule.programs.empty()) return true;
  const std::string_view program = subject.header ? subject.header->program : std::string_view();
  return std::ranges::any_of(rule.programs, [program](std::string_view name) {
    if (name == kNoProgram) return program.empty();
    if (name.ends_with('*')) return program.starts_with(name.substr(0, name.size() - 1));
    return program == name;
  });
}

// A text as RE2 reads it: UTF-8, since '.' matches no invalid byte, and one of those must not hide
// a line from its rule.
class ValidText {
 public:
  explicit ValidText(std::string_view text) {
    if (!IsAscii(text)) text = valid_ = ToValidUtf8(text, text.size() * 3);
    piece_ = re2::StringPiece(text.data(), text.size());
  }
  ValidText(const ValidText&) = delete;
  ValidText& operator=(const ValidText&) = delete;
  const re2::StringPiece& piece() const { return piece_; }

 private:
  std::string valid_;
  re2::StringPiece piece_;
};

}  // namespace

std::string_view RuleSubject::message() const {
  if (!HasMessage(*this)) return line;
  std::string_view text = header->message;
  // Some writers keep the kernel's own time: "[    2.512345] Kernel panic - not syncing".
  if (header->program != "kernel" || !text.starts_with('[')) return text;
  const size_t end = text.find("] ");
  if (end != std::string_view::npos && text.find_first_not_of(" .0123456789", 1) == end)
    text.remove_prefix(end + 2);
  return text;
}

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
  // The rules that may match, in order, by the literals that were found.
  std::vector<int> Candidates(std::vector<int>* found) const;
  Matches MatchSlowly(const RuleSubject& subject, std::vector<int>* found) const;
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

std::string RuleSet::KeyOf(const RuleConfig& rule, const RuleSubject& subject) const {
  const RE2* by = impl_->keys[static_cast<size_t>(&rule - impl_->rules.data())].get();
  if (by == nullptr) return {};
  const int groups = by->NumberOfCapturingGroups() > 0 ? 2 : 1;
  const auto find = [&](std::string_view text) {
    const ValidText valid(text);
    re2::StringPiece found[2];
    if (!by->Match(valid.piece(), 0, valid.piece().size(), RE2::UNANCHORED, found, groups))
      return std::string();
    return std::string(found[groups - 1].data(), found[groups - 1].size());
  };
  std::string key;
  if (!rule.programs.empty()) key = find(subject.message());
  return key.empty() ? find(subject.line) : key;
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

RuleSet::Matches RuleSet::Match(const RuleSubject& subject) const {
  std::vector<int> found;  // neither this nor the result allocates while it is empty
  impl_->scanner.Scan(subject.line, &found);
  if (HasMessage(subject) && !Inside(subject.message(), subject.line)) [[unlikely]] {
    std::vector<int> decoded;  // the line holds it otherwise
    impl_->scanner.Scan(subject.message(), &decoded);
    found.insert(found.end(), decoded.begin(), decoded.end());
  }
  if (found.empty() && impl_->unfiltered.empty()) [[likely]]
    return {};
  return impl_->MatchSlowly(subject, &found);
}

std::vector<int> RuleSet::Impl::Candidates(std::vector<int>* found) const {
  if (found->empty()) return unfiltered;
  found->insert(found->end(), undecided.begin(), undecided.end());
  std::vector<int> candidates;
  filter->AllPotentials(*found, &candidates);
  std::ranges::sort(candidates);
  return candidates;
}

RuleSet::Matches RuleSet::Impl::MatchSlowly(const RuleSubject& subject,
                                            std::vector<int>* found) const {
  const ValidText line(subject.line), message(subject.message());
  Matches matches;
  for (const int candidate : Candidates(found)) {
    const RuleConfig& rule = rules[static_cast<size_t>(candidate)];
    if (!MaySay(rule, subject)) continue;
    const RE2& pattern = filter->GetRE2(candidate);
    const bool said = !rule.programs.empty() && RE2::PartialMatch(message.piece(), pattern);
    if (!said && !RE2::PartialMatch(line.piece(), pattern)) continue;
    matches.push_back(&rule);
    if (rule.ignore) break;
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
