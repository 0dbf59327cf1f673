// SPDX-License-Identifier: MIT
// The operator's own masks: what matches them is a variable before words are looked at.
#include "core/templates/user_masks.h"

#include <re2/re2.h>

#include <algorithm>

namespace alogd {

UserMasks::UserMasks() = default;
UserMasks::UserMasks(UserMasks&&) noexcept = default;
UserMasks& UserMasks::operator=(UserMasks&&) noexcept = default;
UserMasks::~UserMasks() = default;

Result<UserMasks> UserMasks::Create(const std::vector<std::string>& patterns) {
  UserMasks masks;
  for (const std::string& pattern : patterns) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(8 << 20);  // RE2's own default, stated: a pattern cannot take more
    auto re = std::make_unique<RE2>(pattern, options);
    if (!re->ok())
      return Error{"user mask '" + pattern + "': " + re->error() + "; write it as RE2 reads it"};
    masks.patterns_.push_back(std::move(re));
  }
  return masks;
}

std::span<const std::string_view> UserMasks::Find(std::string_view message) {
  spans_.clear();
  for (const auto& re : patterns_) {
    re2::StringPiece match;
    const re2::StringPiece text(message.data(), message.size());
    for (size_t at = 0; at < message.size();) {
      if (!re->Match(text, at, message.size(), RE2::UNANCHORED, &match, 1)) break;
      if (!match.empty()) spans_.emplace_back(match.data(), match.size());
      at = static_cast<size_t>(match.data() - message.data()) + std::max<size_t>(match.size(), 1);
    }
  }
  std::sort(spans_.begin(), spans_.end(), [](std::string_view a, std::string_view b) {
    return a.data() != b.data() ? a.data() < b.data() : a.size() > b.size();
  });
  const char* covered = message.data();
  std::erase_if(spans_, [&](std::string_view s) {
    if (s.data() < covered) return true;
    covered = s.data() + s.size();
    return false;
  });
  return spans_;
}

}  // namespace alogd
