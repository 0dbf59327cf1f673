// SPDX-License-Identifier: MIT
// Builds and splits stream keys.
#include "core/detection/stream_key.h"

#include <re2/re2.h>

#include <algorithm>

namespace alogd {
namespace {

constexpr char kSeparator = '\t';

// A program name or session key beyond this is cut: it comes from log text.
constexpr size_t kMaxPart = 256;

// States of a pattern's automaton; keys are short, so a pattern that needs more is a mistake.
constexpr int64_t kMaxPatternMemory = 8 << 20;

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
  return keys;
}

bool StreamKeys::Find(std::string_view source, const Header& header, std::string* key) const {
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
  const std::string_view text = header.message;
  if (!session_->Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED, found, groups))
    return false;
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
