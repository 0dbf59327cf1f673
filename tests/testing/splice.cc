// SPDX-License-Identifier: MIT
// Cuts faults into a log, line by line.
#include "testing/splice.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <random>

namespace alogd {
namespace {

constexpr size_t kSearch = 200;  // lines behind a place in which a kind must find what it needs
// Pauses that can be delayed: shorter ones are not told by a time in seconds, and longer ones are
// none that something waits in.
constexpr Duration kLeastPause = std::chrono::seconds(1), kMostPause = std::chrono::minutes(10);
constexpr int kYear = 2000;  // where the time has none: a leap year, so that every date exists

class Splicer {
 public:
  Splicer(const std::vector<SpliceLine>& log, const SpliceFault& fault, const SpliceTime& time,
          uint64_t seed)
      : log_(log), fault_(fault), time_(time), random_(seed) {}

  Spliced Run(const std::vector<size_t>& places) {
    for (size_t p = 0; p < places.size(); ++p) {
      const size_t next = p + 1 < places.size() ? places[p + 1] : log_.size();
      const size_t end = std::min(next, places[p] + kSearch);
      size_t at = places[p];
      while (at < end && !Fits(at, next)) ++at;
      if (at >= end) continue;
      CopyTo(at);
      out_.faults.push_back(out_.lines.size());
      Do(at);
    }
    CopyTo(log_.size());
    return std::move(out_);
  }

 private:
  bool IsRecord(size_t i) const { return log_[i].message <= log_[i].text.size(); }
  std::string Message(size_t i) const { return log_[i].text.substr(log_[i].message); }

  // Whether the fault can be done at that line, which is before `end`.
  bool Fits(size_t i, size_t end) const {
    if (i == 0 || i < copied_ || !IsRecord(i)) return false;
    switch (fault_.kind) {
      case SpliceKind::kDelete:
        return i + fault_.size < end;
      case SpliceKind::kSwap:
        return i + fault_.size < end && IsRecord(i + fault_.size) &&
               AfterTime(i) != AfterTime(i + fault_.size);
      case SpliceKind::kDelay: {
        const Duration pause = log_[i].time - log_[i - 1].time;
        return pause >= kLeastPause && pause <= kMostPause &&
               MoveTime(log_[i].text, time_, Duration(0));
      }
      case SpliceKind::kNumber:
        return ScaleNumber(Message(i), fault_.size).has_value();
      case SpliceKind::kCut:
        return false;
      default:
        return true;
    }
  }

  void Emit(std::string line, size_t origin) {
    out_.lines.push_back(std::move(line));
    out_.origin.push_back(origin);
  }
  void CopyTo(size_t end) {
    for (; copied_ < end; ++copied_) Emit(log_[copied_].text, copied_);
  }

  size_t EndOfTime(size_t i) const {
    std::tm tm{};
    const std::string& text = log_[i].text;
    if (text.size() < time_.at) return 0;
    const char* const end = strptime(text.c_str() + time_.at, time_.format, &tm);
    return end == nullptr ? 0 : static_cast<size_t>(end - text.c_str());
  }
  std::string AfterTime(size_t i) const { return log_[i].text.substr(EndOfTime(i)); }
  std::string Time(size_t i) const { return log_[i].text.substr(0, EndOfTime(i)); }

  void Do(size_t at) {
    switch (fault_.kind) {
      case SpliceKind::kDelete:
        copied_ = at + fault_.size;
        return;
      case SpliceKind::kSwap:
        return Swap(at, at + fault_.size);
      case SpliceKind::kRepeat:
        CopyTo(at + 1);
        for (uint32_t i = 0; i < fault_.size; ++i) Emit(log_[at].text, at);
        return;
      case SpliceKind::kDelay:
        return Delay(at);
      case SpliceKind::kNumber:
        Emit(log_[at].text.substr(0, log_[at].message) + *ScaleNumber(Message(at), fault_.size),
             at);
        ++copied_;
        return;
      case SpliceKind::kTemplate:
      case SpliceKind::kError:
        return Insert(at);
      case SpliceKind::kCut:
        return;
    }
  }

  void Swap(size_t first, size_t second) {
    Emit(Time(first) + AfterTime(second), first);
    ++copied_;
    CopyTo(second);
    Emit(Time(second) + AfterTime(first), second);
    ++copied_;
  }

  void Delay(size_t at) {
    const auto pause = log_[at].time - log_[at - 1].time;
    alogd::Time now = log_[at].time + pause * static_cast<int64_t>(fault_.size - 1);
    for (; copied_ < log_.size() && log_[copied_].time < now; ++copied_) {
      // What came within the same minute keeps its distance; a later burst waits for this one.
      if (copied_ > at) {
        const Duration gap = log_[copied_].time - log_[copied_ - 1].time;
        if (gap <= std::chrono::minutes(1)) now += gap;
      }
      const auto moved = MoveTime(log_[copied_].text, time_, now - log_[copied_].time);
      Emit(moved.value_or(log_[copied_].text), copied_);
    }
  }

  void Insert(size_t at) {
    std::string message = fault_.kind == SpliceKind::kError ? "error:" : "";
    for (int word = 0; word < 5; ++word) {
      if (!message.empty()) message += ' ';
      for (int syllable = 0; syllable < 3; ++syllable) {
        message += "bdfgklmnprstvz"[random_() % 14];
        message += "aeiou"[random_() % 5];
      }
    }
    const SpliceLine& before = log_[IsRecord(at - 1) ? at - 1 : at];
    const std::string header = before.text.substr(0, before.message);
    for (uint32_t i = 0; i < fault_.size; ++i) Emit(header + message, at);
  }

  const std::vector<SpliceLine>& log_;
  const SpliceFault& fault_;
  const SpliceTime& time_;
  std::mt19937_64 random_;
  size_t copied_ = 0;  // lines of the log that are done with
  Spliced out_;
};

bool Splits(char c) { return std::strchr(" =:(),;[]", c) != nullptr; }

}  // namespace

std::string_view Name(SpliceKind kind) {
  switch (kind) {
    case SpliceKind::kDelete:
      return "delete";
    case SpliceKind::kSwap:
      return "swap";
    case SpliceKind::kRepeat:
      return "repeat";
    case SpliceKind::kDelay:
      return "delay";
    case SpliceKind::kNumber:
      return "number";
    case SpliceKind::kTemplate:
      return "new template";
    case SpliceKind::kError:
      return "new template, \"error\"";
    case SpliceKind::kCut:
      return "cut in the middle";
  }
  return {};
}

std::optional<NumberedSession> SpliceSession(NumberedSession session, const SpliceFault& fault,
                                             uint64_t random) {
  const size_t size = session.size(), k = fault.size;
  const bool within = fault.kind == SpliceKind::kDelete || fault.kind == SpliceKind::kSwap;
  const size_t room = size - std::min(size, within ? k : 0);
  if (room < 2) return std::nullopt;
  const size_t at = random % room;
  const auto place = session.begin() + static_cast<ptrdiff_t>(at);
  switch (fault.kind) {
    case SpliceKind::kDelete:
      session.erase(place, place + static_cast<ptrdiff_t>(k));
      return session;
    case SpliceKind::kSwap:
      for (size_t i = 0; i < room; ++i) {
        const size_t first = (at + i) % room;
        if (session[first] == session[first + k]) continue;
        std::swap(session[first], session[first + k]);
        return session;
      }
      return std::nullopt;
    case SpliceKind::kRepeat:
      session.insert(place, k, session[at]);
      return session;
    case SpliceKind::kCut:
      session.resize(size / 2);
      return session;
    case SpliceKind::kTemplate:
    case SpliceKind::kError:
      session.insert(place, k, kSplicedTemplate);
      return session;
    default:
      return std::nullopt;
  }
}

std::optional<std::string> MoveTime(const std::string& line, const SpliceTime& time, Duration by) {
  if (line.size() < time.at) return std::nullopt;
  std::tm tm{};
  tm.tm_year = kYear - 1900;
  const char* const begin = line.c_str() + time.at;
  const char* const end = strptime(begin, time.format, &tm);
  if (end == nullptr) return std::nullopt;
  const std::time_t moved =
      timegm(&tm) + std::chrono::duration_cast<std::chrono::seconds>(by).count();
  std::tm there{};
  char text[64];
  if (gmtime_r(&moved, &there) == nullptr) return std::nullopt;
  const size_t size = std::strftime(text, sizeof text, time.format, &there);
  return line.substr(0, time.at) + std::string(text, size) + end;
}

std::optional<std::string> ScaleNumber(const std::string& message, uint32_t factor) {
  for (size_t at = 0; at < message.size(); ++at) {
    if (message[at] < '0' || message[at] > '9' || (at > 0 && !Splits(message[at - 1]))) continue;
    uint64_t value = 0;
    const char* const begin = message.data() + at;
    const char* const end = message.data() + message.size();
    const auto [rest, error] = std::from_chars(begin, end, value);
    if (error != std::errc() || value < 2 || value > 1'000'000'000) continue;
    if (rest != end && !Splits(*rest)) continue;
    return fmt::format("{}{}{}", message.substr(0, at), value * factor, std::string(rest, end));
  }
  return std::nullopt;
}

Spliced Splice(const std::vector<SpliceLine>& log, const std::vector<size_t>& places,
               const SpliceFault& fault, const SpliceTime& time, uint64_t seed) {
  return Splicer(log, fault, time, seed).Run(places);
}

}  // namespace alogd
