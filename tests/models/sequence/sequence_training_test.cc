// SPDX-License-Identifier: MIT
// Training DeepLog: merged windows, what it learns, repeatability, stopping.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/detection/detector.h"
#include "models/sequence/history_table.h"
#include "models/sequence/next_word.h"
#include "models/sequence/sequence_model.h"

namespace alogd {
namespace {

constexpr uint32_t kX = kUnknownWord;

DeepLogOptions Small() {
  DeepLogOptions options;
  options.window = 4;
  options.layers = {16, 12};
  options.embedding = 8;
  options.epochs = 60;
  options.patience = 60;
  return options;
}

// Sessions 0 1 (2|3) (2|3) 4 END, three in four with 2 first.
SequenceSet Sessions(size_t count) {
  SequenceSet set{5, {}, true};
  for (size_t i = 0; i < count; ++i)
    set.sequences.push_back(i % 4 == 3 ? std::vector<uint32_t>{0, 1, 3, 2, 4}
                                       : std::vector<uint32_t>{0, 1, 2, 3, 4});
  return set;
}

// Worked out by hand: histories of [S S], [S 0], [0 1], [1 0], each with what follows.
TEST(HistoryTableTest, MergesEqualHistories) {
  const SequenceSet set{2, {{0, 1, 0}, {0, 1}, {0, 0}}, true};
  const HistoryTable table = MakeHistoryTable(set, 2, 100);
  ASSERT_EQ(table.rows(), 5u);
  const std::vector<uint32_t> histories = {2, 2, 2, 0, 0, 1, 1, 0, 0, 0};
  EXPECT_EQ(table.histories, histories);
  EXPECT_EQ(table.target_begin, (std::vector<uint32_t>{0, 1, 3, 5, 6, 7}));
  EXPECT_EQ(table.targets, (std::vector<uint32_t>{0, 1, 0, 0, 2, 2, 2}));
  EXPECT_EQ(table.counts, (std::vector<float>{3, 2, 1, 1, 1, 1, 1}));
  EXPECT_EQ(table.windows(), 10.0);
}

TEST(HistoryTableTest, StreamsHaveNoEnd) {
  const HistoryTable table = MakeHistoryTable({2, {{0, 1}}, false}, 3, 100);
  EXPECT_EQ(table.rows(), 2u);
  EXPECT_EQ(table.targets, (std::vector<uint32_t>{0, 1}));
}

// With a window of 2, the unknown word takes itself and the two positions after it out.
TEST(HistoryTableTest, UnknownWordsAreInNoWindow) {
  const HistoryTable table = MakeHistoryTable({3, {{0, 1, kX, 0, 1, 2, 0}}, false}, 2, 100);
  EXPECT_EQ(table.targets, (std::vector<uint32_t>{0, 1, 2, 0}));
  for (const uint32_t word : table.histories) EXPECT_LE(word, 3u);
}

TEST(HistoryTableTest, StopsGrowingAtItsLimit) {
  SequenceSet set{100, {{}}, false};
  for (uint32_t i = 0; i < 100; ++i) set.sequences[0].push_back(i);
  const HistoryTable table = MakeHistoryTable(set, 3, 10);
  EXPECT_EQ(table.rows(), 10u);
}

TEST(DeepLogTrainingTest, LearnsProbabilitiesAndTheEnd) {
  DeepLogReport report;
  DeepLogOptions options = Small();
  options.epochs = 400;  // of one small batch each
  options.learning_rate_decay = 1;
  const auto model = TrainDeepLog(Sessions(40), Sessions(8), options, 1, nullptr, &report);
  ASSERT_TRUE(model.ok()) << model.error().message;
  EXPECT_EQ(report.windows, 240u);
  EXPECT_EQ(report.distinct, 9u);  // five before the orders part, two of each after
  NextWordScorer scorer(model->layout, model->parameters, 4);
  constexpr uint32_t kStart = 5, kEnd = 5;
  const auto after = [&](std::vector<uint32_t> history) { return scorer.Distribution(history); };
  EXPECT_GT(after({kStart, kStart, kStart, kStart})[0], 0.98f);
  EXPECT_NEAR(after({kStart, kStart, 0, 1})[2], 0.75f, 0.04f);
  EXPECT_NEAR(after({kStart, kStart, 0, 1})[3], 0.25f, 0.04f);
  EXPECT_GT(after({1, 2, 3, 4})[kEnd], 0.98f);
  EXPECT_LT(after({kStart, kStart, kStart, 0})[kEnd], 0.02f);
  // The entropy of three in four is 0.562 nats, once in six windows.
  EXPECT_NEAR(report.held_out_loss, 0.5623 / 6, 0.01);
}

// 1e-4 of END's share, one class in six, would be a loss of 4.8 at the most.
TEST(DeepLogTrainingTest, AnEndThatNeverCameIsBeyondWhatCommonRecordsReach) {
  const auto model = TrainDeepLog(Sessions(20'000), Sessions(8), Small(), 1, nullptr, nullptr);
  ASSERT_TRUE(model.ok()) << model.error().message;
  NextWordScorer scorer(model->layout, model->parameters, 4);
  constexpr uint32_t kStart = 5, kEnd = 5;
  const std::vector<uint32_t> history = {kStart, kStart, 0, 1};
  const float nll = -std::log(scorer.Distribution(history)[kEnd]);
  const float mixed = model->known.Mix(history, kEnd, nll);
  EXPECT_GT(DeepLogLoss(mixed, model->common[kEnd]), 5.0f);
}

TEST(DeepLogTrainingTest, SameSeedSameBits) {
  DeepLogOptions options = Small();
  options.epochs = 5;
  options.dropout = 0.2;
  const auto a = TrainDeepLog(Sessions(40), Sessions(8), options, 7, nullptr, nullptr);
  const auto b = TrainDeepLog(Sessions(40), Sessions(8), options, 7, nullptr, nullptr);
  const auto c = TrainDeepLog(Sessions(40), Sessions(8), options, 8, nullptr, nullptr);
  ASSERT_TRUE(a.ok() && b.ok() && c.ok());
  EXPECT_EQ(a->parameters, b->parameters);
  EXPECT_NE(a->parameters, c->parameters);
}

// Held-out sessions run the other way: their loss rises as training goes on.
TEST(DeepLogTrainingTest, StopsWhenHeldOutLossStopsFalling) {
  SequenceSet other{5, std::vector<std::vector<uint32_t>>(8, {4, 2, 3, 1, 0}), true};
  DeepLogOptions options = Small();
  options.epochs = 60;
  options.patience = 3;
  DeepLogReport report;
  const auto model = TrainDeepLog(Sessions(40), other, options, 1, nullptr, &report);
  ASSERT_TRUE(model.ok());
  EXPECT_LT(report.epochs, 60u);
  EXPECT_EQ(report.epochs, report.best_epoch + 3);
  // The kept weights are the best epoch's: the report's loss is theirs.
  const HistoryTable table = MakeHistoryTable(other, 4, 100);
  NextWordScorer scorer(model->layout, model->parameters, 4);
  double loss = 0;
  for (size_t row = 0; row < table.rows(); ++row) {
    const std::vector<float> p = scorer.Distribution(table.history(row));
    loss -= std::log(static_cast<double>(p[table.targets[row]])) / 6;
  }
  EXPECT_NEAR(report.held_out_loss, loss, 1e-4 * loss);
}

TEST(DeepLogTrainingTest, CallbackStopsIt) {
  uint32_t calls = 0;
  const auto model = TrainDeepLog(
      Sessions(40), Sessions(8), Small(), 1,
      [&](const DeepLogProgress& progress) {
        EXPECT_EQ(progress.epochs, 60u);
        return ++calls < 3;
      },
      nullptr);
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.error().message, "interrupted");
  EXPECT_EQ(calls, 3u);
}

TEST(DeepLogTrainingTest, NothingToLearnIsAnError) {
  const SequenceSet empty{5, {{}, {kX, kX}}, false};
  const auto model = TrainDeepLog(empty, empty, Small(), 1, nullptr, nullptr);
  ASSERT_FALSE(model.ok());
  EXPECT_NE(model.error().message.find("no records"), std::string::npos);
  DeepLogOptions deep = Small();
  deep.layers = {8, 8, 8, 8, 8};
  EXPECT_FALSE(TrainDeepLog(Sessions(4), Sessions(4), deep, 1, nullptr, nullptr).ok());
}

// Of 24 words each follows each of 20 others alike: held-out records are spread over 20 ranks and
// g must take them in; where one word follows, g is 1.
TEST(DeepLogTrainingTest, TopFollowsTheData) {
  SequenceSet certain{4, std::vector<std::vector<uint32_t>>(20, {0, 1, 2, 3, 0, 1, 2, 3}), false};
  SequenceSet spread{24, {}, false};
  uint32_t at = 0;
  for (int i = 0; i < 60; ++i) {
    std::vector<uint32_t> words;
    for (int k = 0; k < 30; ++k) {
      words.push_back(at % 20);
      at = at * 1103515245u + 12345u;
      at ^= at >> 7;
    }
    spread.sequences.push_back(words);
  }
  DeepLogOptions options = Small();
  const auto a = TrainDeepLog(certain, certain, options, 1, nullptr, nullptr);
  options.epochs = 15;
  const auto b = TrainDeepLog(spread, spread, options, 1, nullptr, nullptr);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a->top, 1u);
  EXPECT_GE(b->top, 15u);
  EXPECT_LE(b->top, 20u);
  options.top = 9;
  EXPECT_EQ(TrainDeepLog(spread, spread, options, 1, nullptr, nullptr)->top, 9u);
}

}  // namespace
}  // namespace alogd
