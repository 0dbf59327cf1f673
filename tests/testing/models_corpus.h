// SPDX-License-Identifier: MIT
// Small corpora with a known grammar, for the tests of training and bundles.
#pragma once

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/config/config.h"
#include "models/corpus/corpus.h"

namespace alogd::testing {

inline const std::vector<std::string>& ServiceTemplates() {
  static const std::vector<std::string> texts = {
      "connection from <*> opened",  "request <*> started",     "read block <*> of <*> bytes",
      "cache miss for <*>",          "request <*> finished ok", "connection from <*> closed",
      "nightly backup of <*> begun", "nightly backup finished", "checksum of block <*> is wrong",
      "disk <*> is failing"};
  return texts;
}

// A service that opens a connection, serves some requests, closes it; one record a `second`.
// Words 0 to 5 by grammar; 6 and 7 once a day.
class ServiceGrammar {
 public:
  explicit ServiceGrammar(unsigned seed) : random_(seed) {}
  uint32_t Next() {
    const uint32_t r = static_cast<uint32_t>(random_() % 100);
    switch (state_) {
      case 0:
        return state_ = 1, 0;  // opened
      case 1:
        return state_ = 2, 1;  // started
      case 2:
        if (r < 20) return 3;  // miss
        return state_ = 3, 2;  // read
      case 3:
        if (r < 30) return 2;
        return state_ = 4, 4;  // finished
      default:
        if (r < 60) return state_ = 2, 1;  // another request
        return state_ = 0, 5;              // closed
    }
  }

 private:
  std::mt19937 random_;
  int state_ = 0;
};

inline CorpusRecord RecordAt(int64_t second, uint32_t word, uint32_t stream) {
  CorpusRecord record;
  record.time = FromMicros(1'700'000'000'000'000 + second * 1'000'000);
  record.word = word;
  record.stream = stream;
  record.severity = 20;
  return record;
}

// Two streams of the grammar taking turns, `step` seconds from record to record.
inline Corpus ServiceCorpus(size_t records, unsigned seed, int64_t step = 10) {
  Corpus corpus;
  corpus.templates = ServiceTemplates();
  corpus.streams = {"app.log\tserver", "app.log\tworker"};
  corpus.files = {"/var/log/app.log"};
  ServiceGrammar grammar[2] = {ServiceGrammar(seed), ServiceGrammar(seed + 1)};
  for (size_t i = 0; i < records; ++i) {
    const auto stream = static_cast<uint32_t>(i % 2);
    corpus.records.push_back(
        RecordAt(static_cast<int64_t>(i) * step, grammar[stream].Next(), stream));
  }
  corpus.bytes = records * 50;
  corpus.records_seen = records;
  return corpus;
}

// Sessions of one connection each, 20 at a time; keys are unique.
inline Corpus SessionCorpus(size_t sessions, unsigned seed) {
  Corpus corpus;
  corpus.templates = ServiceTemplates();
  int64_t second = 0;
  for (uint32_t first = 0; first < sessions; first += 20) {
    std::vector<ServiceGrammar> open;
    for (uint32_t i = 0; i < 20; ++i) {
      open.emplace_back(seed + first + i);
      corpus.streams.push_back("\tblk_" + std::to_string(first + i));
    }
    std::vector<bool> done(20, false);
    for (size_t left = 20; left > 0;) {
      for (uint32_t i = 0; i < 20; ++i) {
        if (done[i]) continue;
        const uint32_t word = open[i].Next();
        corpus.records.push_back(RecordAt(++second, word, first + i));
        if (word == 5) done[i] = true, --left;
      }
    }
    second += 3600;
  }
  corpus.records_seen = corpus.records.size();
  return corpus;
}

// Small enough to train within a second.
inline GroupConfig SmallGroup() {
  GroupConfig group;
  group.name = "app";
  group.deeplog.layers = {16};
  group.deeplog.embedding = 8;
  group.deeplog.epochs = 4;
  group.deeplog.window = 6;
  return group;
}

}  // namespace alogd::testing
