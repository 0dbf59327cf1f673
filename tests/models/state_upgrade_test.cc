// SPDX-License-Identifier: MIT
// A database of an earlier program goes on with what it learned; tests/golden/state_v3 says what.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/pipeline.h"
#include "core/records/archive_reader.h"
#include "core/state_section.h"
#include "models/baseline/baseline.h"
#include "models/novelty/novelty.h"
#include "testing/paths.h"
#include "testing/store_samples.h"

namespace alogd {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kLog[] = "/tmp/alogd-golden/log/app.log";
constexpr uint64_t kRecords = 19'359;

void Unpack(const std::string& from, const std::string& to) {
  auto reader = ArchiveReader::Open(from);
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  std::string name;
  int64_t mtime = 0;
  ASSERT_TRUE(reader->NextMember(&name, &mtime).ok());
  std::ofstream out(to, std::ios::binary);
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    const auto got = reader->Read(buffer);
    ASSERT_TRUE(got.ok());
    if (*got == 0) break;
    out.write(buffer.data(), static_cast<std::streamsize>(*got));
  }
}

// As the bundle was: all but what sshd says.
ModelSet Models() {
  ModelSet models;
  models.bundle = "20261201T022109Z";
  models.vocabulary = {"<*>: link is up, <*> errors", "heartbeat", "job <*> finished",
                       "job <*> started", "request <*> served"};
  const std::vector<uint64_t> counts = {19, 3226, 646, 645, 1583};
  models.detectors.push_back(MakeNoveltyDetector(
      {}, TrainNovelty(counts, std::vector<bool>(counts.size()), 0),
      {.median = 0, .threshold = 0, .top = kNoveltySpan, .held_out_windows = 1224}));
  models.detectors.push_back(MakeBaselineDetector({}, UntrainedBaselineCalibration()));
  return models;
}

// Seconds of 16 November 2026, the day after the last record, and what comes then.
struct Host {
  explicit Host(const GroupState& state) {
    auto created = Pipeline::Create({}, {}, Models(), nullptr);
    EXPECT_TRUE(created.ok());
    pipeline = std::move(*created);
    const Status restored = pipeline->Restore(state, &remarks);
    EXPECT_TRUE(restored.ok()) << restored.error().message;
    source = pipeline->AddSource(kLog, kNoTime);
  }
  void Say(int64_t second, const std::string& rest) {
    const std::string text = fmt::format("2026-11-16T{:02}:{:02}:{:02}.000000+00:00 web1 {}",
                                         second / 3600, second / 60 % 60, second % 60, rest);
    const auto bytes = static_cast<uint32_t>(text.size() + 1);
    pipeline->Feed(source, FileId{1}, Line{text, offset, bytes, false, false});
    offset += bytes;
    ++fed;
  }
  // Two hours as ever: known combinations, each job with its end.
  void Usual(int64_t from, int64_t to) {
    for (int64_t t = from; t < to; t += 120) {
      Say(t, "app[7]: heartbeat");
      if (t % 600 == 0) Say(t + 1, fmt::format("cron[9]: job {} started", t));
      if (t % 600 == 0) Say(t + 3, fmt::format("cron[9]: job {} finished", t));
      if (t % 1200 == 600)
        Say(t + 40, "sshd[77]: Accepted password for bob from 10.0.0.6 port 4711");
    }
  }
  // What was said, "detector: summary", since the last call.
  std::vector<std::string> Said() {
    CommitUnit unit = pipeline->TakeUnit();
    std::vector<std::string> said;
    for (const Anomaly& a : unit.anomalies)
      said.push_back(a.detector + ": " + (a.evidence.empty() ? "" : a.evidence[0].summary));
    for (const SourceRow& row : unit.sources) records = row.records;
    units.push_back(std::move(unit));
    return said;
  }

  std::unique_ptr<Pipeline> pipeline;
  std::vector<std::string> remarks;
  SourceId source{};
  uint64_t offset = 1'203'679, fed = 0, records = 0;
  std::vector<CommitUnit> units;
};

class StateUpgradeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Unpack(testing::SourcePath("tests/golden/state_v3/alogd.db.xz"), dir_.db());
    auto opened = Store::Open(dir_.db(), {}, std::chrono::milliseconds(1000));
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_.emplace(std::move(*opened));
    auto state = store_->LoadGroup("system");
    ASSERT_TRUE(state.ok()) << state.error().message;
    state_ = std::move(*state);
    ASSERT_EQ(state_.deltas.back().blob[0], 3);
  }
  testing::StoreDir dir_;
  std::optional<Store> store_;
  GroupState state_;
};

TEST_F(StateUpgradeTest, NothingIsLostAndNothingSaid) {
  Host host(state_);
  EXPECT_THAT(host.remarks, IsEmpty());
  host.Usual(0, 7200);
  EXPECT_THAT(host.Said(), IsEmpty());
  EXPECT_EQ(host.records, kRecords + host.fed);
  EXPECT_EQ(host.pipeline->catalog().next_id(), 6u);
  const TemplateId heartbeat = host.pipeline->catalog().FindText("heartbeat");
  EXPECT_EQ(host.pipeline->catalog().Find(heartbeat)->count, 10'080u + 60);
}

// The same lines are news to a group that knows nothing.
TEST_F(StateUpgradeTest, ForgottenStateWouldShow) {
  state_.Discard();
  Host host(state_);
  host.Usual(0, 7200);
  EXPECT_THAT(host.Said(), Contains(HasSubstr("novelty: ")));
}

TEST_F(StateUpgradeTest, EachWatchSaysWhatItLearnedToSay) {
  Host host(state_);
  host.Usual(0, 3600);
  host.Say(3601, "cron[9]: job 3600 started");
  host.Usual(3720, 4200);
  EXPECT_THAT(host.Said(), Contains(HasSubstr("followers: ")));
  host.Say(4201, "sshd[77]: Accepted password for bob from 10.0.0.5 port 4711");
  EXPECT_THAT(host.Said(), Contains(HasSubstr("combinations: ")));
  host.Usual(4320, 7200);
  for (int i = 0; i < 400; ++i)
    host.Say(7200 + i / 10, fmt::format("web[3]: request {} served", i));
  EXPECT_THAT(host.Said(), Contains(HasSubstr("rate: ")));
  for (int64_t t = 7800; t < 5 * 3600; t += 600) {
    host.Say(t + 1, fmt::format("cron[9]: job {} started", t));
    host.Say(t + 3, fmt::format("cron[9]: job {} finished", t));
  }
  EXPECT_THAT(host.Said(), Contains(HasSubstr("silence: app has been silent")));
}

// What the new program writes behind the old shard and deltas is of its own format, and both are
// read together.
TEST_F(StateUpgradeTest, OldAndNewStateAreReadTogether) {
  Host host(state_);
  host.Usual(0, 3600);
  host.Said();
  const CommitUnit& unit = host.units.back();
  ASSERT_EQ(static_cast<uint8_t>(unit.delta[0]), kStateFormat);
  CommitUnit stored = unit;
  stored.group = "system";
  ASSERT_TRUE(store_->Commit(stored).ok());
  auto state = store_->LoadGroup("system");
  ASSERT_TRUE(state.ok());
  Host again(*state);
  again.offset = host.offset;
  EXPECT_THAT(again.remarks, IsEmpty());
  again.Usual(3600, 7200);
  host.Usual(3600, 7200);
  EXPECT_THAT(again.Said(), IsEmpty());
  EXPECT_THAT(host.Said(), IsEmpty());
  EXPECT_EQ(again.records, host.records);
  EXPECT_EQ(again.records, kRecords + host.fed);
}

}  // namespace
}  // namespace alogd
