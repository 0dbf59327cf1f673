// SPDX-License-Identifier: MIT
// How a corpus is divided: by time, with rare templates found and sessions kept whole.
#include "models/corpus/training_split.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/detection/detector.h"
#include "testing/models_corpus.h"

namespace alogd {
namespace {

using testing::RecordAt;
using testing::ServiceCorpus;
using testing::SessionCorpus;

constexpr int64_t kDay = 86'400;

GroupConfig SessionGroup() {
  GroupConfig group;
  group.stream.kind = StreamOptions::Kind::kSession;
  group.stream.session = "blk_-?\\d+";
  return group;
}

TEST(TrainingSplitTest, LaterRecordsAreHeldOut) {
  const Corpus corpus = ServiceCorpus(1000, 1, 60);
  const Result<TrainingSplit> split = SplitCorpus(corpus, {}, 0.2);
  ASSERT_TRUE(split);
  EXPECT_EQ(split->first_held_out, 800u);
  EXPECT_NEAR(split->held_out_days, 199 * 60.0 / kDay, 1e-9);
  uint64_t all = 0, trained = 0;
  for (size_t word = 0; word < split->vocabulary.size(); ++word) {
    all += split->counts[word];
    trained += split->train_counts[word];
  }
  EXPECT_EQ(all, 1000u);
  EXPECT_EQ(trained, 800u);
}

// The parts that cross-fitting holds out in turn are all of the corpus, each record once.
TEST(TrainingSplitTest, PartsCoverTheCorpus) {
  const Corpus corpus = ServiceCorpus(1003, 1, 60);
  std::vector<int> held_out(1003, 0);
  for (uint32_t back = 0; back < 5; ++back) {
    const Result<TrainingSplit> split = SplitCorpus(corpus, {}, 0.2, back);
    ASSERT_TRUE(split) << split.error().message;
    uint64_t trained = 0;
    for (size_t i = 0; i < 1003; ++i) held_out[i] += split->HeldOut(i);
    for (const uint64_t count : split->train_counts) trained += count;
    EXPECT_EQ(trained, 1003 - (split->end_held_out - split->first_held_out));
  }
  EXPECT_EQ(held_out, std::vector<int>(1003, 1));
  EXPECT_FALSE(SplitCorpus(corpus, {}, 0.2, 5));
}

TEST(TrainingSplitTest, NothingHeldOut) {
  const Corpus corpus = ServiceCorpus(1000, 1, 60);
  const Result<TrainingSplit> split = WholeCorpus(corpus, {});
  ASSERT_TRUE(split);
  EXPECT_EQ(split->train_counts, split->counts);
  EXPECT_TRUE(MakeSequences(corpus, *split, {}).held_out.empty());
}

TEST(TrainingSplitTest, VocabularyHoldsWhatOccursOnce) {
  Corpus corpus = ServiceCorpus(1000, 1);
  corpus.templates[3] = corpus.templates[2];  // two ids that came to the same text
  const Result<TrainingSplit> split = SplitCorpus(corpus, {}, 0.2);
  ASSERT_TRUE(split);
  EXPECT_EQ(split->vocabulary.size(), 5u);  // words 0 to 5 occur, two of them are one
  EXPECT_EQ(split->word_of[3], split->word_of[2]);
  EXPECT_EQ(split->word_of[8], kUnknownWord);
}

TEST(TrainingSplitTest, TooFewRecords) {
  const Corpus corpus = ServiceCorpus(20, 1);
  const Result<TrainingSplit> split = SplitCorpus(corpus, {}, 0.2);
  ASSERT_FALSE(split);
  EXPECT_NE(split.error().message.find("20 records are too few"), std::string::npos);
}

TEST(TrainingSplitTest, InconsistentCorpus) {
  Corpus corpus = ServiceCorpus(100, 1);
  corpus.records[50].word = 99;
  EXPECT_FALSE(SplitCorpus(corpus, {}, 0.2));
  corpus = ServiceCorpus(100, 1);
  corpus.records[50].stream = 2;
  EXPECT_FALSE(SplitCorpus(corpus, {}, 0.2));
}

// Twenty days. The backup runs daily: few records, many days. Word 8 came twice on one day.
TEST(TrainingSplitTest, DailyJobIsNotRare) {
  Corpus corpus = ServiceCorpus(20 * 96, 1, 900);
  for (size_t i = 0; i + 96 < corpus.records.size(); i += 96) corpus.records[i].word = 6;
  corpus.records[100].word = corpus.records[101].word = 8;
  corpus.records.back().word = 9;  // only in the held-out part
  const Result<TrainingSplit> split = SplitCorpus(corpus, {}, 0.2);
  ASSERT_TRUE(split);
  EXPECT_FALSE(split->rare[split->word_of[6]]);
  EXPECT_TRUE(split->rare[split->word_of[8]]);
  EXPECT_TRUE(split->rare[split->word_of[9]]);
  for (uint32_t word = 0; word < 6; ++word) EXPECT_FALSE(split->rare[split->word_of[word]]) << word;
}

// Within a day nothing can be said of days: only the count matters.
TEST(TrainingSplitTest, ShortCorpusCountsRecordsOnly) {
  Corpus corpus = ServiceCorpus(2000, 1, 10);
  for (const size_t i : {100, 200, 300}) corpus.records[i].word = 6;
  for (const size_t i : {101, 201}) corpus.records[i].word = 8;
  const Result<TrainingSplit> split = SplitCorpus(corpus, {}, 0.2);
  ASSERT_TRUE(split);
  EXPECT_FALSE(split->rare[split->word_of[6]]);
  EXPECT_TRUE(split->rare[split->word_of[8]]);
}

// 2,000 sessions, 1,600 of them trained on: the floor of 0.2% is 3.2 sessions.
TEST(TrainingSplitTest, ContaminatedSessions) {
  Corpus corpus = SessionCorpus(2000, 1);
  int faults = 0, backups = 0;
  for (size_t i = 0; i < corpus.records.size() / 2; ++i) {
    if (corpus.records[i].word != 2) continue;
    if (faults < 3)
      corpus.records[i].word = 8, ++faults;
    else if (backups < 4)
      corpus.records[i].word = 6, ++backups;
    else
      break;
    i += 200;  // another session
  }
  const GroupConfig group = SessionGroup();
  const Result<TrainingSplit> split = SplitCorpus(corpus, group, 0.2);
  ASSERT_TRUE(split);
  EXPECT_TRUE(split->rare[split->word_of[8]]);
  EXPECT_FALSE(split->rare[split->word_of[6]]);
  const TrainingSequences sequences = MakeSequences(corpus, *split, group);
  EXPECT_EQ(sequences.left_out, 3u);
  for (const auto& words : sequences.train)
    EXPECT_EQ(std::count(words.begin(), words.end(), kUnknownWord), 0);
}

TEST(TrainingSplitTest, SessionsAreWhole) {
  const Corpus corpus = SessionCorpus(200, 1);
  const GroupConfig group = SessionGroup();
  const Result<TrainingSplit> split = SplitCorpus(corpus, group, 0.2);
  ASSERT_TRUE(split);
  const TrainingSequences sequences = MakeSequences(corpus, *split, group);
  EXPECT_EQ(sequences.train.size() + sequences.held_out.size() + sequences.left_out, 200u);
  for (const auto* part : {&sequences.train, &sequences.held_out}) {
    for (const auto& words : *part) {
      EXPECT_EQ(words.front(), split->word_of[0]);
      EXPECT_EQ(words.back(), split->word_of[5]);
    }
  }
  EXPECT_GE(sequences.held_out.size(), 20u);
}

TEST(TrainingSplitTest, StreamsAreCutAtPausesAndAtTheSplit) {
  Corpus corpus = ServiceCorpus(100, 1, 10);
  for (size_t i = 40; i < 100; ++i) corpus.records[i].time += std::chrono::hours(1);
  GroupConfig group;  // max_gap 10 min
  const Result<TrainingSplit> split = SplitCorpus(corpus, group, 0.2);
  const TrainingSequences sequences = MakeSequences(corpus, *split, group);
  ASSERT_EQ(sequences.train.size(), 4u);  // two streams, before and after the pause
  ASSERT_EQ(sequences.held_out.size(), 2u);
  EXPECT_EQ(sequences.train[0].size(), 20u);
  EXPECT_EQ(sequences.train[3].size(), 20u);
  EXPECT_EQ(sequences.held_out[0].size(), 10u);
}

TEST(TrainingSplitTest, LongSessionsEndAtTheirLimit) {
  Corpus corpus;
  corpus.templates = {"a", "b"};
  corpus.streams = {"\tone"};
  for (int i = 0; i < 100; ++i)
    corpus.records.push_back(RecordAt(i, static_cast<uint32_t>(i % 2), 0));
  GroupConfig group = SessionGroup();
  group.stream.max_records = 30;
  const Result<TrainingSplit> split = SplitCorpus(corpus, group, 0.2);
  const TrainingSequences sequences = MakeSequences(corpus, *split, group);
  ASSERT_EQ(sequences.train.size(), 2u);     // records 0 to 29, 30 to 59
  ASSERT_EQ(sequences.held_out.size(), 2u);  // 60 to 89 over the split at 80; 90 to 99
  EXPECT_EQ(sequences.train[0].size(), 30u);
  EXPECT_EQ(sequences.held_out[1].size(), 10u);
}

}  // namespace
}  // namespace alogd
