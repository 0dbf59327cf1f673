// SPDX-License-Identifier: MIT
// The order of reloads: one at a time, coalesced, every asker answered once.
#include "daemon/reloader.h"

#include <gtest/gtest.h>

#include <atomic>

#include "testing/service_harness.h"

namespace alogd {
namespace {

using std::chrono::milliseconds;

class ReloaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto loop = EventLoop::Create();
    ASSERT_TRUE(loop.ok());
    loop_ = std::move(*loop);
    Reloader::Hooks hooks;
    hooks.prepare = [this] {
      ++loads_;
      return [this](const std::atomic<bool>& stop) -> Result<PlanCandidate> {
        while (hold_ && !stop) std::this_thread::sleep_for(milliseconds(1));
        if (bad_) return Error{"no good"};
        return PlanCandidate{};
      };
    };
    hooks.apply = [this](PlanCandidate, std::function<void(ReloadVerdict)> done) {
      ++applied_;
      done({true, "", {{"app", "new"}}});
    };
    hooks.refuse = [](const Error& error) {
      return ReloadVerdict{false, error.message, {{"app", "old"}}};
    };
    hooks.on_begin = [this] { order_ += "begin "; };
    hooks.on_end = [this](const ReloadVerdict& verdict) {
      order_ += verdict.ok ? "done " : "refused ";
    };
    reloader_ = std::make_unique<Reloader>(loop_.get(), std::move(hooks));
  }
  // Asks; the loop ends with the last of `of` answers.
  void Ask(int of) {
    reloader_->Request([this, of](const ReloadVerdict& verdict) {
      verdicts_.push_back(verdict);
      if (verdicts_.size() == static_cast<size_t>(of)) loop_->Exit();
    });
  }
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Reloader> reloader_;
  std::atomic<bool> hold_{false}, bad_{false};
  int loads_ = 0, applied_ = 0;
  std::string order_;
  std::vector<ReloadVerdict> verdicts_;
};

TEST_F(ReloaderTest, OneAnswerWithTheBundles) {
  loop_->Post([&] { Ask(1); });
  ASSERT_TRUE(loop_->Run().ok());
  EXPECT_TRUE(verdicts_[0].ok);
  EXPECT_EQ(verdicts_[0].bundles.at("app"), "new");
  EXPECT_EQ(order_, "begin done ");
}

TEST_F(ReloaderTest, RequestsDuringAReloadGetOneMore) {
  hold_ = true;
  loop_->Post([&] {
    Ask(101);
    // These came after the first began to load: it may not have seen what they are about.
    for (int i = 0; i < 100; ++i) Ask(101);
    hold_ = false;
  });
  ASSERT_TRUE(loop_->Run().ok());
  EXPECT_EQ(verdicts_.size(), 101U);
  EXPECT_EQ(loads_, 2);
  EXPECT_EQ(applied_, 2);
  EXPECT_EQ(order_, "begin done begin done ");
}

TEST_F(ReloaderTest, RefusedLoadIsNotApplied) {
  bad_ = true;
  loop_->Post([&] { Ask(1); });
  ASSERT_TRUE(loop_->Run().ok());
  EXPECT_FALSE(verdicts_[0].ok);
  EXPECT_EQ(verdicts_[0].message, "no good");
  EXPECT_EQ(verdicts_[0].bundles.at("app"), "old");
  EXPECT_EQ(applied_, 0);
  EXPECT_EQ(order_, "begin refused ");
}

TEST_F(ReloaderTest, StopDuringALoadAnswersNobody) {
  hold_ = true;
  loop_->Post([&] {
    Ask(1);
    loop_->Exit();
  });
  ASSERT_TRUE(loop_->Run().ok());
  EXPECT_TRUE(reloader_->Stop(std::chrono::seconds(30)));
  EXPECT_TRUE(verdicts_.empty());
  EXPECT_EQ(applied_, 0);
}

}  // namespace
}  // namespace alogd
