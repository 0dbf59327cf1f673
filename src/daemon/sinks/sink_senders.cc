// SPDX-License-Identifier: MIT
// Compares what runs with what is wanted.
#include "daemon/sinks/sink_senders.h"

#include <algorithm>
#include <utility>

namespace alogd {
namespace {

// A minute's worth, of which a third is kept for CRITICAL.
std::optional<AlertLimit::Options> LimitOf(const SinkConfig& config) {
  if (config.rate == 0) return {};
  const size_t others = std::max<size_t>(1, size_t{config.rate} * 2 / 3);
  return AlertLimit::Options{std::chrono::seconds(60), config.rate, others};
}

}  // namespace

std::vector<SinkConfig> AllSinks(const Config& config) {
  SinkConfig journal;
  journal.name = journal.kind = kJournalSink;
  journal.min_level = config.journal_min;
  std::vector<SinkConfig> all = {std::move(journal)};
  all.insert(all.end(), config.sinks.begin(), config.sinks.end());
  return all;
}

SinkSenders::SinkSenders(Heartbeats* beats, Hooks hooks)
    : beats_(beats), hooks_(std::move(hooks)) {}

bool SinkSenders::Apply(const std::vector<SinkConfig>& wanted, std::chrono::milliseconds patience) {
  std::vector<Running> ending;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = running_.begin(); it != running_.end();) {
      // A minimum is applied where alerts are put into the outbox.
      const auto same = [&](SinkConfig config) {
        config.min_level = it->second.config.min_level;
        return config == it->second.config;
      };
      if (std::ranges::any_of(wanted, same)) {
        ++it;
      } else {
        ending.push_back(std::move(it->second));
        it = running_.erase(it);
      }
    }
  }
  bool all_ended = true;
  for (Running& running : ending) {
    all_ended = running.sender->Stop(patience) && all_ended;
    hooks_.on_removed(running.config.name);
  }
  for (const SinkConfig& config : wanted) Start(config);
  return all_ended;
}

void SinkSenders::Start(const SinkConfig& config) {
  const std::lock_guard lock(mutex_);
  const auto [it, is_new] = running_.try_emplace(config.name);
  it->second.config = config;
  if (!is_new) return;
  std::unique_ptr<AlertSink> sink = hooks_.make(config);
  if (sink == nullptr) {
    running_.erase(it);
    return;
  }
  AlertSender::Options options;
  options.name = config.name;
  options.limit = LimitOf(config);
  options.on_delivery = [call = hooks_.on_delivery, name = config.name](Delivery delivery) {
    call(name, std::move(delivery));
  };
  it->second.sender = std::make_unique<AlertSender>(
      std::move(sink), beats_->Add("sender of the sink " + config.name), std::move(options));
}

void SinkSenders::Send(const std::string& sink, std::vector<Alert> alerts) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = running_.find(sink); it != running_.end())
      return it->second.sender->Send(std::move(alerts));
  }
  hooks_.on_delivery(sink, {});
}

void SinkSenders::Reopen() {
  const std::lock_guard lock(mutex_);
  for (auto& [name, running] : running_) running.sender->Reopen();
}

std::vector<SinkStatus> SinkSenders::status() const {
  const std::lock_guard lock(mutex_);
  std::vector<SinkStatus> all;
  for (const auto& [name, running] : running_)
    all.push_back({name, running.config.kind, running.config.target, running.sender->stats(), 0});
  return all;
}

bool SinkSenders::Stop(std::chrono::milliseconds patience) {
  const std::lock_guard lock(mutex_);
  bool all_ended = true;
  for (auto& [name, running] : running_) all_ended = running.sender->Stop(patience) && all_ended;
  return all_ended;
}

}  // namespace alogd
