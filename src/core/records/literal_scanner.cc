// SPDX-License-Identifier: MIT
// Hashes of four bytes at every few bytes, and a comparison where one is known.
#include "core/records/literal_scanner.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace alogd {
namespace {

constexpr size_t kGram = 4;
// Beyond this a longer step finds no fewer places worth having: lines are some 100 bytes.
constexpr size_t kLongestStep = 16;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool EqualsLower(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return Lower(a) == b; });
}

}  // namespace

uint32_t LiteralScanner::HashAt(const char* four) {
  uint32_t word = 0;
  std::memcpy(&word, four, kGram);
  // Folds the case of letters, and some other characters together, which comparing tells apart
  // again.
  return ((word | 0x20202020u) * 0x9e3779b1u) >> (32 - kHashBits);
}

LiteralScanner::LiteralScanner(std::vector<std::string> literals) : literals_(std::move(literals)) {
  size_t shortest = kLongestStep + kGram - 1;
  for (const std::string& literal : literals_) {
    assert(literal.size() >= kShortest);
    shortest = std::min(shortest, literal.size());
  }
  step_ = shortest - kGram + 1;
  bitmap_.assign((size_t{1} << kHashBits) / 64, 0);
  for (uint32_t i = 0; i < literals_.size(); ++i) {
    for (uint32_t offset = 0; offset < step_; ++offset) {
      const uint32_t hash = HashAt(literals_[i].data() + offset);
      bitmap_[hash / 64] |= uint64_t{1} << (hash % 64);
      places_.push_back({hash, i, offset});
    }
  }
  std::ranges::sort(places_, {}, &Place::hash);
}

void LiteralScanner::Scan(std::string_view line, std::vector<int>* found) const {
  found->clear();
  if (literals_.empty() || line.size() < kGram) return;
  std::vector<bool> seen;
  const char* const begin = line.data();
  const size_t end = line.size() - kGram;
  for (size_t at = 0; at <= end; at += step_) {
    const uint32_t hash = HashAt(begin + at);
    if ((bitmap_[hash / 64] >> (hash % 64) & 1) != 0) [[unlikely]]
      Verify(line, at, hash, &seen, found);
  }
}

void LiteralScanner::Verify(std::string_view line, size_t at, uint32_t hash,
                            std::vector<bool>* seen, std::vector<int>* found) const {
  auto place = std::ranges::lower_bound(places_, hash, {}, &Place::hash);
  for (; place != places_.end() && place->hash == hash; ++place) {
    const std::string& literal = literals_[place->literal];
    if (place->offset > at) continue;
    const std::string_view text = line.substr(at - place->offset, literal.size());
    if (!EqualsLower(text, literal)) continue;
    if (seen->empty()) seen->resize(literals_.size());
    if (!(*seen)[place->literal]) found->push_back(static_cast<int>(place->literal));
    (*seen)[place->literal] = true;
  }
}

}  // namespace alogd
