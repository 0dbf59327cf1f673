// SPDX-License-Identifier: MIT
// Joins messages of one kind and counts what goes out.
#include "daemon/message_budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace alogd {
namespace {

constexpr size_t kLongestKind = 512;  // bytes of a text that tell kinds apart

bool IsSpace(char c) { return c == ' ' || c == '\t'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The end of the word at `begin`: of a quoted text its closing quote.
size_t EndOfWord(std::string_view text, size_t begin) {
  const char quote = text[begin];
  if (quote == '\'' || quote == '"') {
    const size_t end = text.find(quote, begin + 1);
    if (end != std::string_view::npos) return end + 1;
  }
  size_t end = begin + 1;
  while (end < text.size() && !IsSpace(text[end])) ++end;
  return end;
}

}  // namespace

std::string KindOfMessage(std::string_view text) {
  text = text.substr(0, kLongestKind);
  std::string kind;
  for (size_t i = 0; i < text.size();) {
    if (IsSpace(text[i])) {
      kind += text[i++];
      continue;
    }
    const size_t end = EndOfWord(text, i);
    const std::string_view word = text.substr(i, end - i);
    const bool names = word.front() == '\'' || word.front() == '"' ||
                       word.find('/') != std::string_view::npos ||
                       std::any_of(word.begin(), word.end(), IsDigit);
    if (names) {
      kind += '#';
    } else {
      kind += word;
    }
    i = end;
  }
  return kind;
}

void MessageBudget::Add(OwnMessage message, Clock::time_point now) {
  std::string key = KindOfMessage(message.text);
  auto it = kinds_.find(key);
  if (it == kinds_.end()) {
    if (kinds_.size() >= kKinds) key.clear();
    it = kinds_.try_emplace(std::move(key), Alike{now, 0, 0, {}}).first;
  }
  Alike& alike = it->second;
  if (++alike.count > kAlike) {
    ++alike.joined;
    alike.example = std::move(message);
  } else if (queue_.size() >= kMost) {
    ++left_out_;
  } else {
    queue_.push_back(std::move(message));
  }
}

// Kinds whose time is over are told and forgotten.
std::optional<OwnMessage> MessageBudget::TakeJoined(Clock::time_point now, bool all) {
  for (auto it = kinds_.begin(); it != kinds_.end();) {
    if (!all && now - it->second.since < kJoinFor) {
      ++it;
      continue;
    }
    Alike alike = std::move(it->second);
    it = kinds_.erase(it);
    if (alike.joined == 0) continue;
    OwnMessage message = std::move(alike.example);
    if (alike.joined > 1) {
      message.text = fmt::format("{} more messages like this within {} s: {}", alike.joined,
                                 kJoinFor.count(), message.text);
      message.source.clear();
    }
    return message;
  }
  return {};
}

bool MessageBudget::Room(Clock::time_point now) {
  while (!sent_.empty() && now - sent_.front() >= kInterval) sent_.pop_front();
  return sent_.size() < kMost;
}

std::optional<OwnMessage> MessageBudget::Take(Clock::time_point now, bool all) {
  if (!Room(now)) return {};
  std::optional<OwnMessage> message;
  if (!queue_.empty()) {
    message = std::move(queue_.front());
    queue_.pop_front();
  } else if (left_out_ > 0) {
    message = OwnMessage{
        4,
        fmt::format("{} messages of alogd about itself were left out: more than {} waited",
                    std::exchange(left_out_, 0), kMost),
        nullptr,
        "",
        "",
        ""};
  } else {
    message = TakeJoined(now, all);
  }
  if (message) sent_.push_back(now);
  return message;
}

MessageBudget::Clock::time_point MessageBudget::due() const {
  Clock::time_point due = Clock::time_point::max();
  for (const auto& [kind, alike] : kinds_) due = std::min(due, alike.since + kJoinFor);
  return due;
}

}  // namespace alogd
