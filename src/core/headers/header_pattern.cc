// SPDX-License-Identifier: MIT
// A reader of '<time> <level> [<program>] <message>'.
#include "core/headers/header_pattern.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "core/headers/scan.h"
#include "core/headers/strptime.h"

namespace alogd {

namespace {

constexpr std::string_view kNames =
    "<time>, <time:FORMAT>, <level>, <host>, <program>, <pid>, <skip> or <message>";

std::optional<Step> FieldOf(std::string_view name) {
  Step step;
  step.exact = true;
  step.kind = StepKind::kField;
  if (name == "time")
    step.kind = StepKind::kTime, step.role = Role::kTime;
  else if (name == "level")
    step.kind = StepKind::kLevel, step.role = Role::kLevel;
  else if (name == "host")
    step.role = Role::kHost;
  else if (name == "program")
    step.role = Role::kProgram;
  else if (name == "pid")
    step.role = Role::kPid;
  else if (name != "skip")
    return std::nullopt;
  return step;
}

class PatternReader {
 public:
  explicit PatternReader(std::string_view pattern) : pattern_(pattern) {}

  Result<Layout> Run() {
    bool message = false;
    while (at_ < pattern_.size()) {
      const Status status = pattern_[at_] == '<' ? Name(&message) : Literal();
      if (!status.ok()) return status.error();
      if (steps_.size() > Layout::kMaxSteps) return Fail("it has too many parts");
    }
    if (!message) return Fail("it must end in <message>");
    if (steps_.empty()) return Fail("it has nothing before <message>");
    return Layout(std::move(steps_));
  }

 private:
  Error Fail(std::string_view what) const {
    return Error{fmt::format("header pattern '{}', column {}: {}", pattern_, at_ + 1, what)};
  }

  Status Name(bool* message) {
    const size_t close = pattern_.find('>', at_);
    if (close == std::string_view::npos) return Fail("a '<' without its '>'");
    const std::string_view name = pattern_.substr(at_ + 1, close - at_ - 1);
    if (name == "message") {
      if (close + 1 != pattern_.size()) return Fail("<message> must be the last part");
      *message = true;
    } else if (name.starts_with("time:")) {
      const std::string problem = CheckTimePattern(name.substr(5));
      if (!problem.empty()) return Fail(problem);
      steps_.push_back({.kind = StepKind::kStrptime,
                        .role = Role::kTime,
                        .exact = true,
                        .text = std::string(name.substr(5))});
    } else if (std::optional<Step> step = FieldOf(name)) {
      const bool text = step->kind == StepKind::kField;
      if (text && (close + 1 >= pattern_.size() || pattern_[close + 1] == '<')) {
        at_ = close + 1;
        return Fail(fmt::format("<{}> needs text behind it that says where it ends", name));
      }
      if (text) step->text = LiteralAt(close + 1);
      steps_.push_back(std::move(*step));
    } else {
      return Fail(fmt::format("<{}> is not known; use {}", name, kNames));
    }
    at_ = close + 1;
    return {};
  }

  // The literal that begins at `at`: a single blank, or what stands before the next blank or name.
  std::string LiteralAt(size_t at) const {
    if (IsBlank(pattern_[at])) return " ";
    size_t end = at;
    while (end < pattern_.size() && pattern_[end] != '<' && !IsBlank(pattern_[end])) ++end;
    return std::string(pattern_.substr(at, end - at));
  }

  Status Literal() {
    std::string text = LiteralAt(at_);
    const bool blank = text == " ";
    at_ = blank ? SkipBlanks(pattern_, at_) : at_ + text.size();
    steps_.push_back({.kind = StepKind::kLiteral, .exact = true, .text = std::move(text)});
    // What follows a blank may stand behind several.
    if (blank) steps_.push_back({.kind = StepKind::kLiteral, .exact = false, .text = ""});
    return {};
  }

  std::string_view pattern_;
  size_t at_ = 0;
  std::vector<Step> steps_;
};

}  // namespace

Result<Layout> ParseHeaderPattern(std::string_view pattern) { return PatternReader(pattern).Run(); }

}  // namespace alogd
