// SPDX-License-Identifier: MIT
// What is taken for a number in a message, and what is not.
#include "core/records/numbers.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace alogd {
namespace {

std::vector<float> Of(std::string_view message) {
  const Numbers found = FindNumbers(message);
  return {found.values.begin(), found.values.begin() + static_cast<ptrdiff_t>(found.count)};
}

using V = std::vector<float>;

TEST(NumbersTest, StandForThemselves) {
  EXPECT_EQ(Of("took 12 ms"), V({12}));
  EXPECT_EQ(Of("took 9,000 ms"), V({9000}));
  EXPECT_EQ(Of("1,234,567 bytes"), V({1234567}));
  EXPECT_EQ(Of("load 0.25, 12.5% of [3] (4) \"5\" x=6 y:7"), V({0.25, 12.5, 3, 4, 5, 6, 7}));
  EXPECT_EQ(Of("offset -3 or =-4"), V({-3, -4}));
  EXPECT_EQ(Of("42"), V({42}));
  EXPECT_EQ(Of("done in 5."), V({5}));
  EXPECT_EQ(Of("1,2,3"), V({1}));  // a list: from the second on they might be groups
}

TEST(NumbersTest, UnitsScale) {
  EXPECT_EQ(Of("900ms 1.5s 20us"), V({900, 1500, 0.02f}));
  EXPECT_EQ(Of("4K 2MB 1GiB"), V({4096, 2 * 1048576.0f, 1073741824}));
  EXPECT_EQ(Of("80px"), V({80}));
}

TEST(NumbersTest, PartsOfOtherThingsAreNone) {
  EXPECT_EQ(Of("blk_-3587 node12 v1.2.3 10.0.0.1:80 12:30:45 2026-11-22 /dev/sda1 0x1f #7"), V());
  EXPECT_EQ(Of("a1b2c3 user@12 5f3e 3rd-party 8.8.8.8"), V());
  EXPECT_EQ(Of("sha 12345678901234567890123"), V());
}

TEST(NumbersTest, DatesInWordsAreNone) {
  EXPECT_EQ(Of("from host () at Fri Jul 22 09:27:24 2005"), V());
  EXPECT_EQ(Of("at Fri Jul  1 9:27:24 EDT 2005, took 5s"), V({5000}));
  EXPECT_EQ(Of("until 22 July 2005 or Mar 3, 2006"), V());
  EXPECT_EQ(Of("Sep 2026: 3 left"), V({3}));
  EXPECT_EQ(Of("at 12:30 12 users"), V({12}));
  EXPECT_EQ(Of("may 12 times"), V({12}));
  EXPECT_EQ(Of("at 12:30:45 used 2005 blocks"), V({2005}));
  EXPECT_EQ(Of("2005 blocks in 1999"), V({2005, 1999}));
  EXPECT_EQ(Of("Maria 5 Junes 7"), V({5, 7}));
}

TEST(NumbersTest, Limits) {
  EXPECT_EQ(Of("1 2 3 4 5 6 7 8 9 10"), V({1, 2, 3, 4, 5, 6, 7, 8}));
  std::string late(kNumberBytes, 'x');
  late += " 5";
  EXPECT_EQ(Of(late), V());
  EXPECT_EQ(Of(""), V());
  EXPECT_EQ(Of("\xff\xfe 3 \x80"), V({3}));
}

}  // namespace
}  // namespace alogd
