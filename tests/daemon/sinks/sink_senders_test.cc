// SPDX-License-Identifier: MIT
// A sink of a kind that lives in this file: configured, made, fed from the outbox, exchanged and
// removed, beside the ones that are there.
#include "daemon/sinks/sink_senders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>

#include "core/config/config_reader.h"
#include "core/config/sink_schema.h"
#include "daemon/committer.h"
#include "daemon/sinks/make_sink.h"
#include "testing/service_harness.h"
#include "testing/store_samples.h"

namespace alogd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// --- What a new kind needs: the sink, its keys, its row in the table of makers.

std::mutex bell_mutex;
std::vector<std::string> bell_rings;
std::atomic<bool> bell_broken{false};

class BellSink : public AlertSink {
 public:
  explicit BellSink(std::string text) : text_(std::move(text)) {}
  Status Send(const Alert& alert) override {
    if (bell_broken) return Error{"the bell is broken"};
    const std::lock_guard lock(bell_mutex);
    bell_rings.push_back(text_ + " " + std::to_string(alert.id));
    return {};
  }
  milliseconds max_pause() const override { return milliseconds(10); }

 private:
  std::string text_;
};

std::string CheckTone(const std::string& text) {
  return text == "high" || text == "low" ? "" : "write high or low";
}

constexpr SinkOption kBellOptions[] = {{"tone", "low", CheckTone}};
constexpr SinkKind kKinds[] = {{"bell", "tower", nullptr, kBellOptions}};
constexpr SinkMaker kMakers[] = {
    {"bell",
     [](const SinkConfig& config) -> std::unique_ptr<AlertSink> {
       return std::make_unique<BellSink>(config.target + "/" + std::string(config.Option("tone")));
     }},
};

// --- The rest is as it is in the daemon.

std::vector<std::string> Rings() {
  const std::lock_guard lock(bell_mutex);
  return bell_rings;
}

std::vector<SinkConfig> Parse(const std::string& yaml, ConfigNotes* notes) {
  std::vector<SinkConfig> sinks;
  YamlNode root;
  EXPECT_EQ(ParseYaml(yaml, &root).message, "");
  notes->files = {"test"};
  ConfigReader reader(root, notes);
  reader.Root([&] {
    reader.Appended("sinks", &sinks, [&](SinkConfig& sink) { DescribeSink(reader, sink, kKinds); });
  });
  return sinks;
}

TEST(SinkKindsTest, EachHasItsMakerAndTheJournalNoKind) {
  for (const SinkKind& kind : SinkKinds()) {
    SinkConfig config;
    config.kind = kind.name;
    config.target = kind.example;
    EXPECT_EQ(kind.check(config.target), "") << "the example is a good one";
    for (const SinkOption& option : kind.options) {
      config.options.emplace(option.key, option.fallback);
      EXPECT_EQ(option.check(std::string(option.fallback)), "") << option.key;
    }
    EXPECT_NE(MakeSink(config), nullptr) << kind.name;
    EXPECT_NE(kind.name, kJournalSink);
  }
  EXPECT_EQ(SinkMakers().size(), SinkKinds().size() + 1);
  SinkConfig unknown;
  unknown.kind = "carrier pigeon";
  EXPECT_EQ(MakeSink(unknown), nullptr);
}

TEST(SinkKindsTest, KeysOfAKindAreReadAndChecked) {
  ConfigNotes notes;
  const auto sinks =
      Parse("sinks: [{bell: tower, tone: high, min_level: LOW, rate: 5}, {bell: gate}]", &notes);
  EXPECT_THAT(notes.problems, IsEmpty());
  ASSERT_EQ(sinks.size(), 2U);
  EXPECT_EQ(sinks[0].kind, "bell");
  EXPECT_EQ(sinks[0].target, "tower");
  EXPECT_EQ(sinks[0].Option("tone"), "high");
  EXPECT_EQ(sinks[0].min_level, RiskLevel::kLow);
  EXPECT_EQ(sinks[0].rate, 5U);
  EXPECT_EQ(sinks[1].Option("tone"), "low");
  ConfigNotes wrong;
  Parse("sinks: [{bell: tower, tone: shrill}, {bell: tower, tune: low}]", &wrong);
  ASSERT_EQ(wrong.problems.size(), 2U);
  EXPECT_THAT(wrong.problems[0].second.message, HasSubstr("high or low"));
  EXPECT_THAT(wrong.problems[1].second.message, HasSubstr("tune"));
}

class SinkSendersTest : public ::testing::Test {
 protected:
  SinkSendersTest() {
    bell_rings.clear();
    bell_broken = false;
    auto store = Store::Open(directory_.db(), PolicyFor({Bell("a"), Bell("b")}));
    EXPECT_TRUE(store.ok());
    Committer::Hooks hooks;
    hooks.on_alerts = [this](const std::string& sink, std::vector<Alert> alerts) {
      senders_->Send(sink, std::move(alerts));
    };
    committer_ =
        std::make_unique<Committer>(std::move(*store), beats_.Add("committer"), std::move(hooks));
    SinkSenders::Hooks sinks;
    sinks.make = [](const SinkConfig& config) { return MakeSink(config, kMakers); };
    sinks.on_delivery = [this](const std::string& sink, Delivery delivery) {
      committer_->Delivered(sink, std::move(delivery));
    };
    sinks.on_removed = [this](const std::string& sink) { committer_->ForgetSink(sink); };
    senders_ = std::make_unique<SinkSenders>(&beats_, std::move(sinks));
  }
  ~SinkSendersTest() override {
    committer_->Finish(milliseconds(100));
    senders_->Stop(seconds(10));
  }
  static SinkConfig Bell(const std::string& name, const std::string& tone = "low") {
    SinkConfig config;
    config.name = name;
    config.kind = "bell";
    config.target = name;
    config.options.emplace("tone", tone);
    return config;
  }
  static StorePolicy PolicyFor(const std::vector<SinkConfig>& sinks) {
    StorePolicy policy;
    policy.sinks.clear();
    for (const SinkConfig& sink : sinks) policy.sinks.push_back({sink.name, sink.min_level});
    return policy;
  }
  testing::StoreDir directory_;
  Heartbeats beats_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<SinkSenders> senders_;
};

TEST_F(SinkSendersTest, AlertReachesEachSink) {
  EXPECT_TRUE(senders_->Apply({Bell("a"), Bell("b", "high")}, seconds(1)));
  committer_->Start();
  committer_->Offer(testing::SampleUnit(1));
  ASSERT_TRUE(Eventually([&] { return Rings().size() == 2; }));
  EXPECT_THAT(Rings(), ::testing::UnorderedElementsAre("a/low 1", "b/high 1"));
  EXPECT_TRUE(Eventually([&] { return committer_->stats().waiting.empty(); }));
  const auto status = senders_->status();
  ASSERT_EQ(status.size(), 2U);
  EXPECT_EQ(status[0].name, "a");
  EXPECT_EQ(status[0].stats.sent, 1U);
}

// What a failing sink could not take goes out by the one that has its place after a reload.
TEST_F(SinkSendersTest, ChangedSinkTakesWhatWaited) {
  bell_broken = true;
  senders_->Apply({Bell("a")}, seconds(1));
  committer_->Start();
  committer_->Offer(testing::SampleUnit(1));
  ASSERT_TRUE(Eventually([&] { return senders_->status()[0].stats.failures > 0; }));
  EXPECT_EQ(senders_->status()[0].stats.last_error, "the bell is broken");
  bell_broken = false;
  EXPECT_TRUE(senders_->Apply({Bell("a", "high")}, seconds(10)));
  ASSERT_TRUE(Eventually([&] { return !Rings().empty(); }));
}

TEST_F(SinkSendersTest, RemovedSinkGetsNothingAndTheOthersGoOn) {
  senders_->Apply({Bell("a"), Bell("b")}, seconds(1));
  committer_->Start();
  EXPECT_TRUE(senders_->Apply({Bell("b")}, seconds(10)));
  senders_->Send("a", {});  // as from a read that was under way
  committer_->Offer(testing::SampleUnit(1));
  ASSERT_TRUE(Eventually([&] { return Rings().size() == 1; }));
  EXPECT_THAT(Rings(), ElementsAre("b/low 1"));
  EXPECT_EQ(senders_->status().size(), 1U);
  EXPECT_TRUE(Eventually([&] { return committer_->stats().waiting["a"] == 1; }))
      << "until the policy drops it";
}

}  // namespace
}  // namespace alogd
