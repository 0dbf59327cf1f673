// SPDX-License-Identifier: MIT
// From lines to alerts with the shipped rules: what an operator hears of a bad ten minutes.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/detection/online_detectors.h"
#include "core/pipeline.h"
#include "testing/paths.h"
#include "testing/store_samples.h"

namespace alogd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

class WholeHostTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const LoadedConfig loaded =
        LoadConfig(testing::SourcePath("config/alogd.yaml"), true, OnlineDetectors());
    ASSERT_TRUE(loaded.ok());
    StorePolicy policy;
    policy.notify = {24h, 1h, 5s, loaded.config.incident_gap,
                     static_cast<double>(loaded.config.budget_per_day)};
    store_ = std::make_unique<Store>(testing::OpenStore(dir_.db(), policy));
    auto pipeline = Pipeline::Create(loaded.config, loaded.config.groups[0], {}, nullptr);
    ASSERT_TRUE(pipeline.ok()) << pipeline.error().message;
    pipeline_ = std::move(*pipeline);
    source_ = pipeline_->AddSource("/var/log/syslog", kNoTime);
    for (int i = 0; i < 30; ++i) Says(i, "CRON[7]: (root) CMD (true)");
    EXPECT_THAT(Heard(), IsEmpty());
  }
  // A line at this second of the hour, committed at once.
  void Says(int second, const std::string& text) {
    const std::string line = fmt::format("2026-11-22T01:{:02}:{:02}.000000+00:00 web1 {}",
                                         second / 60, second % 60, text);
    const auto bytes = static_cast<uint32_t>(line.size() + 1);
    pipeline_->Feed(source_, FileId{1}, Line{line, offset_, bytes, false, false});
    offset_ += bytes;
    const Time now = FromMicros(1'795'309'200'000'000) + 1s * second;
    const Status status = store_->Commit(pipeline_->TakeUnit(), now);
    ASSERT_TRUE(status.ok()) << status.error().message;
  }
  // The records that alerts were about since the last call, each with how many there were.
  std::map<std::string, int> Heard() {
    std::map<std::string, int> heard;
    std::vector<int64_t> ids;
    const auto alerts = store_->Outbox(kJournalSink, 1000);
    EXPECT_TRUE(alerts.ok());
    for (const Alert& alert : *alerts) {
      ids.push_back(alert.id);
      if (alert.kind == AlertKind::kAnomaly) ++heard[alert.anomaly.message];
    }
    EXPECT_TRUE(store_->Sent(kJournalSink, ids).ok());
    return heard;
  }
  std::vector<std::string> Words() {
    std::vector<std::string> words;
    for (const auto& [message, count] : Heard()) {
      EXPECT_EQ(count, 1) << message;
      words.push_back(message);
    }
    return words;
  }

  testing::StoreDir dir_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Pipeline> pipeline_;
  SourceId source_{};
  uint64_t offset_ = 0;
};

constexpr const char* kPanic = "Kernel panic - not syncing: Fatal exception";
constexpr const char* kExt4 = "EXT4-fs error (device sda1): ext4_find_entry:1455: inode #2";

// Whoever can write a line keeps no rule silent.
TEST_F(WholeHostTest, ADecoySilencesNothing) {
  Says(60, "sshd[99]: Invalid user file-max limit 1 reached from 203.0.113.5 port 22");
  Heard();
  Says(61, fmt::format("kernel: {}", kPanic));
  EXPECT_EQ(Words().size(), 1u);
  Says(62, "kernel: Out of memory: Killed process 4242 (java) total-vm:8123456kB, anon-rss:1kB");
  EXPECT_EQ(Words().size(), 1u);
  Says(63, fmt::format("kernel: {}", kExt4));
  EXPECT_EQ(Words().size(), 1u);
  Says(64, "kernel: Out of memory: Killed process 51 (mysqld) total-vm:8123kB, anon-rss:1kB");
  EXPECT_EQ(Words().size(), 1u) << "another program was killed";
  Says(65, "kernel: Out of memory: Killed process 4399 (java) total-vm:9123456kB, anon-rss:3kB");
  EXPECT_THAT(Words(), IsEmpty()) << "the same again";
}

TEST_F(WholeHostTest, EachUnitThatGaveUpIsToldEachTime) {
  Says(60, fmt::format("kernel: {}", kExt4));
  Heard();
  int second = 100;
  for (const char* unit : {"shop", "mail", "backup"}) {
    for (int i = 0; i < 3; ++i) {
      Says(second,
           fmt::format("systemd[1]: {}.service: Start request repeated too quickly.", unit));
      EXPECT_EQ(Words().size(), i == 0 ? 1u : 0u) << unit;
      second += 30;
    }
    second += 660;  // eleven minutes
  }
}

TEST_F(WholeHostTest, AFaultEachMinuteIsToldOnceEach) {
  const std::vector<std::string> faults = {
      "kernel: Out of memory: Killed process 4242 (java) total-vm:8123456kB, anon-rss:1kB",
      fmt::format("kernel: {}", kExt4),
      "systemd[1]: shop.service: Start request repeated too quickly.",
      "kernel: Out of memory: Killed process 99 (mysqld) total-vm:123456kB, anon-rss:1kB",
      "systemd[1]: mail.service: Start request repeated too quickly.",
      "systemd[1]: shop.service: Watchdog timeout (limit 1min)!",
      "kernel: VFS: file-max limit 808934 reached",
      "systemd[1]: backup.service: Start request repeated too quickly.",
      "systemd[1]: mail.service: Watchdog timeout (limit 1min)!",
      fmt::format("kernel: {}", kPanic)};
  std::map<std::string, int> heard;
  for (size_t minute = 0; minute < faults.size(); ++minute) {
    for (int again = 0; again < 5; ++again)
      Says(60 + static_cast<int>(minute) * 60 + again * 10, faults[minute]);
    for (const auto& [message, count] : Heard()) heard[message] += count;
    EXPECT_EQ(heard.size(), minute + 1) << faults[minute];
  }
  for (const auto& [message, count] : heard) EXPECT_EQ(count, 1) << message;
}

}  // namespace
}  // namespace alogd
