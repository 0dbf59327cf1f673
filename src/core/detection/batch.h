// SPDX-License-Identifier: MIT
// What happened since the last flush, in order: windows to score and what must not overtake them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.h"
#include "core/detection/rule_counts.h"
#include "core/detection/watch.h"
#include "core/detection/window.h"
#include "core/records/numbers.h"
#include "core/types.h"

namespace alogd {

// The record that a step belongs to, as much of it as an anomaly would quote.
struct BatchRecord {
  SourceId source{};
  RecordRef ref;
  TemplateId id = kNoTemplate;
  Time time;
  uint8_t severity = 0;
  size_t text_begin = 0;  // of its message in Batch::text
  size_t text_size = 0;
};

struct BatchStep {
  enum class Kind : uint8_t { kWindow, kClose, kForget, kRule, kRaise, kWatch };
  static constexpr uint32_t kNoRecord = UINT32_MAX;

  Kind kind = Kind::kWindow;
  uint32_t record = kNoRecord;       // index; none for what a deadline ended
  WindowEvent window;                // kWindow; its stream for kClose and kForget
  const RuleConfig* rule = nullptr;  // kRule
  std::string key;                   // kRaise, kRule: the stream's
  RuleBurst burst;                   // kRule: what a counted rule found
  uint64_t number = 0;               // kRaise: of the record in it; kWatch: index into watched
  uint8_t severity = 0;              // kRaise
};

// Scoring waits until `kWindows` windows of one detector have come together, because a matrix
// product over 64 columns costs little more than one over a single column. Everything else that
// depends on the order of scores waits with them, so that a flush at any moment gives the same
// anomalies.
struct Batch {
  static constexpr uint32_t kWindows = 64;
  static constexpr size_t kMaxQuote = 1024;  // bytes of a message kept for quoting

  std::vector<BatchStep> steps;
  std::vector<BatchRecord> records;
  WatchSteps watched;
  std::string text;
  std::vector<float> numbers;         // see ScoreContext::numbers
  uint32_t most = 0;                  // windows of the detector that has most
  std::vector<uint32_t> by_detector;  // windows of each

  void Clear() {
    steps.clear();
    records.clear();
    watched.clear();
    text.clear();
    numbers.clear();
    most = 0;
    by_detector.assign(by_detector.size(), 0);
  }
  uint32_t AddRecord(SourceId source, const RecordRef& ref, TemplateId id, Time time,
                     uint8_t severity, std::string_view message) {
    message = message.substr(0, kMaxQuote);
    records.push_back({source, ref, id, time, severity, text.size(), message.size()});
    text.append(message);
    return static_cast<uint32_t>(records.size() - 1);
  }
  // The place of a record's numbers, from 1. Each record with numbers ends a window, so that a
  // batch has few of them.
  uint16_t AddNumbers(std::span<const float> of_record) {
    if (numbers.size() >= UINT16_MAX) return 0;
    return static_cast<uint16_t>(AppendNumbers(of_record, &numbers));
  }
  std::string_view Message(const BatchRecord& record) const {
    return std::string_view(text).substr(record.text_begin, record.text_size);
  }
};

}  // namespace alogd
