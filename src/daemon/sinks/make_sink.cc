// SPDX-License-Identifier: MIT
// The table of sinks: a row a kind.
#include "daemon/sinks/make_sink.h"

#include <algorithm>

#include "core/config/config.h"
#include "core/config/config_values.h"
#include "daemon/journal_sender.h"
#include "daemon/logging.h"
#include "daemon/sinks/file_sink.h"

namespace alogd {
namespace {

// One entry an alert with all its fields under systemd; lines for a person elsewhere.
std::unique_ptr<AlertSink> MakeJournalSink(const SinkConfig&) {
  if (ErrorGoesToJournal()) return std::make_unique<JournalSink>();
  return std::make_unique<StderrSink>();
}

std::unique_ptr<AlertSink> MakeFileSink(const SinkConfig& config) {
  FileSinkOptions options{.path = config.target};
  if (const auto size = ParseSize(config.Option("max_size"))) options.max_size = *size;
  if (const auto keep = CountValue{}.Parse(config.Option("keep")))
    options.keep = static_cast<uint32_t>(*keep);
  return std::make_unique<FileSink>(std::move(options));
}

// The journal has no row in SinkKinds: it is there without configuration.
constexpr SinkMaker kMakers[] = {{kJournalSink, MakeJournalSink}, {"file", MakeFileSink}};

}  // namespace

std::span<const SinkMaker> SinkMakers() { return kMakers; }

std::unique_ptr<AlertSink> MakeSink(const SinkConfig& config, std::span<const SinkMaker> makers) {
  const auto maker = std::ranges::find(makers, config.kind, &SinkMaker::kind);
  return maker == makers.end() ? nullptr : maker->make(config);
}

}  // namespace alogd
