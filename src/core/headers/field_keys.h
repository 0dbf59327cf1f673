// SPDX-License-Identifier: MIT
// What the keys of JSON and logfmt lines are called, and what their values say.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/record.h"

namespace alogd {

enum class FieldPart : uint8_t { kNone, kMessage, kTime, kNanos, kLevel, kProgram, kHost, kPid };
constexpr size_t kFieldParts = 8;

struct FieldKey {
  FieldPart part = FieldPart::kNone;
  uint8_t rank = 0;  // of several keys of one part the lowest counts
};

// Of a key in any case; members of nested objects are joined by dots ("log.level").
FieldKey FindFieldKey(std::string_view key);
// Members of objects under this key are known.
bool HoldsKnownFields(std::string_view key);
// Keys that hold the message where no known one does: description, RenderedMessage, error.
bool IsLikelyMessage(std::string_view key);

// A level as fields write it: words, letters with a number ("D2"), names with a prefix
// ("Level.INFO", "LOG_ERR"), numbers of syslog, bunyan and pino, logback, java.util.logging.
Level LevelOfField(std::string_view value);
// The same for the value of a known key: some hold other things too, or count otherwise.
Level LevelOfKey(std::string_view key, std::string_view value);

}  // namespace alogd
