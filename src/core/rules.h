// SPDX-License-Identifier: MIT
// The operator's patterns: lines that always alert, and lines to ignore.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/config.h"
#include "core/result.h"

namespace alogd {

// All patterns of a configuration as one RE2 set: one scan of a line, whatever their number.
class RuleSet {
 public:
  // Fails with the rule's number and RE2's reason.
  static Result<RuleSet> Create(std::vector<RuleConfig> rules);
  RuleSet(RuleSet&&) noexcept;
  RuleSet& operator=(RuleSet&&) noexcept;
  ~RuleSet();

  // The first rule in the order of the configuration that matches; null where none does. The pointer
  // lives as long as the set.
  const RuleConfig* Match(std::string_view line) const;
  bool empty() const;

 private:
  struct Impl;
  explicit RuleSet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace alogd
