// SPDX-License-Identifier: MIT
// RE2 over whole lines; a line without a secret costs one search a pattern and no copy.
#include "core/records/redactor.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <utility>

namespace alogd {
namespace {

constexpr int64_t kPatternMemory = 512 << 10;  // of a program and its automaton, as for rules

RE2::Options PatternOptions() {
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(kPatternMemory);
  options.set_encoding(RE2::Options::EncodingLatin1);  // logs need not be UTF-8, secrets neither
  return options;
}

// The stretch that goes: the group's where there is one and it took part, else the whole match.
re2::StringPiece Secret(const re2::StringPiece (&match)[2]) {
  return match[1].data() != nullptr ? match[1] : match[0];
}

// False where nothing matched.
bool Replace(const RE2& pattern, std::string_view text, std::string* out) {
  re2::StringPiece match[2];
  const int groups = pattern.NumberOfCapturingGroups() > 0 ? 2 : 1;
  const re2::StringPiece all(text.data(), text.size());
  size_t copied = 0;
  for (size_t at = 0; at <= text.size();) {
    match[1] = {};
    if (!pattern.Match(all, at, text.size(), RE2::UNANCHORED, match, groups)) break;
    const re2::StringPiece secret = Secret(match);
    const auto begin = static_cast<size_t>(secret.data() - text.data());
    const auto end = static_cast<size_t>(match[0].data() - text.data()) + match[0].size();
    if (!secret.empty() && begin >= copied) {
      out->append(text, copied, begin - copied).append(Redactor::kMark);
      copied = begin + secret.size();
    }
    at = end > at ? end : at + 1;
  }
  if (copied == 0) return false;
  out->append(text, copied, std::string_view::npos);
  return true;
}

}  // namespace

struct Redactor::Impl {
  std::vector<std::unique_ptr<RE2>> patterns;
};

Redactor::Redactor() = default;
Redactor::Redactor(Redactor&&) noexcept = default;
Redactor& Redactor::operator=(Redactor&&) noexcept = default;
Redactor::~Redactor() = default;

Result<Redactor> Redactor::Create(const std::vector<std::string>& patterns) {
  Redactor redactor;
  if (patterns.empty()) return redactor;
  auto impl = std::make_unique<Impl>();
  for (const std::string& text : patterns) {
    auto pattern = std::make_unique<RE2>(text, PatternOptions());
    if (!pattern->ok()) {
      return Error{
          fmt::format("RE2 does not take '{}': {}", text.substr(0, 200), pattern->error())};
    }
    impl->patterns.push_back(std::move(pattern));
  }
  redactor.impl_ = std::move(impl);
  return redactor;
}

bool Redactor::empty() const { return impl_ == nullptr; }

std::string_view Redactor::Apply(std::string_view text, std::string* buffer) const {
  if (!impl_) return text;
  std::string next;
  for (const auto& pattern : impl_->patterns) {
    next.clear();
    if (!Replace(*pattern, text, &next)) continue;
    buffer->swap(next);
    text = *buffer;
  }
  return text;
}

}  // namespace alogd
