// SPDX-License-Identifier: MIT
// The keys of one row of `sinks`, for the visitors of config_schema.h.
#pragma once

#include <span>
#include <string>

#include "core/config/config_values.h"
#include "core/config/sink_config.h"

namespace alogd {

template <typename V>
void DescribeSink(V& v, SinkConfig& sink, std::span<const SinkKind> kinds = SinkKinds()) {
  v.Key("name", &sink.name, TextValue{CheckGroupName});
  v.Key("min_level", &sink.min_level, LevelValue{});
  v.Key("rate", &sink.rate, CountValue{0, 1'000'000});
  for (const SinkKind& kind : kinds) {
    // A row is of one kind: the keys of others are unknown to it.
    if (!sink.kind.empty() && sink.kind != kind.name) continue;
    v.Key(kind.name, &sink.target, TextValue{kind.check});
    if (sink.target.empty()) continue;
    sink.kind = kind.name;
    for (const SinkOption& option : kind.options) {
      std::string& value =
          sink.options.try_emplace(std::string(option.key), option.fallback).first->second;
      v.Key(option.key, &value, TextValue{option.check});
    }
  }
}

}  // namespace alogd
