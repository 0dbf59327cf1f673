// SPDX-License-Identifier: MIT
// The kinds of sinks and the keys of each.
#include "core/config/sink_config.h"

#include "core/config/config.h"
#include "core/config/config_values.h"

namespace alogd {
namespace {

std::string CheckSize(const std::string& text) {
  const Result<uint64_t> size = ParseSize(text);
  return size ? std::string() : size.error().message;
}

std::string CheckKeep(const std::string& text) {
  const Result<uint64_t> count = CountValue{0, 1000}.Parse(text);
  return count ? std::string() : count.error().message;
}

// max_size 0: never by size, logrotate does it.
constexpr SinkOption kFileOptions[] = {{"max_size", "64M", CheckSize}, {"keep", "4", CheckKeep}};

constexpr SinkKind kKinds[] = {
    {"file", "/var/lib/alogd/alerts.jsonl", CheckAbsolute, kFileOptions},
};

}  // namespace

std::span<const SinkKind> SinkKinds() { return kKinds; }

std::string_view SinkConfig::Option(std::string_view key) const {
  const auto it = options.find(key);
  return it == options.end() ? std::string_view() : std::string_view(it->second);
}

}  // namespace alogd
