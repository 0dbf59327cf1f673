// SPDX-License-Identifier: MIT
// Divides a corpus by time and finds its rare templates.
#include "models/corpus/training_split.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "core/detection/detector.h"

namespace alogd {
namespace {

constexpr size_t kLeastRecords = 50;  // below, not even a threshold can be guessed
constexpr int64_t kDayUs = 86'400'000'000;
// Logs written within a moment (a test, a benchmark) still have a rate a day; a minute bounds it.
constexpr double kLeastDays = 1.0 / 1440;

bool IsSession(const GroupConfig& group) {
  return group.stream.kind == StreamOptions::Kind::kSession;
}

double Days(Time from, Time to) {
  const double us = static_cast<double>(Micros(to)) - static_cast<double>(Micros(from));
  return std::max(kLeastDays, us / static_cast<double>(kDayUs));
}

Status CheckCorpus(const Corpus& corpus) {
  if (corpus.records.size() < kLeastRecords) {
    return Error{
        fmt::format("{} records are too few to train on, at least {} are needed; give more logs",
                    corpus.records.size(), kLeastRecords)};
  }
  for (const CorpusRecord& record : corpus.records) {
    if (record.word >= corpus.templates.size() || record.stream >= corpus.streams.size())
      return Error{
          "the corpus is inconsistent: a record names a template or stream it does not have"};
  }
  return {};
}

// Two templates may have come to the same text; those without a record are none.
Status MakeVocabulary(const Corpus& corpus, TrainingSplit* split) {
  std::vector<bool> used(corpus.templates.size(), false);
  for (const CorpusRecord& record : corpus.records) used[record.word] = true;
  std::unordered_map<std::string_view, uint32_t> words;
  split->word_of.assign(corpus.templates.size(), kUnknownWord);
  for (size_t i = 0; i < corpus.templates.size(); ++i) {
    if (!used[i]) continue;
    const auto next = static_cast<uint32_t>(split->vocabulary.size());
    const auto [it, added] = words.emplace(corpus.templates[i], next);
    if (added) split->vocabulary.push_back(corpus.templates[i]);
    split->word_of[i] = it->second;
  }
  if (split->vocabulary.size() <= kMaxVocabulary) return {};
  return Error{
      fmt::format("{} templates, over the limit of {}: these lines hardly repeat; alogctl parse "
                  "--preview shows what was taken for a template",
                  split->vocabulary.size(), kMaxVocabulary)};
}

// In how many different units (sessions or days) each word of the trained part occurs.
template <typename UnitOf>
std::vector<uint64_t> Support(const Corpus& corpus, const TrainingSplit& split, UnitOf unit_of) {
  std::vector<uint64_t> pairs;
  pairs.reserve(corpus.records.size());
  for (size_t i = 0; i < corpus.records.size(); ++i) {
    if (split.HeldOut(i)) continue;
    const CorpusRecord& record = corpus.records[i];
    pairs.push_back((uint64_t{split.word_of[record.word]} << 32) | unit_of(record));
  }
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  std::vector<uint64_t> support(split.vocabulary.size(), 0);
  for (const uint64_t pair : pairs) ++support[pair >> 32];
  return support;
}

void FindRareInSessions(const Corpus& corpus, TrainingSplit* split) {
  std::vector<bool> seen(corpus.streams.size(), false);
  for (size_t i = 0; i < corpus.records.size(); ++i)
    if (!split->HeldOut(i)) seen[corpus.records[i].stream] = true;
  split->sessions = static_cast<uint64_t>(std::count(seen.begin(), seen.end(), true));
  const std::vector<uint64_t> support =
      Support(corpus, *split, [](const CorpusRecord& record) { return record.stream; });
  const double least = kSupportFloor * static_cast<double>(split->sessions);
  for (size_t word = 0; word < support.size(); ++word)
    split->rare[word] = static_cast<double>(support[word]) < std::max(least, 0.5);
  split->rare_rule =
      fmt::format("in fewer than {:.1f}% of {} sessions", 100 * kSupportFloor, split->sessions);
}

void FindRareInStreams(const Corpus& corpus, TrainingSplit* split) {
  const std::vector<uint64_t> days = Support(corpus, *split, [](const CorpusRecord& record) {
    return static_cast<uint32_t>(Micros(record.time) / kDayUs);
  });
  const size_t trained = corpus.records.size() - (split->end_held_out - split->first_held_out);
  const auto share = static_cast<uint64_t>(std::ceil(kSupportShare * static_cast<double>(trained)));
  const uint64_t least = std::max(kSupportRecords, share);
  const bool by_days = split->days >= kSupportDays;
  for (size_t word = 0; word < days.size(); ++word) {
    const bool few = split->train_counts[word] < least;
    split->rare[word] = few && (!by_days || days[word] < kSupportDays);
  }
  split->rare_rule = fmt::format("fewer than {} records", least);
  if (by_days) split->rare_rule += fmt::format(" on fewer than {} days", kSupportDays);
}

void CountWordsOf(const Corpus& corpus, TrainingSplit* split) {
  split->counts.assign(split->vocabulary.size(), 0);
  split->train_counts = split->counts;
  split->rare.assign(split->vocabulary.size(), false);
  for (size_t i = 0; i < corpus.records.size(); ++i) {
    const uint32_t word = split->word_of[corpus.records[i].word];
    ++split->counts[word];
    if (!split->HeldOut(i)) ++split->train_counts[word];
  }
}

Result<TrainingSplit> Divide(const Corpus& corpus, const GroupConfig& group, size_t first,
                             size_t end) {
  if (const Status status = CheckCorpus(corpus); !status) return status.error();
  TrainingSplit split;
  if (const Status status = MakeVocabulary(corpus, &split); !status) return status.error();
  split.first_held_out = first;
  split.end_held_out = end;
  CountWordsOf(corpus, &split);
  split.days = Days(corpus.records.front().time, corpus.records.back().time);
  if (first < end)
    split.held_out_days = Days(corpus.records[first].time, corpus.records[end - 1].time);
  if (IsSession(group))
    FindRareInSessions(corpus, &split);
  else
    FindRareInStreams(corpus, &split);
  return split;
}

// Runs of the streams that are open.
class SequenceMaker {
 public:
  SequenceMaker(const Corpus& corpus, const TrainingSplit& split, const GroupConfig& group)
      : corpus_(corpus),
        split_(split),
        sessions_(IsSession(group)),
        max_records_(sessions_ ? group.stream.max_records : UINT32_MAX),
        pause_(sessions_ ? group.stream.idle : group.max_gap),
        open_(corpus.streams.size()) {}

  TrainingSequences Make() {
    Time watermark = corpus_.records.front().time;
    for (size_t i = 0; i < corpus_.records.size(); ++i) {
      const CorpusRecord& record = corpus_.records[i];
      watermark = std::max(watermark, record.time);
      // A stream is cut at the split; a session is not.
      if ((i == split_.first_held_out || i == split_.end_held_out) && !sessions_) CloseAll();
      Open& open = open_[record.stream];
      if (!open.words.empty() && watermark - open.last > pause_) Close(&open);
      const uint32_t word = split_.word_of[record.word];
      open.words.push_back(split_.rare[word] ? kUnknownWord : word);
      open.last = watermark;
      open.held_out = split_.HeldOut(i);
      if (open.words.size() >= max_records_) Close(&open);
    }
    CloseAll();
    return std::move(out_);
  }

 private:
  struct Open {
    std::vector<uint32_t> words;
    Time last{};
    bool held_out = false;  // its last record is
  };

  void CloseAll() {
    for (Open& open : open_) Close(&open);
  }

  void Close(Open* open) {
    if (open->words.empty()) return;
    const auto& words = open->words;
    const bool rare = std::find(words.begin(), words.end(), kUnknownWord) != words.end();
    if (sessions_ && rare && !open->held_out)
      ++out_.left_out;
    else
      (open->held_out ? out_.held_out : out_.train).push_back(std::move(open->words));
    open->words.clear();
  }

  const Corpus& corpus_;
  const TrainingSplit& split_;
  bool sessions_;
  uint32_t max_records_;
  Duration pause_;
  std::vector<Open> open_;  // by stream
  TrainingSequences out_;
};

}  // namespace

Result<TrainingSplit> SplitCorpus(const Corpus& corpus, const GroupConfig& group, double held_out,
                                  uint32_t back) {
  const double n = static_cast<double>(corpus.records.size());
  const double share = std::clamp(held_out, 0.01, 0.9);
  const auto place = [&](double part) {
    return static_cast<size_t>(std::clamp(part, 0.0, 1.0) * n);
  };
  const size_t first = place(1 - share * (back + 1));
  if (back == 0) return Divide(corpus, group, std::max<size_t>(first, 1), corpus.records.size());
  const size_t end = place(1 - share * back);
  if (end <= first) return Error{"there is no part of the logs so far back to hold out"};
  return Divide(corpus, group, first, end);
}

Result<TrainingSplit> WholeCorpus(const Corpus& corpus, const GroupConfig& group) {
  return Divide(corpus, group, corpus.records.size(), corpus.records.size());
}

TrainingSequences MakeSequences(const Corpus& corpus, const TrainingSplit& split,
                                const GroupConfig& group) {
  return SequenceMaker(corpus, split, group).Make();
}

std::vector<uint64_t> CommonCounts(const TrainingSplit& split) {
  std::vector<uint64_t> counts = split.train_counts;
  for (size_t word = 0; word < counts.size(); ++word)
    if (split.rare[word]) counts[word] = 0;
  const bool none = std::all_of(counts.begin(), counts.end(), [](uint64_t n) { return n == 0; });
  return none ? split.train_counts : counts;
}

}  // namespace alogd
