// SPDX-License-Identifier: MIT
// Positions against a search byte by byte.
#include "core/records/word_filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <random>
#include <string>
#include <vector>

namespace alogd {
namespace {

using Positions = std::vector<size_t>;

struct Found {
  Positions words, endings;
  bool operator==(const Found&) const = default;
};

Found Find(const WordFilter& filter, const std::string& text, WordFilter::Variant variant) {
  Found found;
  filter.ForEach(
      text, [&](size_t at) { found.words.push_back(at); },
      [&](size_t at) { found.endings.push_back(at); }, variant);
  return found;
}

bool Alnum(char c) { return static_cast<unsigned char>(c) < 128 && std::isalnum(c) != 0; }

bool BeginsWith(const std::string& text, size_t at, const std::string& word) {
  for (size_t i = 0; i < word.size(); ++i)
    if (at + i >= text.size() || std::tolower(text[at + i]) != std::tolower(word[i])) return false;
  return true;
}

std::string RandomText(std::mt19937_64* rng) {
  static const std::vector<std::string> kParts = {"error",  "Error", "Exception", "fail", "x", "E",
                                                  "Er",     " ",     ":",         ".",    "_", "9",
                                                  "denied", "\xe4",  "warn",      "\n"};
  std::string text;
  for (size_t n = (*rng)() % 60; n > 0; --n) text += kParts[(*rng)() % kParts.size()];
  return text;
}

TEST(WordFilterTest, NoWordAndNoEndingIsPassedOver) {
  const std::vector<std::string> words = {"error",     "fail",       "denied",
                                          "bad_alloc", "SystemExit", "z"};
  WordFilter filter;
  for (const std::string& word : words) filter.Add(word);
  std::mt19937_64 rng(1);
  size_t hits = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::string text = RandomText(&rng);
    const Found found = Find(filter, text, WordFilter::Variant::kBest);
    ASSERT_EQ(found, Find(filter, text, WordFilter::Variant::kPlain)) << text;
    for (size_t at = 0; at < text.size(); ++at) {
      const bool listed = std::binary_search(found.words.begin(), found.words.end(), at);
      if (!Alnum(text[at]) || (at > 0 && Alnum(text[at - 1]))) {
        ASSERT_FALSE(listed) << text << " at " << at;
        continue;
      }
      for (const std::string& word : words)
        if (BeginsWith(text, at, word)) {
          ++hits;
          ASSERT_TRUE(listed) << text << " at " << at;
        }
    }
    Positions endings;
    for (size_t at = 0; at + 1 < text.size(); ++at)
      if (text[at] == 'E' && (text[at + 1] == 'r' || text[at + 1] == 'x')) endings.push_back(at);
    ASSERT_EQ(found.endings, endings) << text;
  }
  EXPECT_GT(hits, 1000u);
}

TEST(WordFilterTest, MostWordsArePassedOver) {
  WordFilter filter;
  filter.Add("error");
  filter.Add("fail");
  const Found found = Find(filter, "the quick brown fox jumps over every lazy dog: error",
                           WordFilter::Variant::kBest);
  EXPECT_EQ(found.words, Positions{47});
}

}  // namespace
}  // namespace alogd
