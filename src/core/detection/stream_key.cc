// SPDX-License-Identifier: MIT
// Builds and splits stream keys.
#include "core/detection/stream_key.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstring>

namespace alogd {
namespace {

constexpr char kSeparator = '\t';

// A program name or session key beyond this is cut: it comes from log text.
constexpr size_t kMaxPart = 256;

// States of a pattern's automaton; keys are short, so a pattern that needs more is a mistake.
constexpr int64_t kMaxPatternMemory = 8 << 20;

// The literal that each match of `pattern` begins with, as "blk_" of "blk_-?\\d+". Empty where it
// is not plain to see: with alternatives, or a group, class or flag at the beginning.
std::string LiteralPrefix(std::string_view pattern) {
  if (pattern.find('|') != std::string_view::npos) return {};
  const size_t end = std::min(pattern.find_first_of("\\^$.[]()*+?{}"), pattern.size());
  const bool repeated =
      end < pattern.size() && std::string_view("*+?{").find(pattern[end]) != std::string_view::npos;
  return std::string(pattern.substr(0, repeated && end > 0 ? end - 1 : end));
}

// The leftmost match. Where its beginning is known it is looked for first: a search without an
// anchor goes through the text twice, and then through the match.
bool Search(const RE2& pattern, const std::string& prefix, std::string_view text,
            re2::StringPiece* found, int groups) {
  constexpr int kMostTries = 8;  // a hostile text repeats the prefix
  const re2::StringPiece all(text.data(), text.size());
  size_t at = 0;
  for (int tries = 0; !prefix.empty() && tries < kMostTries; ++tries, ++at) {
    const void* const hit =
        memmem(text.data() + at, text.size() - at, prefix.data(), prefix.size());
    if (hit == nullptr) return false;
    at = static_cast<size_t>(static_cast<const char*>(hit) - text.data());
    if (pattern.Match(all, at, text.size(), RE2::ANCHOR_START, found, groups)) return true;
  }
  return pattern.Match(all, at, text.size(), RE2::UNANCHORED, found, groups);
}

}  // namespace

StreamKeys::StreamKeys(StreamOptions::Kind kind) : kind_(kind) {}
StreamKeys::StreamKeys(StreamKeys&&) noexcept = default;
StreamKeys& StreamKeys::operator=(StreamKeys&&) noexcept = default;
StreamKeys::~StreamKeys() = default;

Result<StreamKeys> StreamKeys::Create(const StreamOptions& options) {
  StreamKeys keys(options.kind);
  if (options.kind != StreamOptions::Kind::kSession) return keys;
  RE2::Options quiet(RE2::Quiet);
  quiet.set_max_mem(kMaxPatternMemory);
  keys.session_ = std::make_unique<RE2>(options.session, quiet);
  if (!keys.session_->ok())
    return Error{"stream.session '" + options.session +
                 "' is not a valid pattern: " + keys.session_->error()};
  keys.prefix_ = LiteralPrefix(options.session);
  return keys;
}

std::string_view StreamKeys::pattern() const {
  return session_ ? std::string_view(session_->pattern()) : std::string_view();
}

bool StreamKeys::Find(std::string_view source, const Header& header, std::string_view text,
                      std::string* key) const {
  key->clear();
  if (!session_) {
    key->append(source).push_back(kSeparator);
    // Only a log that many programs share (it names the host too) is split by program: in the log
    // of one application the same column is a logger or module, and its records belong together.
    if (kind_ == StreamOptions::Kind::kProgram && !header.host.empty())
      key->append(header.program.substr(0, kMaxPart));
    return true;
  }
  re2::StringPiece found[2];
  const int groups = session_->NumberOfCapturingGroups() > 0 ? 2 : 1;
  if (!Search(*session_, prefix_, header.message, found, groups) &&
      (text.size() <= header.message.size() || !Search(*session_, prefix_, text, found, groups))) {
    return false;
  }
  const re2::StringPiece& match = found[groups - 1];
  key->push_back(kSeparator);  // sessions cross sources
  key->append(match.data(), std::min(match.size(), kMaxPart));
  return true;
}

std::pair<std::string, std::string> StreamKeys::Split(std::string_view key) {
  const size_t split = key.find(kSeparator);
  std::string source(key.substr(0, split));
  std::string stream(split == std::string_view::npos ? std::string_view() : key.substr(split + 1));
  if (stream.empty()) stream = source;
  return {std::move(source), std::move(stream)};
}

}  // namespace alogd
