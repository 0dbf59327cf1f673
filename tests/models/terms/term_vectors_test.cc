// SPDX-License-Identifier: MIT
// Words, n-grams and TF-IDF against values worked out by hand.
#include "models/terms/term_vectors.h"

#include <gtest/gtest.h>

#include <cmath>

namespace alogd {
namespace {

TEST(TermVectorsTest, WordsAndPairs) {
  EXPECT_EQ(
      Terms("Receiving block <*> src: /<*>:<*>", 1, 2),
      (std::vector<std::string>{"receiving", "block", "src", "receiving block", "block src"}));
  EXPECT_EQ(Terms("a-b", 2, 3), (std::vector<std::string>{"a b"}));
  EXPECT_TRUE(Terms("<*> == <*>", 1, 2).empty());
  EXPECT_EQ(Terms("größe", 1, 1), (std::vector<std::string>{"größe"}));
}

TEST(TermVectorsTest, FeaturesOfMostWeight) {
  const std::vector<std::string> documents = {"red fish", "red bird", "blue stone", "unused red"};
  const std::vector<uint64_t> counts = {10, 10, 1, 0};
  const TermWeights weights = FitTerms(documents, counts, 2, 1, 1);
  ASSERT_EQ(weights.terms.size(), 2u);
  EXPECT_EQ(weights.terms[0], "red");   // 2 ln 11
  EXPECT_EQ(weights.terms[1], "bird");  // ln 11, before "fish" by the alphabet
  // Three documents count: ln((1 + 3) / (1 + 2)) + 1 and ln((1 + 3) / (1 + 1)) + 1.
  EXPECT_NEAR(weights.idf[0], std::log(4.0 / 3.0) + 1, 1e-6);
  EXPECT_NEAR(weights.idf[1], std::log(2.0) + 1, 1e-6);
}

TEST(TermVectorsTest, VectorsOfLengthOne) {
  const std::vector<std::string> documents = {"red red fish", "red bird"};
  const std::vector<uint64_t> counts = {1, 1};
  const TermVectors vectors(FitTerms(documents, counts, 10, 1, 1), documents);
  // red is in both: idf 1, twice in the first; fish idf 1 + ln(3 / 2) = 1.405.
  const double length = std::sqrt(4 + 1.405465 * 1.405465);
  const TermVector vector = vectors.Vector("red red fish");
  ASSERT_EQ(vector.size(), 2u);
  EXPECT_EQ(vectors.weights().terms[vector[0].first], "red");
  EXPECT_NEAR(vector[0].second, 2 / length * kTermOne, 1);
  EXPECT_NEAR(vector[1].second, 1.405465 / length * kTermOne, 1);
  EXPECT_EQ(vectors.of(0).size(), 2u);
  EXPECT_EQ(vectors.of(1)[0].second, vectors.Vector("bird red")[0].second);
}

TEST(TermVectorsTest, NearestByCosine) {
  const std::vector<std::string> documents = {"disk full on <*>", "link up on <*>",
                                              "link down on <*>"};
  const std::vector<uint64_t> counts = {5, 5, 5};
  const TermVectors vectors(FitTerms(documents, counts, 100, 1, 2), documents);
  float cosine = 0;
  EXPECT_EQ(vectors.Nearest(vectors.Vector("the link down message"), &cosine), 2u);
  EXPECT_GT(cosine, 0.5f);
  EXPECT_LT(cosine, 1.0f);
  EXPECT_EQ(vectors.Nearest(vectors.Vector("link up on <*>"), &cosine), 1u);
  EXPECT_NEAR(cosine, 1.0f, 1e-3f);
  EXPECT_EQ(vectors.Nearest(vectors.Vector("nothing in common"), &cosine), TermVectors::kNone);
  EXPECT_EQ(cosine, 0.0f);
}

}  // namespace
}  // namespace alogd
