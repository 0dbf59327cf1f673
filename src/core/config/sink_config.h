// SPDX-License-Identifier: MIT
// A sink of the configuration, and the table of kinds with their keys.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "core/detection/anomaly.h"

namespace alogd {

// A key that belongs to one kind of sink. The value stays text: whoever makes the sink reads it,
// after `check` had nothing to say against it.
struct SinkOption {
  std::string_view key;
  std::string_view fallback;
  std::string (*check)(const std::string& text);  // what is wrong, or nothing
};

// `NAME: TARGET` in a row of `sinks` makes it a sink of this kind.
struct SinkKind {
  std::string_view name;
  std::string_view example;                       // of a target, for messages
  std::string (*check)(const std::string& text);  // of the target
  std::span<const SinkOption> options;
};

// A new kind is a row here and one in daemon/sinks/make_sink.cc.
std::span<const SinkKind> SinkKinds();

struct SinkConfig {
  std::string name;  // of its kind where empty
  RiskLevel min_level = RiskLevel::kHigh;
  uint32_t rate = 0;  // alerts a minute; 0: as many as there are
  std::string kind;
  std::string target;
  std::map<std::string, std::string, std::less<>> options;

  bool operator==(const SinkConfig&) const = default;
  // The option's value; empty where the kind has none of that key.
  std::string_view Option(std::string_view key) const;
};

}  // namespace alogd
