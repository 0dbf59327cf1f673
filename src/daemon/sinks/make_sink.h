// SPDX-License-Identifier: MIT
// From a sink's configuration to the sink.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "core/config/sink_config.h"
#include "daemon/sinks/alert_sink.h"

namespace alogd {

// How a kind of SinkKinds comes to life.
struct SinkMaker {
  std::string_view kind;
  std::unique_ptr<AlertSink> (*make)(const SinkConfig& config);
};

std::span<const SinkMaker> SinkMakers();
// Null for a kind that is not in the table.
std::unique_ptr<AlertSink> MakeSink(const SinkConfig& config,
                                    std::span<const SinkMaker> makers = SinkMakers());

}  // namespace alogd
