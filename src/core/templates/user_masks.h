// SPDX-License-Identifier: MIT
// The operator's own masks: what matches them is a variable before words are looked at.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace re2 {
class RE2;
}

namespace alogd {

class UserMasks {
 public:
  // Fails for a pattern that RE2 refuses.
  static Result<UserMasks> Create(const std::vector<std::string>& patterns);
  UserMasks(UserMasks&&) noexcept;
  UserMasks& operator=(UserMasks&&) noexcept;
  ~UserMasks();

  // The parts of `message` that match, in order and apart; where two begin together the longer one.
  // Valid until the next call.
  std::span<const std::string_view> Find(std::string_view message);

 private:
  UserMasks();
  std::vector<std::unique_ptr<re2::RE2>> patterns_;
  std::vector<std::string_view> spans_;
};

}  // namespace alogd
