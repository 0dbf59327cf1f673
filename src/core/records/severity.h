// SPDX-License-Identifier: MIT
// Severity of a record: 0 to 100 from its level, else its words, raised by exceptions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "core/records/word_filter.h"

namespace alogd {

// The tables, as the configuration gives them; values are severities from 0 to 100.
struct SeverityOptions {
  struct Words {
    uint8_t severity;
    std::vector<std::string>
        words;  // matched as whole words or word beginnings, ASCII case ignored
  };
  // By level, index Level; kNone is not used.
  uint8_t levels[10] = {20, 10, 10, 20, 20, 60, 80, 100, 100, 100};
  std::vector<Words> words = {
      {100, {"panic", "fatal", "segfault"}},
      {80, {"error", "exception", "fail", "denied", "refused", "corrupt"}},
      {60, {"warn", "timeout", "retry"}},
  };
  uint8_t otherwise = 20;
  // Exception class names (the last dotted part, or a part of it) by the severity they raise to.
  std::vector<Words> exceptions = {
      {100,
       {"OutOfMemoryError", "StackOverflowError", "VirtualMachineError", "InternalError",
        "MemoryError", "SystemExit", "bad_alloc"}},
      {80,
       {"SQL", "IOException", "IOError", "OSError", "Connect", "Connection", "Socket",
        "NullPointer", "Timeout", "Database", "Disk", "FileSystem"}},
  };
  uint8_t other_exception = 60;
  uint8_t silence = 60;  // a stream that stopped talking has no words of its own
  uint8_t rate = 40;     // neither has a burst
};

// Immutable after construction; safe to share between threads.
class SeverityTable {
 public:
  explicit SeverityTable(const SeverityOptions& options);

  // By level; without one by the first table row of which a word occurs. An exception in the
  // message raises it.
  uint8_t OfRecord(Level level, std::string_view message) const;
  // What a continuation line raises its record to: an exception's severity, else 0.
  uint8_t OfContinuation(std::string_view line) const;
  const SeverityOptions& options() const { return options_; }

 private:
  // Something that can begin at a word's first letter.
  struct Entry {
    std::string text;  // words: in lower case
    uint8_t severity = 0;
    uint32_t row = 0;        // of options_.words
    bool exception = false;  // a class name that does not end like one, matched whole
  };
  struct Bucket {
    uint32_t begin = 0, end = 0;  // range of entries_
  };

  void BuildEntries();
  uint8_t ExceptionSeverity(std::string_view class_name) const;
  uint8_t OfEnding(std::string_view text, size_t at) const;
  uint8_t OfEntry(const Entry& entry, std::string_view text, size_t at) const;

  SeverityOptions options_;
  std::vector<Entry> entries_;   // by first byte
  WordFilter any_, exceptions_;  // of all entries, of exceptions alone
  Bucket buckets_[256];          // of entries_, by first byte in either case
};

}  // namespace alogd
