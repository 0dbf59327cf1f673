// SPDX-License-Identifier: MIT
// The windows of a corpus against a naive enumeration.
#include "models/corpus/training_windows.h"

#include <gtest/gtest.h>

#include <numeric>

#include "testing/models_corpus.h"

namespace alogd {
namespace {

struct Seen {
  std::string stream;
  std::vector<uint32_t> words;
  bool held_out;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> Windows(const Corpus& corpus, const GroupConfig& group, WindowSpec spec,
                          double held_out) {
  const Result<TrainingSplit> split = SplitCorpus(corpus, group, held_out);
  std::vector<uint32_t> words(split->vocabulary.size());
  std::iota(words.begin(), words.end(), 0u);
  std::vector<Seen> seen;
  const auto take = [&](std::span<const CorpusWindow> windows) {
    for (const CorpusWindow& item : windows) {
      Seen one{std::string(item.window.stream), {}, item.held_out};
      for (const Event& event : item.window.events) one.words.push_back(event.word);
      seen.push_back(std::move(one));
    }
  };
  EXPECT_TRUE(RunWindows(corpus, *split, group, {spec}, words,
                         {.windows = take, .ended = {}, .progress = {}}));
  return seen;
}

TEST(TrainingWindowsTest, SlidingWindowsOfEachStream) {
  const Corpus corpus = testing::ServiceCorpus(3000, 1, 10);
  const std::vector<Seen> seen = Windows(corpus, {}, {.size = 7, .stride = 1, .span = {}}, 0.2);
  std::vector<Seen> expected;
  for (size_t i = 12; i < 3000; ++i) {  // the 7th record of a stream is number 12 or 13
    Seen one{corpus.streams[i % 2], {}, i >= 2400};
    for (size_t k = 0; k < 7; ++k) one.words.push_back(corpus.records[i - 12 + 2 * k].word);
    expected.push_back(std::move(one));
  }
  EXPECT_EQ(seen, expected);
}

// A session belongs where its last record does, however late its end is noticed.
TEST(TrainingWindowsTest, SessionsByTheirLastRecord) {
  Corpus corpus;
  corpus.templates = {"a"};
  for (uint32_t i = 0; i < 50; ++i) {
    corpus.streams.push_back("\tsession " + std::to_string(i));
    for (int k = 0; k < 2; ++k) corpus.records.push_back(testing::RecordAt(2 * i + k, 0, i));
  }
  GroupConfig group;
  group.stream.kind = StreamOptions::Kind::kSession;
  group.stream.session = "session \\d+";
  const std::vector<Seen> seen = Windows(corpus, group, {.size = 7, .stride = 1, .span = {}}, 0.2);
  ASSERT_EQ(seen.size(), 50u);  // all end after the last record
  for (size_t i = 0; i < 50; ++i) EXPECT_EQ(seen[i].held_out, i >= 40) << i;
}

TEST(TrainingWindowsTest, SeenAndCreatedCountUp) {
  const Corpus corpus = testing::ServiceCorpus(500, 1, 10);
  const Result<TrainingSplit> split = SplitCorpus(corpus, {}, 0.2);
  std::vector<uint32_t> words(split->vocabulary.size(), kUnknownWord);
  std::vector<uint32_t> counts(split->vocabulary.size(), 0);
  size_t windows = 0;
  const auto take = [&](std::span<const CorpusWindow> batch) {
    for (const CorpusWindow& item : batch) {
      const Event& event = item.window.events.back();
      EXPECT_EQ(event.seen, counts[Index(event.id)]++);
      EXPECT_EQ(event.created, event.seen == 0);
      EXPECT_EQ(event.word, kUnknownWord);
      ++windows;
    }
  };
  ASSERT_TRUE(RunWindows(corpus, *split, {}, {{.size = 1, .stride = 1, .span = {}}}, words,
                         {.windows = take, .ended = {}, .progress = {}}));
  EXPECT_EQ(windows, 500u);
}

TEST(TrainingWindowsTest, StoppedByProgress) {
  const Corpus corpus = testing::ServiceCorpus(500, 1, 10);
  const Result<TrainingSplit> split = SplitCorpus(corpus, {}, 0.2);
  const std::vector<uint32_t> words(split->vocabulary.size(), 0);
  EXPECT_FALSE(RunWindows(corpus, *split, {}, {{.size = 1, .stride = 1, .span = {}}}, words,
                          {.windows = [](std::span<const CorpusWindow>) {},
                           .ended = {},
                           .progress = [](double) { return false; }}));
}

}  // namespace
}  // namespace alogd
