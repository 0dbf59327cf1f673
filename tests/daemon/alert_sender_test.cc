// SPDX-License-Identifier: MIT
// Sending alerts: order, turns, a sink that refuses, is slow or never returns.
#include "daemon/alert_sender.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "testing/service_harness.h"

namespace alogd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// What a sink was given; outlives the sender, which owns the sink.
struct Record {
  std::mutex mutex;
  std::vector<int64_t> taken;
  std::atomic<int> refusals{0};
  std::atomic<int> attempts{0};
  std::atomic<int> reopened{0};
  std::atomic<bool> block{false};
  std::atomic<bool> blocked{false};
  std::atomic<int> slow_ms{0};
};

class RecordingSink : public AlertSink {
 public:
  explicit RecordingSink(std::shared_ptr<Record> record) : record_(std::move(record)) {}
  Status Send(const Alert& alert) override {
    ++record_->attempts;
    while (record_->block) {
      record_->blocked = true;
      std::this_thread::sleep_for(milliseconds(1));
    }
    std::this_thread::sleep_for(milliseconds(record_->slow_ms));
    if (record_->refusals > 0) {
      --record_->refusals;
      return Error{"nobody listens"};
    }
    const std::lock_guard lock(record_->mutex);
    record_->taken.push_back(alert.id);
    return {};
  }
  void Reopen() override { ++record_->reopened; }

 private:
  std::shared_ptr<Record> record_;
};

std::vector<Alert> Batch(std::initializer_list<int64_t> ids) {
  std::vector<Alert> batch;
  for (const int64_t id : ids) batch.emplace_back().id = id;
  return batch;
}

class AlertSenderTest : public ::testing::Test {
 protected:
  void Make(std::optional<AlertLimit::Options> limit = {}) {
    AlertSender::Options options;
    options.name = "test";
    options.limit = limit;
    options.on_delivery = [this](Delivery delivery) {
      const std::lock_guard lock(mutex_);
      deliveries_.push_back(std::move(delivery));
    };
    sender_ = std::make_unique<AlertSender>(std::make_unique<RecordingSink>(record_),
                                            beats_.Add("sender"), std::move(options));
    ASSERT_TRUE(Eventually([&] { return count() == 1; })) << "it says that it is ready";
    EXPECT_TRUE(At(0).ready);
  }
  size_t count() {
    const std::lock_guard lock(mutex_);
    return deliveries_.size();
  }
  Delivery At(size_t index) {
    const std::lock_guard lock(mutex_);
    return deliveries_.at(index);
  }
  Heartbeats beats_;
  std::mutex mutex_;
  std::vector<Delivery> deliveries_;
  std::shared_ptr<Record> record_ = std::make_shared<Record>();
  std::unique_ptr<AlertSender> sender_;
};

TEST_F(AlertSenderTest, BatchesInOrder) {
  Make();
  sender_->Send(Batch({1, 2, 3}));
  ASSERT_TRUE(Eventually([&] { return count() == 2; }));
  sender_->Send(Batch({4}));
  ASSERT_TRUE(Eventually([&] { return count() == 3; }));
  EXPECT_EQ(At(1).taken, (std::vector<int64_t>{1, 2, 3}));
  EXPECT_TRUE(At(1).ready);
  EXPECT_EQ(At(2).taken, (std::vector<int64_t>{4}));
  EXPECT_EQ(record_->taken, (std::vector<int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(sender_->stats().sent, 4U);
}

// A CRITICAL alert that comes now stands in the next batch, and that is soon.
TEST_F(AlertSenderTest, SlowBatchIsGivenBackInPart) {
  record_->slow_ms = 20;
  Make();
  std::vector<Alert> batch;
  for (int64_t id = 1; id <= 1000; ++id) batch.emplace_back().id = id;
  sender_->Send(std::move(batch));
  ASSERT_TRUE(Eventually([&] { return count() == 2; }));
  EXPECT_TRUE(At(1).ready);
  EXPECT_FALSE(At(1).taken.empty());
  EXPECT_LE(At(1).taken.size(), 1 + AlertSender::kTurn / milliseconds(20));
}

TEST_F(AlertSenderTest, RefusedAlertIsGivenBackAndTheSinkRests) {
  Make();
  record_->refusals = 1;
  sender_->Send(Batch({1, 2}));
  ASSERT_TRUE(Eventually([&] { return count() >= 2; }));
  EXPECT_TRUE(At(1).taken.empty());
  ASSERT_TRUE(At(1).refused.has_value());
  EXPECT_EQ(At(1).refused->id, 1);
  EXPECT_EQ(At(1).refused->error, "nobody listens");
  EXPECT_FALSE(At(1).ready) << "it takes nothing while it rests";
  EXPECT_EQ(sender_->stats().last_error, "nobody listens");
  ASSERT_TRUE(Eventually([&] { return count() == 3; }));
  EXPECT_TRUE(At(2).ready);
  sender_->Send(Batch({2, 1}));
  ASSERT_TRUE(Eventually([&] { return count() == 4; }));
  EXPECT_EQ(At(3).taken, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(sender_->stats().last_error, "");
  EXPECT_EQ(sender_->stats().failures, 1U);
}

// They stand in no outbox: the sender keeps them, before all others.
TEST_F(AlertSenderTest, UncommittedAlertsAreKeptUntilTheyAreTaken) {
  Make();
  record_->refusals = 1;
  sender_->Send(Batch({0}));
  ASSERT_TRUE(Eventually([&] { return sender_->stats().failures == 1; }));
  sender_->Send(Batch({7}));
  ASSERT_TRUE(Eventually([&] { return sender_->stats().sent == 2; }));
  EXPECT_EQ(record_->taken, (std::vector<int64_t>{0, 7}));
  ASSERT_TRUE(Eventually([&] { return count() == 2; }));
  EXPECT_EQ(At(1).taken, (std::vector<int64_t>{7}));
}

TEST_F(AlertSenderTest, ReopenReachesTheSink) {
  Make();
  sender_->Reopen();
  EXPECT_TRUE(Eventually([&] { return record_->reopened == 1; }));
}

TEST_F(AlertSenderTest, StopGivesBackOnlyWhatWasSent) {
  Make();
  record_->slow_ms = 30;
  sender_->Send(Batch({1, 2, 3, 4, 5, 6}));
  ASSERT_TRUE(Eventually([&] { return record_->attempts > 1; }));
  EXPECT_TRUE(sender_->Stop(seconds(10)));
  ASSERT_EQ(count(), 2U);
  EXPECT_EQ(At(1).taken, record_->taken);
  EXPECT_LT(At(1).taken.size(), 6U);
}

TEST_F(AlertSenderTest, SinkThatNeverReturnsIsLeftBehind) {
  Make();
  record_->block = true;
  sender_->Send(Batch({1}));
  ASSERT_TRUE(Eventually([&] { return record_->blocked.load(); }));
  EXPECT_EQ(beats_.Stale(Heartbeat::Clock::now() + std::chrono::hours(1), seconds(1)), "")
      << "a journald that does not read is no reason to be restarted";
  EXPECT_FALSE(sender_->Stop(milliseconds(20)));
  sender_.reset();
  record_->block = false;  // its thread ends now, and calls nobody
  EXPECT_TRUE(Eventually([&] {
    const std::lock_guard lock(record_->mutex);
    return !record_->taken.empty();
  }));
  EXPECT_EQ(count(), 1U);
}

// A flood of HIGH ones does not take the CRITICAL ones with it, and is told.
TEST_F(AlertSenderTest, FloodIsHeldBackBelowTheLimit) {
  ::testing::internal::CaptureStdout();
  Make(AlertLimit::Options{seconds(30), 90, 60});
  std::vector<Alert> flood, critical;
  for (int64_t id = 1; id <= 120; ++id) {
    Alert& alert = flood.emplace_back();
    alert.id = id;
    alert.level = RiskLevel::kHigh;
  }
  for (int64_t id = 121; id <= 130; ++id) {
    Alert& alert = critical.emplace_back();
    alert.id = id;
    alert.level = RiskLevel::kCritical;
  }
  sender_->Send(std::move(flood));
  ASSERT_TRUE(Eventually([&] { return count() == 2; }));
  sender_->Send(std::move(critical));
  ASSERT_TRUE(Eventually([&] { return count() == 3; }));
  EXPECT_EQ(sender_->stats().sent, 70U);
  EXPECT_EQ(sender_->stats().held_back, 60U);
  EXPECT_TRUE(sender_->Stop(seconds(5)));
  EXPECT_NE(::testing::internal::GetCapturedStdout().find("60 alerts below CRITICAL were held"),
            std::string::npos);
  EXPECT_EQ(At(1).taken.size(), 120U) << "those that were held back leave the outbox, too";
  EXPECT_EQ(record_->taken.back(), 130);
}

// Beyond its share a CRITICAL one waits, and the outbox keeps it.
TEST_F(AlertSenderTest, CriticalOnesBeyondTheLimitWait) {
  Make(AlertLimit::Options{seconds(30), 9, 6});
  std::vector<Alert> batch;
  for (int64_t id = 1; id <= 15; ++id) {
    Alert& alert = batch.emplace_back();
    alert.id = id;
    alert.level = RiskLevel::kCritical;
  }
  sender_->Send(std::move(batch));
  ASSERT_TRUE(Eventually([&] { return count() == 2; }));
  EXPECT_EQ(At(1).taken.size(), 9U) << "the others were not sent";
  EXPECT_FALSE(At(1).ready);
  EXPECT_TRUE(sender_->Stop(seconds(5)));
}

}  // namespace
}  // namespace alogd
