// SPDX-License-Identifier: MIT
// Which field of a source's JSON or logfmt lines is the message, where its key does not say so.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/headers/json_line.h"
#include "core/state.h"

namespace alogd {

// Counts the words that fields hold as text, each new value once: a message is text and varies, a
// name of three words is always the same. The key with most words is the message's; another one
// takes its place only with half as many again, so that a source keeps its templates.
class MessageKey {
 public:
  // The index of the message among a line's fields, which no known key names; fields.size() where
  // none is text.
  size_t Choose(std::span<const Field> fields);

  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in);

 private:
  static constexpr size_t kMostKeys = 16;  // of a source; lines with more have other fields, too
  struct Key {
    std::string name;
    uint64_t words = 0;
    uint64_t last = 0;  // hash of the value that came last
  };
  Key* Find(std::string_view name);

  std::vector<Key> keys_;  // a short list: most sources have one or two such fields
  std::string chosen_;
};

}  // namespace alogd
