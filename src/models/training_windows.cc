// SPDX-License-Identifier: MIT
// Runs a corpus through a Windower.
#include "models/training_windows.h"

#include <algorithm>

namespace alogd {
namespace {

constexpr size_t kBatch = 512;  // windows; each detector makes its own smaller ones of them
constexpr size_t kProgressEvery = 4096;  // records

class Run {
 public:
  Run(const Corpus& corpus, const TrainingSplit& split, const GroupConfig& group,
      const std::vector<WindowSpec>& specs, const CorpusWindowSink& sink)
      : corpus_(corpus),
        split_(split),
        sink_(sink),
        windower_(group.stream, group.max_gap, group.state_budget, specs),
        seen_(split.vocabulary.size(), 0) {}

  bool Feed(std::span<const uint32_t> words, size_t records) {
    Time watermark = corpus_.records.front().time;
    for (size_t i = 0; i < records; ++i) {
      const CorpusRecord& record = corpus_.records[i];
      watermark = std::max(watermark, record.time);
      windower_.Advance(watermark, &out_);
      Mark(i);
      const std::string& key = corpus_.streams[record.stream];
      if (windower_.EndedSinceRelease(key)) Flush();
      windower_.Add(key, MakeEvent(record, words), {}, watermark, &out_);
      Mark(i);
      if (out_.size() >= kBatch) Flush();
      if (i % kProgressEvery == 0 && !Tell(i, records)) return false;
    }
    if (records == corpus_.records.size()) {
      windower_.Advance(kEndOfTime, &out_);
      Mark(records);
    }
    Flush();
    return Tell(records, records);
  }

 private:
  Event MakeEvent(const CorpusRecord& record, std::span<const uint32_t> words) {
    const uint32_t word = split_.word_of[record.word];
    Event event;
    event.time = record.time;
    event.id = TemplateId{word};
    event.word = words[word];
    event.severity = record.severity;
    event.seen = seen_[word];
    event.created = event.seen == 0;
    ++seen_[word];
    return event;
  }

  // What was emitted since the last call was emitted at record i.
  void Mark(size_t i) { held_out_.resize(out_.size(), i >= split_.first_held_out); }

  bool Tell(size_t done, size_t all) const {
    return !sink_.progress || sink_.progress(static_cast<double>(done) / static_cast<double>(all));
  }

  void Flush() {
    std::vector<CorpusWindow> windows;
    for (size_t i = 0; i < out_.size(); ++i) {
      if (out_[i].kind == WindowEvent::Kind::kWindow)
        windows.push_back({windower_.View(out_[i]), out_[i].spec, held_out_[i]});
    }
    if (!windows.empty()) sink_.windows(windows);
    for (const WindowEvent& event : out_) {
      if (event.kind == WindowEvent::Kind::kEnd && sink_.ended)
        sink_.ended(windower_.Key(event.stream));
    }
    out_.clear();
    held_out_.clear();
    windower_.Release();
  }

  const Corpus& corpus_;
  const TrainingSplit& split_;
  const CorpusWindowSink& sink_;
  Windower windower_;
  std::vector<uint32_t> seen_;  // by word
  std::vector<WindowEvent> out_;
  std::vector<bool> held_out_;  // for each of out_
};

}  // namespace

bool RunWindows(const Corpus& corpus, const TrainingSplit& split, const GroupConfig& group,
                const std::vector<WindowSpec>& specs, std::span<const uint32_t> words,
                size_t records, const CorpusWindowSink& sink) {
  return Run(corpus, split, group, specs, sink).Feed(words, records);
}

}  // namespace alogd
