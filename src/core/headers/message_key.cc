// SPDX-License-Identifier: MIT
// Words of text by key.
#include "core/headers/message_key.h"

#include <xxhash.h>

#include <algorithm>

#include "core/headers/field_keys.h"
#include "core/headers/scan.h"

namespace alogd {
namespace {

constexpr size_t kMaxName = 64;
constexpr uint64_t kLikely = 2;  // words that a likely key's value counts as beside its own
constexpr uint64_t kMaxWords = uint64_t{1} << 40;

// Words of letters with no more than a mark behind them, if at least two are and half of all are.
uint64_t WordsOfText(std::string_view value) {
  constexpr size_t kSample = 200;
  value = value.substr(0, kSample);
  size_t words = 0, tokens = 0;
  for (size_t at = SkipBlanks(value, 0); at < value.size(); at = SkipBlanks(value, at)) {
    const size_t end = SkipToken(value, at);
    size_t letters = at;
    while (letters < end && (IsAlpha(value[letters]) || (value[letters] & 0x80) != 0)) ++letters;
    words += letters > at + 1 && letters + 1 >= end ? 1 : 0;
    ++tokens;
    at = end;
  }
  return words >= 2 && words * 2 >= tokens ? words : 0;
}

}  // namespace

MessageKey::Key* MessageKey::Find(std::string_view name) {
  for (Key& key : keys_) {
    if (key.name == name) return &key;
  }
  if (keys_.size() >= kMostKeys || name.size() > kMaxName) return nullptr;
  keys_.push_back({std::string(name), 0, 0});
  return &keys_.back();
}

size_t MessageKey::Choose(std::span<const Field> fields) {
  size_t best = fields.size(), chosen = fields.size();
  uint64_t most = 0, of_chosen = 0;
  for (size_t i = 0; i < fields.size(); ++i) {
    const Field& field = fields[i];
    if (!field.string || field.value.empty()) continue;
    const bool likely = IsLikelyMessage(field.key);
    uint64_t words = WordsOfText(field.value);
    if (likely) words += kLikely;
    const bool is_chosen = field.key == chosen_;
    if (words == 0 && !is_chosen) continue;
    Key* key = Find(field.key);
    if (key == nullptr) continue;
    const uint64_t hash = XXH3_64bits(field.value.data(), field.value.size());
    if (hash != key->last) key->words = std::min(key->words + words, kMaxWords);
    key->last = hash;
    if (is_chosen) chosen = i, of_chosen = key->words;
    if (key->words > most) best = i, most = key->words;
  }
  if (best == fields.size()) return chosen;
  if (chosen == fields.size()) {
    const Key* key = chosen_.empty() ? nullptr : Find(chosen_);
    if (key != nullptr) of_chosen = key->words;
  }
  const bool replaced = most * 2 > of_chosen * 3;
  if (replaced) chosen_ = fields[best].key;
  return replaced || chosen == fields.size() ? best : chosen;
}

void MessageKey::Save(StateWriter& out) const {
  out.U64(keys_.size());
  for (const Key& key : keys_) {
    out.Bytes(key.name);
    out.U64(key.words);
    out.U64(key.last);
  }
  out.Bytes(chosen_);
}

bool MessageKey::Load(StateReader& in) {
  keys_.clear();
  const size_t count = in.Count(3);
  if (count > kMostKeys) return in.Fail(), false;
  for (size_t i = 0; i < count && in.ok(); ++i) {
    Key key;
    key.name = in.Bytes().substr(0, kMaxName);
    key.words = std::min(in.U64(), kMaxWords);
    key.last = in.U64();
    keys_.push_back(std::move(key));
  }
  chosen_ = in.Bytes().substr(0, kMaxName);
  return in.ok();
}

}  // namespace alogd
