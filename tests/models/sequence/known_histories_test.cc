// SPDX-License-Identifier: MIT
// Counts mixed with the network's probabilities, by hand; and their way through tensors.
#include "models/sequence/known_histories.h"

#include <gtest/gtest.h>

#include <cmath>

#include "models/sequence/history_table.h"

namespace alogd {
namespace {

// After "1 2" came 3 six times and 0 twice; after "2 3" 1 three times; after "3 1" 2 once.
HistoryTable Table() {
  HistoryTable table;
  table.window = 2;
  table.histories = {2, 3, 1, 2, 3, 1};
  table.target_begin = {0, 1, 3, 4};
  table.targets = {1, 3, 0, 2};
  table.counts = {3, 6, 2, 1};
  return table;
}

TEST(KnownHistoriesTest, MixesCountsWithTheNetwork) {
  KnownHistories known(Table());
  EXPECT_EQ(known.rows(), 2u);  // "3 1" came too seldom
  const uint32_t history[] = {1, 2};
  EXPECT_EQ(known.Mix(history, 3, 1.5f), 1.5f);  // weight 0: not used
  known.set_weight(4);
  const float p = std::exp(-1.5f);
  EXPECT_NEAR(known.Mix(history, 3, 1.5f), -std::log((6 + 4 * p) / 12), 1e-6);
  EXPECT_NEAR(known.Mix(history, 1, 1.5f), -std::log(4 * p / 12), 1e-6);
  const uint32_t seldom[] = {3, 1}, other[] = {0, 0}, longer[] = {1, 2, 3};
  EXPECT_EQ(known.Mix(seldom, 2, 1.5f), 1.5f);
  EXPECT_EQ(known.Mix(other, 2, 1.5f), 1.5f);
  EXPECT_EQ(known.Mix(longer, 2, 1.5f), 1.5f);
}

TEST(KnownHistoriesTest, MixesWholeDistributions) {
  KnownHistories known(Table());
  known.set_weight(4);
  std::vector<float> p = {0.1f, 0.2f, 0.3f, 0.4f};
  const uint32_t history[] = {1, 2};
  known.MixAll(history, &p);
  EXPECT_NEAR(p[0], (2 + 0.4) / 12, 1e-6);
  EXPECT_NEAR(p[1], 0.8 / 12, 1e-6);
  EXPECT_NEAR(p[3], (6 + 1.6) / 12, 1e-6);
  EXPECT_NEAR(p[0] + p[1] + p[2] + p[3], 1, 1e-6);
  EXPECT_NEAR(-std::log(p[3]), known.Mix(history, 3, -std::log(0.4f)), 1e-6);
}

TEST(KnownHistoriesTest, ComesBackFromTensors) {
  KnownHistories known(Table());
  known.set_weight(20);
  TensorMap tensors;
  known.AddTo(&tensors);
  EXPECT_EQ(tensors.size(), KnownHistories::kTensors);
  const Result<KnownHistories> back = KnownHistories::From(tensors, 4, 2);
  ASSERT_TRUE(back) << back.error().message;
  const uint32_t history[] = {2, 3};
  EXPECT_EQ(back->Mix(history, 1, 2.0f), known.Mix(history, 1, 2.0f));
  EXPECT_EQ(back->rows(), 2u);
  EXPECT_EQ(KnownHistories::From({}, 4, 2)->rows(), 0u);
}

TEST(KnownHistoriesTest, RefusesDamage) {
  KnownHistories known(Table());
  known.set_weight(20);
  TensorMap good;
  known.AddTo(&good);
  const auto refused = [&](const char* name, size_t at, float value) {
    TensorMap bad = good;
    bad[name].data.at(at) = value;
    return !KnownHistories::From(bad, 4, 2).ok();
  };
  EXPECT_TRUE(refused("known.histories", 0, 5));   // no such word
  EXPECT_TRUE(refused("known.histories", 0, 3));   // not ascending
  EXPECT_TRUE(refused("known.begin", 1, 9));       // past the end
  EXPECT_TRUE(refused("known.begin", 2, 1));       // does not end at the targets' end
  EXPECT_TRUE(refused("known.targets", 0, 0.5f));  // not whole
  EXPECT_TRUE(refused("known.counts", 0, 0));
  EXPECT_TRUE(refused("known.weight", 0, -1));
  TensorMap missing = good;
  missing.erase("known.counts");
  EXPECT_FALSE(KnownHistories::From(missing, 4, 2));
  EXPECT_FALSE(KnownHistories::From(good, 4, 3));  // another window
}

}  // namespace
}  // namespace alogd
