// SPDX-License-Identifier: MIT
// What must not be kept: patterns of secrets, replaced before anything else sees a line.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace alogd {

// Where a pattern has a group, what the group matched is replaced (`password=(\S+)`), else its
// whole match. Patterns are RE2's, unanchored, applied in order, each to what the one before left.
class Redactor {
 public:
  static constexpr std::string_view kMark = "[redacted]";

  // Fails for a pattern that RE2 refuses.
  static Result<Redactor> Create(const std::vector<std::string>& patterns);
  Redactor();
  Redactor(Redactor&&) noexcept;
  Redactor& operator=(Redactor&&) noexcept;
  ~Redactor();

  bool empty() const;
  // `text` itself where nothing matches, else a view of `*buffer`.
  std::string_view Apply(std::string_view text, std::string* buffer) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace alogd
