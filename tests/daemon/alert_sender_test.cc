// SPDX-License-Identifier: MIT
// Sending alerts: order, a sink that refuses, a sink that never returns.
#include "daemon/alert_sender.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "daemon/alert_limit.h"
#include "daemon/journal_sender.h"
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
  std::atomic<bool> block{false};
  std::atomic<bool> blocked{false};
  std::atomic<bool> limited{false};
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
    if (record_->refusals > 0) {
      --record_->refusals;
      return Error{"nobody listens"};
    }
    const std::lock_guard lock(record_->mutex);
    record_->taken.push_back(alert.id);
    return {};
  }
  bool limited() const override { return record_->limited; }

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
  AlertSenderTest() {
    sender_ = std::make_unique<AlertSender>(std::make_unique<RecordingSink>(record_),
                                            beats_.Add("sender"), [this](std::vector<int64_t> ids) {
                                              const std::lock_guard lock(mutex_);
                                              batches_.push_back(std::move(ids));
                                            });
  }
  size_t batches() {
    const std::lock_guard lock(mutex_);
    return batches_.size();
  }
  Heartbeats beats_;
  std::mutex mutex_;
  std::vector<std::vector<int64_t>> batches_;
  std::shared_ptr<Record> record_ = std::make_shared<Record>();
  std::unique_ptr<AlertSender> sender_;
};

TEST_F(AlertSenderTest, BatchesInOrder) {
  sender_->Send(Batch({1, 2, 3}));
  sender_->Send(Batch({4}));
  ASSERT_TRUE(Eventually([&] { return batches() == 2; }));
  EXPECT_EQ(batches_[0], (std::vector<int64_t>{1, 2, 3}));
  EXPECT_EQ(batches_[1], (std::vector<int64_t>{4}));
  EXPECT_EQ(record_->taken, (std::vector<int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(sender_->stats().sent, 4U);
  EXPECT_EQ(sender_->stats().waiting, 0U);
}

TEST_F(AlertSenderTest, RefusedAlertIsTriedAgain) {
  record_->refusals = 1;
  sender_->Send(Batch({1, 2}));
  ASSERT_TRUE(Eventually([&] { return batches() == 1; }));
  EXPECT_EQ(batches_[0], (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(record_->attempts, 3);
}

TEST_F(AlertSenderTest, StopGivesBackOnlyWhatWasSent) {
  record_->refusals = 1'000'000;
  sender_->Send(Batch({1, 2}));
  ASSERT_TRUE(Eventually([&] { return record_->attempts > 0; }));
  EXPECT_TRUE(sender_->Stop(seconds(10)));
  ASSERT_EQ(batches(), 1U);
  EXPECT_TRUE(batches_[0].empty());
}

TEST_F(AlertSenderTest, SinkThatNeverReturnsIsLeftBehind) {
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
  EXPECT_EQ(batches(), 0U);
}

// A flood of HIGH ones does not take the CRITICAL ones with it, and is told.
TEST_F(AlertSenderTest, FloodIsHeldBackBelowJournaldsLimit) {
  record_->limited = true;
  std::vector<Alert> flood, critical;
  for (int64_t id = 1; id <= 12'000; ++id) {
    Alert& alert = flood.emplace_back();
    alert.id = id;
    alert.level = RiskLevel::kHigh;
  }
  for (int64_t id = 12'001; id <= 12'100; ++id) {
    Alert& alert = critical.emplace_back();
    alert.id = id;
    alert.level = RiskLevel::kCritical;
  }
  ::testing::internal::CaptureStdout();
  sender_->Send(std::move(flood));
  sender_->Send(std::move(critical));
  EXPECT_TRUE(Eventually([&] { return batches() == 2; }));
  EXPECT_EQ(sender_->stats().sent, AlertLimit::kOthers + 100);
  EXPECT_EQ(sender_->stats().held_back, 12'000 - AlertLimit::kOthers);
  EXPECT_EQ(sender_->stats().waiting, 0U);
  EXPECT_TRUE(sender_->Stop(seconds(5)));
  EXPECT_NE(::testing::internal::GetCapturedStdout().find("6000 alerts below CRITICAL were held"),
            std::string::npos);
  EXPECT_EQ(batches_[0].size(), 12'000U) << "those that were held back leave the outbox, too";
  EXPECT_EQ(record_->taken.back(), 12'100);
}

// Beyond its share a CRITICAL one waits, and the outbox keeps it.
TEST_F(AlertSenderTest, CriticalOnesBeyondTheLimitWait) {
  record_->limited = true;
  std::vector<Alert> batch;
  for (size_t id = 1; id <= AlertLimit::kMost + 10; ++id) {
    Alert& alert = batch.emplace_back();
    alert.id = static_cast<int64_t>(id);
    alert.level = RiskLevel::kCritical;
  }
  sender_->Send(std::move(batch));
  EXPECT_TRUE(Eventually([&] { return sender_->stats().sent == AlertLimit::kMost; }));
  EXPECT_EQ(sender_->stats().waiting, 10U);
  EXPECT_TRUE(sender_->Stop(seconds(5)));
  ASSERT_EQ(batches(), 1U);
  EXPECT_EQ(batches_[0].size(), AlertLimit::kMost) << "the others were not sent";
}

}  // namespace
}  // namespace alogd
