// SPDX-License-Identifier: MIT
// The pool: one turn a slot at a time, no wake-up lost, fair order, removal and stop.
#include "daemon/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "testing/service_harness.h"

namespace alogd {
namespace {

TEST(WorkerPoolTest, NeverTwoTurnsOfOneSlot) {
  Heartbeats beats;
  WorkerPool pool(4, &beats);
  std::atomic<int> inside{0}, turns{0}, overlaps{0};
  std::vector<WorkerPool::Slot*> slots;
  WorkerPool::Slot* shared = pool.Add([&] {
    if (++inside > 1) ++overlaps;
    std::this_thread::yield();
    --inside;
    ++turns;
    return turns < 2000;
  });
  for (int i = 0; i < 3; ++i)
    slots.push_back(pool.Add([] { return false; }));  // so that 4 threads run
  std::vector<std::thread> wakers;
  for (int t = 0; t < 3; ++t) {
    wakers.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) pool.Wake(shared);
    });
  }
  for (std::thread& waker : wakers) waker.join();
  EXPECT_TRUE(Eventually([&] { return turns >= 2000; }));
  pool.Stop();
  EXPECT_EQ(overlaps, 0);
}

TEST(WorkerPoolTest, WakeDuringTheTurnGivesAnother) {
  Heartbeats beats;
  WorkerPool pool(1, &beats);
  std::atomic<bool> in_first{false}, woken{false};
  std::atomic<int> turns{0};
  WorkerPool::Slot* slot = pool.Add([&] {
    if (++turns == 1) {
      in_first = true;
      while (!woken) std::this_thread::yield();
    }
    return false;
  });
  pool.Wake(slot);
  ASSERT_TRUE(Eventually([&] { return in_first.load(); }));
  pool.Wake(slot);
  woken = true;
  EXPECT_TRUE(Eventually([&] { return turns == 2; }));
}

TEST(WorkerPoolTest, BusySlotsTakeTurns) {
  Heartbeats beats;
  WorkerPool pool(1, &beats);
  std::mutex mutex;
  std::string order;
  const auto turn = [&](char name) {
    const std::lock_guard lock(mutex);
    order += name;
    return order.size() < 20;
  };
  WorkerPool::Slot* gate_slot = nullptr;
  std::atomic<bool> gate{false};
  gate_slot = pool.Add([&] {
    while (!gate) std::this_thread::yield();
    return false;
  });
  WorkerPool::Slot* a = pool.Add([&] { return turn('a'); });
  WorkerPool::Slot* b = pool.Add([&] { return turn('b'); });
  pool.Wake(gate_slot);
  pool.Wake(a);
  pool.Wake(b);
  gate = true;
  ASSERT_TRUE(Eventually([&] {
    const std::lock_guard lock(mutex);
    return order.size() >= 20;
  }));
  pool.Stop();
  EXPECT_EQ(order.substr(0, 8), "abababab");
}

TEST(WorkerPoolTest, RemoveWaitsForTheTurn) {
  Heartbeats beats;
  WorkerPool pool(2, &beats);
  std::atomic<bool> started{false}, ended{false};
  std::atomic<int> turns{0};
  WorkerPool::Slot* slot = pool.Add([&] {
    started = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ++turns;
    ended = true;
    return true;
  });
  pool.Wake(slot);
  ASSERT_TRUE(Eventually([&] { return started.load(); }));
  pool.Remove(slot);
  EXPECT_TRUE(ended);
  const int then = turns;
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(turns, then);
}

TEST(HeartbeatsTest, StaleStageIsNamed) {
  using std::chrono::milliseconds;
  Heartbeats beats;
  Heartbeat* a = beats.Add("reader");
  Heartbeat* b = beats.Add("writer");
  const auto now = Heartbeat::Clock::now();
  EXPECT_EQ(beats.Stale(now, milliseconds(1000)), "");
  EXPECT_EQ(beats.Stale(now + milliseconds(2000), milliseconds(1000)), "reader");
  a->Rest();  // waits for others: as good as alive, for as long as it takes
  EXPECT_EQ(beats.Stale(now + milliseconds(2000), milliseconds(1000)), "writer");
  b->End();
  EXPECT_EQ(beats.Stale(now + std::chrono::hours(1), milliseconds(1000)), "");
  b->Beat();
  EXPECT_EQ(beats.Stale(now + std::chrono::hours(1), milliseconds(1000)), "writer");
}

}  // namespace
}  // namespace alogd
