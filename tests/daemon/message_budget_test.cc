// SPDX-License-Identifier: MIT
// What goes out of many messages: kinds, joining, and the number in an interval.
#include "daemon/message_budget.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace alogd {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Clock = MessageBudget::Clock;

constexpr Clock::time_point kStart{std::chrono::hours(1)};

OwnMessage Text(std::string text) { return {4, std::move(text), nullptr, "", "", ""}; }

std::vector<std::string> TakeAll(MessageBudget* budget, Clock::time_point now, bool all = false) {
  std::vector<std::string> texts;
  while (const auto message = budget->Take(now, all)) texts.push_back(message->text);
  return texts;
}

TEST(MessageBudgetTest, KindsDifferInWordsNotInNames) {
  const std::string kind = KindOfMessage("group web: cannot open /var/log/a/17.log: denied");
  EXPECT_EQ(kind, KindOfMessage("group web: cannot open /srv/b: denied"));
  EXPECT_NE(kind, KindOfMessage("group web: cannot stat /srv/b: denied"));
  EXPECT_EQ(KindOfMessage("user 'a b' left after 3 s"), KindOfMessage("user 'c' left after 12 s"));
  EXPECT_EQ(KindOfMessage("it's"), "it's") << "no closing quote: a word";
}

TEST(MessageBudgetTest, FewMessagesGoOutAsTheyAre) {
  MessageBudget budget;
  for (size_t i = 0; i < MessageBudget::kAlike; ++i)
    budget.Add(Text(fmt::format("cannot open /a/{}", i)), kStart);
  EXPECT_THAT(TakeAll(&budget, kStart), SizeIs(MessageBudget::kAlike));
  EXPECT_THAT(TakeAll(&budget, kStart + seconds(60), true), SizeIs(0));
}

TEST(MessageBudgetTest, FloodOfOneKindIsJoinedWithAnExample) {
  MessageBudget budget;
  for (int i = 0; i < 15'000; ++i)
    budget.Add(Text(fmt::format("cannot open /var/log/{}: permission denied", i)), kStart);
  budget.Add(Text("the database takes commits again"), kStart);
  const auto first = TakeAll(&budget, kStart + seconds(1));
  ASSERT_THAT(first, SizeIs(MessageBudget::kAlike + 1));
  EXPECT_EQ(first.back(), "the database takes commits again") << "another kind is not held up";
  EXPECT_EQ(budget.due(), kStart + MessageBudget::kJoinFor);
  const auto joined = TakeAll(&budget, kStart + MessageBudget::kJoinFor);
  ASSERT_THAT(joined, SizeIs(1));
  EXPECT_EQ(joined[0],
            "14995 more messages like this within 10 s: cannot open /var/log/14999: permission "
            "denied");
}

TEST(MessageBudgetTest, ManyKindsStayBelowTheLimitOfTheInterval) {
  MessageBudget budget;
  const auto word = [](int i) {
    return std::string{static_cast<char>('a' + i % 26), static_cast<char>('a' + i / 26 % 26),
                       static_cast<char>('a' + i / 676)};
  };
  size_t out = 0;
  for (int second = 0; second < 30; ++second) {
    for (int i = 0; i < 1000; ++i) budget.Add(Text("kind " + word(i)), kStart + seconds(second));
    out += TakeAll(&budget, kStart + seconds(second)).size();
  }
  EXPECT_LE(out, MessageBudget::kMost);
  EXPECT_GT(out, MessageBudget::kKinds) << "each kind is heard";
}

TEST(MessageBudgetTest, WhatFindsNoRoomIsCountedAndSaid) {
  MessageBudget budget;
  size_t added = 0;
  for (int kind = 0; kind < 150; ++kind) {
    const std::string word(static_cast<size_t>(kind) + 1, 'x');
    for (size_t i = 0; i < MessageBudget::kAlike; ++i, ++added) budget.Add(Text(word), kStart);
  }
  EXPECT_THAT(TakeAll(&budget, kStart), SizeIs(MessageBudget::kMost));
  EXPECT_THAT(TakeAll(&budget, kStart + seconds(1)), SizeIs(0)) << "the interval is full";
  const auto later = TakeAll(&budget, kStart + MessageBudget::kInterval);
  ASSERT_THAT(later, SizeIs(1));
  EXPECT_THAT(later[0], HasSubstr(fmt::format("{} messages", added - MessageBudget::kMost)));
}

}  // namespace
}  // namespace alogd
