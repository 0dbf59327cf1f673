// SPDX-License-Identifier: MIT
// The cache answers what was put in this generation, and nothing else.
#include "core/templates/key_cache.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <unordered_map>

namespace alogd {
namespace {

// Hashes that collide in homes and in tags: few bits of each are used.
uint64_t PoorHash(uint64_t n) { return (n % 7) << 32 | n % 50; }

TEST(KeyCacheTest, KeysOfOneHashAreToldApart) {
  KeyCache cache;
  EXPECT_EQ(cache.Find("a", 1), nullptr);
  cache.Put("a", 1, {10, TemplateId{5}});
  cache.Put("b", 1, {11, TemplateId{6}});
  ASSERT_NE(cache.Find("a", 1), nullptr);
  EXPECT_EQ(cache.Find("a", 1)->entry, 10u);
  ASSERT_NE(cache.Find("b", 1), nullptr);
  EXPECT_EQ(cache.Find("b", 1)->id, TemplateId{6});
  EXPECT_EQ(cache.Find("c", 1), nullptr);
  EXPECT_EQ(cache.Find("a", 2), nullptr);
}

TEST(KeyCacheTest, ANewGenerationForgets) {
  KeyCache cache;
  cache.Put("a", 1, {1, TemplateId{1}});
  cache.NewGeneration();
  EXPECT_EQ(cache.Find("a", 1), nullptr);
  cache.Put("a", 1, {2, TemplateId{2}});
  EXPECT_EQ(cache.Find("a", 1)->entry, 2u);
}

TEST(KeyCacheTest, LongKeysAreKeptAndTooLongOnesAreNot) {
  KeyCache cache;
  const std::string long_key(1024, 'x'), too_long(1025, 'x');
  cache.Put(long_key, 3, {1, TemplateId{1}});
  cache.Put(too_long, 4, {2, TemplateId{2}});
  EXPECT_NE(cache.Find(long_key, 3), nullptr);
  EXPECT_EQ(cache.Find(too_long, 4), nullptr);
}

// Against a map: an answer is what was put last under that key, through growth and generations.
TEST(KeyCacheTest, NeverAnswersWrongly) {
  std::mt19937_64 rng(1);
  for (const bool poor : {true, false}) {
    KeyCache cache;
    std::unordered_map<std::string, uint32_t> truth;
    size_t found = 0;
    for (uint32_t i = 0; i < 30'000; ++i) {
      const uint64_t n = rng() % 5'000;
      const std::string key = fmt::format("{}{}", std::string(n % 150, 'k'), n);
      const uint64_t hash = poor ? PoorHash(n) : n * 0x9e3779b97f4a7c15;
      cache.Prefetch(hash);
      if (const KeyCache::Value* known = cache.Find(key, hash)) {
        ++found;
        ASSERT_TRUE(truth.contains(key));
        ASSERT_EQ(known->entry, truth[key]);
        ASSERT_EQ(known->id, TemplateId{truth[key] + 1});
      } else {
        cache.Put(key, hash, {i, TemplateId{i + 1}});
        truth[key] = i;
      }
      if (rng() % 9'000 == 0) {
        cache.NewGeneration();
        truth.clear();
      }
    }
    EXPECT_GT(found, poor ? 100u : 5'000u);
  }
}

}  // namespace
}  // namespace alogd
