// SPDX-License-Identifier: MIT
// Skeleton: equal skeletons must mean equal masked messages, on real and on made-up text.
#include "core/templates/skeleton.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>
#include <vector>

#include "core/templates/byte_bits.h"
#include "core/templates/tokenizer.h"
#include "testing/grouping.h"
#include "testing/messages.h"

namespace alogd {
namespace {

class SkeletonTest : public ::testing::Test {
 protected:
  // Remembers what each skeleton was masked to and expects the same ever after.
  void Check(const std::string& message) {
    if (!skeleton_.Build(message)) return;
    ++built_;
    const std::string masked(tokenizer_.Mask(message));
    const auto [it, added] = seen_.try_emplace(std::string(skeleton_.bytes()), masked);
    if (!added) ++repeated_;
    EXPECT_EQ(it->second, masked) << message;
  }

  Skeleton skeleton_;
  Tokenizer tokenizer_ = std::move(*Tokenizer::Create({}, 512));
  std::map<std::string, std::string> seen_;
  size_t built_ = 0, repeated_ = 0;
};

TEST_F(SkeletonTest, KeepsWordsAndForgetsNumbers) {
  ASSERT_TRUE(skeleton_.Build("took 15 ms at node7"));
  const std::string first(skeleton_.bytes());
  ASSERT_TRUE(skeleton_.Build("took 9999 ms at node812"));
  EXPECT_EQ(first, skeleton_.bytes());
  ASSERT_TRUE(skeleton_.Build("took 15 ns at node7"));
  EXPECT_NE(first, skeleton_.bytes());
}

TEST_F(SkeletonTest, NamesWithDigitsStay) {
  ASSERT_TRUE(skeleton_.Build("over IPv6"));
  EXPECT_EQ(skeleton_.bytes(), "over IPv6");
}

TEST_F(SkeletonTest, NoneForControlBytesAndLongMessages) {
  EXPECT_FALSE(
      skeleton_.Build("a\x01"
                      "b"));
  EXPECT_FALSE(skeleton_.Build(""));
  EXPECT_FALSE(skeleton_.Build(std::string(Skeleton::kMaxMessage + 1, 'a')));
  EXPECT_TRUE(skeleton_.Build(std::string(Skeleton::kMaxMessage, '7')));
  EXPECT_TRUE(skeleton_.Build("a\tb"));
}

// The words before a unit decide whether the unit belongs to them.
TEST_F(SkeletonTest, DecidesTheMaskedFormBeforeUnits) {
  for (const char* word : {"ms.12", "x5", "a1.2", "ms.", "12", "ms.1.", "ms.1!", "b.c3"}) {
    Check(fmt::format("took 7 {} ms now", word));
    Check(fmt::format("took {} ms", word));
  }
  EXPECT_GT(repeated_, 0u);
}

TEST_F(SkeletonTest, DecidesTheMaskedFormOfStatements) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    testing::MessageSource source(seed);
    for (int i = 0; i < 500; ++i) Check(source.Next());
  }
  EXPECT_GT(repeated_, built_ / 4);
}

TEST_F(SkeletonTest, DecidesTheMaskedFormOfNonsense) {
  testing::MessageSource source(7);
  for (int i = 0; i < 150'000; ++i) Check(source.Nonsense(1 + source.Below(8)));
  EXPECT_GT(repeated_, 10'000u);
}

TEST_F(SkeletonTest, DecidesTheMaskedFormOfChangedDigits) {
  testing::MessageSource source(8);
  for (int i = 0; i < 20'000; ++i) {
    std::string message = source.Nonsense(1 + source.Below(100));
    for (int copy = 0; copy < 3; ++copy) {
      Check(message);
      for (char& c : message)
        if (c >= '0' && c <= '9') c = static_cast<char>('0' + source.Below(10));
    }
  }
  EXPECT_GT(repeated_, 5'000u);
}

TEST_F(SkeletonTest, DecidesTheMaskedFormOfRealLines) {
  const std::string data = testing::TestDataPath();
  for (const std::string_view system : testing::kLabelledSystems) {
    const auto log = testing::ReadLabelledLog(data, system);
    if (!log) GTEST_SKIP() << "no labelled logs in " << data;
    for (const std::string& message : log->content) Check(message);
    for (const std::string& line : log->raw) Check(line);
  }
}

TEST(ByteBitsTest, VariantsAgree) {
  testing::MessageSource source(3);
  std::array<uint64_t, 4> expected[3], got[3];
  for (int i = 0; i < 20'000; ++i) {
    std::string text = source.Nonsense(60);
    for (int k = 0; k < 20; ++k) text += static_cast<char>(source.Below(256));
    text.resize(257, ' ');
    const bool plain = FindByteBits(text.data(), 4, expected[0].data(), expected[1].data(),
                                    expected[2].data(), ByteBitsVariant::kPlain);
    for (const ByteBitsVariant variant : {ByteBitsVariant::kBaseline, ByteBitsVariant::kBest}) {
      EXPECT_EQ(plain,
                FindByteBits(text.data(), 4, got[0].data(), got[1].data(), got[2].data(), variant));
      for (int b = 0; b < 3; ++b) EXPECT_EQ(expected[b], got[b]) << i;
    }
  }
}

}  // namespace
}  // namespace alogd
