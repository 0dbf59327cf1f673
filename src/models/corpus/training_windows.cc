// SPDX-License-Identifier: MIT
// Runs a corpus through a Windower.
#include "models/corpus/training_windows.h"

#include <algorithm>
#include <numeric>

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
        numbers_wanted_(std::any_of(specs.begin(), specs.end(),
                                    [](const WindowSpec& spec) { return spec.each; })),
        seen_(split.vocabulary.size(), 0) {
    // What is trained on and comes later is no news in the held-out part either.
    for (size_t i = 0; i < corpus.records.size(); ++i)
      if (split.TrainedAfter(i)) ++seen_[split.word_of[corpus.records[i].word]];
  }

  bool Feed(std::span<const uint32_t> words) {
    const size_t records = corpus_.records.size();
    Time watermark = corpus_.records.front().time;
    for (size_t i = 0; i < records; ++i) {
      const CorpusRecord& record = corpus_.records[i];
      watermark = std::max(watermark, record.time);
      windower_.Advance(watermark, &out_);
      const std::string& key = corpus_.streams[record.stream];
      if (windower_.EndedSinceRelease(key)) Flush();
      // Where the pipeline notes a record's place in its file, its number: see Flush.
      const RecordRef number{.file = {}, .offset = i, .bytes = 0};
      windower_.Add(key, MakeEvent(record, words), number, watermark, &out_);
      if (out_.size() >= kBatch) Flush();
      if (i % kProgressEvery == 0 && !Tell(i)) return false;
    }
    windower_.Advance(kEndOfTime, &out_);
    Flush();
    return Tell(records);
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
    if (const auto numbers = corpus_.NumbersOf(record); numbers_wanted_ && !numbers.empty()) {
      event.numbers = static_cast<uint16_t>(AppendNumbers(numbers, &numbers_));
    }
    return event;
  }

  bool Tell(size_t done) const {
    const double all = static_cast<double>(corpus_.records.size());
    return !sink_.progress || sink_.progress(static_cast<double>(done) / all);
  }

  void Flush() {
    std::vector<CorpusWindow> windows;
    for (const WindowEvent& event : out_) {
      if (event.kind != WindowEvent::Kind::kWindow) continue;
      const uint64_t last = windower_.Refs(event).back().offset;
      windows.push_back({windower_.View(event), event.spec, split_.HeldOut(last), last, numbers_});
    }
    if (!windows.empty()) sink_.windows(windows);
    for (const WindowEvent& event : out_) {
      if (event.kind == WindowEvent::Kind::kEnd && sink_.ended)
        sink_.ended(windower_.Key(event.stream));
    }
    out_.clear();
    numbers_.clear();
    windower_.Release();
  }

  const Corpus& corpus_;
  const TrainingSplit& split_;
  const CorpusWindowSink& sink_;
  Windower windower_;
  bool numbers_wanted_;
  std::vector<float> numbers_;  // since the last Flush; each record of them ended a window
  std::vector<uint32_t> seen_;  // by word
  std::vector<WindowEvent> out_;
};

}  // namespace

bool RunWindows(const Corpus& corpus, const TrainingSplit& split, const GroupConfig& group,
                const std::vector<WindowSpec>& specs, std::span<const uint32_t> words,
                const CorpusWindowSink& sink) {
  return Run(corpus, split, group, specs, sink).Feed(words);
}

bool RunWindows(const Corpus& corpus, const TrainingSplit& split, const GroupConfig& group,
                const WindowSpec& spec, const CorpusWindowSink& sink) {
  std::vector<uint32_t> words(split.vocabulary.size());
  std::iota(words.begin(), words.end(), 0u);
  return RunWindows(corpus, split, group, std::vector<WindowSpec>{spec}, words, sink);
}

bool HasRare(const TrainingSplit& split, const Window& window) {
  return std::any_of(window.events.begin(), window.events.end(),
                     [&](const Event& event) { return split.rare[Index(event.id)]; });
}

}  // namespace alogd
