// SPDX-License-Identifier: MIT
// Writing on a thread of its own: a write that never returns, one that fails, the end.
#include "daemon/message_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <vector>

#include "testing/service_harness.h"

namespace alogd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

struct Journal {
  std::mutex mutex;
  std::vector<std::string> texts;
  std::atomic<bool> block{false};
  std::atomic<bool> blocked{false};
  std::atomic<int> failures{0};

  size_t size() {
    const std::lock_guard lock(mutex);
    return texts.size();
  }
};

MessageWriter::Write WriteTo(std::shared_ptr<Journal> journal) {
  return [journal](const OwnMessage& message) -> Status {
    while (journal->block) {
      journal->blocked = true;
      std::this_thread::sleep_for(milliseconds(1));
    }
    if (journal->failures > 0) {
      --journal->failures;
      return Error{"away"};
    }
    const std::lock_guard lock(journal->mutex);
    journal->texts.push_back(message.text);
    return {};
  };
}

OwnMessage Text(std::string text) { return {6, std::move(text), nullptr, "", "", ""}; }

TEST(MessageWriterTest, StopWritesWhatIsQueued) {
  const auto journal = std::make_shared<Journal>();
  MessageWriter writer(WriteTo(journal));
  for (int i = 0; i < 100; ++i) writer.Add(Text("cannot open /a/" + std::to_string(i)));
  writer.Add(Text("alogd ended"));
  EXPECT_TRUE(writer.Stop(seconds(10)));
  EXPECT_EQ(journal->size(), MessageBudget::kAlike + 2) << "as they are, the end, the joined rest";
}

TEST(MessageWriterTest, NobodyWaitsForAWriteThatDoesNotReturn) {
  const auto journal = std::make_shared<Journal>();
  journal->block = true;
  MessageWriter writer(WriteTo(journal));
  writer.Add(Text("first"));
  ASSERT_TRUE(Eventually([&] { return journal->blocked.load(); }));
  for (int i = 0; i < 100'000; ++i) writer.Add(Text("more"));
  EXPECT_FALSE(writer.Stop(milliseconds(20)));
  journal->block = false;  // the thread that was left behind ends now
  EXPECT_TRUE(Eventually([&] { return journal->size() > 0; }));
}

TEST(MessageWriterTest, FailedMessageIsTriedAgainAndStaysFirst) {
  const auto journal = std::make_shared<Journal>();
  journal->failures = 1;
  MessageWriter writer(WriteTo(journal));
  writer.Add(Text("one"));
  ASSERT_TRUE(Eventually([&] { return journal->failures == 0; }));
  writer.Add(Text("two"));
  ASSERT_TRUE(Eventually([&] { return journal->size() == 2; }));
  EXPECT_THAT(journal->texts, ElementsAre("one", "two"));
}

}  // namespace
}  // namespace alogd
