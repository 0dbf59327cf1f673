// SPDX-License-Identifier: MIT
// What training reads: parsed records in order, without their text.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/records/numbers.h"
#include "core/types.h"

namespace alogd {

// Templates that a bundle may hold, checked before anything is allocated.
inline constexpr size_t kMaxVocabulary = 200'000;

struct CorpusRecord {
  Time time;            // never kNoTime: a record without one has its predecessor's
  uint32_t word = 0;    // index into Corpus::templates
  uint32_t stream = 0;  // index into Corpus::streams
  uint8_t severity = 0;
  uint32_t numbers = 0;  // its place in Corpus::numbers, from 1; 0: it has none
};

// A thinned corpus cuts streams into parts that must not meet in a window, each with a key of its
// own: that of the stream, the mark, and the part's name. Two tabs stand in no live key: one
// divides source and program, and no program is empty.
inline constexpr std::string_view kPartMark = "\t\t";
inline std::string PartOfStream(std::string_view key, std::string_view part) {
  return std::string(key).append(kPartMark).append(part);
}
// The key that the pipeline gives the stream.
inline std::string_view LiveStream(std::string_view key) {
  return key.substr(0, key.find(kPartMark));
}

struct Corpus {
  std::vector<std::string> templates;  // texts, aliases resolved, by word
  std::vector<std::string> streams;    // keys as Pipeline makes them, or parts of these
  std::vector<CorpusRecord> records;   // in order of time, ties in order of reading
  // Of the records that have any, where `values` is trained: how many, then they themselves.
  std::vector<float> numbers;
  std::span<const float> NumbersOf(const CorpusRecord& record) const {
    return NumbersAt(numbers, record.numbers);
  }
  // For the manifest.
  std::vector<std::string> files;
  uint64_t bytes = 0;
  uint64_t records_seen = 0;                                // before --max-records thinned them out
  std::map<std::string, std::string, std::less<>> formats;  // of headers, by source: see Parser
  std::vector<std::string> golden_lines;  // up to 64 raw lines from all over the input
};

}  // namespace alogd
