// SPDX-License-Identifier: MIT
// The event loop: posted calls, timers, descriptors, sources that go while they are called.
#include "daemon/event_loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <optional>
#include <thread>
#include <vector>

namespace alogd {
namespace {

class EventLoopTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto loop = EventLoop::Create();
    ASSERT_TRUE(loop.ok()) << loop.error().message;
    loop_ = std::move(*loop);
  }
  std::unique_ptr<EventLoop> loop_;
};

TEST_F(EventLoopTest, PostedCallsInOrderFromOtherThreads) {
  std::vector<int> seen;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) {
      loop_->Post([&seen, i] { seen.push_back(i); });
    }
    loop_->Exit();
  });
  ASSERT_TRUE(loop_->Run().ok());
  other.join();
  ASSERT_EQ(seen.size(), 1000U);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(seen[static_cast<size_t>(i)], i);
}

TEST_F(EventLoopTest, CallPostedByACall) {
  bool second = false;
  loop_->Post([&] {
    loop_->Post([&] {
      second = true;
      loop_->Exit();
    });
  });
  ASSERT_TRUE(loop_->Run().ok());
  EXPECT_TRUE(second);
}

TEST_F(EventLoopTest, TimerUntilItRemovesItself) {
  int ticks = 0;
  std::optional<EventLoop::Source> timer;
  auto added = loop_->AddTimer(std::chrono::milliseconds(1), [&] {
    if (++ticks < 3) return;
    timer.reset();
    // Long enough for a tick that must not come.
    loop_->Post([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      loop_->Post([&] { loop_->Exit(); });
    });
  });
  ASSERT_TRUE(added.ok());
  timer = std::move(*added);
  ASSERT_TRUE(loop_->Run().ok());
  EXPECT_EQ(ticks, 3);
}

TEST_F(EventLoopTest, DescriptorWithChangedEvents) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  int readable = 0;
  std::optional<EventLoop::Source> source;
  auto added = loop_->AddIo(ends[0], EPOLLIN, [&](uint32_t events) {
    EXPECT_NE(events & EPOLLIN, 0U);
    ++readable;
    source->SetEvents(0);  // the byte is left there: no more calls all the same
    loop_->Post([&] { loop_->Exit(); });
  });
  ASSERT_TRUE(added.ok());
  source = std::move(*added);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  ASSERT_TRUE(loop_->Run().ok());
  EXPECT_EQ(readable, 1);
  source.reset();
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace alogd
