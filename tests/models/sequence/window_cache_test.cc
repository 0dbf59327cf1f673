// SPDX-License-Identifier: MIT
// The cache of verdicts: exact, bounded, forgetting the one used longer ago.
#include "models/sequence/window_cache.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>

namespace alogd {
namespace {

using Key = std::array<uint32_t, 3>;

TEST(WindowCacheTest, FindsWhatWasInserted) {
  WindowCache cache(1024, 3);
  LstmVerdict verdict{};
  EXPECT_FALSE(cache.Find(Key{1, 2, 3}, &verdict));
  cache.Insert(Key{1, 2, 3}, {1.5f, 7});
  ASSERT_TRUE(cache.Find(Key{1, 2, 3}, &verdict));
  EXPECT_EQ(verdict.nll, 1.5f);
  EXPECT_EQ(verdict.rank, 7u);
  EXPECT_FALSE(cache.Find(Key{1, 2, 4}, &verdict));
  EXPECT_EQ(cache.hits(), 1u);
  EXPECT_EQ(cache.misses(), 2u);
}

// One set: every key collides with every other, and still no hit is another window's.
TEST(WindowCacheTest, CollisionsAreTakenApart) {
  WindowCache cache(2, 3);
  cache.Insert(Key{1, 1, 1}, {1, 1});
  cache.Insert(Key{2, 2, 2}, {2, 2});
  LstmVerdict verdict{};
  ASSERT_TRUE(cache.Find(Key{1, 1, 1}, &verdict));
  EXPECT_EQ(verdict.rank, 1u);
  ASSERT_TRUE(cache.Find(Key{2, 2, 2}, &verdict));
  EXPECT_EQ(verdict.rank, 2u);
  EXPECT_FALSE(cache.Find(Key{3, 3, 3}, &verdict));
  // 1 was used longer ago than 2: it makes way.
  cache.Insert(Key{3, 3, 3}, {3, 3});
  EXPECT_FALSE(cache.Find(Key{1, 1, 1}, &verdict));
  EXPECT_TRUE(cache.Find(Key{2, 2, 2}, &verdict));
  EXPECT_TRUE(cache.Find(Key{3, 3, 3}, &verdict));
}

TEST(WindowCacheTest, AgreesWithAMapUnderPressure) {
  WindowCache cache(64, 3);
  std::map<Key, float> truth;
  std::mt19937 random(5);
  size_t hits = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto word = [&] { return static_cast<uint32_t>(random() % 8); };
    const Key key{word(), word(), word()};
    LstmVerdict verdict{};
    if (cache.Find(key, &verdict)) {
      ++hits;
      ASSERT_EQ(verdict.nll, truth.at(key));
    } else {
      truth[key] = static_cast<float>(i);
      cache.Insert(key, {static_cast<float>(i), 0});
    }
  }
  EXPECT_GT(hits, 500u);
}

TEST(WindowCacheTest, SizeZeroRemembersNothing) {
  WindowCache cache(0, 3);
  cache.Insert(Key{1, 2, 3}, {1, 1});
  LstmVerdict verdict{};
  EXPECT_FALSE(cache.Find(Key{1, 2, 3}, &verdict));
}

TEST(WindowCacheTest, MemoryIsBoundedForLongWindows) {
  EXPECT_LE(WindowCache(1 << 20, 257).memory(), WindowCache::kMaxBytes);
  EXPECT_GT(WindowCache(1 << 20, 257).memory(), WindowCache::kMaxBytes / 4);
}

}  // namespace
}  // namespace alogd
